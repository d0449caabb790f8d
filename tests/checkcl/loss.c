#include <math.h>

#include "checkcl.h"

#define LOGIT 8.0 /* predictions lie to either side of 0 */

/* How far apart the two sides may be. */
typedef struct loss_bound {
    double loss, correct; /* of one row */
    double slope;         /* per share of the gradient and the target in one element */
} loss_bound;

static const char *const names[] = {"softmax cross-entropy", "binary cross-entropy",
                                    "squared error"};

static pair *predictions(checkcl *t, ock_loss_kind kind, bool in_place)
{
    size_t rows = any_size(t), cols = any_size(t);
    const float *data = uniform(t, rows * cols, -(float)LOGIT, (float)LOGIT);
    describe(t, "%s of %zu x %zu%s", names[kind], rows, cols, in_place ? ", in place" : "");
    return in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
}

/* Two batches, the first without a gradient. `shares` are the targets that the gradient falls short
 * of, or NULL for none. */
static void expect_loss(checkcl *t, ock_loss_kind kind, pair *prediction, const pair *target,
                        const float *shares, loss_bound bound)
{
    size_t rows = prediction->rows, cols = prediction->cols, count = rows * cols;
    pair *gradient = prediction->constant ? output(t, rows, cols) : prediction, *sums = totals(t);
    ON_BOTH(t, ock_loss(&(ock_loss_options){.kind = kind}, prediction->on[side], target->on[side],
                        NULL, sums->on[side]));
    ON_BOTH(t, ock_loss(&(ock_loss_options){.kind = kind}, prediction->on[side], target->on[side],
                        gradient->on[side], sums->on[side]));
    const float *expected = result(t, gradient, SCALAR);
    double divisor = (double)rows * (kind == OCK_SOFTMAX_CROSSENTROPY ? 1 : (double)cols);
    double *slopes = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        slopes[i] = bound.slope *
                    (fabs((double)expected[i]) + (shares ? fabs((double)shares[i]) : 0) / divisor);
    expect_within(t, "gradient", gradient, slopes);
    double all = 2 * (double)rows;
    expect_totals(t, sums, &(ock_totals){.loss = all * bound.loss, .correct = all * bound.correct});
}

/* The sum of n exp errs by their 3 ulps here and 1 there and n roundings on each side, and its log
 * by as much, plus 3 ulps and 1; then a few roundings of a loss of at most log n + 2 LOGIT. The
 * gradient is a quotient by that sum, less the target. */
static loss_bound softmax_bound(size_t n)
{
    double sum = 2 * (3 + 1) + 2 * (double)n, most = log((double)n) + 2 * LOGIT;
    return (loss_bound){
        .loss = UNIT * (sum + 2 * (3 + 1) * log((double)n) + 8 * most),
        .slope = UNIT * (sum + 2 * (3 + 1) + 2 * (2.5 + 0.5) + 8),
    };
}

void check_loss_labels(checkcl *t)
{
    pair *z = predictions(t, OCK_SOFTMAX_CROSSENTROPY, choose(t, 2));
    const int32_t *labels = integers(t, z->rows, 0, (int32_t)z->cols - 1);
    float *shares = uniform(t, z->rows * z->cols, 0, 0);
    for (size_t i = 0; i < z->rows; i++)
        shares[i * z->cols + (size_t)labels[i]] = 1;
    expect_loss(t, OCK_SOFTMAX_CROSSENTROPY, z, input_i32(t, z->rows, 1, labels), shares,
                softmax_bound(z->cols));
}

/* Weights t of a sum of at most 2: n terms more, in the loss and in the sum of t. */
void check_loss_probabilities(checkcl *t)
{
    pair *z = predictions(t, OCK_SOFTMAX_CROSSENTROPY, choose(t, 2));
    double n = (double)z->cols, most = log(n) + 2 * LOGIT;
    const float *target = uniform(t, z->rows * z->cols, 0, 2 / (float)n);
    loss_bound bound = softmax_bound(z->cols);
    bound.loss = 2 * (bound.loss + 2 * n * UNIT * most);
    bound.slope += 2 * n * UNIT;
    expect_loss(t, OCK_SOFTMAX_CROSSENTROPY, z, input(t, z->rows, z->cols, target), target, bound);
}

