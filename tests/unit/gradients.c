/* Every gradient against finite differences of the operation it belongs to, on the scalar path. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "tensors.h"

enum {
    ROWS = 6,
    COLS = 7,
    INNER = 5
};

/* The five-point rule, whose truncation error is h^4/30 times a fifth derivative: below 4e-8 times
 * that. What is computed in floats reaches it with at most 3/(2h) of its rounding error. */
static const float h = 0x1p-5f;

/* A function of what `user` has, its error and its fifth derivatives at most. */
typedef struct objective {
    double (*value)(void *user);
    void *user;
    double rounding, fifth;
} objective;

static ock_context *context;

static void setup(void)
{
    context = open_scalar(1);
}

static void teardown(void)
{
    ock_context_destroy(context);
}

/* ---- Tensors ---- */

static uint32_t state;

/* In low .. high. */
static float uniform(float low, float high)
{
    uint32_t draw[4];
    ock_philox((uint32_t[4]){state++, 0, 0, 0}, 5, draw);
    return low + (high - low) * (float)(draw[0] >> 8) * 0x1p-24f;
}

/* Magnitudes from low to high; the sign is the column's, so that sums keep away from 0, where
 * some activations have a kink. */
static ock_tensor *make_columns(size_t rows, size_t cols, float low, float high)
{
    ock_tensor *tensor = make(context, rows, cols);
    float *data = read_all(tensor);
    for (size_t i = 0; i < rows * cols; i++)
        data[i] = uniform(low, high) * (i % cols % 2 ? -1.0f : 1.0f);
    assert_ok(ock_tensor_write(tensor, data));
    free(data);
    return tensor;
}

static ock_tensor *make_uniform(size_t rows, size_t cols, float low, float high)
{
    ock_tensor *tensor = make(context, rows, cols);
    float *data = read_all(tensor);
    for (size_t i = 0; i < rows * cols; i++)
        data[i] = uniform(low, high);
    assert_ok(ock_tensor_write(tensor, data));
    free(data);
    return tensor;
}

static double dot(const ock_tensor *a, const ock_tensor *b)
{
    float *x = read_all(a), *y = read_all(b);
    double sum = 0;
    for (size_t i = 0; i < count_of(a); i++)
        sum += (double)x[i] * y[i];
    free(x);
    free(y);
    return sum;
}

/* ---- The comparison ---- */

static double at(ock_tensor *x, float *data, size_t i, float value, const objective *f)
{
    data[i] = value;
    assert_ok(ock_tensor_write(x, data));
    return f->value(f->user);
}

/* gradient is that of f over x. */
static void check_gradient(const char *what, ock_tensor *x, const float *gradient,
                           const objective *f)
{
    double tolerance = 1.5 * f->rounding / h + pow(h, 4) / 30 * f->fifth;
    float *data = read_all(x);
    for (size_t i = 0; i < count_of(x); i++) {
        float value = data[i];
        double near = at(x, data, i, value + h, f) - at(x, data, i, value - h, f);
        double far = at(x, data, i, value + 2 * h, f) - at(x, data, i, value - 2 * h, f);
        double expected = (8 * near - far) / (12 * (double)h);
        at(x, data, i, value, f);
        ck_assert_msg(fabs(gradient[i] - expected) <= tolerance,
                      "%s, element %zu: gradient %.9g, differences %.9g, tolerance %.3g", what, i,
                      gradient[i], expected, tolerance);
    }
    free(data);
}

/* ---- Activations ---- */

typedef struct activation_case {
    ock_activation activation;
    ock_tensor *x, *y, *weights;
} activation_case;

static double activation_objective(void *user)
{
    activation_case *c = user;
    assert_ok(ock_activation_forward(c->activation, c->x, c->y));
    return dot(c->weights, c->y);
}

START_TEST(each_activation)
{
    activation_case c = {.y = make(context, ROWS, COLS)};
    c.x = make_columns(ROWS, COLS, 0.1f, 1.5f);
    c.weights = make_uniform(ROWS, COLS, -1, 1);
    ock_tensor *dx = make(context, ROWS, COLS);
    /* Of tanh, the steepest here, the fifth derivative stays below 16. An element of y is good to 4
     * roundings of at most 2. */
    const objective f = {activation_objective, &c, 4 * 2 * FLT_EPSILON, 16};
    for (c.activation = OCK_LINEAR; c.activation <= OCK_SOFTMAX; c.activation++) {
        char what[32];
        snprintf(what, sizeof what, "activation %d", (int)c.activation);
        activation_objective(&c);
        assert_ok(ock_activation_backward(c.activation, c.x, c.y, c.weights, dx));
        float *gradient = read_all(dx);
        check_gradient(what, c.x, gradient, &f);
        free(gradient);
    }
    ock_tensor_destroy(dx);
    ock_tensor_destroy(c.weights);
    ock_tensor_destroy(c.x);
    ock_tensor_destroy(c.y);
}
END_TEST

