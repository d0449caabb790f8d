/* What a fit leaves behind when the device fails in it, wherever that happens: the state of the
 * last completed epoch, or a run that has gone on to the next device. Faults come from the layer
 * that the environment's OPENCL_LAYERS names, on the first OpenCL device; where there is none,
 * exits 77.
 *
 *     recovery          some positions
 *     recovery all      all of them; with failover, where each opens a device, every fifth
 */
#include <CL/cl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "recovery.h"

enum {
    SOME = 9, /* positions, where not all are asked for */
    FIFTH = 5
};

static const struct {
    int code;
    const char *name;
} codes[] = {{CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
             {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
             {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"}};

static size_t other_devices;
static bool all_positions;
static size_t tried; /* faults that were injected */

/* While set, plain C gets no memory for tensors, and cannot be gone on to. */
static bool refuse_memory;

__attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    void *memory = NULL;
    if (refuse_memory)
        return NULL;
    errno = posix_memalign(&memory, alignment, size);
    return errno ? NULL : memory;
}

/* ---- A fault at each position ---- */

typedef void (*visitor)(const expected *e, bed *b, run_kind kind, const layer_fault *fault);

static const char *name_of(int code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "";
}

/* `reuses`: one bed serves all. Codes come in turns. */
static void at_positions(run_kind kind, layer_fault fault, bool reuses, visitor visit)
{
    expected e = expect(kind, fault);
    size_t step = e.calls < SOME ? 1 : e.calls / SOME;
    if (all_positions)
        step = reuses ? 1 : FIFTH;
    bed b = {0};
    for (size_t position = step / 2 + 1; position <= e.calls; position += step) {
        fault.position = position;
        fault.code = codes[position / step % (sizeof codes / sizeof *codes)].code;
        if (!b.context)
            b = open_bed(first_device, kind);
        else
            renew(&b);
        visit(&e, &b, kind, &fault);
        if (!reuses) {
            close_bed(&b);
            b = (bed){0};
        }
    }
    if (b.context)
        close_bed(&b);
    expected_free(&e);
}

static ock_status run_with(bed *b, const layer_fault *fault)
{
    layer.arm(fault);
    ock_status status = run(b);
    tried += layer.injected() > 0;
    layer.arm(NULL);
    return status;
}

/* ---- Without failover ---- */

/* As if the epoch had not begun: what is left of the run ends as the run does that never failed. */
static void put_back(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    ock_status status = run_with(b, fault);
    if (!status) {
        expect_weights(e, b, e->end);
        expect_epochs(e, b, EPOCHS);
        return;
    }
    size_t done = b->history.count;
    ck_assert(status == OCK_DEVICE_FAILED || status == OCK_OUT_OF_MEMORY);
    ck_assert_ptr_nonnull(strstr(ock_context_message(b->context), name_of(fault->code)));
    ck_assert_ptr_null(strstr(ock_context_message(b->context), "are lost"));
    ck_assert_uint_eq(b->history.failovers, 0);
    expect_weights(e, b, e->epochs[done]);
    expect_epochs(e, b, done);
    bed rest = *b;
    rest.history = (ock_history){0};
    if (kind == PLAIN)
        rest.fit.epochs = EPOCHS - (uint32_t)done;
    else
        rest.fit.resume = true;
    if (rest.fit.epochs > 0)
        OK(b->context, run(&rest));
    expect_weights(e, b, e->end);
    if (kind != PLAIN)
        expect_epochs(e, &rest, EPOCHS);
    ock_history_clear(&rest.history);
}

START_TEST(a_failure_leaves_the_last_epoch)
{
    at_positions((run_kind)_i, (layer_fault){0}, true, put_back);
}
END_TEST

START_TEST(a_failure_that_comes_late_leaves_the_last_epoch)
{
    at_positions((run_kind)_i, (layer_fault){.late = true}, true, put_back);
}
END_TEST

/* A step of the callback's own, by an optimiser with other moments. */
static bool step_aside(const ock_epoch *epoch, void *user)
{
    const bed *b = user;
    const float row[FEATURES] = {1};
    const int32_t label = 0;
    ock_fit other = ock_fit_defaults();
    ock_tensor *x = NULL, *y = NULL;
    (void)epoch;
    other.optimizer = ock_sgd_defaults();
    OK(b->context, ock_tensor_create(b->context, OCK_F32, 1, FEATURES, &x));
    OK(b->context, ock_tensor_create(b->context, OCK_I32, 1, 1, &y));
    OK(b->context, ock_tensor_write(x, row));
    OK(b->context, ock_tensor_write(y, &label));
    bool stepped = !ock_model_train_step(b->net, &other, x, y, NULL); /* where the fault is not */
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    return stepped;
}

/* The first epoch alone is as without the callback. */
static void put_back_beside(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    (void)kind;
    b->fit.on_epoch = step_aside;
    b->fit.user = b;
    ock_status status = run_with(b, fault);
    if (!status || b->history.count > 1)
        return;
    ck_assert_ptr_null(strstr(ock_context_message(b->context), "are lost"));
    expect_weights(e, b, e->epochs[b->history.count]);
    expect_epochs(e, b, b->history.count);
}

START_TEST(a_callback_that_steps_by_itself_is_undone)
{
    at_positions(PLAIN, (layer_fault){.entry = "clEnqueueNDRangeKernel"}, true, put_back_beside);
}
END_TEST

/* Nothing can be put back: the network says so until it is renewed. A run that polls less often may
 * end before the last positions. */
static void lose(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    (void)kind;
    size_t before = tried;
    ock_status status = run_with(b, fault);
    ck_assert_int_eq(status != OCK_OK, tried > before);
    if (!status)
        return;
    ck_assert_ptr_nonnull(strstr(ock_context_message(b->context), name_of(fault->code)));
    bool lost = strstr(ock_context_message(b->context), "are lost");
    expect_epochs(e, b, b->history.count);
    if (!lost) {
        expect_weights(e, b, e->epochs[b->history.count]);
        return;
    }
    REFUSED(b->context, OCK_DEVICE_FAILED, "ock_model_initialize() renews", run(b));
    OK(b->context, ock_model_initialize(b->net, b->fit.seed));
    expect_weights(e, b, e->epochs[0]);
}

START_TEST(a_device_that_is_gone_loses_the_network)
{
    at_positions((run_kind)_i, (layer_fault){.lasting = true}, true, lose);
}
END_TEST

/* ---- With failover ---- */

static void note_failover(const ock_failover *failover, void *user)
{
    ock_failover *noted = user;
    *noted = *failover;
    noted->why = strstr(failover->why, "CL_"); /* of the context's own text, which goes */
    noted->why = noted->why ? "named" : "unnamed";
}

/* What the fit was given may not be read; else, it goes on. `resumed`: the epochs that it begins
 * with. */
static void go_on(const expected *e, bed *b, const layer_fault *fault, const char *device,
                  float *const *ends, uint32_t resumed)
{
    ock_failover failover = {0};
    b->fit.failover = true;
    b->fit.on_failover = note_failover;
    b->fit.user = &failover;
    ock_status status = run_with(b, fault);
    if (status) {
        ck_assert_ptr_null(fault->entry);
        ck_assert_uint_eq(b->history.count, 0);
        ck_assert_uint_eq(b->history.failovers, 0);
        ck_assert_str_eq(ock_context_device(b->context)->id, first_device);
        return;
    }
    ck_assert_uint_eq(b->history.count, EPOCHS);
    if (!b->history.failovers) {
        expect_weights(e, b, e->end);
        return;
    }
    ck_assert_uint_eq(b->history.failovers, fault->entry && fault->lasting ? other_devices : 1);
    ck_assert_str_eq(ock_context_device(b->context)->id, device);
    ck_assert_str_eq(failover.to.id, device);
    ck_assert_str_eq(failover.why, "named");
    for (size_t i = 0; i < failover.epochs; i++)
        ck_assert_double_eq(b->history.epochs[i].loss, e->history.epochs[i].loss);
    expect_weights(e, b, ends[failover.epochs > resumed ? failover.epochs : resumed]);
    ock_evaluation valid;
    OK(b->context, ock_model_evaluate(b->net, b->valid, &b->fit, &valid));
}

static void go_on_to_next(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    (void)kind;
    go_on(e, b, fault, next_device, e->on_next, 0);
}

/* Since all OpenCL devices fail. */
static void go_on_to_plain(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    (void)kind;
    go_on(e, b, fault, "scalar", e->on_plain, 0);
}

START_TEST(a_run_goes_on_with_the_next_device)
{
    at_positions((run_kind)_i, (layer_fault){0}, false, go_on_to_next);
}
END_TEST

static void go_on_with_a_fresh_network(const expected *e, bed *b, run_kind kind,
                                       const layer_fault *fault)
{
    rebuild(b);
    go_on_to_next(e, b, kind, fault);
}

static void go_on_resumed(const expected *e, bed *b, run_kind kind, const layer_fault *fault)
{
    (void)kind;
    write_file(files.path, e->checkpoints[1].data, e->checkpoints[1].size);
    b->fit.resume = true;
    go_on(e, b, fault, next_device, e->on_next, 1);
}

/* Most buffers are made before the first epoch. */
static const layer_fault no_buffer = {.entry = "clCreateBuffer"};

START_TEST(a_run_that_is_prepared_goes_on)
{
    at_positions((run_kind)_i, no_buffer, false, go_on_to_next);
    at_positions((run_kind)_i, no_buffer, false, go_on_with_a_fresh_network);
    at_positions((run_kind)_i, no_buffer, false, go_on_resumed);
}
END_TEST

START_TEST(a_run_goes_on_with_plain_c)
{
    at_positions((run_kind)_i, (layer_fault){.lasting = true}, false, go_on_to_plain);
}
END_TEST

/* Each device passes its self-test, which flushes nothing, and fails in the run. */
START_TEST(a_run_goes_on_as_often_as_there_are_devices)
{
    at_positions((run_kind)_i, (layer_fault){.entry = "clFlush", .lasting = true}, false,
                 go_on_to_plain);
}
END_TEST

/* In the last epoch. */
START_TEST(without_another_device_the_state_stays)
{
    expected e = expect(MOVING_AVERAGE, (layer_fault){0});
    bed b = open_bed(first_device, MOVING_AVERAGE);
    const layer_fault fault = {.position = e.calls * 9 / 10, .code = CL_OUT_OF_RESOURCES};
    b.fit.failover = true;
    refuse_memory = true;
    ock_status status = run_with(&b, &fault);
    refuse_memory = false;
    REFUSED(b.context, OCK_DEVICE_FAILED, "no other device can be used", status);
    ck_assert_ptr_nonnull(strstr(ock_context_message(b.context), "CL_OUT_OF_RESOURCES"));
    ck_assert_ptr_nonnull(strstr(ock_context_message(b.context), "passed over scalar"));
    ck_assert_str_eq(ock_context_device(b.context)->id, first_device);
    ck_assert_uint_gt(b.history.count, 0);
    expect_weights(&e, &b, e.epochs[b.history.count]);
    expect_epochs(&e, &b, b.history.count);
    close_bed(&b);
    expected_free(&e);
}
END_TEST

/* What the fit did not know of is lost, and says so. */
START_TEST(what_is_lost_is_refused)
{
    bed b = open_bed(first_device, MOVING_AVERAGE);
    ock_evaluation evaluation;
    ock_tensor *indices = NULL, *x = NULL;
    b.fit.checkpoint = NULL;
    OK(b.context, run(&b));
    OK(b.context, ock_model_save(b.net, files.path));
    OK(b.context, ock_tensor_create(b.context, OCK_I32, 1, 1, &indices));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, 1, FEATURES, &x));
    OK(b.context, ock_context_failover(b.context));
    REFUSED(b.context, OCK_DEVICE_FAILED, "ock_dataset_create() makes it anew",
            ock_dataset_batch(b.set, indices, x, NULL));
    REFUSED(b.context, OCK_DEVICE_FAILED, "ock_standardizer_fit() makes it anew",
            ock_standardizer_apply(b.standardizer, b.set));
    REFUSED(b.context, OCK_DEVICE_FAILED, "data set", run(&b));
    ock_dataset_destroy(b.train);
    ock_dataset_destroy(b.valid);
    ock_dataset_destroy(b.set);
    ock_standardizer *lost = b.standardizer;
    open_sets(&b);
    REFUSED(b.context, OCK_DEVICE_FAILED, "standardizer", run(&b));
    ock_standardizer_destroy(lost);
    b.fit.standardizer = b.standardizer;
    REFUSED(b.context, OCK_DEVICE_FAILED, "network's weights", run(&b));
    REFUSED(b.context, OCK_DEVICE_FAILED, "network's weights", ock_model_use_averages(b.net));
    REFUSED(b.context, OCK_DEVICE_FAILED, "network's weights",
            ock_model_evaluate(b.net, b.valid, &b.fit, &evaluation));
    REFUSED(b.context, OCK_DEVICE_FAILED, "network's weights", ock_model_save(b.net, files.path));
    b.fit.checkpoint = files.path; /* a network's file, and no checkpoint */
    b.fit.resume = true;
    REFUSED(b.context, OCK_BAD_FILE, "checkpoint", run(&b));
    b.fit.checkpoint = NULL;
    b.fit.resume = false;
    REFUSED(b.context, OCK_DEVICE_FAILED, "network's weights", run(&b));
    OK(b.context, ock_model_load(b.net, files.path));
    OK(b.context, run(&b));
    ock_tensor_destroy(x);
    ock_tensor_destroy(indices);
    close_bed(&b);
}
END_TEST

/* ---- Around them ---- */

static Suite *recovery_suite(void)
{
    Suite *suite = suite_create("recovery");
    TCase *cases = tcase_create("recovery");
    tcase_add_unchecked_fixture(cases, open_all, close_all);
    tcase_add_loop_test(cases, a_failure_leaves_the_last_epoch, 0, KINDS);
    tcase_add_loop_test(cases, a_failure_that_comes_late_leaves_the_last_epoch, 0, KINDS);
    tcase_add_test(cases, a_callback_that_steps_by_itself_is_undone);
    tcase_add_loop_test(cases, a_device_that_is_gone_loses_the_network, 0, KINDS);
    tcase_add_loop_test(cases, a_run_goes_on_with_the_next_device, 0, KINDS);
    tcase_add_loop_test(cases, a_run_that_is_prepared_goes_on, 0, KINDS);
    tcase_add_loop_test(cases, a_run_goes_on_with_plain_c, 0, KINDS);
    tcase_add_loop_test(cases, a_run_goes_on_as_often_as_there_are_devices, 0, KINDS);
    if (!strcmp(next_device, "scalar"))
        tcase_add_test(cases, without_another_device_the_state_stays);
    add_searches(cases);
    tcase_add_test(cases, what_is_lost_is_refused);
    suite_add_tcase(suite, cases);
    return suite;
}

/* The first device of OpenCL, and the one that follows when it fails. */
static bool find_devices(void)
{
    ock_device *devices = NULL;
    size_t count = 0, found = 0;
    if (ock_device_list(&devices, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!devices[i].status && found++ < 2)
            snprintf(found > 1 ? next_device : first_device, sizeof first_device, "%s",
                     devices[i].id);
    ock_device_list_free(devices);
    other_devices = found - 1;
    return other_devices > 0;
}

static int run_tests(void)
{
    SRunner *runner = srunner_create(recovery_suite());
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    printf("%zu faults on %s, the next device is %s\n", tried, first_device, next_device);
    return failed;
}

int main(int argc, char **argv)
{
    all_positions = argc > 1 && !strcmp(argv[1], "all");
    if (!find_devices())
        return absent("no OpenCL device");
    if (!find_layer())
        return EXIT_FAILURE;
    return run_tests() ? EXIT_FAILURE : EXIT_SUCCESS;
}
