/* A step that is refused memory is not taken: neither weights nor moments nor totals have changed.
 * On any OpenCL device, by the layer that the environment's OPENCL_LAYERS names; where there is
 * none, exits 77. */
#include <CL/cl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "../train/support.h"
#include "find_layer.h"

/* The sums that columns' norms are made of exceed the scratch memory that there is from the start.
 */
enum {
    BATCH = 2,
    ROWS = 512,
    COLS = 8256,
    SIZE = ROWS * COLS
};

static ock_context *context;
static float *values; /* SIZE */

typedef struct weights {
    ock_parameter kernel;
    ock_tensor *totals, *x, *dy, *gradient;
} weights;

static ock_tensor *make(size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, rows, cols, &tensor));
    OK(context, ock_tensor_write(tensor, values));
    return tensor;
}

static weights open_weights(void)
{
    weights w = {.totals = make(1, OCK_TOTALS_SIZE),
                 .x = make(BATCH, ROWS),
                 .dy = make(BATCH, COLS),
                 .gradient = make(ROWS, COLS)};
    w.kernel = (ock_parameter){.value = make(ROWS, COLS),
                               .moment1 = make(ROWS, COLS),
                               .penalty = {.l2 = 1e-3f, .group_lasso = 1e-3f},
                               .constraint = {OCK_MAX_NORM, 1}};
    return w;
}

static void close_weights(weights *w)
{
    ock_tensor *all[] = {w->kernel.value, w->kernel.moment1, w->totals, w->x, w->dy, w->gradient};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ock_tensor_destroy(all[i]);
}

static bool is_unchanged(const ock_tensor *tensor)
{
    size_t size = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    float *got = malloc(size * sizeof *got);
    ck_assert_ptr_nonnull(got);
    OK(context, ock_tensor_read(tensor, got));
    bool same = !memcmp(got, values, size * sizeof *got);
    free(got);
    return same;
}

/* ---- The steps ---- */

typedef ock_status (*step)(const weights *w, ock_tensor *totals);

static const ock_optimizer sgd = {.kind = OCK_SGD, .learning_rate = 0.1f, .momentum = 0.9f};

static ock_status plain(const weights *w, ock_tensor *totals)
{
    return ock_step(&sgd, 1, &w->kernel, w->gradient, BATCH, totals);
}

static ock_status fused(const weights *w, ock_tensor *totals)
{
    const ock_dense_parameters layer_of = {.kernel = w->kernel};
    return ock_dense_backward_weights(&sgd, 1, w->x, w->dy, &layer_of, totals);
}

static ock_status penalty(const weights *w, ock_tensor *totals)
{
    return ock_penalty_add(&w->kernel, BATCH, totals);
}

static const struct {
    step take;
    bool with_totals;
} steps[] = {{plain, false}, {plain, true}, {fused, false}, {fused, true}, {penalty, true}};

START_TEST(a_step_without_memory_is_not_taken)
{
    const layer_fault fault = {.entry = "clCreateBuffer",
                               .position = 1,
                               .code = CL_MEM_OBJECT_ALLOCATION_FAILURE,
                               .lasting = true};
    context = open_device(NULL, 0);
    weights w = open_weights();
    ock_tensor *totals = steps[_i].with_totals ? w.totals : NULL;
    layer.arm(&fault);
    REFUSED(context, OCK_OUT_OF_MEMORY, "clCreateBuffer", steps[_i].take(&w, totals));
    layer.arm(NULL);
    ck_assert(is_unchanged(w.kernel.value));
    ck_assert(is_unchanged(w.kernel.moment1));
    ck_assert(is_unchanged(w.totals));
    OK(context, steps[_i].take(&w, w.totals));
    ck_assert(!is_unchanged(w.totals));
    close_weights(&w);
    ock_context_destroy(context);
}
END_TEST

/* ---- Around them ---- */

static bool open_opencl(void)
{
    setenv("OCKHAM_TUNE", "0", 1);
    bool opencl = !ock_context_create(NULL, &context) &&
                  ock_context_device(context)->type != OCK_DEVICE_SCALAR;
    ock_context_destroy(context);
    return opencl;
}

int main(void)
{
    uint32_t seed = 5;
    if (!open_opencl())
        return absent("no OpenCL device");
    if (!find_layer() || !(values = malloc(SIZE * sizeof *values)))
        return EXIT_FAILURE;
    for (size_t i = 0; i < SIZE; i++)
        values[i] = random_unit(&seed) - 0.5f;
    Suite *suite = suite_create("steps");
    TCase *cases = tcase_create("steps");
    tcase_add_loop_test(cases, a_step_without_memory_is_not_taken, 0, sizeof steps / sizeof *steps);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(values);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