/* ---- Losses ---- */

typedef struct loss_case {
    ock_loss_kind kind;
    ock_tensor *prediction, *target, *gradient, *totals;
} loss_case;

static double loss_objective(void *user)
{
    loss_case *c = user;
    ock_totals totals;
    assert_ok(ock_tensor_fill(c->totals, 0));
    assert_ok(ock_loss(&(ock_loss_options){.kind = c->kind}, c->prediction, c->target, c->gradient,
                       c->totals));
    assert_ok(ock_totals_read(c->totals, &totals));
    return totals.loss / totals.rows;
}

static void check_loss(const char *what, loss_case *c)
{
    c->prediction = make_uniform(ROWS, COLS, -2, 2);
    c->gradient = make(context, ROWS, COLS);
    c->totals = make(context, 1, OCK_TOTALS_SIZE);
    double loss = loss_objective(c);
    float *gradient = read_all(c->gradient);
    /* A row's loss adds COLS terms, each good to a few roundings of at most twice the mean. */
    const objective f = {loss_objective, c, COLS * FLT_EPSILON * loss, 16};
    check_gradient(what, c->prediction, gradient, &f);
    free(gradient);
    ock_tensor_destroy(c->totals);
    ock_tensor_destroy(c->gradient);
    ock_tensor_destroy(c->prediction);
    ock_tensor_destroy(c->target);
}

START_TEST(each_loss)
{
    int32_t labels[ROWS];
    for (int i = 0; i < ROWS; i++)
        labels[i] = 3 * i % COLS;
    loss_case c = {.kind = OCK_SOFTMAX_CROSSENTROPY};
    assert_ok(ock_tensor_create(context, OCK_I32, ROWS, 1, &c.target));
    assert_ok(ock_tensor_write(c.target, labels));
    check_loss("softmax cross-entropy of labels", &c);

    /* Rows that do not sum to 1 have a gradient as well. */
    c.target = make_uniform(ROWS, COLS, 0, 0.5f);
    check_loss("softmax cross-entropy of probabilities", &c);
    c = (loss_case){.kind = OCK_BINARY_CROSSENTROPY, .target = make_uniform(ROWS, COLS, 0, 1)};
    check_loss("binary cross-entropy", &c);
    c = (loss_case){.kind = OCK_MEAN_SQUARED_ERROR, .target = make_uniform(ROWS, COLS, -1, 1)};
    check_loss("mean squared error", &c);
}
END_TEST

/* ---- Batch normalisation ---- */

typedef struct norm_case {
    ock_batch_norm norm;
    ock_tensor *x, *y, *saved, *weights;
} norm_case;

static double norm_objective(void *user)
{
    norm_case *c = user;
    assert_ok(ock_batch_norm_forward(&c->norm, c->x, c->y, c->saved));
    return dot(c->weights, c->y);
}

START_TEST(batch_normalization)
{
    norm_case c = {.norm = {make_uniform(1, COLS, 0.5f, 1.5f), make_uniform(1, COLS, -1, 1),
                            make(context, 1, COLS), make(context, 1, COLS), 0.9f, 1e-3f}};
    c.x = make_uniform(ROWS, COLS, -2, 2);
    c.y = make(context, ROWS, COLS);
    c.saved = make(context, 2, COLS);
    c.weights = make_uniform(ROWS, COLS, -1, 1);
    ock_tensor *dx = make(context, ROWS, COLS), *gradients = make(context, 2, COLS);
    norm_objective(&c);
    assert_ok(ock_batch_norm_backward(&c.norm, c.x, c.saved, c.weights, dx, gradients));
    float *over_x = read_all(dx), *over_norm = read_all(gradients);

    /* Each of a column's ROWS elements is good to 4 roundings of at most 4. The deviations here are
     * about 1, whose negative powers make up the derivatives. */
    double rounding = ROWS * 4 * 4 * FLT_EPSILON;
    const objective f = {norm_objective, &c, rounding, 120};
    const objective linear = {norm_objective, &c, rounding, 0};
    check_gradient("x", c.x, over_x, &f);
    check_gradient("gamma", c.norm.gamma, over_norm, &linear);
    check_gradient("beta", c.norm.beta, over_norm + COLS, &linear);

    free(over_x);
    free(over_norm);
    ock_tensor *all[] = {c.norm.gamma, c.norm.beta, c.norm.mean, c.norm.variance, c.x, c.y,
                         c.saved,      c.weights,   dx,          gradients};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ock_tensor_destroy(all[i]);
}
END_TEST

/* ---- Two dense layers, with dropout between, penalties and a loss ---- */

typedef struct chain {
    ock_activation activation;
    ock_dropout dropout;
    ock_dense_parameters first, second;
    ock_tensor *x, *hidden, *output, *target, *totals, *d_output, *d_hidden;
} chain;

