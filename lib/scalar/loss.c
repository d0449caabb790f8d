#include "scalar.h"

/* One row of a loss: gradient may be z (or NULL) and is that of the mean over `batch` rows. */
typedef struct loss_row {
    size_t cols;
    const float *z, *target;
    int32_t label;
    float keep, spread; /* smoothing makes of a target keep target + spread */
    float weight, batch;
    float *gradient;
} loss_row;

/* A row's loss, and what it adds to the correct count. */
typedef struct row_result {
    float loss, correct;
} row_result;

/* The first of equals. */
static size_t largest(size_t n, const float *x)
{
    size_t best = 0;
    for (size_t j = 1; j < n; j++)
        if (x[j] > x[best])
            best = j;
    return best;
}

/* softmax(z)[j] = exp(z[j] - highest) / sum. A NaN or infinity in z makes sum a NaN. */
typedef struct softmax_scale {
    float highest, sum;
} softmax_scale;

static softmax_scale softmax_scale_of(size_t n, const float *z)
{
    softmax_scale scale = {z[largest(n, z)], 0};
    for (size_t j = 0; j < n; j++)
        scale.sum += expf(z[j] - scale.highest);
    return scale;
}

static float smooth(const loss_row *row, float target)
{
    return row->keep * target + row->spread;
}

/* Without smoothing the other logits, which may be infinite, have no part in it. */
static float label_loss(const loss_row *row, size_t label, softmax_scale scale)
{
    float log_sum = logf(scale.sum), loss = log_sum - (row->z[label] - scale.highest), all = 0;
    if (row->spread == 0)
        return loss;
    for (size_t j = 0; j < row->cols; j++)
        all += log_sum - (row->z[j] - scale.highest);
    return row->keep * loss + row->spread * all;
}

/* A label out of range has the loss NaN and the gradient 0. */
static row_result softmax_label(const loss_row *row)
{
    const float *z = row->z;
    size_t label = (size_t)row->label;
    bool valid = row->label >= 0 && label < row->cols;
    softmax_scale scale = softmax_scale_of(row->cols, z);
    row_result result = {NAN, 0};
    if (valid) {
        result.loss = label_loss(row, label, scale);
        result.correct = largest(row->cols, z) == label;
    }
    for (size_t j = 0; row->gradient && j < row->cols; j++) {
        float probability = expf(z[j] - scale.highest) / scale.sum;
        row->gradient[j] =
            valid ? (probability - smooth(row, j == label)) * row->weight / row->batch : 0;
    }
    return result;
}

static row_result softmax_target(const loss_row *row)
{
    const float *z = row->z, *target = row->target;
    softmax_scale scale = softmax_scale_of(row->cols, z);
    float log_sum = logf(scale.sum), loss = 0, total = 0;
    for (size_t j = 0; j < row->cols; j++) {
        float share = smooth(row, target[j]);
        loss += share * (log_sum - (z[j] - scale.highest));
        total += share;
    }
    row_result result = {loss, largest(row->cols, z) == largest(row->cols, target)};
    for (size_t j = 0; row->gradient && j < row->cols; j++) {
        float probability = expf(z[j] - scale.highest) / scale.sum;
        row->gradient[j] =
            (probability * total - smooth(row, target[j])) * row->weight / row->batch;
    }
    return result;
}

static row_result binary(const loss_row *row)
{
    float cols = (float)row->cols, loss = 0, correct = 0;
    for (size_t j = 0; j < row->cols; j++) {
        float z = row->z[j], target = row->target[j];
        float share = smooth(row, target);
        loss += (z > 0 ? z : 0) - z * share + log1pf(expf(-fabsf(z)));
        correct += (z > 0) == (target > 0.5f);
        if (row->gradient)
            row->gradient[j] = (1 / (1 + expf(-z)) - share) * row->weight / (cols * row->batch);
    }
    return (row_result){loss / cols, correct / cols};
}

static row_result squared_error(const loss_row *row)
{
    float cols = (float)row->cols, loss = 0;
    for (size_t j = 0; j < row->cols; j++) {
        float error = row->z[j] - row->target[j];
        loss += error * error;
        if (row->gradient)
            row->gradient[j] = 2 * error * row->weight / (cols * row->batch);
    }
    return (row_result){loss / cols, 0};
}

static row_result evaluate(ock_loss_kind kind, const loss_row *row)
{
    switch (kind) {
    case OCK_BINARY_CROSSENTROPY:
        return binary(row);
    case OCK_MEAN_SQUARED_ERROR:
        return squared_error(row);
    default:
        return row->target ? softmax_target(row) : softmax_label(row);
    }
}

static void count_batch(ock_tensor *totals, size_t rows, double loss)
{
    uint32_t counts[3]; /* rows, batches, first bad */
    float *field = scalar_data(totals) + OCK_TOTAL_ROWS;
    memcpy(counts, field, sizeof counts);
    counts[0] += (uint32_t)rows;
    counts[1]++;
    if (counts[2] == 0 && !isfinite((float)loss))
        counts[2] = counts[1];
    memcpy(field, counts, sizeof counts);
}

ock_status scalar_loss(ock_backend *backend, const ock_loss_options *options,
                       const ock_tensor *prediction, const ock_tensor *target, ock_tensor *gradient,
                       ock_tensor *totals)
{
    (void)backend;
    const ock_tensor *weights = options->weights;
    float smoothing = options->label_smoothing;
    float classes = options->kind == OCK_BINARY_CROSSENTROPY ? 2 : (float)prediction->cols;
    double loss = 0, correct = 0;
    bool labels = target->dtype == OCK_I32;
    for (size_t i = 0; i < prediction->rows; i++) {
        loss_row row = {
            .cols = prediction->cols,
            .z = scalar_row(prediction, i),
            .target = labels ? NULL : scalar_row(target, i),
            .label = labels ? scalar_ints(target)[i] : 0,
            .keep = 1 - smoothing,
            .spread = smoothing / classes,
            .weight = weights ? *scalar_row(weights, i) : 1,
            .batch = (float)prediction->rows,
            .gradient = gradient ? scalar_row(gradient, i) : NULL,
        };
        row_result result = evaluate(options->kind, &row);
        loss += result.loss * row.weight;
        correct += result.correct;
    }
    if (totals) {
        scalar_total_add(totals, OCK_TOTAL_LOSS, loss);
        scalar_total_add(totals, OCK_TOTAL_CORRECT, correct);
        count_batch(totals, prediction->rows, loss);
    }
    return OCK_OK;
}
