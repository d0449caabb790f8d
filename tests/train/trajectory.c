/* With one seed, a device and plain C draw the same masks and visit the same rows, and their losses
 * agree as far as rounding lets them; both are held to double precision, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "suites.h"

enum {
    OUTPUTS = 10,
    BATCHES = 10,
    LAYERS = 11,
    MOST_STEPS = 50
};

/* ---- An experiment ---- */

/* The study's network, or a narrower one where the whole would take minutes. */
typedef struct experiment {
    size_t inputs, width, batch, steps;
    spec layers[LAYERS + 1];
    ock_fit fit;
    samples data;
} experiment;

static experiment experiment_open(ock_activation activation, ock_optimizer optimizer, size_t steps)
{
    experiment e = {.inputs = test_study ? 784 : 48,
                    .width = test_study ? 500 : 40,
                    .batch = test_study ? 128 : 32,
                    .steps = steps,
                    .fit = ock_fit_defaults()};
    for (size_t i = 0; i < LAYERS - 1; i += 2) {
        e.layers[i] = (spec){SPEC_DENSE, .units = e.width, .activation = activation, .l2 = 1e-4f};
        e.layers[i + 1] = (spec){SPEC_DROPOUT, .rate = 0.25f};
    }
    e.layers[LAYERS - 1] = (spec){SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX};
    e.fit.optimizer = optimizer;
    e.fit.seed = 128;
    e.data = samples_create(BATCHES * e.batch, e.inputs, OUTPUTS);
    return e;
}

static void experiment_close(experiment *e)
{
    samples_free(&e->data);
}

/* The rows of a step, shuffled anew each epoch as ock_model_fit() shuffles them. */
static samples batch_of(const experiment *e, size_t step)
{
    samples batch = samples_create(e->batch, e->inputs, OUTPUTS);
    size_t *order = malloc(e->data.rows * sizeof *order), first = step % BATCHES * e->batch;
    ck_assert_ptr_nonnull(order);
    shuffle_rows(order, e->data.rows, e->fit.seed, (uint32_t)(step / BATCHES));
    for (size_t i = 0; i < e->batch; i++) {
        size_t row = order[first + i];
        memcpy(batch.x + i * e->inputs, e->data.x + row * e->inputs, e->inputs * sizeof *batch.x);
        memcpy(batch.targets + i * OUTPUTS, e->data.targets + row * OUTPUTS,
               OUTPUTS * sizeof *batch.targets);
    }
    free(order);
    return batch;
}

/* ---- Runs: the loss of each step, penalty included ---- */

static void run_steps(const experiment *e, ock_model *net, double *losses)
{
    ock_context *context = ock_model_context(net);
    ock_tensor *x = NULL, *y = NULL, *totals = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, e->batch, e->inputs, &x));
    OK(context, ock_tensor_create(context, OCK_F32, e->batch, OUTPUTS, &y));
    OK(context, ock_tensor_create(context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals));
    for (size_t i = 0; i < e->steps; i++) {
        samples batch = batch_of(e, i);
        ock_totals sums;
        OK(context, ock_tensor_write(x, batch.x));
        OK(context, ock_tensor_write(y, batch.targets));
        OK(context, ock_tensor_fill(totals, 0));
        OK(context, ock_model_train_step(net, &e->fit, x, y, totals));
        OK(context, ock_totals_read(totals, &sums));
        losses[i] = (sums.loss + sums.penalty) / sums.rows;
        samples_free(&batch);
    }
    ock_tensor_destroy(totals);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
}

static void run_device(const experiment *e, const char *device, double *losses)
{
    ock_context *context = open_device(device, 0);
    ock_model *net = build(context, e->inputs, e->layers);
    OK(context, ock_model_initialize(net, e->fit.seed));
    run_steps(e, net, losses);
    ock_model_destroy(net);
    ock_context_destroy(context);
}

/* In double precision, or with float's rounding in one of its orders. */
static void run_reference(const experiment *e, size_t order, double *losses)
{
    ock_context *context = open_device("scalar", 0);
    ock_model *net = build(context, e->inputs, e->layers);
    OK(context, ock_model_initialize(net, e->fit.seed));
    reference *run = reference_create(net, e->layers, e->fit.loss);
    reference_round(run, order);
    for (size_t i = 0; i < e->steps; i++) {
        samples batch = batch_of(e, i);
        outcome means = reference_step(run, &e->fit, batch.x, batch.targets, e->batch);
        losses[i] = means.data_loss + means.penalty;
        samples_free(&batch);
    }
    reference_free(run);
    ock_model_destroy(net);
    ock_context_destroy(context);
}

