/* Functions against double precision, on both sides, within what OpenCL C 1.2 (table 7.2) allows:
 *
 *     exp 3 ulps, log 3, log1p 2, expm1 3, tanh 5, erf 16, sqrt 3, division 2.5; sums, products 0.5
 *
 * and what follows for the operations that are made of them:
 *
 *     elu        expm1                                    3 ulps of y
 *     tanh       tanh                                     5 ulps of y
 *     sigmoid    1/(1 + exp(-x))                          3 ulps of exp, a sum, 2.5 of y
 *     softmax    exp(x)/(1 + exp(x)), of x < 0 and 0      3 ulps of exp, twice, a sum, 2.5 of y
 *     gelu       x/2 (1 + erf(x sqrt(1/2)))               16 ulps of erf and six roundings
 *     softmax cross-entropy   log(1 + exp(x)) - x         3 of exp, a sum, 3 of log, a sum
 *     binary cross-entropy    log1p(exp(-|x|)) + |x|      3 of exp, 2 of log1p, a sum
 *     rmsprop    g/sqrt(g^2 + epsilon)                    two roundings, 3 of sqrt, 2.5 of y
 *
 * Errors are of first order in UNIT; an ulp is at most 2 UNIT of its value. */
#include <math.h>
#include <stdio.h>

#include "framework.h"

#define EPSILON 0x1p-20 /* rmsprop's */

static double ulp(double y)
{
    return ldexp(1, (fabs(y) < (double)FLT_MIN ? FLT_MIN_EXP - 1 : ilogb(y)) - 23);
}

/* ---- The values, and how far off they may be ---- */

static double elu_of(double x)
{
    return expm1(x);
}

static double elu_bound(double x)
{
    return 3 * ulp(expm1(x));
}

static double tanh_bound(double x)
{
    return 5 * ulp(tanh(x));
}

static double sigmoid_of(double x)
{
    return 1 / (1 + exp(-x));
}

static double sigmoid_bound(double x)
{
    double y = sigmoid_of(x);
    return y * ((1 - y) * 3 * 2 * UNIT + UNIT) + 2.5 * ulp(y);
}

/* For exp(x) the sum's error is in proportion to exp(x)/(1 + exp(x)). */
static double softmax_bound(double x)
{
    double y = sigmoid_of(x);
    return y * ((1 + y) * 3 * 2 * UNIT + UNIT) + 2.5 * ulp(y);
}

static double gelu_of(double x)
{
    return x / 2 * erfc(-x * sqrt(0.5));
}

/* erf is at most 1, whose neighbours are UNIT apart. */
static double gelu_bound(double x)
{
    return fabs(x) / 2 * (16 + 6) * UNIT;
}

static double entropy_of(double x)
{
    return log1p(exp(x)) - x;
}

static double entropy_bound(double x)
{
    double sum = 1 + exp(x);
    return 3 * ulp(exp(x)) / sum + UNIT + 3 * ulp(log(sum)) + ulp(entropy_of(x)) / 2;
}

static double binary_of(double x)
{
    return log1p(exp(-fabs(x))) + fmax(x, 0);
}

static double binary_bound(double x)
{
    double e = exp(-fabs(x));
    return 3 * ulp(e) / (1 + e) + 2 * ulp(log1p(e)) + ulp(binary_of(x)) / 2;
}

static double rmsprop_of(double x)
{
    return -x / sqrt(x * x + EPSILON);
}

static double rmsprop_bound(double x)
{
    double y = rmsprop_of(x);
    return fabs(y) * (UNIT + 3 * 2 * UNIT) + 2.5 * ulp(y);
}

/* ---- Running them ---- */

enum {
    COUNT = 2048,
    LOSSES = 48 /* of one row each, since a loss is only read as a sum */
};

typedef enum form {
    ACTIVATION,
    SOFTMAX, /* of pairs of x and 0 */
    LOSS,    /* entropies: of pairs of x and 0, with label 0; or of x, with target 0 */
    STEP,    /* the weight after one step from 0 on the gradient x */
} form;

typedef struct function {
    const char *name;
    double (*of)(double x), (*bound)(double x);
    float low, high;
    form form;
    int kind; /* ock_activation or ock_loss_kind */
} function;

static const function functions[] = {
    {"elu", elu_of, elu_bound, -110, 0, ACTIVATION, OCK_ELU},
    {"tanh", tanh, tanh_bound, -20, 20, ACTIVATION, OCK_TANH},
    {"sigmoid", sigmoid_of, sigmoid_bound, -87, 87, ACTIVATION, OCK_SIGMOID},
    {"gelu", gelu_of, gelu_bound, -10, 10, ACTIVATION, OCK_GELU},
    {"softmax", sigmoid_of, softmax_bound, -87, 0, SOFTMAX, OCK_SOFTMAX},
    {"softmax cross-entropy", entropy_of, entropy_bound, -100, 0, LOSS, OCK_SOFTMAX_CROSSENTROPY},
    {"binary cross-entropy", binary_of, binary_bound, -100, 100, LOSS, OCK_BINARY_CROSSENTROPY},
    {"rmsprop", rmsprop_of, rmsprop_bound, -1000, 1000, STEP, OCK_RMSPROP},
};

