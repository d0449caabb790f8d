/* Each optimiser with each regulariser of a step, against Keras; and the proximal steps, which
 * Keras has not, against the condition that defines them. */
#include "vectors/toolkit.h"

/* Of the spread of one disturbance: what a step reads is rounded that often at most. */
#define ROUNDINGS 8

static void destroy(ock_parameter *parameter)
{
    ock_tensor_destroy(parameter->average);
    ock_tensor_destroy(parameter->moment2);
    ock_tensor_destroy(parameter->moment1);
    ock_tensor_destroy(parameter->value);
}

static ock_parameter make(ock_context *context, size_t rows, const float *initial)
{
    size_t cols = TOOLKIT_SIZE / rows;
    return (ock_parameter){.value = make_floats(context, rows, cols, initial),
                           .moment1 = make_floats(context, rows, cols, NULL),
                           .moment2 = make_floats(context, rows, cols, NULL),
                           .average = make_floats(context, rows, cols, NULL),
                           .vector = rows == 1};
}

/* A step as fits take it: where a norm is clipped, on a gradient that has the penalty's. */
static void take_step(const toolkit_tensor *run, size_t t, ock_parameter *parameter,
                      ock_tensor *gradient)
{
    ock_context *context = ock_tensor_context(gradient);
    ock_optimizer optimizer = run->optimizer;
    float norm = fmaxf(optimizer.clip_norm, optimizer.global_clip_norm);
    parameter->penalty = run->penalty;
    if (norm > 0) {
        expect_ok(context, ock_penalty_gradient(parameter, gradient));
        expect_ok(context, ock_clip_norm(norm, &gradient, 1));
        parameter->penalty = (ock_penalty){0};
        optimizer.clip_norm = optimizer.global_clip_norm = 0;
    }
    expect_ok(context, ock_step(&optimizer, t + 1, parameter, gradient, 1, NULL));
}

static void check_tensor(ock_context *context, const toolkit_tensor *run)
{
    size_t rows = run->vector ? 1 : TOOLKIT_ROWS;
    ock_parameter parameter = make(context, rows, toolkit_initial);
    float weights[TOOLKIT_SIZE], average[TOOLKIT_SIZE];
    parameter.constraint = run->constraint;
    for (size_t t = 0; t < STEPS; t++) {
        ock_tensor *gradient =
            make_floats(context, rows, TOOLKIT_SIZE / rows, toolkit_gradients[t]);
        take_step(run, t, &parameter, gradient);
        ock_tensor_destroy(gradient);
    }
    read_floats(parameter.value, weights);
    read_floats(parameter.average, average);
    for (size_t i = 0; i < TOOLKIT_SIZE; i++) {
        expect_near(run->name, i, weights[i], run->weights[i], ROUNDINGS * (double)run->spread);
        expect_near(run->name, i, average[i], run->average[i], ROUNDINGS * (double)run->spread);
    }
    destroy(&parameter);
}

START_TEST(tensors)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(toolkit_tensors); i++)
        check_tensor(context, &toolkit_tensors[i]);
    ock_context_destroy(context);
}
END_TEST

/* ---- Networks ---- */

static ock_model *make_network(ock_context *context, const toolkit_network *run)
{
    const ock_dense options = {.kernel = run->penalty,
                               .bias = run->penalty,
                               .kernel_constraint = run->constraint,
                               .bias_constraint = run->constraint};
    ock_model *model = NULL;
    expect_ok(context, ock_model_create(context, NETWORK_INPUTS, &model));
    expect_ok(context, ock_model_add_dense(model, NETWORK_HIDDEN, OCK_TANH, &options));
    expect_ok(context, ock_model_add_dense(model, NETWORK_OUTPUTS, OCK_LINEAR, &options));
    expect_ok(context, ock_model_initialize(model, 0));
    write_weights(model, NETWORK_SIZE, toolkit_weights);
    return model;
}

static void check_network(ock_context *context, const toolkit_network *run)
{
    ock_model *model = make_network(context, run);
    ock_fit fit = ock_fit_defaults();
    ock_tensor *x = make_floats(context, NETWORK_ROWS, NETWORK_INPUTS, toolkit_x);
    ock_tensor *y = make_ints(context, NETWORK_ROWS, toolkit_labels);
    float weights[NETWORK_SIZE];
    double loss = 0, bound = ROUNDINGS * (double)run->spread;
    fit.optimizer = run->optimizer;
    for (size_t t = 0; t < STEPS; t++) {
        ock_tensor *totals = make_floats(context, 1, OCK_TOTALS_SIZE, NULL);
        expect_ok(context, ock_model_train_step(model, &fit, x, y, totals));
        ock_totals sums = read_totals(totals);
        loss = (sums.loss + sums.penalty) / NETWORK_ROWS;
        ock_tensor_destroy(totals);
    }
    expect_near(run->name, NETWORK_SIZE, loss, run->loss, bound);
    read_weights(model, NETWORK_SIZE, weights);
    for (size_t i = 0; i < NETWORK_SIZE; i++)
        expect_near(run->name, i, weights[i], run->weights[i], bound);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(model);
}

