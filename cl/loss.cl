/* Losses. A kernel leaves each row's loss and share of correct answers in `results`, and
 * loss_total adds them up; the gradient, which may be NULL, is that of the mean over the rows. */
#include "activation.cl"

/* The column of the largest value, the first of equals. */
static uint first_largest(global const float *x, uint cols)
{
    uint best = 0;
    for (uint col = 1; col < cols; col++)
        best = x[col] > x[best] ? col : best;
    return best;
}

/* Sum t (log sum exp z - z), and sum t, over a row whose softmax_row is s; t is keep times the
 * target, 0 where that is NULL, plus spread. */
static float2 soft_target_loss(global const float *z, global const float *target, float keep,
                               float spread, uint cols, float2 s)
{
    realV losses = 0, weights = 0;
    for (uint col = 0; col < cols; col += OCK_V) {
        intV valid = lanes_below(col, cols);
        realV t = target ? keep * loadV(target + col) + spread : (realV)(spread);
        realV weight = select((realV)(0), t, valid);
        losses += select((realV)(0), weight * (log(s.y) - (loadV(z + col) - s.x)), valid);
        weights += weight;
    }
    return (float2)(sum_lanes(losses), sum_lanes(weights));
}

/* One work-item per row. Targets are labels, or probabilities where labels is NULL. */
kernel void softmax_crossentropy(uint rows, uint cols, TENSOR(const float, logits),
                                 TENSOR(const int, labels), TENSOR(const float, target),
                                 float keep, float spread, TENSOR(const float, weights),
                                 TENSOR(float, gradient), global float *results)
{
    uint row = get_global_id(0), expected;
    if (row >= rows)
        return;
    global const float *z = AT(logits, row, 0), *t = AT(target, row, 0);
    float2 s = softmax_row(z, cols), loss = (float2)(NAN, 0);
    float weight = weights ? *AT(weights, row, 0) : 1;
    bool known = true;
    if (labels) {
        expected = *AT(labels, row, 0);
        known = expected < cols;
        if (known)
            loss = (float2)(log(s.y) - (z[expected] - s.x), 1);
        if (known && spread > 0)
            loss.x = keep * loss.x + soft_target_loss(z, NULL, keep, spread, cols, s).x;
    } else {
        expected = first_largest(t, cols);
        loss = soft_target_loss(z, t, keep, spread, cols, s);
    }
    results[2 * row] = loss.x * weight;
    results[2 * row + 1] = first_largest(z, cols) == expected;
    if (!gradient)
        return;
    for (uint col = 0; col < cols; col += OCK_V) {
        realV slope = exp(loadV(z + col) - s.x) / s.y * loss.y;
        if (labels)
            slope -= select((realV)(spread), (realV)(keep + spread),
                            LANES + (int)col == (int)expected);
        else
            slope -= keep * loadV(t + col) + spread;
        storeV(known ? slope * weight / rows : (realV)(0), AT(gradient, row, col));
    }
}

/* One work-item per row: binary cross-entropy of logits, or squared error. */
kernel void columns_loss(int binary, uint rows, uint cols, TENSOR(const float, prediction),
                         TENSOR(const float, target), float keep, float spread,
                         TENSOR(const float, weights), TENSOR(float, gradient),
                         global float *results)
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    float weight = weights ? *AT(weights, row, 0) : 1;
    realV losses = 0, correct = 0;
    for (uint col = 0; col < cols; col += OCK_V) {
        realV z = loadV(AT(prediction, row, col)), t = loadV(AT(target, row, col)), loss, slope;
        intV valid = lanes_below(col, cols);
        if (binary) {
            realV share = keep * t + spread;
            loss = fmax(z, 0) - z * share + log1p(exp(-fabs(z)));
            slope = 1 / (1 + exp(-z)) - share;
            correct += select((realV)(0), (realV)(1), valid && (z > 0) == (t > 0.5f));
        } else {
            loss = (z - t) * (z - t);
            slope = 2 * (z - t);
        }
        losses += select((realV)(0), loss, valid);
        if (gradient)
            storeV(slope * weight / ((float)rows * cols), AT(gradient, row, col));
    }
    results[2 * row] = sum_lanes(losses) / cols * weight;
    results[2 * row + 1] = sum_lanes(correct) / cols;
}

/* One work-item: adds a batch's results to totals, in the order of the rows. */
kernel void loss_total(uint rows, global const float *results, TENSOR(float, totals))
{
    global uint *counts = (global uint *)AT(totals, 0, 0);
    float2 loss = 0, correct = 0;
    for (uint row = 0; row < rows; row++) {
        loss = kahan(loss, results[2 * row]);
        correct = kahan(correct, results[2 * row + 1]);
    }
    total_add(AT(totals, 0, TOTAL_LOSS), loss.x);
    total_add(AT(totals, 0, TOTAL_CORRECT), correct.x);
    counts[TOTAL_ROWS] += rows;
    counts[TOTAL_BATCHES]++;
    if (counts[TOTAL_FIRST_BAD] == 0 && !isfinite(loss.x))
        counts[TOTAL_FIRST_BAD] = counts[TOTAL_BATCHES];
}
