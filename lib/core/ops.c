#include <float.h>
#include <string.h>

#include "core/core.h"

static size_t rows_of(const ock_tensor *tensor)
{
    return tensor ? tensor->rows : 0;
}

static size_t cols_of(const ock_tensor *tensor)
{
    return tensor ? tensor->cols : 0;
}

/* ---- Products ---- */

ock_matmul_options ock_matmul_defaults(void)
{
    return (ock_matmul_options){.alpha = 1};
}

ock_status ock_matmul(const ock_matmul_options *options, const ock_tensor *a, const ock_tensor *b,
                      ock_tensor *c)
{
    ock_matmul_options defaults = ock_matmul_defaults();
    if (!options)
        options = &defaults;
    check k = check_begin("ock_matmul");
    check_tensor(&k, "a", a, OCK_F32);
    check_tensor(&k, "b", b, OCK_F32);
    size_t m = options->transpose_a ? cols_of(a) : rows_of(a);
    size_t inner_a = options->transpose_a ? rows_of(a) : cols_of(a);
    size_t inner_b = options->transpose_b ? cols_of(b) : rows_of(b);
    size_t n = options->transpose_b ? rows_of(b) : cols_of(b);
    if (inner_a != inner_b)
        check_fail(&k, OCK_SHAPE_MISMATCH, "op(a) has %zu columns and op(b) %zu rows", inner_a,
                   inner_b);
    check_shape(&k, "c", c, m, n);
    check_apart(&k, "c", c, "a", a);
    check_apart(&k, "c", c, "b", b);
    if (check_end(&k) != OCK_OK)
        return k.status;
    return CALL(k, matmul, options, a, b, c);
}

/* ---- Activations and dropout ---- */

static void check_activation(check *c, ock_activation activation)
{
    check_true(c, (int)activation >= OCK_LINEAR && activation <= OCK_SOFTMAX,
               "activation is none of ock_activation");
}

ock_status ock_activation_forward(ock_activation activation, const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_activation_forward");
    check_activation(&c, activation);
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, rows_of(x), cols_of(x));
    check_in_place(&c, "y", y, "x", x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, activation_forward, activation, x, y);
}

ock_status ock_activation_backward(ock_activation activation, const ock_tensor *x,
                                   const ock_tensor *y, const ock_tensor *dy, ock_tensor *dx)
{
    check c = check_begin("ock_activation_backward");
    const ock_tensor *read = activation == OCK_GELU ? x : y;
    check_activation(&c, activation);
    check_tensor(&c, "dy", dy, OCK_F32);
    check_shape(&c, "dx", dx, rows_of(dy), cols_of(dy));
    check_shape(&c, activation == OCK_GELU ? "x" : "y", read, rows_of(dy), cols_of(dy));
    check_apart(&c, "dx", dx, "the activation's tensor", read);
    check_in_place(&c, "dx", dx, "dy", dy);
    if (check_end(&c) != OCK_OK)
        return c.status;
    bool gelu = activation == OCK_GELU;
    return CALL(c, activation_backward, activation, gelu ? x : NULL, gelu ? NULL : y, dy, dx);
}

ock_status ock_dropout_apply(const ock_dropout *dropout, const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_dropout_apply");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, rows_of(x), cols_of(x));
    check_true(&c, dropout, "dropout is NULL");
    check_dropout(&c, dropout);
    if (dropout && dropout->channels && cols_of(x) % dropout->channels)
        check_fail(&c, OCK_SHAPE_MISMATCH, "channels is %u and must divide x's %zu columns",
                   (unsigned)dropout->channels, cols_of(x));
    check_in_place(&c, "y", y, "x", x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, dropout, dropout, x, y);
}

