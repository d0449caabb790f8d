/* Each call on files that the readers and writers make fails in turn, or does less than was asked
 * for. What follows is the same result as without, or an error that names the file and the reason;
 * older files are as they were, no temporary one is left, and none open. Measurements, which a
 * context can do without, fail in silence.
 *
 *   files [SCENE] */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "files.h"

enum {
    SKIP = 77
};

/* ---- The sweep ---- */

typedef struct sweep {
    const scene *scene;
    stage stage;
    call_fault fault;
    bool lasting;
    size_t position;
    uint64_t objects, files; /* after an act without a fault */
    size_t open;             /* files, between acts */
} sweep;

static struct {
    size_t scenes, faults, survived, wrong;
} totals;

static int told; /* what is said on stderr goes there */

static void expect(bool holds, const sweep *w, const char *what)
{
    if (holds)
        return;
    totals.wrong++;
    printf("%s, %s at call %zu%s, %s: %s\n", w->scene->name, call_fault_names[w->fault],
           w->position, w->lasting ? " and all after" : "", calls_last(), what);
}

static size_t open_files(void)
{
    struct dirent **entries;
    int count = scandir("/proc/self/fd", &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return (size_t)count;
}

/* What a journal says stands for its message. */
static ock_status act(sweep *w, bool faulty)
{
    stage *s = &w->stage;
    *s->message = '\0';
    ck_assert(!ftruncate(told, 0) && !lseek(told, 0, SEEK_SET));
    calls_arm(w->fault, faulty ? w->position : 0, w->lasting);
    ock_status status = w->scene->act(s);
    calls_disarm();
    if (!*s->message) {
        ssize_t got = pread(told, s->message, sizeof s->message - 1, 0);
        s->message[got > 0 ? got : 0] = '\0';
    }
    return status;
}

static void check_failure(sweep *w, ock_status status, uint64_t objects, uint64_t files)
{
    stage *s = &w->stage;
    bool goes_on = w->scene->traits & GOES_ON;
    bool is_mute = w->lasting && s->journal.path; /* stderr fails as well */
    char what[1200];
    snprintf(what, sizeof what, "%s: %s", ock_status_name(status), s->message);
    expect(w->fault > CALL_BYTE, w, what);
    expect(strstr(s->message, s->files.name) || is_mute, w, what);
    if (!is_mute)
        expect(status == OCK_FILE_FAILED &&
                   strstr(s->message, strerror(call_fault_errors[w->fault])),
               w, what);
    expect(goes_on || objects_digest(s) == objects, w, "the failure left a change");
    if (!calls_removing())
        expect(goes_on || folder_digest(s, true) == files, w, "the failure changed a file");
    if (goes_on && s->model && access(s->files.path, F_OK)) /* no file to go on from */
        OK(s->context, ock_model_initialize(s->model, 1));
    status = act(w, false);
    expect(!status, w, s->message);
}

static bool is_whole(const stage *s)
{
    ock_model *opened = NULL;
    bool whole = !s->model || access(s->files.path, F_OK) ||
                 !ock_model_open(s->context, s->files.path, &opened);
    ock_model_destroy(opened);
    return whole;
}

static void fail_at(sweep *w)
{
    stage *s = &w->stage;
    if (w->scene->prepare)
        w->scene->prepare(s);
    uint64_t objects = objects_digest(s), files = folder_digest(s, true);
    ock_status status = act(w, true);
    bool cleaning = calls_removing(); /* of which there may be remains */
    expect(calls_injected() > 0, w, "no fault was injected");
    totals.faults++;
    totals.survived += !status;
    if (status)
        check_failure(w, status, objects, files);
    if (w->scene->traits & SILENT)
        expect(!strcmp(s->kept, "42"), w, "the figure is another");
    else
        expect(objects_digest(s) == w->objects, w, "has another result than without a fault");
    if (!cleaning && !(w->scene->traits & SILENT))
        expect(folder_digest(s, !(w->scene->traits & TIMED)) == w->files, w,
               "other files are there than without a fault");
    expect(is_whole(s), w, "the file is not whole");
    expect(open_files() == w->open, w, "a file is open");
    clear(s);
}

/* Twice: the first act may leave in the C library what later ones find. */
static size_t act_clean(sweep *w)
{
    for (int i = 0; i < 2; i++) {
        clear(&w->stage);
        if (w->scene->prepare)
            w->scene->prepare(&w->stage);
        ock_status status = act(w, false);
        ck_assert_msg(!status, "%s: %s", w->scene->name, w->stage.message);
    }
    size_t positions = calls_counted();
    w->objects = objects_digest(&w->stage);
    w->files = folder_digest(&w->stage, !(w->scene->traits & TIMED));
    clear(&w->stage);
    w->open = open_files();
    return positions;
}

static void run_scene(const scene *which, ock_context *context)
{
    sweep w = {.scene = which, .stage = {.context = context, .files = folder_open()}};
    size_t before = totals.faults;
    setenv("OCKHAM_CACHE", w.stage.files.name, 1);
    for (int fault = 0; fault < CALL_FAULTS; fault++) {
        w.fault = (call_fault)fault;
        size_t positions = act_clean(&w);
        for (w.position = 1; w.position <= positions; w.position++) {
            w.lasting = false;
            fail_at(&w);
            w.lasting = fault != CALL_INTERRUPTED; /* which nobody gets for good */
            if (w.lasting)
                fail_at(&w);
        }
    }
    folder_close(&w.stage.files);
    totals.scenes++;
    printf("%-24s %5zu faults\n", which->name, totals.faults - before);
}

static const char *wish;

START_TEST(every_call_may_fail)
{
    ock_context *context = open_device("scalar", 0);
    for (const scene *next = scenes; next->name; next++)
        if (wish && strcmp(next->name, wish))
            continue;
        else if (next->traits & DRAWN && !OCKHAM_PNG)
            printf("%-24s skipped: built without libspng\n", next->name);
        else
            run_scene(next, context);
    ock_context_destroy(context);
    printf("%zu scenes, %zu faults, %zu of them survived; %zu wrong\n", totals.scenes,
           totals.faults, totals.survived, totals.wrong);
    ck_assert(totals.faults && !totals.wrong);
}
END_TEST

int main(int argc, char **argv)
{
    wish = argc > 1 ? argv[1] : NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    FILE *text = tmpfile();
    told = text ? fileno(text) : -1;
    if (told < 0 || dup2(told, STDERR_FILENO) < 0)
        return EXIT_FAILURE;
    if (!calls_begin()) {
        puts("system calls cannot be led here: skipped");
        return SKIP;
    }
    setenv("OCKHAM_TUNE", "0", 1);
    Suite *suite = suite_create("files");
    TCase *cases = tcase_create("files");
    tcase_add_test(cases, every_call_may_fail);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
