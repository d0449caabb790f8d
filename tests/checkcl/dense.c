#include <math.h>

#include "checkcl.h"

static const char *const names[] = {"linear", "relu",    "leaky relu", "elu",
                                    "gelu",   "sigmoid", "tanh"};

/* None, or one in two random rates. */
static ock_dropout any_dropout(checkcl *t)
{
    int32_t *draws = integers(t, 3, 0, INT32_MAX);
    return (ock_dropout){
        .rate = choose(t, 2) ? *uniform(t, 1, 0, 0.9f) : 0,
        .seed = (uint64_t)draws[0] << 33 | (uint64_t)draws[1],
        .step = (uint32_t)draws[2],
        .layer = choose(t, 7),
    };
}

static double dropout_scale(const ock_dropout *dropout)
{
    return 1 / (1 - (double)dropout->rate);
}

void check_dense_forward(checkcl *t)
{
    ock_activation activation = choose(t, OCK_SOFTMAX);
    size_t rows = any_size(t), inputs = any_size(t), outputs = any_size(t);
    ock_dropout dropout = any_dropout(t);
    bool has_bias = choose(t, 4), null_dropout = dropout.rate == 0 && choose(t, 2);
    describe(t, "B %zu, I %zu, O %zu, %s, %s, dropout %g", rows, inputs, outputs, names[activation],
             has_bias ? "bias" : "no bias", (double)dropout.rate);
    pair *x = input(t, rows, inputs, uniform(t, rows * inputs, -1, 1));
    pair *w = input(t, inputs, outputs, uniform(t, inputs * outputs, -1, 1));
    float *bias = uniform(t, outputs, -1, 1);
    pair *b = has_bias ? input(t, 1, outputs, bias) : NULL, *y = output(t, rows, outputs);
    for (int side = 0; side < SIDES; side++) {
        ock_dense_parameters parameters = {.kernel.value = w->on[side],
                                           .bias.value = b ? b->on[side] : NULL};
        expect_ok(t, side, "ock_dense_forward",
                  ock_dense_forward(x->on[side], &parameters, activation,
                                    null_dropout ? NULL : &dropout, y->on[side]));
    }

    product z = multiply(t, x, false, w, false);
    double scale = dropout_scale(&dropout);
    for (size_t i = 0; i < rows * outputs; i++) {
        double added = has_bias ? (double)bias[i % outputs] : 0;
        double sum = product_bound(inputs + 1, z.magnitude[i] + fabs(added));
        double f = fabs(activation_value(activation, z.value[i] + added));
        z.magnitude[i] = scale * (activation_slope(activation) * sum * (1 + 0x1p-10) +
                                  activation_bound(activation, z.value[i] + added) + 4 * UNIT * f);
    }
    expect_within(t, "y", y, z.magnitude);
}