enum {
    FUNCTIONS = sizeof functions / sizeof *functions,
    CASES = 4
};

/* Both ends, the normal numbers next to 0, an even spread, and one over all magnitudes. */
static float *samples(checkcl *t, const function *f, size_t count)
{
    float *x = uniform(t, count, f->low, f->high), *magnitudes = uniform(t, count, -126, 0);
    for (size_t i = 0; i < count; i += 2)
        x[i] *= exp2f(magnitudes[i]);
    x[0] = f->low;
    x[1] = f->high;
    x[2] = -FLT_MIN;
    x[3] = f->high > 0 ? FLT_MIN : -2 * FLT_MIN;
    return x;
}

static void run_losses(checkcl *t, const function *f, int side, const pair *x, double *got)
{
    const ock_loss_options options = {.kind = (ock_loss_kind)f->kind};
    bool binary = options.kind == OCK_BINARY_CROSSENTROPY;
    pair *label = binary ? input(t, 1, 1, &(float){0}) : input_i32(t, 1, 1, &(int32_t){0});
    pair *sums = totals(t);
    for (size_t i = 0; i < LOSSES; i++) {
        ock_tensor *row = NULL;
        ock_totals loss = {0};
        ock_status status = ock_tensor_view(x->on[side], i, 1, &row);
        if (!status)
            status = ock_tensor_fill(sums->on[side], 0);
        if (!status)
            status = ock_loss(&options, row, label->on[side], NULL, sums->on[side]);
        if (!status)
            status = ock_totals_read(sums->on[side], &loss);
        expect_ok(t, side, "ock_loss", status);
        ock_tensor_destroy(row);
        got[i] = loss.loss;
    }
}

static ock_status run_step(checkcl *t, int side, const pair *x, const pair *y)
{
    ock_optimizer rmsprop = ock_rmsprop_defaults();
    pair *squares = inout(t, x->rows, 1, uniform(t, x->rows, 0, 0));
    ock_parameter weight = {.value = y->on[side], .moment2 = squares->on[side]};
    rmsprop.learning_rate = 1;
    rmsprop.rho = 0;
    rmsprop.epsilon = (float)EPSILON;
    ock_status status = ock_tensor_fill(y->on[side], 0);
    return status ? status : ock_step(&rmsprop, 1, &weight, x->on[side], 1, NULL);
}

static void run_function(checkcl *t, const function *f, int side, const pair *x, double *got)
{
    ock_status status;
    if (f->form == LOSS) {
        run_losses(t, f, side, x, got);
        return;
    }
    pair *y = output(t, x->rows, x->cols);
    if (f->form == STEP)
        status = run_step(t, side, x, y);
    else
        status = ock_activation_forward((ock_activation)f->kind, x->on[side], y->on[side]);
    expect_ok(t, side, f->name, status);
    const float *values = result(t, y, side);
    for (size_t i = 0; i < x->rows; i++)
        got[i] = (double)values[i * x->cols];
}

static void expect_function(checkcl *t, const function *f, int side, const pair *x, size_t count)
{
    double *got = scratch(t, count), ulps = 0, share = 0;
    run_function(t, f, side, x, got);
    for (size_t i = 0; i < count && !t->failed; i++) {
        double value = (double)((const float *)x->data)[i * x->cols], expected = f->of(value);
        double error = fabs(got[i] - expected), bound = f->bound(value);
        expect_true(t, error <= bound + (double)FLT_MIN,
                    "%s of %a is %.9g on the %s, expected %.9g within %.3g", f->name, value, got[i],
                    side == DEVICE ? "device" : "scalar path", expected, bound);
        if (fabs(expected) >= (double)FLT_MIN) {
            ulps = fmax(ulps, error / ulp(f->of == gelu_of ? value / 2 : expected));
            share = fmax(share, error / bound);
        }
    }
    if (t->iteration < CASES)
        printf("%s on the %s: %.2f ulps%s at most, %.0f%% of the bound\n", f->name,
               side == DEVICE ? "device" : "scalar path", ulps, f->of == gelu_of ? " of x/2" : "",
               100 * share);
}

static void expect_on_both(checkcl *t, const function *f)
{
    bool pairs = f->form == SOFTMAX || (f->form == LOSS && f->kind == OCK_SOFTMAX_CROSSENTROPY);
    size_t count = f->form == LOSS ? LOSSES : COUNT, cols = pairs ? 2 : 1;
    float *x = samples(t, f, count), *data = uniform(t, count * cols, 0, 0);
    for (size_t i = 0; i < count; i++)
        data[i * cols] = x[i];
    pair *in = input(t, count, cols, data);
    for (int side = 0; side < SIDES; side++)
        expect_function(t, f, side, in, count);
}

/* Four cases take all functions, two each. */
void check_precision(checkcl *t)
{
    const function *f = &functions[FUNCTIONS / CASES * choose(t, CASES)];
    describe(t, "%s and %s", f[0].name, f[1].name);
    expect_on_both(t, &f[0]);
    expect_on_both(t, &f[1]);
}
