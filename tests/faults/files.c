/* Each call on files that the readers and writers make fails in turn, or does less than was asked
 * for. What follows is the same result as without, or an error that names the file and the reason;
 * older files are as they were, no temporary one is left, and none open. Measurements, which a
 * context can do without, fail in silence.
 *
 *   files [SCENE] */
#include <cli.h>
#include <dirent.h>
#include <errno.h>
#include <input.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "../train/files.h"
#include "../train/support.h"
#include "calls.h"
#include "core/cache.h"
#include "search.h"

enum {
    SKIP = 77
};

/* All that a scene has made. */
typedef struct stage {
    ock_context *context;
    samples data;
    ock_dataset *set;
    ock_model *model, *made;
    pictures pictures;
    ock_search_results results;
    struct search_journal journal;
    char kept[32]; /* of a cache */
    folder files;
    char message[1024];
} stage;

enum {
    GOES_ON = 1, /* what was reached before the fault stays in the file, as an epoch does */
    SILENT = 2,  /* never fails */
    TIMED = 8,   /* the file has times, and so is never the same */
    LOOKS = 4,   /* among several names; what cannot be looked at counts as not there */
    DRAWN = 16,  /* of a PNG, which a build may be without */
};

typedef struct scene {
    const char *name;
    void (*prepare)(stage *s);
    ock_status (*act)(stage *s);
    unsigned traits;
} scene;

static const char *path_in(const stage *s, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", s->files.name, name);
    return path;
}

/* ---- Networks and checkpoints ---- */

static const spec layers[] = {{SPEC_DENSE, .units = 5, .activation = OCK_RELU},
                              {SPEC_DENSE, .units = 3, .activation = OCK_SOFTMAX},
                              {0}};

static void prepare_model(stage *s)
{
    s->model = build(s->context, 4, layers);
    OK(s->context, ock_model_initialize(s->model, 1));
}