START_TEST(networks)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(toolkit_networks); i++)
        check_network(context, &toolkit_networks[i]);
    ock_context_destroy(context);
}
END_TEST

/* ---- Proximal steps: x solves min |x - z|^2 / 2 + t R(x), so z - x is in t dR(x) ---- */

static const float threshold = 0.25f;

/* z is what a step without the penalty makes; x with it. */
static void both_steps(ock_context *context, ock_penalty penalty, float *z, float *x)
{
    ock_optimizer sgd = ock_sgd_defaults();
    sgd.learning_rate = 0.5f;
    for (int with = 0; with < 2; with++) {
        ock_parameter parameter = make(context, TOOLKIT_ROWS, toolkit_initial);
        ock_tensor *gradient =
            make_floats(context, TOOLKIT_ROWS, TOOLKIT_COLS, toolkit_gradients[0]);
        if (with)
            parameter.penalty = penalty;
        expect_ok(context, ock_step(&sgd, 1, &parameter, gradient, 1, NULL));
        read_floats(parameter.value, with ? x : z);
        ock_tensor_destroy(gradient);
        destroy(&parameter);
    }
}

START_TEST(proximal_l1)
{
    ock_context *context = golden_open(_i);
    float z[TOOLKIT_SIZE], x[TOOLKIT_SIZE];
    size_t zeros = 0;
    if (!context)
        return;
    both_steps(context, (ock_penalty){.l1 = 2 * threshold, .proximal_l1 = true}, z, x);
    for (size_t i = 0; i < TOOLKIT_SIZE; i++) {
        zeros += x[i] == 0;
        if (x[i] == 0)
            ck_assert_float_le(fabsf(z[i]), threshold);
        else
            expect_near("z - x", i, (double)z[i] - (double)x[i], (double)copysignf(threshold, x[i]),
                        UNIT * fabs((double)z[i]));
    }
    ck_assert(zeros > 0 && zeros < TOOLKIT_SIZE);
    ock_context_destroy(context);
}
END_TEST

static double column_norm(const float *w, size_t col)
{
    double sum = 0;
    for (size_t i = 0; i < TOOLKIT_ROWS; i++)
        sum += (double)w[i * TOOLKIT_COLS + col] * (double)w[i * TOOLKIT_COLS + col];
    return sqrt(sum);
}

/* A norm errs by the roundings of three squares and a root, a weight by four more. */
START_TEST(group_lasso)
{
    static const float limits[] = {0.25f, 0.75f, 100};
    ock_context *context = golden_open(_i);
    float z[TOOLKIT_SIZE], x[TOOLKIT_SIZE];
    for (size_t k = 0; context && k < LENGTH(limits); k++) {
        both_steps(context, (ock_penalty){.group_lasso = 2 * limits[k]}, z, x);
        for (size_t col = 0; col < TOOLKIT_COLS; col++) {
            double before = column_norm(z, col), after = column_norm(x, col);
            ck_assert_msg((after == 0) == (before <= (double)limits[k]), "column %zu: %g of %g",
                          col, after, before);
            for (size_t i = col; i < TOOLKIT_SIZE && after > 0; i += TOOLKIT_COLS)
                expect_near("z - x", i, (double)z[i] - (double)x[i],
                            (double)limits[k] * (double)x[i] / after,
                            16 * UNIT * (double)fabsf(z[i]) * before / after);
        }
    }
    ock_context_destroy(context);
}
END_TEST

TCase *golden_toolkit(void)
{
    TCase *topic = tcase_create("toolkit");
    tcase_add_loop_test(topic, tensors, 0, GOLDEN_DEVICES);
    tcase_add_loop_test(topic, networks, 0, GOLDEN_DEVICES);
    tcase_add_loop_test(topic, proximal_l1, 0, GOLDEN_DEVICES);
    tcase_add_loop_test(topic, group_lasso, 0, GOLDEN_DEVICES);
    return topic;
}
