/* With one seed, a device and plain C draw the same masks and visit the same rows, and their losses
 * agree as far as rounding lets them; both are held to double precision, too. */
#include <math.h>
#include <stdlib.h>

#include "reference.h"
#include "suites.h"

enum {
    ROWS = 320,
    INPUTS = 48,
    OUTPUTS = 10,
    WIDTH = 40,
    BATCH = 32,
    MOST_STEPS = 50
};

/* The study's network, narrower. */
static const spec layers[] = {
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l1 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

/* The rows of a step, shuffled anew each epoch as ock_model_fit() shuffles them. */
static samples batch_of(const samples *data, uint64_t seed, size_t step)
{
    samples batch = samples_create(BATCH, INPUTS, OUTPUTS);
    size_t order[ROWS], epoch = step / (ROWS / BATCH), first = step % (ROWS / BATCH) * BATCH;
    reference_shuffle(order, ROWS, seed, (uint32_t)epoch);
    for (size_t i = 0; i < BATCH; i++) {
        size_t row = order[first + i];
        for (size_t j = 0; j < INPUTS; j++)
            batch.x[i * INPUTS + j] = data->x[row * INPUTS + j];
        for (size_t j = 0; j < OUTPUTS; j++)
            batch.targets[i * OUTPUTS + j] = data->targets[row * OUTPUTS + j];
    }
    return batch;
}

/* The total loss of each step on a device; where there is a reference, it goes along. */
static void run(const char *device, const samples *data, const ock_fit *fit, size_t steps,
                double *losses, double *exact)
{
    ock_context *context = open_device(device, 0);
    ock_model *net = build(context, INPUTS, layers);
    OK(context, ock_model_initialize(net, fit->seed));
    reference *judge = exact ? reference_create(net, layers, fit->loss) : NULL;
    ock_tensor *x = NULL, *y = NULL, *totals = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, BATCH, INPUTS, &x));
    OK(context, ock_tensor_create(context, OCK_F32, BATCH, OUTPUTS, &y));
    OK(context, ock_tensor_create(context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals));
    for (size_t i = 0; i < steps; i++) {
        samples batch = batch_of(data, fit->seed, i);
        ock_totals sums;
        OK(context, ock_tensor_write(x, batch.x));
        OK(context, ock_tensor_write(y, batch.targets));
        OK(context, ock_tensor_fill(totals, 0));
        OK(context, ock_model_train_step(net, fit, x, y, totals));
        OK(context, ock_totals_read(totals, &sums));
        losses[i] = (sums.loss + sums.penalty) / BATCH;
        if (exact) {
            outcome means = reference_step(judge, fit, batch.x, batch.targets, BATCH);
            exact[i] = means.data_loss + means.penalty;
        }
        samples_free(&batch);
    }
    if (exact)
        reference_free(judge);
    ock_tensor_destroy(totals);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(net);
    ock_context_destroy(context);
}

static void compare(const double *a, const double *b, size_t steps, double bound, const char *what)
{
    double most = 0;
    for (size_t i = 0; i < steps; i++)
        most = fmax(most, fabs(a[i] - b[i]) / fabs(b[i]));
    ck_assert_msg(most <= bound, "%s: the losses of %zu steps differ by up to %g, not %g", what,
                  steps, most, bound);
}

static void compare_runs(ock_optimizer optimizer, size_t steps, double bound)
{
    double device[MOST_STEPS], plain[MOST_STEPS], exact[MOST_STEPS];
    samples data = samples_create(ROWS, INPUTS, OUTPUTS);
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

static void dropped_ones(const char *device, float *values)
{
    ock_context *context = open_device(device, 0);
    ock_dropout dropout = {.rate = 0.25f, .seed = 128, .step = 50, .layer = 9};
    ock_tensor *ones = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, BATCH, WIDTH + 1, &ones));
    OK(context, ock_tensor_fill(ones, 1));
    OK(context, ock_dropout_apply(&dropout, ones, ones));
    OK(context, ock_tensor_read(ones, values));
    ock_tensor_destroy(ones);
    ock_context_destroy(context);
}

START_TEST(masks_are_identical)
{
    float device[BATCH * (WIDTH + 1)], plain[BATCH * (WIDTH + 1)];
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
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    return suite;
}
