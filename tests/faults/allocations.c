/* Every allocation of the library's own fails in turn: once, and with all that come after it. What
 * a call then returns is OCK_OUT_OF_MEMORY with a message, or success where it can do without; what
 * there was before is as it was, the same call succeeds afterwards with what it gives without a
 * fault, and nothing is lost.
 *
 *   allocations DEVICE [STRIDE [SCENE]]   every STRIDE-th position; of one scene */
#define _GNU_SOURCE /* strcasestr() */

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "scenes.h"

enum {
    SKIP = 77
};

typedef struct sweep {
    const scene *scene;
    stage stage;
    uint64_t clean; /* the digest after an act without a fault */
    size_t positions;
    size_t idle_blocks, idle_files; /* with what a scene has between its acts */
} sweep;

static struct {
    size_t scenes, positions, faults, spared, wrong;
} totals;

/* ---- What must hold ---- */

static void expect(bool holds, const sweep *w, size_t position, bool lasting, const char *what)
{
    if (holds)
        return;
    totals.wrong++;
    printf("%s, allocation %zu%s: %s\n", w->scene->name, position, lasting ? " and all after" : "",
           what);
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    DIR *entries = opendir(path);
    ck_assert_ptr_nonnull(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

static const char *message_of(const stage *s)
{
    return s->context ? ock_context_message(s->context) : s->message;
}

/* ---- One fault ---- */

/* What went on is begun anew, unless a checkpoint lets it go on from where it was. */
static void prepare_again(sweep *w)
{
    stage *s = &w->stage;
    if ((w->scene->traits & GOES_ON) && access(s->files.path, F_OK)) {
        stage_clear(s);
        w->scene->prepare(s);
    }
}

static void check_failure(sweep *w, size_t position, bool lasting, uint64_t before,
                          ock_status status)
{
    const stage *s = &w->stage;
    bool listing = !strcmp(w->scene->name, "list the devices"); /* which has no message */
    expect(status == OCK_OUT_OF_MEMORY, w, position, lasting, ock_status_name(status));
    expect(listing || strcasestr(message_of(s), "memory"), w, position, lasting, message_of(s));
    expect((w->scene->traits & GOES_ON) || stage_digest(s) == before, w, position, lasting,
           "the failure left a change");
    prepare_again(w);
    status = w->scene->act(&w->stage);
    expect(!status, w, position, lasting, "the next call fails as well");
}

static void fail_at(sweep *w, size_t position, bool lasting)
{
    stage *s = &w->stage;
    if (w->scene->prepare)
        w->scene->prepare(s);
    uint64_t before = stage_digest(s);
    memory_arm(position, lasting);
    ock_status status = w->scene->act(s);
    memory_disarm();
    bool spared = !status && ((w->scene->traits & SPARES) || stage_tells(s));
    totals.faults++;
    totals.spared += spared;
    expect(memory_injected() > 0, w, position, lasting, "no fault was injected");
    expect(status || spared, w, position, lasting, "succeeds without what it asked for");
    if (status)
        check_failure(w, position, lasting, before, status);
    expect(!s->torn, w, position, lasting, "a call failed and gave an object, or the reverse");
    expect(stage_digest(s) == w->clean || stage_tells(s), w, position, lasting,
           "has another result than without a fault");
    stage_clear(s);
    expect(memory_live() == w->idle_blocks, w, position, lasting, "memory is lost");
    expect(entries_of("/proc/self/fd") == w->idle_files, w, position, lasting, "a file is open");
    expect(entries_of(s->files.name) <= 2 + (w->scene->traits & SPARES ? 9u : 0u), w, position,
           lasting, "a file is left behind");
}

/* ---- One scene ---- */

/* Without a fault, and twice, since the first one may leave in the context what later ones find. */
static void act_clean(sweep *w)
{
    stage *s = &w->stage;
    for (int i = 0; i < 2; i++) {
        stage_clear(s);
        if (w->scene->prepare)
            w->scene->prepare(s);
        memory_arm(0, false);
        ock_status status = w->scene->act(s);
        memory_disarm();
        ck_assert_msg(!status, "%s: %s: %s", w->scene->name, ock_status_name(status),
                      message_of(s));
        w->clean = stage_digest(s);
        w->positions = memory_calls();
    }
    stage_clear(s);
    w->idle_blocks = memory_live();
    w->idle_files = entries_of("/proc/self/fd");
}

static void run_scene(const scene *which, const char *device, size_t stride)
{
    sweep w = {.scene = which};
    size_t before = memory_live();
    stage_open(&w.stage, device, which->traits & ALONE);
    act_clean(&w);
    for (size_t i = 1; i <= w.positions; i += stride) {
        fail_at(&w, i, false);
        fail_at(&w, i, true);
    }
    stage_close(&w.stage);
    expect(memory_live() == before, &w, w.positions, false, "memory is lost at the end");
    printf("%-24s %5zu allocations\n", which->name, w.positions);
    totals.scenes++;
    totals.positions += w.positions;
}

/* A sweep that could not see what it looks for would be void. */
static void check_controls(void)
{
    size_t live = memory_live();
    memory_arm(2, false);
    void *volatile first = malloc(1), *volatile second = malloc(1);
    memory_disarm();
    ck_assert(first && !second && memory_injected() == 1 && memory_live() == live + 1);
    free(first);
    ck_assert_uint_eq(memory_live(), live);
}

static bool has_device(const char *device)
{
    ock_context *context = NULL;
    const ock_context_options options = {.device = device, .threads = 1};
    bool has = !ock_context_create(&options, &context);
    ock_context_destroy(context);
    return has;
}

static struct {
    const char *device, *scene; /* scene NULL: all */
    size_t stride;
} wish = {.device = "scalar", .stride = 1};

static void run_scenes(const scene *scenes, size_t count)
{
    bool scalar = !strcmp(wish.device, "scalar");
    for (size_t i = 0; i < count; i++)
        if ((!wish.scene || !strcmp(scenes[i].name, wish.scene)) &&
            !(scenes[i].traits & ON_OPENCL && scalar))
            run_scene(&scenes[i], wish.device, wish.stride);
}

START_TEST(every_allocation_may_fail)
{
    cJSON_InitHooks(&(cJSON_Hooks){memory_allocate, memory_release});
    check_controls();
    run_scenes(operation_scenes, operation_scene_count);
    run_scenes(network_scenes, network_scene_count);
    printf("%s: %zu scenes, %zu allocations, %zu faults, %zu of them done without; %zu wrong\n",
           wish.device, totals.scenes, totals.positions, totals.faults, totals.spared,
           totals.wrong);
    ck_assert(totals.faults && !totals.wrong);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1)
        wish.device = argv[1];
    if (argc > 2)
        wish.stride = (size_t)atoi(argv[2]);
    if (argc > 3)
        wish.scene = argv[3];
    if (!has_device(wish.device)) {
        printf("no device %s: skipped\n", wish.device);
        return SKIP;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    Suite *suite = suite_create("allocations");
    TCase *cases = tcase_create("allocations");
    tcase_add_test(cases, every_allocation_may_fail);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* what OpenCL keeps does not outlive a fork */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
