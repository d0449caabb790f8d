#include <math.h>

#include "checkcl.h"

static const char *const names[] = {"linear", "relu",    "leaky relu", "elu",
                                    "gelu",   "sigmoid", "tanh",       "softmax"};

void check_activation_forward(checkcl *t)
{
    static const float specials[] = {INFINITY, -INFINITY, NAN, -0.0f};
    ock_activation f = choose(t, OCK_SOFTMAX);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    bool in_place = choose(t, 2), special = choose(t, 4) == 0;
    describe(t, "%s of %zu x %zu%s%s", names[f], rows, cols, in_place ? ", in place" : "",
             special ? ", with a special value" : "");
    float *data = uniform(t, count, -10, 10);
    if (special)
        data[choose(t, (unsigned)count)] = specials[choose(t, 4)];
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *y = in_place ? x : output(t, rows, cols);
    ON_BOTH(t, ock_activation_forward(f, x->on[side], y->on[side]));
    double *bound = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        bound[i] = activation_bound(f, (double)data[i]);
    expect_within(t, "y", y, bound);
}

/* exp errs by 3 ulps here and 1 there, an ulp being at most 2 u; so does the sum of n such terms,
 * which rounds n times on each side; then a division, of 2.5 ulps and 0.5. */
void check_softmax_forward(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    bool in_place = choose(t, 2), special = choose(t, 4) == 0;
    describe(t, "%zu x %zu%s%s", rows, cols, in_place ? ", in place" : "",
             special ? ", with a NaN" : "");
    float *data = uniform(t, count, -10, 10);
    if (special)
        data[choose(t, (unsigned)count)] = NAN;
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *y = in_place ? x : output(t, rows, cols);
    ON_BOTH(t, ock_activation_forward(OCK_SOFTMAX, x->on[side], y->on[side]));
    expect_ulps(t, "y", y, 2 * 2 * (3 + 1) + 2 * (double)cols + 2 * (2.5 + 0.5), 0);
}

/* How far dy f'(.) may be apart, per dy. Sigmoid, y (1 - y): three roundings in another order.
 * Gelu: half an erf (16 ulps, and 1), and x exp(-x^2/2)/sqrt(2 pi), at most 1/4, with its exp
 * (3 ulps, and 1); and six roundings on each side. The others round alike. */
static double slope_bound(ock_activation f, double value)
{
    if (f == OCK_SIGMOID)
        return 6 * UNIT * fabs(value * (1 - value));
    if (f == OCK_GELU)
        return ((16 + 1) + (3 + 1) * 2 * 0.25 + 2 * 6) * UNIT;
    return 0;
}

void check_activation_backward(checkcl *t)
{
    ock_activation f = choose(t, OCK_SOFTMAX);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    bool in_place = choose(t, 2), gelu = f == OCK_GELU;
    describe(t, "%s of %zu x %zu%s", names[f], rows, cols, in_place ? ", in place" : "");
    const float *values = uniform(t, count, gelu ? -5 : -1, gelu ? 5 : 1);
    float *slopes = uniform(t, count, -2, 2);
    if (f == OCK_RELU && choose(t, 2)) /* a dead unit's gradient is 0 all the same */
        slopes[choose(t, (unsigned)count)] = INFINITY;
    pair *read = input(t, rows, cols, values);
    pair *dy = in_place ? inout(t, rows, cols, slopes) : input(t, rows, cols, slopes);
    pair *dx = in_place ? dy : output(t, rows, cols);
    ON_BOTH(t, ock_activation_backward(f, gelu ? read->on[side] : NULL,
                                       gelu ? NULL : read->on[side], dy->on[side], dx->on[side]));
    double *bound = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        if (isfinite(slopes[i]))
            bound[i] = fabs((double)slopes[i]) * slope_bound(f, (double)values[i]);
    expect_within(t, "dx", dx, bound);
}

/* y (dy - sum y dy): the sum's own error, then a difference and a product, rounded on each side. */
void check_softmax_backward(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    bool in_place = choose(t, 2);
    describe(t, "%zu x %zu%s", rows, cols, in_place ? ", in place" : "");
    const float *outputs = uniform(t, count, 0, 1), *slopes = uniform(t, count, -2, 2);
    pair *y = input(t, rows, cols, outputs);
    pair *dy = in_place ? inout(t, rows, cols, slopes) : input(t, rows, cols, slopes);
    pair *dx = in_place ? dy : output(t, rows, cols);
    ON_BOTH(t, ock_activation_backward(OCK_SOFTMAX, NULL, y->on[side], dy->on[side], dx->on[side]));
    double *bound = scratch(t, count), *magnitude = scratch(t, rows);
    for (size_t i = 0; i < count; i++)
        magnitude[i / cols] += fabs((double)outputs[i] * (double)slopes[i]);
    for (size_t i = 0; i < count; i++) {
        double sum = magnitude[i / cols];
        bound[i] = (double)outputs[i] *
                   (product_bound(cols, sum) + 4 * UNIT * (fabs((double)slopes[i]) + sum));
    }
    expect_within(t, "dx", dx, bound);
}