/* Without moments: SGD with rate 1 leaves w - gradient. */
static ock_dense_parameters make_dense(size_t inputs, size_t outputs)
{
    return (ock_dense_parameters){
        .kernel = {.value = make_columns(inputs, outputs, 0.1f, 0.3f),
                   .penalty = {.l1 = 0.02f, .l2 = 0.03f}},
        .bias = {.value = make_columns(1, outputs, 0.1f, 0.3f), .penalty = {.l2 = 0.05f}},
    };
}

static const ock_loss_options squared = {.kind = OCK_MEAN_SQUARED_ERROR};

static double chain_objective(void *user)
{
    chain *c = user;
    ock_totals totals;
    assert_ok(ock_tensor_fill(c->totals, 0));
    assert_ok(ock_dense_forward(c->x, &c->first, c->activation, &c->dropout, c->hidden));
    assert_ok(ock_dense_forward(c->hidden, &c->second, OCK_LINEAR, NULL, c->output));
    assert_ok(ock_loss(&squared, c->output, c->target, c->d_output, c->totals));
    const ock_parameter *penalized[] = {&c->first.kernel, &c->first.bias, &c->second.kernel,
                                        &c->second.bias};
    for (size_t i = 0; i < sizeof penalized / sizeof *penalized; i++)
        assert_ok(ock_penalty_add(penalized[i], ROWS, c->totals));
    assert_ok(ock_totals_read(c->totals, &totals));
    return (totals.loss + totals.penalty) / totals.rows;
}

/* `after` is `value` less its gradient. */
static void check_parameter(chain *c, const char *name, ock_tensor *value, float *after)
{
    char what[64];
    snprintf(what, sizeof what, "%s, activation %d", name, (int)c->activation);
    float *gradient = read_all(value);
    for (size_t i = 0; i < count_of(value); i++)
        gradient[i] -= after[i];
    /* The loss, of about 1, comes out of two sums of at most COLS terms and a mean. */
    const objective f = {chain_objective, c, 3 * COLS * FLT_EPSILON, 16};
    check_gradient(what, value, gradient, &f);
    free(gradient);
}

static void check_chain(chain *c)
{
    ock_optimizer sgd = ock_sgd_defaults();
    sgd.learning_rate = 1;
    static const char *const names[] = {"first kernel", "first bias", "second kernel",
                                        "second bias"};
    ock_tensor *values[] = {c->first.kernel.value, c->first.bias.value, c->second.kernel.value,
                            c->second.bias.value};
    float *before[4], *after[4];
    for (int i = 0; i < 4; i++)
        before[i] = read_all(values[i]);

    chain_objective(c);
    assert_ok(ock_dense_backward_input(c->d_output, &c->second, c->activation, &c->dropout,
                                       c->hidden, c->d_hidden));
    assert_ok(ock_dense_backward_weights(&sgd, 1, c->hidden, c->d_output, &c->second, NULL));
    assert_ok(ock_dense_backward_weights(&sgd, 1, c->x, c->d_hidden, &c->first, NULL));

    for (int i = 0; i < 4; i++) {
        after[i] = read_all(values[i]);
        assert_ok(ock_tensor_write(values[i], before[i]));
    }
    for (int i = 0; i < 4; i++) {
        check_parameter(c, names[i], values[i], after[i]);
        free(before[i]);
        free(after[i]);
    }
}

START_TEST(dense_layers_with_dropout)
{
    static const ock_activation activations[] = {OCK_LINEAR, OCK_RELU,    OCK_LEAKY_RELU,
                                                 OCK_ELU,    OCK_SIGMOID, OCK_TANH};
    chain c = {
        .dropout = {.rate = 0.3f, .seed = 9, .step = 2, .layer = 1},
        .first = make_dense(INNER, COLS),
        .second = make_dense(COLS, INNER),
        .x = make_uniform(ROWS, INNER, 0.5f, 1),
        .hidden = make(context, ROWS, COLS),
        .output = make(context, ROWS, INNER),
        .target = make_uniform(ROWS, INNER, -1, 1),
        .totals = make(context, 1, OCK_TOTALS_SIZE),
        .d_output = make(context, ROWS, INNER),
        .d_hidden = make(context, ROWS, COLS),
    };
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        c.activation = activations[i];
        check_chain(&c);
    }
    ock_tensor *all[] = {c.first.kernel.value,
                         c.first.bias.value,
                         c.second.kernel.value,
                         c.second.bias.value,
                         c.x,
                         c.hidden,
                         c.output,
                         c.target,
                         c.totals,
                         c.d_output,
                         c.d_hidden};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ock_tensor_destroy(all[i]);
}
END_TEST

TEST_MAIN("gradients", setup, teardown, each_activation, each_loss, batch_normalization,
          dense_layers_with_dropout)