static ock_status save(stage *s)
{
    ock_status status = ock_model_save(s->model, s->files.path);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_file(stage *s)
{
    prepare_model(s);
    OK(s->context, save(s));
    OK(s->context, ock_model_initialize(s->model, 2));
}

static ock_status load(stage *s)
{
    ock_status status = ock_model_load(s->model, s->files.path);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static ock_status open_model(stage *s)
{
    ock_status status = ock_model_open(s->context, s->files.path, &s->made);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_fit(stage *s)
{
    prepare_model(s);
    s->data = samples_create(12, 4, 3);
    s->set = labelled(s->context, &s->data);
}

/* Of two epochs, the file after each. */
static ock_status fit(stage *s)
{
    ock_fit wish = ock_fit_defaults();
    wish.epochs = 2;
    wish.checkpoint = s->files.path;
    wish.resume = true;
    ock_status status = ock_model_fit(s->model, s->set, NULL, &wish, NULL);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_resumption(stage *s)
{
    prepare_fit(s);
    OK(s->context, fit(s));
    OK(s->context, ock_model_initialize(s->model, 1));
}

/* ---- Measurements ---- */

static ock_status put_figure(stage *s)
{
    ock_cache *cache = ock_cache_open("a key of this test");
    ock_cache_put(cache, "figure", "42");
    if (!ock_cache_get(cache, "figure", s->kept, sizeof s->kept))
        *s->kept = '\0';
    ock_cache_close(cache);
    return OCK_OK;
}

static void prepare_figure(stage *s)
{
    put_figure(s);
    *s->kept = '\0';
}

/* One that cannot be read is one that is not there. */
static ock_status get_figure(stage *s)
{
    ock_cache *cache = ock_cache_open("a key of this test");
    if (!ock_cache_get(cache, "figure", s->kept, sizeof s->kept))
        snprintf(s->kept, sizeof s->kept, "42");
    ock_cache_close(cache);
    return OCK_OK;
}

/* ---- Pictures ---- */

static const unsigned char idx_pictures[] = {0, 0, 8, 3, 0, 0, 0, 2,  0,  0,  0,  2,
                                             0, 0, 0, 2, 9, 8, 7, 60, 50, 40, 30, 20};
static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 4, 7};

static void prepare_idx(stage *s)
{
    write_file(path_in(s, "train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures);
    write_file(path_in(s, "train-labels-idx1-ubyte"), idx_labels, sizeof idx_labels);
}

static void put_gzip(const char *path, const void *bytes, unsigned size)
{
    gzFile file = gzopen(path, "wb");
    ck_assert(file && gzwrite(file, bytes, size) == (int)size && gzclose(file) == Z_OK);
}

static void prepare_gzip(stage *s)
{
    put_gzip(path_in(s, "train-images-idx3-ubyte.gz"), idx_pictures, sizeof idx_pictures);
    put_gzip(path_in(s, "train-labels-idx1-ubyte.gz"), idx_labels, sizeof idx_labels);
}

static ock_status read_pictures(stage *s)
{
    return pictures_load(s->files.name, NULL, &s->pictures, s->message, sizeof s->message);
}

static void prepare_text(stage *s)
{
    write_file(s->files.path, "what was there", 14);
}

static const uint8_t greys[6] = {0, 50, 100, 150, 200, 250};

static ock_status write_png(stage *s)
{
    const char *why = NULL;
    if (png_write(s->files.path, 2, 3, greys, &why))
        return OCK_OK;
    snprintf(s->message, sizeof s->message, "%s: %s", s->files.path, why);
    return OCK_FILE_FAILED;
}

static void prepare_table(stage *s)
{
    const char text[] = "filename,label\na.png,3\n";
    const char *why = NULL;
    ck_assert(png_write(path_in(s, "a.png"), 2, 3, greys, &why));
    write_file(path_in(s, "net.csv"), text, sizeof text - 1);
}

static ock_status read_table(stage *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s.csv", s->files.path);
    return pictures_load(path, NULL, &s->pictures, s->message, sizeof s->message);
}

/* ---- Reports, and a search's journal ---- */

/* As CSV and JSON are written. */
static ock_status write_text(stage *s)
{
    if (cli_write_file(s->files.path, "some,figures\n1,2\n"))
        return OCK_OK;
    snprintf(s->message, sizeof s->message, "%s: %s", s->files.path, strerror(errno));
    return OCK_FILE_FAILED;
}

static const double rates[] = {0.1, 0.2};
static const ock_search_axis axis = {.name = "rate", .values = rates, .count = 2};

/* What it says goes to stderr, which is a file then. */
static ock_status keep_journal(stage *s)
{
    static char word[] = "search", *words[] = {word, NULL};
    struct options options = {0};
    ock_search_options wish = ock_search_defaults();
    options.search.journal = s->files.path;
    options.search.arguments = words;
    options.search.argument_count = 1;
    wish.axes = &axis;
    wish.axis_count = 1;
    const struct session session = {.options = &options, .talk = stdout};
    const ock_trial trial = {
        .axes = 1, .values = (double[]){0.1}, .runs = 1, .scores = (double[]){1}};
    ock_search_results_clear(&s->results);
    bool kept = search_journal_open(&s->journal, &session, &wish, &s->results);
    if (kept && !s->results.count)
        kept = !ock_search_results_add(&s->results, &trial) &&
               search_journal_add(&s->journal, &s->results);
    search_journal_close(&s->journal);
    return kept ? OCK_OK : OCK_FILE_FAILED;
}

static void prepare_journal(stage *s)
{
    ck_assert(!keep_journal(s));
    ock_search_results_clear(&s->results);
}

/* ---- All of them ---- */

static const scene scenes[] = {
    {"save", prepare_model, save, 0},
    {"save over a file", prepare_file, save, 0},
    {"load", prepare_file, load, 0},
    {"open", prepare_file, open_model, 0},
    {"checkpoints", prepare_fit, fit, GOES_ON | TIMED},
    {"resume", prepare_resumption, fit, TIMED},
    {"keep a measurement", NULL, put_figure, SILENT},
    {"recall a measurement", prepare_figure, get_figure, SILENT},
    {"read IDX", prepare_idx, read_pictures, LOOKS},
    {"read IDX, compressed", prepare_gzip, read_pictures, LOOKS},
    {"read CSV and PNG", prepare_table, read_table, LOOKS | DRAWN},
    {"write a PNG", NULL, write_png, DRAWN},
    {"write over a PNG", prepare_text, write_png, DRAWN},
    {"write a report", NULL, write_text, 0},
    {"write over a report", prepare_text, write_text, 0},
    {"begin a journal", NULL, keep_journal, GOES_ON},
    {"go on with a journal", prepare_journal, keep_journal, 0},
};

/* ---- The stage ---- */

static uint64_t add(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
    return sum;
}

static uint64_t add_model(uint64_t sum, const ock_model *model)
{
    size_t count = 0;
    float *weights = model ? weights_of(model, &count) : NULL;
    sum = add(sum, weights, count * sizeof *weights);
    free(weights);
    return sum;
}

static uint64_t objects_digest(const stage *s)
{
    uint64_t sum = add_model(add_model(0xcbf29ce484222325, s->model), s->made);
    sum = add(sum, s->pictures.x,
              s->pictures.count * s->pictures.height * s->pictures.width * sizeof(float));
    sum = add(sum, &s->results.count, sizeof s->results.count);
    return add(sum, s->kept, strlen(s->kept));
}

static int is_file(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

/* Names alone, or contents too. */
static uint64_t folder_digest(const stage *s, bool contents)
{
    struct dirent **entries;
    uint64_t sum = 0xcbf29ce484222325;
    int count = scandir(s->files.name, &entries, is_file, alphasort);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        char *bytes = contents ? read_file(path_in(s, entries[i]->d_name), &size) : NULL;
        sum = add(add(sum, entries[i]->d_name, strlen(entries[i]->d_name)), bytes, size);
        free(bytes);
        free(entries[i]);
    }
    free(entries);
    return sum;
}

static void empty_folder(const stage *s)
{
    struct dirent **entries;
    int count = scandir(s->files.name, &entries, is_file, alphasort);
    for (int i = 0; i < count; i++) {
        unlink(path_in(s, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static void clear(stage *s)
{
    pictures_free(&s->pictures);
    ock_search_results_clear(&s->results);
    ock_model_destroy(s->made);
    ock_model_destroy(s->model);
    ock_dataset_destroy(s->set);
    samples_free(&s->data);
    empty_folder(s);
    *s = (stage){.context = s->context, .files = s->files, .journal.file = -1};
}

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
    if (!is_mute && !((w->scene->traits & LOOKS) && calls_looking()))
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
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (wish && strcmp(scenes[i].name, wish))
            continue;
        else if (scenes[i].traits & DRAWN && !OCKHAM_PNG)
            printf("%-24s skipped: built without libspng\n", scenes[i].name);
        else
            run_scene(&scenes[i], context);
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