ock_status ock_noise_apply(const ock_noise *noise, const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_noise_apply");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, rows_of(x), cols_of(x));
    check_true(&c, noise, "noise is NULL");
    if (noise) {
        check_true(&c, noise->kind == OCK_GAUSSIAN_NOISE || noise->kind == OCK_GAUSSIAN_DROPOUT,
                   "kind is none of ock_noise_kind");
        if (noise->kind == OCK_GAUSSIAN_NOISE)
            check_range(&c, "stddev", noise->stddev, 0, FLT_MAX);
        else
            check_below(&c, "rate", noise->rate, 0, 1);
    }
    check_in_place(&c, "y", y, "x", x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    if (ock_noise_deviation(noise) > 0)
        return CALL(c, noise, noise, x, y);
    return ock_tensors_overlap(x, y) ? OCK_OK : CALL(c, copy, x, y);
}

/* ---- Losses ---- */

static void check_loss_options(check *c, const ock_loss_options *options, size_t rows)
{
    check_true(c,
               (int)options->kind >= OCK_SOFTMAX_CROSSENTROPY &&
                   options->kind <= OCK_MEAN_SQUARED_ERROR,
               "kind is none of ock_loss_kind");
    check_range(c, "label_smoothing", options->label_smoothing, 0, 1);
    check_true(c, options->kind != OCK_MEAN_SQUARED_ERROR || !(options->label_smoothing > 0),
               "label_smoothing goes with the cross-entropies only");
    if (options->weights)
        check_shape(c, "weights", options->weights, rows, 1);
}

ock_status ock_loss(const ock_loss_options *options, const ock_tensor *prediction,
                    const ock_tensor *target, ock_tensor *gradient, ock_tensor *totals)
{
    const ock_loss_options defaults = {.kind = OCK_SOFTMAX_CROSSENTROPY};
    check c = check_begin("ock_loss");
    options = options ? options : &defaults;
    check_tensor(&c, "prediction", prediction, OCK_F32);
    check_loss_options(&c, options, rows_of(prediction));
    bool labels = target && target->dtype == OCK_I32;
    check_tensor(&c, "target", target, labels ? OCK_I32 : OCK_F32);
    if (labels && options->kind != OCK_SOFTMAX_CROSSENTROPY)
        check_fail(&c, OCK_INVALID_ARGUMENT,
                   "labels go with OCK_SOFTMAX_CROSSENTROPY only; this loss needs a float target");
    size_t cols = labels ? 1 : cols_of(prediction);
    if (target && (target->rows != rows_of(prediction) || target->cols != cols))
        check_fail(&c, OCK_SHAPE_MISMATCH, "target is %zu x %zu and must be %zu x %zu",
                   target->rows, target->cols, rows_of(prediction), cols);
    if (gradient) {
        check_shape(&c, "gradient", gradient, rows_of(prediction), cols_of(prediction));
        check_in_place(&c, "gradient", gradient, "prediction", prediction);
        check_apart(&c, "gradient", gradient, "target", target);
        check_apart(&c, "gradient", gradient, "weights", options->weights);
    }
    check_totals(&c, totals);
    check_apart(&c, "totals", totals, "prediction", prediction);
    check_apart(&c, "totals", totals, "target", target);
    check_apart(&c, "totals", totals, "weights", options->weights);
    check_apart(&c, "totals", totals, "gradient", gradient);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, loss, options, prediction, target, gradient, totals);
}

static uint64_t bits(const float *values, int field)
{
    uint32_t word;
    memcpy(&word, &values[field], sizeof word);
    return word;
}

ock_status ock_totals_read(const ock_tensor *totals, ock_totals *values)
{
    float raw[OCK_TOTALS_SIZE];
    check c = check_begin("ock_totals_read");
    check_shape(&c, "totals", totals, 1, OCK_TOTALS_SIZE);
    check_true(&c, values, "values is NULL");
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_status status = CALL(c, read, totals, raw);
    if (status != OCK_OK)
        return status;
    *values = (ock_totals){
        .loss = (double)raw[OCK_TOTAL_LOSS] - raw[OCK_TOTAL_LOSS_LOW],
        .correct = (double)raw[OCK_TOTAL_CORRECT] - raw[OCK_TOTAL_CORRECT_LOW],
        .penalty = (double)raw[OCK_TOTAL_PENALTY] - raw[OCK_TOTAL_PENALTY_LOW],
        .rows = (double)bits(raw, OCK_TOTAL_ROWS),
        .batches = bits(raw, OCK_TOTAL_BATCHES),
        .first_bad = bits(raw, OCK_TOTAL_FIRST_BAD),
    };
    return OCK_OK;
}

/* ---- Batch normalisation ---- */

static void check_norm(check *c, const ock_batch_norm *norm, size_t cols)
{
    check_true(c, norm, "norm is NULL");
    if (!norm)
        return;
    check_shape(c, "gamma", norm->gamma, 1, cols);
    check_shape(c, "beta", norm->beta, 1, cols);
    check_shape(c, "mean", norm->mean, 1, cols);
    check_shape(c, "variance", norm->variance, 1, cols);
    check_below(c, "momentum", norm->momentum, 0, 1);
    check_positive(c, "epsilon", norm->epsilon);
}

static void check_apart_from_norm(check *c, const char *name, const ock_tensor *output,
                                  const ock_batch_norm *norm)
{
    check_apart(c, name, output, "gamma", norm->gamma);
    check_apart(c, name, output, "beta", norm->beta);
    check_apart(c, name, output, "mean", norm->mean);
    check_apart(c, name, output, "variance", norm->variance);
}

/* In training the running statistics are outputs, too. */
static void check_running(check *c, const ock_batch_norm *norm, const ock_tensor *x)
{
    ock_tensor *const running[] = {norm->mean, norm->variance};
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "variance" : "mean";
        check_apart(c, name, running[i], "x", x);
        check_apart(c, name, running[i], "gamma", norm->gamma);
        check_apart(c, name, running[i], "beta", norm->beta);
    }
    check_apart(c, "mean", norm->mean, "variance", norm->variance);
}

