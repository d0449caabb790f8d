/* Whatever the library fuses, a network learns what the plain operations, in double precision and
 * one by one, make of the same layers, data and seed. */
#include <math.h>
#include <stdlib.h>

#include "reference.h"
#include "suites.h"

enum {
    ROWS = 24,
    INPUTS = 9,
    OUTPUTS = 3,
    BATCH = 7,
    STEPS = 6
};

typedef struct plan_case {
    const char *name;
    ock_loss_kind loss;
    ock_optimizer_kind optimizer;
    spec layers[9];
} plan_case;

#define DENSE(n, f)                                                                                \
    {                                                                                              \
        SPEC_DENSE, .units = (n), .activation = (f), .l1 = 1e-3f, .l2 = 1e-2f                      \
    }
#define ACTIVATION(f)                                                                              \
    {                                                                                              \
        SPEC_ACTIVATION, .activation = (f)                                                         \
    }
#define DROPOUT(p)                                                                                 \
    {                                                                                              \
        SPEC_DROPOUT, .rate = (p)                                                                  \
    }
#define SPATIAL(channels, p)                                                                       \
    {                                                                                              \
        SPEC_SPATIAL_DROPOUT, .units = (channels), .rate = (p)                                     \
    }
#define NOISE(deviation)                                                                           \
    {                                                                                              \
        SPEC_GAUSSIAN_NOISE, .rate = (deviation)                                                   \
    }
#define GAUSSIAN(p)                                                                                \
    {                                                                                              \
        SPEC_GAUSSIAN_DROPOUT, .rate = (p)                                                         \
    }
#define ACTIVE(n, f)                                                                               \
    {                                                                                              \
        SPEC_DENSE, .units = (n), .activation = (f), .l2 = 1e-2f, .activity_l1 = 0.02f,            \
                    .activity_l2 = 0.05f                                                           \
    }
#define NORM                                                                                       \
    {                                                                                              \
        .kind = SPEC_BATCH_NORM                                                                    \
    }
#define CE OCK_SOFTMAX_CROSSENTROPY
#define BCE OCK_BINARY_CROSSENTROPY
#define MSE OCK_MEAN_SQUARED_ERROR