/* f'(x) from y = f(x). */
static double gradient_from(ock_activation activation, double y)
{
    switch (activation) {
    case OCK_RELU:
        return y > 0;
    case OCK_LEAKY_RELU:
        return y > 0 ? 1 : (double)0.2f;
    case OCK_ELU:
        return y > 0 ? 1 : y + 1;
    case OCK_SIGMOID:
        return y * (1 - y);
    case OCK_TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}

/* The output of a layer before: values of f, dropped and scaled. */
static pair *any_output(checkcl *t, ock_activation f, const ock_dropout *dropout, size_t rows,
                        size_t cols)
{
    pair *y = inout(t, rows, cols, uniform(t, rows * cols, f == OCK_SIGMOID ? 0 : -1, 1));
    expect_ok(t, SCALAR, "ock_dropout_apply",
              ock_dropout_apply(dropout, y->on[SCALAR], y->on[SCALAR]));
    return input(t, rows, cols, result(t, y, SCALAR));
}

void check_dense_backward_input(checkcl *t)
{
    static const ock_activation activations[] = {OCK_LINEAR, OCK_RELU,    OCK_LEAKY_RELU,
                                                 OCK_ELU,    OCK_SIGMOID, OCK_TANH};
    ock_activation activation = activations[choose(t, 6)];
    size_t rows = any_size(t), inputs = any_size(t), outputs = any_size(t);
    ock_dropout dropout = any_dropout(t);
    describe(t, "B %zu, I %zu, O %zu, %s, dropout %g", rows, inputs, outputs, names[activation],
             (double)dropout.rate);
    pair *dy = input(t, rows, outputs, uniform(t, rows * outputs, -1, 1));
    pair *w = input(t, inputs, outputs, uniform(t, inputs * outputs, -1, 1));
    pair *y = any_output(t, activation, &dropout, rows, inputs), *dx = output(t, rows, inputs);
    for (int side = 0; side < SIDES; side++) {
        ock_dense_parameters parameters = {.kernel.value = w->on[side]};
        expect_ok(t, side, "ock_dense_backward_input",
                  ock_dense_backward_input(dy->on[side], &parameters, activation, &dropout,
                                           y->on[side], dx->on[side]));
    }

    /* f' errs by three roundings of y without its scale and of y^2; then come two products. */
    product p = multiply(t, dy, false, w, true);
    double scale = dropout_scale(&dropout);
    const float *before = y->data;
    for (size_t i = 0; i < rows * inputs; i++) {
        double slope = fabs(gradient_from(activation, (double)before[i] / scale));
        p.magnitude[i] = scale * (product_bound(outputs + 2, p.magnitude[i]) * slope +
                                  2 * 6 * UNIT * p.magnitude[i]);
    }
    expect_within(t, "dx", dx, p.magnitude);
}

static void sum_rows(const pair *dy, double *sum, double *magnitude)
{
    const float *data = dy->data;
    for (size_t i = 0; i < dy->rows * dy->cols; i++) {
        sum[i % dy->cols] += (double)data[i];
        magnitude[i % dy->cols] += fabs((double)data[i]);
    }
}

void check_dense_backward_weights(checkcl *t)
{
    ock_optimizer optimizer = any_optimizer(t);
    size_t rows = any_size(t), inputs = any_size(t), outputs = any_size(t);
    uint64_t iteration = any_iteration(t);
    parameter_pair kernel = any_parameter(t, &optimizer, inputs, outputs);
    parameter_pair bias = any_parameter(t, &optimizer, 1, outputs);
    bias.vector = true;
    bool has_bias = choose(t, 4);
    describe(t, "B %zu, I %zu, O %zu, %s%s, l1 %g, l2 %g", rows, inputs, outputs,
             optimizer_name(&optimizer), has_bias ? "" : ", no bias", (double)kernel.penalty.l1,
             (double)kernel.penalty.l2);
    pair *x = input(t, rows, inputs, uniform(t, rows * inputs, -1, 1));
    pair *dy = input(t, rows, outputs, uniform(t, rows * outputs, -1, 1));
    pair *sums = choose(t, 4) ? totals(t) : NULL;
    for (int side = 0; side < SIDES; side++) {
        ock_dense_parameters parameters = {.kernel = parameter_on(&kernel, side)};
        if (has_bias)
            parameters.bias = parameter_on(&bias, side);
        expect_ok(t, side, "ock_dense_backward_weights",
                  ock_dense_backward_weights(&optimizer, iteration, x->on[side], dy->on[side],
                                             &parameters, sums ? sums->on[side] : NULL));
    }

    product g = multiply(t, x, true, dy, false);
    for (size_t i = 0; i < inputs * outputs; i++)
        g.magnitude[i] = product_bound(rows, g.magnitude[i]);
    expect_step(t, &optimizer, iteration, &kernel, g.value, g.magnitude);
    if (has_bias) {
        double *sum = scratch(t, outputs), *bound = scratch(t, outputs);
        sum_rows(dy, sum, bound);
        for (size_t i = 0; i < outputs; i++)
            bound[i] = product_bound(rows, bound[i]);
        expect_step(t, &optimizer, iteration, &bias, sum, bound);
    }
    if (sums) {
        ock_totals bound = {.penalty = penalty_bound(&kernel, rows) +
                                       (has_bias ? penalty_bound(&bias, rows) : 0)};
        expect_totals(t, sums, &bound);
    }
}