/* max(z, 0) - z t + log1p(exp(-|z|)): exp errs by 3 ulps here and 1 there, log1p by 2 and 1; a mean
 * of n. The gradient is a sigmoid, less the target. */
void check_loss_binary(checkcl *t)
{
    pair *z = predictions(t, OCK_BINARY_CROSSENTROPY, choose(t, 2));
    double n = (double)z->cols, most = 2 * LOGIT + log(2);
    const float *target = uniform(t, z->rows * z->cols, 0, 1);
    loss_bound bound = {
        .loss = UNIT * (2 * (3 + 1 + 2 + 1) * log(2) + (2 * n + 16) * most),
        .correct = UNIT * 8,
        .slope = UNIT * (2 * (3 + 1) + 2 * (2 + 2 * (2.5 + 0.5)) + 8),
    };
    expect_loss(t, OCK_BINARY_CROSSENTROPY, z, input(t, z->rows, z->cols, target), target, bound);
}

void check_loss_squared(checkcl *t)
{
    pair *z = predictions(t, OCK_MEAN_SQUARED_ERROR, choose(t, 2));
    double n = (double)z->cols, most = 4 * LOGIT * LOGIT;
    const float *target = uniform(t, z->rows * z->cols, -(float)LOGIT, (float)LOGIT);
    loss_bound bound = {.loss = UNIT * (2 * n + 16) * most, .slope = UNIT * 10};
    expect_loss(t, OCK_MEAN_SQUARED_ERROR, z, input(t, z->rows, z->cols, target), NULL, bound);
}

/* A prediction that is not finite, or a label out of range, is noted in the first batch that has
 * it. */
void check_loss_bad(checkcl *t)
{
    static const float specials[] = {NAN, INFINITY, -INFINITY};
    ock_loss_kind kind = choose(t, OCK_MEAN_SQUARED_ERROR + 1);
    pair *good = predictions(t, kind, false);
    size_t rows = good->rows, cols = good->cols, at = choose(t, (unsigned)(rows * cols));
    float *data = uniform(t, rows * cols, -(float)LOGIT, (float)LOGIT);
    int32_t *labels = integers(t, rows, 0, (int32_t)cols - 1);
    bool label = kind == OCK_SOFTMAX_CROSSENTROPY && choose(t, 2);
    const float *ones = uniform(t, rows * cols, 1, 1);
    pair *fine = kind ? input(t, rows, cols, ones) : input_i32(t, rows, 1, labels);
    if (label)
        labels[at / cols] = choose(t, 2) ? -1 : (int32_t)cols;
    else
        data[at] = specials[choose(t, 3)];
    pair *bad = input(t, rows, cols, data);
    pair *target = kind ? fine : input_i32(t, rows, 1, labels);
    pair *gradient = output(t, rows, cols), *sums = totals(t);
    ON_BOTH(t, ock_loss(&(ock_loss_options){.kind = kind}, good->on[side], fine->on[side], NULL,
                        sums->on[side]));
    ON_BOTH(t, ock_loss(&(ock_loss_options){.kind = kind}, bad->on[side], target->on[side],
                        gradient->on[side], sums->on[side]));
    ON_BOTH(t, ock_loss(&(ock_loss_options){.kind = kind}, bad->on[side], target->on[side], NULL,
                        sums->on[side]));
    const float *slopes = result(t, gradient, DEVICE);
    for (size_t j = 0; label && j < cols; j++)
        expect_true(t, slopes[at / cols * cols + j] == 0, "a bad label has a gradient");
    expect_totals(t, sums,
                  &(ock_totals){.loss = 3 * (double)rows * softmax_bound(cols).loss,
                                .correct = 3 * (double)rows * UNIT * 8});
}