ock_status ock_batch_norm_forward(const ock_batch_norm *norm, const ock_tensor *x, ock_tensor *y,
                                  ock_tensor *saved)
{
    check c = check_begin("ock_batch_norm_forward");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, rows_of(x), cols_of(x));
    check_norm(&c, norm, cols_of(x));
    check_in_place(&c, "y", y, "x", x);
    if (saved)
        check_shape(&c, "saved", saved, 2, cols_of(x));
    check_apart(&c, "saved", saved, "x", x);
    check_apart(&c, "saved", saved, "y", y);
    if (check_end(&c) != OCK_OK)
        return c.status;
    check_apart_from_norm(&c, "y", y, norm);
    check_apart_from_norm(&c, "saved", saved, norm);
    if (saved)
        check_running(&c, norm, x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, batch_norm_forward, norm, x, y, saved);
}

ock_status ock_batch_norm_backward(const ock_batch_norm *norm, const ock_tensor *x,
                                   const ock_tensor *saved, const ock_tensor *dy, ock_tensor *dx,
                                   ock_tensor *gradients)
{
    check c = check_begin("ock_batch_norm_backward");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "saved", saved, 2, cols_of(x));
    check_shape(&c, "dy", dy, rows_of(x), cols_of(x));
    check_shape(&c, "dx", dx, rows_of(x), cols_of(x));
    check_shape(&c, "gradients", gradients, 2, cols_of(x));
    check_norm(&c, norm, cols_of(x));
    check_apart(&c, "dx", dx, "x", x);
    check_apart(&c, "dx", dx, "saved", saved);
    check_in_place(&c, "dx", dx, "dy", dy);
    check_apart(&c, "gradients", gradients, "dx", dx);
    check_apart(&c, "gradients", gradients, "dy", dy);
    check_apart(&c, "gradients", gradients, "x", x);
    check_apart(&c, "gradients", gradients, "saved", saved);
    if (check_end(&c) != OCK_OK)
        return c.status;
    check_apart_from_norm(&c, "dx", dx, norm);
    check_apart_from_norm(&c, "gradients", gradients, norm);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, batch_norm_backward, norm, x, saved, dy, dx, gradients);
}

/* ---- Reductions ---- */

ock_status ock_reduce(ock_reduction reduction, ock_axis axis, const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_reduce");
    check_true(&c, (int)reduction >= OCK_SUM && reduction <= OCK_SQUARE_SUM,
               "reduction is none of ock_reduction");
    check_true(&c, (int)axis >= OCK_ALL && axis <= OCK_COLS, "axis is none of ock_axis");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, axis == OCK_COLS ? rows_of(x) : 1, axis == OCK_ROWS ? cols_of(x) : 1);
    check_apart(&c, "y", y, "x", x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, reduce, reduction, axis, x, y);
}

/* ---- Batches ---- */

ock_status ock_gather(const ock_tensor *source, const ock_tensor *indices, int64_t first,
                      ock_tensor *y)
{
    check c = check_begin("ock_gather");
    check_tensor(&c, "source", source, source ? source->dtype : OCK_F32);
    check_tensor(&c, "y", y, source ? source->dtype : OCK_F32);
    if (cols_of(y) != cols_of(source))
        check_fail(&c, OCK_SHAPE_MISMATCH, "y has %zu columns and source %zu", cols_of(y),
                   cols_of(source));
    check_indices(&c, indices, rows_of(y));
    check_range(&c, "first", (double)first, -(double)INT32_MAX, INT32_MAX);
    check_apart(&c, "y", y, "source", source);
    check_apart(&c, "y", y, "indices", indices);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, gather, source, indices, first, y);
}

ock_status ock_one_hot(const ock_tensor *labels, ock_tensor *y)
{
    check c = check_begin("ock_one_hot");
    check_tensor(&c, "y", y, OCK_F32);
    check_tensor(&c, "labels", labels, OCK_I32);
    if (rows_of(labels) != rows_of(y) || cols_of(labels) != 1)
        check_fail(&c, OCK_SHAPE_MISMATCH, "labels is %zu x %zu and must be %zu x 1",
                   rows_of(labels), cols_of(labels), rows_of(y));
    check_apart(&c, "y", y, "labels", labels);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, one_hot, labels, y);
}

ock_status ock_mix(const ock_tensor *share, const ock_tensor *x, const ock_tensor *other,
                   ock_tensor *y)
{
    check c = check_begin("ock_mix");
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "share", share, rows_of(x), 1);
    check_shape(&c, "other", other, rows_of(x), cols_of(x));
    check_shape(&c, "y", y, rows_of(x), cols_of(x));
    check_in_place(&c, "y", y, "x", x);
    check_apart(&c, "y", y, "other", other);
    check_apart(&c, "y", y, "share", share);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, mix, share, x, other, y);
}
