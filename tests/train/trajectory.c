/* With one seed, a device and plain C draw the same masks and visit the same rows, and their losses
 * agree as far as rounding lets them; both are held to double precision, too. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "suites.h"

enum {
    OUTPUTS = 10,
    MOST_STEPS = 50,
    BATCHES = 10
};

/* The study's network, or a narrower one where the whole would take minutes. */
typedef struct study_shape {
    size_t inputs, width, batch;
} study_shape;

static study_shape test_shape(void)
{
    return test_study ? (study_shape){784, 500, 128} : (study_shape){48, 40, 32};
}

static void study_layers(size_t width, spec layers[12])
{
    const spec dense = {SPEC_DENSE, .units = width, .activation = OCK_RELU, .l2 = 1e-4f};
    for (size_t i = 0; i < 5; i++) {
        layers[2 * i] = dense;
        layers[2 * i + 1] = (spec){SPEC_DROPOUT, .rate = 0.25f};
    }
    layers[10] = (spec){SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX};
    layers[11] = (spec){.kind = SPEC_END};
}

/* The rows of a step, shuffled anew each epoch as ock_model_fit() shuffles them. */
static samples batch_of(const samples *data, const study_shape *shape, uint64_t seed, size_t step)
{
    samples batch = samples_create(shape->batch, shape->inputs, OUTPUTS);
    size_t *order = malloc(data->rows * sizeof *order), first = step % BATCHES * shape->batch;
    reference_shuffle(order, data->rows, seed, (uint32_t)(step / BATCHES));
    for (size_t i = 0; i < shape->batch; i++) {
        size_t row = order[first + i];
        memcpy(batch.x + i * shape->inputs, data->x + row * shape->inputs,
               shape->inputs * sizeof *batch.x);
        memcpy(batch.targets + i * OUTPUTS, data->targets + row * OUTPUTS,
               OUTPUTS * sizeof *batch.targets);
    }
    free(order);
    return batch;
}

typedef struct bench {
    ock_context *context;
    ock_model *net;
    ock_tensor *x, *y, *totals;
} bench;

static bench bench_open(const char *device, const study_shape *shape, const spec *layers)
{
    bench b = {.context = open_device(device, 0)};
    b.net = build(b.context, shape->inputs, layers);
    OK(b.context, ock_tensor_create(b.context, OCK_F32, shape->batch, shape->inputs, &b.x));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, shape->batch, OUTPUTS, &b.y));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, 1, OCK_TOTALS_SIZE, &b.totals));
    return b;
}

static void bench_close(bench *b)
{
    ock_tensor_destroy(b->totals);
    ock_tensor_destroy(b->y);
    ock_tensor_destroy(b->x);
    ock_model_destroy(b->net);
    ock_context_destroy(b->context);
}

static double step_loss(const bench *b, const ock_fit *fit, const samples *batch)
{
    ock_totals sums;
    OK(b->context, ock_tensor_write(b->x, batch->x));
    OK(b->context, ock_tensor_write(b->y, batch->targets));
    OK(b->context, ock_tensor_fill(b->totals, 0));
    OK(b->context, ock_model_train_step(b->net, fit, b->x, b->y, b->totals));
    OK(b->context, ock_totals_read(b->totals, &sums));
    return (sums.loss + sums.penalty) / sums.rows;
}

/* The loss of each step, penalty included, on a device; where there is room for them, those of
 * double precision, too. */
static void run(const char *device, const samples *data, const ock_fit *fit, size_t steps,
                double *losses, double *exact)
{
    spec layers[12];
    study_shape shape = test_shape();
    study_layers(shape.width, layers);
    bench b = bench_open(device, &shape, layers);
    OK(b.context, ock_model_initialize(b.net, fit->seed));
    reference *judge = exact ? reference_create(b.net, layers, fit->loss) : NULL;
    for (size_t i = 0; i < steps; i++) {
        samples batch = batch_of(data, &shape, fit->seed, i);
        losses[i] = step_loss(&b, fit, &batch);
        if (exact) {
            outcome means = reference_step(judge, fit, batch.x, batch.targets, shape.batch);
            exact[i] = means.data_loss + means.penalty;
        }
        samples_free(&batch);
    }
    if (exact)
        reference_free(judge);
    bench_close(&b);
}

static void compare(const double *a, const double *b, size_t steps, double bound, const char *what)
{
    double most = 0;
    for (size_t i = 0; i < steps; i++)
        most = fmax(most, fabs(a[i] - b[i]) / fabs(b[i]));
    if (test_study)
        printf("%s: %zu steps, largest relative difference %.2g\n", what, steps, most);
    ck_assert_msg(most <= bound, "%s: the losses of %zu steps differ by up to %g, not %g", what,
                  steps, most, bound);
}

static void compare_runs(ock_optimizer optimizer, size_t steps, double bound)
{
    double device[MOST_STEPS], plain[MOST_STEPS], exact[MOST_STEPS];
    study_shape shape = test_shape();
    samples data = samples_create(BATCHES * shape.batch, shape.inputs, OUTPUTS);
    ock_fit fit = ock_fit_defaults();
    fit.optimizer = optimizer;
    fit.seed = 128;
    run("scalar", &data, &fit, steps, plain, exact);
    run(test_device, &data, &fit, steps, device, NULL);
    compare(plain, exact, steps, bound, "plain C and double precision");
    compare(device, exact, steps, bound, "the device and double precision");
    compare(device, plain, steps, bound, "the device and plain C");
    ck_assert_double_ne(exact[0], exact[steps - 1]);
    samples_free(&data);
}

START_TEST(sgd_agrees)
{
    compare_runs(ock_sgd_defaults(), 50, 1e-5);
}
END_TEST

START_TEST(adam_agrees)
{
    compare_runs(ock_adam_defaults(), 20, 1e-3);
}
END_TEST

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
    tcase_add_test(tcase, adam_agrees);
    tcase_add_test(tcase, masks_are_identical);
    tcase_set_timeout(tcase, test_study ? 3600 : 60);
    suite_add_tcase(suite, tcase);
    return suite;
}
