#include "vectors/operations.h"

/* Ten roundings of the value itself, which is what OpenCL's exp, expm1 and tanh with an operation
 * or two may take. GELU sums 1 + erf(.), erf within 16 ulp, before it multiplies by x/2. Keras
 * takes ELU's exp(x) - 1 in double. */
static double value_bound(ock_activation activation, double x, double y)
{
    if (activation == OCK_GELU)
        return FLT_MIN + 24 * UNIT * fabs(x);
    if (activation == OCK_ELU)
        return DBL_EPSILON + 10 * UNIT * fabs(y);
    return FLT_MIN + 10 * UNIT * fabs(y);
}

/* The derivatives are taken from y, or for GELU from x, with 1 as their largest term. */
static double gradient_bound(ock_activation activation, double dy, double dx)
{
    if (activation <= OCK_LEAKY_RELU)
        return FLT_MIN + 2 * UNIT * fabs(dx);
    return FLT_MIN + 32 * UNIT * fabs(dy);
}

static void check_activation(ock_context *context, const golden_activation *c)
{
    float value[ACTIVATION_SIZE], gradient[ACTIVATION_SIZE];
    ock_tensor *x = make_floats(context, 1, ACTIVATION_SIZE, activation_x);
    ock_tensor *dy = make_floats(context, 1, ACTIVATION_SIZE, activation_dy);
    ock_tensor *y = make_floats(context, 1, ACTIVATION_SIZE, NULL);
    ock_tensor *dx = make_floats(context, 1, ACTIVATION_SIZE, NULL);
    expect_ok(context, ock_activation_forward(c->activation, x, y));
    expect_ok(context, ock_activation_backward(c->activation, x, y, dy, dx));
    read_floats(y, value);
    read_floats(dx, gradient);
    for (size_t i = 0; i < ACTIVATION_SIZE; i++) {
        expect_near(c->name, i, value[i], c->y[i],
                    value_bound(c->activation, activation_x[i], c->y[i]));
        expect_near(c->name, i, gradient[i], c->dx[i],
                    gradient_bound(c->activation, activation_dy[i], c->dx[i]));
    }
    ock_tensor_destroy(dx);
    ock_tensor_destroy(y);
    ock_tensor_destroy(dy);
    ock_tensor_destroy(x);
}

START_TEST(activations)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(activation_cases); i++)
        check_activation(context, &activation_cases[i]);
    ock_context_destroy(context);
}
END_TEST

/* An exponent's rounding becomes its exponential's error: as many units as the logits are apart,
 * a hundred at most before the value is 0. */
static void check_softmax_row(size_t row, const float *value, const float *gradient)
{
    size_t first = row * SOFTMAX_COLS;
    const float *x = softmax_x + first, *y = softmax_y + first, *dy = softmax_dy + first;
    double highest = -INFINITY, dot = 0;
    for (size_t j = 0; j < SOFTMAX_COLS; j++) {
        highest = fmax(highest, x[j]);
        dot += fabs((double)dy[j] * (double)y[j]);
    }
    for (size_t j = 0; j < SOFTMAX_COLS; j++) {
        double units = 16 + fmin(highest - (double)x[j], 104), share = UNIT * units * (double)y[j];
        expect_near("softmax", first + j, value[j], y[j], FLT_MIN + share);
        expect_near("softmax gradient", first + j, gradient[j], softmax_dx[first + j],
                    FLT_MIN + 4 * share * (fabs((double)dy[j]) + dot));
    }
}

START_TEST(softmax)
{
    float value[SOFTMAX_ROWS * SOFTMAX_COLS], gradient[SOFTMAX_ROWS * SOFTMAX_COLS];
    ock_context *context = golden_open(_i);
    if (!context)
        return;
    ock_tensor *x = make_floats(context, SOFTMAX_ROWS, SOFTMAX_COLS, softmax_x);
    ock_tensor *dy = make_floats(context, SOFTMAX_ROWS, SOFTMAX_COLS, softmax_dy);
    expect_ok(context, ock_activation_forward(OCK_SOFTMAX, x, x));
    expect_ok(context, ock_activation_backward(OCK_SOFTMAX, NULL, x, dy, dy));
    read_floats(x, value);
    read_floats(dy, gradient);
    for (size_t i = 0; i < SOFTMAX_ROWS; i++)
        check_softmax_row(i, value + i * SOFTMAX_COLS, gradient + i * SOFTMAX_COLS);
    ock_tensor_destroy(dy);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_activations(void)
{
    TCase *topic = tcase_create("activations");
    tcase_add_loop_test(topic, activations, 0, GOLDEN_DEVICES);
    tcase_add_loop_test(topic, softmax, 0, GOLDEN_DEVICES);
    return topic;
}