static const plan_case cases[] = {
    {"relu, dropout, dense",
     CE,
     OCK_ADAM,
     {DENSE(11, OCK_RELU), DROPOUT(0.25f), DENSE(8, OCK_RELU), DROPOUT(0.5f),
      DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"logits", CE, OCK_SGD, {DENSE(5, OCK_TANH), DENSE(OUTPUTS, OCK_LINEAR)}},
    {"leaky relu and elu with dropout",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_LEAKY_RELU), DROPOUT(0.3f), DENSE(6, OCK_ELU), DROPOUT(0.3f),
      DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"sigmoid and tanh with dropout",
     BCE,
     OCK_SGD,
     {DENSE(6, OCK_SIGMOID), DROPOUT(0.3f), DENSE(6, OCK_TANH), DROPOUT(0.3f),
      DENSE(OUTPUTS, OCK_SIGMOID)}},
    {"gelu",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_GELU), DROPOUT(0.3f), DENSE(6, OCK_GELU), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"softmax in between", BCE, OCK_SGD, {DENSE(6, OCK_SOFTMAX), DENSE(OUTPUTS, OCK_LINEAR)}},
    {"an activation layer joins the product",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_LINEAR), ACTIVATION(OCK_RELU), DROPOUT(0.3f), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"two activations",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_TANH), ACTIVATION(OCK_RELU), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"dropout before activation",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_TANH), DROPOUT(0.3f), ACTIVATION(OCK_RELU), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"two dropouts",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_RELU), DROPOUT(0.3f), DROPOUT(0.3f), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"dropout of nothing",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_RELU), DROPOUT(0), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"dropout on the input", CE, OCK_SGD, {DROPOUT(0.2f), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"channels dropped from the input",
     CE,
     OCK_SGD,
     {SPATIAL(3, 0.4f), DENSE(10, OCK_RELU), SPATIAL(5, 0.4f), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"noise on the input and between",
     CE,
     OCK_SGD,
     {NOISE(0.5f), DENSE(6, OCK_RELU), NOISE(0.25f), DENSE(6, OCK_TANH), NOISE(0),
      DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"Gaussian dropout",
     CE,
     OCK_SGD,
     {GAUSSIAN(0.1f), DENSE(6, OCK_RELU), GAUSSIAN(0.3f), DROPOUT(0.1f), DENSE(6, OCK_ELU),
      GAUSSIAN(0.2f), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"noise on the logits", CE, OCK_SGD, {DENSE(OUTPUTS, OCK_LINEAR), NOISE(0.5f), GAUSSIAN(0.1f)}},
    {"activities before dropout",
     CE,
     OCK_ADAM,
     {ACTIVE(11, OCK_RELU), DROPOUT(0.25f), ACTIVE(8, OCK_TANH), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"activity of products",
     CE,
     OCK_SGD,
     {ACTIVE(6, OCK_LINEAR), ACTIVATION(OCK_RELU), ACTIVE(5, OCK_LINEAR), ACTIVE(6, OCK_LINEAR),
      NORM, DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"activity of logits", CE, OCK_SGD, {DENSE(6, OCK_RELU), ACTIVE(OUTPUTS, OCK_LINEAR)}},
    {"activity of probabilities", CE, OCK_SGD, {ACTIVE(6, OCK_GELU), ACTIVE(OUTPUTS, OCK_SOFTMAX)}},
    {"activity of shares", BCE, OCK_SGD, {DENSE(6, OCK_ELU), ACTIVE(OUTPUTS, OCK_SIGMOID)}},
    {"activity of outputs", MSE, OCK_SGD, {ACTIVE(OUTPUTS, OCK_SOFTMAX)}},
    {"activation on the input", CE, OCK_SGD, {ACTIVATION(OCK_TANH), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"batch norm between",
     CE,
     OCK_SGD,
     {DENSE(6, OCK_RELU), DROPOUT(0.2f), NORM, DENSE(6, OCK_LINEAR), NORM, ACTIVATION(OCK_RELU),
      DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"batch norm on the input", CE, OCK_SGD, {NORM, DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"batch norm last", MSE, OCK_SGD, {DENSE(OUTPUTS, OCK_RELU), NORM}},
    {"squared error through tanh", MSE, OCK_SGD, {DENSE(6, OCK_RELU), DENSE(OUTPUTS, OCK_TANH)}},
    {"squared error through softmax",
     MSE,
     OCK_SGD,
     {DENSE(6, OCK_RELU), DENSE(OUTPUTS, OCK_SOFTMAX)}},
    {"squared error through dropout", MSE, OCK_SGD, {DENSE(OUTPUTS, OCK_SIGMOID), DROPOUT(0.3f)}},
    {"without a bias",
     CE,
     OCK_ADAM,
     {{SPEC_DENSE, .units = 6, .activation = OCK_RELU, .no_bias = true},
      DROPOUT(0.5f),
      {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX, .no_bias = true}}},
    {"width 1", CE, OCK_SGD, {DENSE(1, OCK_TANH), DENSE(1, OCK_ELU), DENSE(OUTPUTS, OCK_SOFTMAX)}},
};

static void step_both(ock_model *net, reference *exact, const ock_fit *fit, const samples *data,
                      size_t first, size_t rows)
{
    ock_context *context = ock_model_context(net);
    ock_tensor *x = NULL, *y = NULL, *totals = NULL;
    const float *inputs = data->x + first * INPUTS, *targets = data->targets + first * OUTPUTS;
    ock_totals sums;
    OK(context, ock_tensor_create(context, OCK_F32, rows, INPUTS, &x));
    OK(context, ock_tensor_create(context, OCK_F32, rows, OUTPUTS, &y));
    OK(context, ock_tensor_create(context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals));
    OK(context, ock_tensor_write(x, inputs));
    OK(context, ock_tensor_write(y, targets));
    OK(context, ock_model_train_step(net, fit, x, y, totals));
    OK(context, ock_totals_read(totals, &sums));
    outcome means = reference_step(exact, fit, inputs, targets, rows);
    double n = (double)rows;
    expect_close(sums.loss / n, means.data_loss, 1e-5 * fmax(1, means.data_loss));
    expect_close(sums.penalty / n, means.penalty, 1e-5 * means.penalty);
    ock_tensor_destroy(totals);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
}

/* The last batch is short, and the penalty is that of the weights as they are. */
static void evaluate_both(ock_model *net, reference *exact, const plan_case *c, const samples *data)
{
    ock_context *context = ock_model_context(net);
    ock_dataset *set = targeted(context, data);
    ock_evaluation means;
    ock_fit fit = ock_fit_defaults();
    fit.loss = c->loss;
    fit.batch_size = BATCH;
    OK(context, ock_model_evaluate(net, set, &fit, &means));
    outcome expected = reference_loss(exact, data->x, data->targets, ROWS);
    expect_close(means.data_loss, expected.data_loss, 1e-5 * fmax(1, expected.data_loss));
    expect_close(means.penalty, expected.penalty, 1e-5 * expected.penalty);
    ck_assert_double_eq(means.loss, means.data_loss + means.penalty);
    if (c->loss == MSE)
        ck_assert_double_nan(means.accuracy);
    else
        expect_close(means.accuracy, expected.accuracy, 1e-6);
    ock_dataset_destroy(set);
}

/* Rounding: a sum of at most ROWS terms of order 1, a few layers deep, times the rate, at each of
 * the steps: 6 x 0.1 x 24 x 6e-8 x 4 is under 4e-6. Adam is given a generous epsilon, lest it
 * turn the rounding of gradients near zero into full steps. */
static void compare(ock_context *context, const plan_case *c, const samples *data)
{
    ock_model *net = build(context, INPUTS, c->layers);
    OK(context, ock_model_initialize(net, 3));
    reference *exact = reference_create(net, c->layers, c->loss);
    ock_fit fit = ock_fit_defaults();
    fit.loss = c->loss;
    fit.seed = 11;
    fit.optimizer = c->optimizer == OCK_ADAM ? ock_adam_defaults() : ock_sgd_defaults();
    fit.optimizer.learning_rate = c->optimizer == OCK_ADAM ? 0.01f : 0.1f;
    fit.optimizer.epsilon = 1e-2f;
    for (size_t step = 0; step < STEPS; step++) {
        size_t first = step * BATCH % ROWS, left = ROWS - first;
        step_both(net, exact, &fit, data, first, left < BATCH ? left : BATCH);
    }
    double distance = reference_distance(exact, net);
    ck_assert_msg(distance < 4e-6, "%s: a weight is off by %g", c->name, distance);
    evaluate_both(net, exact, c, data);
    reference_free(exact);
    ock_model_destroy(net);
}

START_TEST(plans_equal_plain_operations)
{
    ock_context *context = open_context();
    samples data = samples_create(ROWS, INPUTS, OUTPUTS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        compare(context, &cases[i], &data);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(evaluation_has_the_group_lasso)
{
    ock_context *context = open_context();
    samples data = samples_create(ROWS, INPUTS, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = NULL;
    ock_evaluation means;
    size_t count;
    double penalty = 0;
    const ock_dense options = {.kernel.group_lasso = 0.5f, .no_bias = true};
    OK(context, ock_model_create(context, INPUTS, &net));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_SOFTMAX, &options));
    OK(context, ock_model_evaluate(net, set, NULL, &means));
    float *w = weights_of(net, &count);
    for (size_t j = 0; j < OUTPUTS; j++) {
        double square = 0;
        for (size_t i = j; i < count; i += OUTPUTS)
            square += (double)w[i] * (double)w[i];
        penalty += 0.5 * sqrt(square);
    }
    expect_close(means.penalty, penalty, 1e-6 * penalty);
    free(w);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

Suite *plans_suite(void)
{
    Suite *suite = suite_create("plans");
    TCase *tcase = tcase_create("plans");
    tcase_add_test(tcase, plans_equal_plain_operations);
    tcase_add_test(tcase, evaluation_has_the_group_lasso);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return suite;
}