/* ---- Comparison ---- */

/* The largest relative difference of two runs' losses. */
static double difference(const experiment *e, const double *a, const double *b, const char *what)
{
    double most = 0;
    for (size_t i = 0; i < e->steps; i++)
        most = fmax(most, fabs(a[i] - b[i]) / fabs(b[i]));
    if (test_study)
        printf("%zu steps, %s: %.2g\n", e->steps, what, most);
    return most;
}

/* How far rounding alone takes a run from double precision: the most that several plain trainers in
 * float, which differ in the order of their sums only, drift. */
static double rounding_drift(const experiment *e, const double *exact)
{
    enum {
        ORDERS = 4
    };
    double rounded[MOST_STEPS], most = 0;
    for (size_t order = 1; order <= ORDERS; order++) {
        run_reference(e, order, rounded);
        most = fmax(most, difference(e, rounded, exact, "plain float and double precision"));
    }
    return most;
}

static void compare_runs(const experiment *e, double bound, bool widens)
{
    double device[MOST_STEPS], plain[MOST_STEPS], exact[MOST_STEPS];
    run_reference(e, 0, exact);
    run_device(e, "scalar", plain);
    run_device(e, test_device, device);
    if (widens)
        bound = fmax(bound, 2 * rounding_drift(e, exact));
    ck_assert_double_le(difference(e, plain, exact, "plain C and double precision"), bound);
    ck_assert_double_le(difference(e, device, exact, "the device and double precision"), bound);
    ck_assert_double_le(difference(e, device, plain, "the device and plain C"), bound);
    ck_assert_double_ne(exact[0], exact[e->steps - 1]);
}

/* 16 million gates of relu in the whole study's 50 steps: that a few lie within rounding of 0 and
 * fall to the other side is certain, and each moves weights by far more than rounding does, so the
 * bound is what plain float does to the same run. Where no gate can fall, it stays 1e-5. */
START_TEST(sgd_agrees)
{
    experiment e = experiment_open(OCK_RELU, ock_sgd_defaults(), 50);
    compare_runs(&e, 1e-5, test_study);
    experiment_close(&e);
}
END_TEST

START_TEST(sgd_agrees_without_gates)
{
    experiment e = experiment_open(OCK_TANH, ock_sgd_defaults(), 50);
    compare_runs(&e, 1e-5, false);
    experiment_close(&e);
}
END_TEST

START_TEST(adam_agrees)
{
    experiment e = experiment_open(OCK_RELU, ock_adam_defaults(), 20);
    compare_runs(&e, 1e-3, false);
    experiment_close(&e);
}
END_TEST

/* ---- Masks ---- */

enum {
    MASK_ROWS = 33,
    MASK_COLS = 41
};

static void dropped_ones(const char *device, float *values)
{
    ock_context *context = open_device(device, 0);
    ock_dropout dropout = {.rate = 0.25f, .seed = 128, .step = 50, .layer = 9};
    ock_tensor *ones = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, MASK_ROWS, MASK_COLS, &ones));
    OK(context, ock_tensor_fill(ones, 1));
    OK(context, ock_dropout_apply(&dropout, ones, ones));
    OK(context, ock_tensor_read(ones, values));
    ock_tensor_destroy(ones);
    ock_context_destroy(context);
}

START_TEST(masks_are_identical)
{
    float device[MASK_ROWS * MASK_COLS], plain[MASK_ROWS * MASK_COLS];
    dropped_ones(test_device, device);
    dropped_ones("scalar", plain);
    ck_assert_mem_eq(device, plain, sizeof plain);
}
END_TEST

Suite *trajectory_suite(void)
{
    Suite *suite = suite_create("trajectory");
    TCase *tcase = tcase_create("trajectory");
    tcase_add_test(tcase, sgd_agrees);
    tcase_add_test(tcase, sgd_agrees_without_gates);
    tcase_add_test(tcase, adam_agrees);
    tcase_add_test(tcase, masks_are_identical);
    tcase_set_timeout(tcase, test_study ? 3600 : 60);
    suite_add_tcase(suite, tcase);
    return suite;
}
