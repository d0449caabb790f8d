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

/* A loss with and without smoothing and weights of 0..2. */
typedef struct loss_case {
    ock_loss_kind kind;
    float smoothing;
    pair *prediction, *weights; /* weights NULL: none */
} loss_case;

static ock_loss_options options_on(const loss_case *c, int side)
{
    return (ock_loss_options){.kind = c->kind,
                              .label_smoothing = c->smoothing,
                              .weights = c->weights ? c->weights->on[side] : NULL};
}

static loss_case any_case(checkcl *t, ock_loss_kind kind, bool in_place)
{
    loss_case c = {.kind = kind};
    size_t rows = any_size(t), cols = any_size(t);
    const float *data = uniform(t, rows * cols, -(float)LOGIT, (float)LOGIT);
    c.prediction = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    if (kind != OCK_MEAN_SQUARED_ERROR && choose(t, 2))
        c.smoothing = *uniform(t, 1, 0, 1);
    if (choose(t, 2))
        c.weights = input(t, rows, 1, uniform(t, rows, 0, 2));
    describe(t, "%s of %zu x %zu%s, smoothing %g%s", names[kind], rows, cols,
             in_place ? ", in place" : "", (double)c.smoothing, c.weights ? ", with weights" : "");
    return c;
}

static void run_loss(checkcl *t, const loss_case *c, const pair *target, const pair *gradient,
                     const pair *sums)
{
    for (int side = 0; side < SIDES; side++) {
        const ock_loss_options options = options_on(c, side);
        expect_ok(t, side, "ock_loss()",
                  ock_loss(&options, c->prediction->on[side], target->on[side],
                           gradient ? gradient->on[side] : NULL, sums->on[side]));
    }
}

/* Two batches, the first without a gradient. `shares` are the targets that the gradient falls short
 * of, or NULL for none. Smoothing makes them larger by at most its share of 1, and rounds each by
 * one part more; a weight takes part in one more rounding of all. */
static void expect_loss(checkcl *t, const loss_case *c, const pair *target, const float *shares,
                        loss_bound bound)
{
    const pair *prediction = c->prediction;
    size_t rows = prediction->rows, cols = prediction->cols, count = rows * cols;
    pair *gradient = prediction->constant ? output(t, rows, cols) : c->prediction;
    pair *sums = totals(t);
    run_loss(t, c, target, NULL, sums);
    run_loss(t, c, target, gradient, sums);
    const float *expected = result(t, gradient, SCALAR);
    double divisor = (double)rows * (c->kind == OCK_SOFTMAX_CROSSENTROPY ? 1 : (double)cols);
    double most = c->weights ? 2 : 1, *slopes = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        slopes[i] =
            bound.slope *
            (fabs((double)expected[i]) +
             (shares ? most * (fabs((double)shares[i]) + (double)c->smoothing) : 0) / divisor);
    expect_within(t, "gradient", gradient, slopes);
    double all = 2 * (double)rows;
    expect_totals(t, sums,
                  &(ock_totals){.loss = most * all * bound.loss, .correct = all * bound.correct});
}

/* With smoothing the terms are n, of shares that add up to 1 more at most. */
static double smoothed(const loss_case *c, double loss, double n, double most)
{
    return c->smoothing > 0 ? 2 * loss + 2 * (n + 4) * UNIT * most : loss;
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
    loss_case c = any_case(t, OCK_SOFTMAX_CROSSENTROPY, choose(t, 2));
    size_t rows = c.prediction->rows, cols = c.prediction->cols;
    const int32_t *labels = integers(t, rows, 0, (int32_t)cols - 1);
    float *shares = uniform(t, rows * cols, 0, 0);
    for (size_t i = 0; i < rows; i++)
        shares[i * cols + (size_t)labels[i]] = 1;
    loss_bound bound = softmax_bound(cols);
    double n = (double)cols;
    bound.loss = smoothed(&c, bound.loss, n, log(n) + 2 * LOGIT);
    expect_loss(t, &c, input_i32(t, rows, 1, labels), shares, bound);
}

/* Weights t of a sum of at most 2: n terms more, in the loss and in the sum of t. */
void check_loss_probabilities(checkcl *t)
{
    loss_case c = any_case(t, OCK_SOFTMAX_CROSSENTROPY, choose(t, 2));
    size_t rows = c.prediction->rows, cols = c.prediction->cols;
    double n = (double)cols, most = log(n) + 2 * LOGIT;
    const float *target = uniform(t, rows * cols, 0, 2 / (float)n);
    loss_bound bound = softmax_bound(cols);
    bound.loss = smoothed(&c, 2 * (bound.loss + 2 * n * UNIT * most), n, most);
    bound.slope += 2 * n * UNIT;
    expect_loss(t, &c, input(t, rows, cols, target), target, bound);
}

/* max(z, 0) - z t + log1p(exp(-|z|)): exp errs by 3 ulps here and 1 there, log1p by 2 and 1; a mean
 * of n. The gradient is a sigmoid, less the target. */
void check_loss_binary(checkcl *t)
{
    loss_case c = any_case(t, OCK_BINARY_CROSSENTROPY, choose(t, 2));
    size_t rows = c.prediction->rows, cols = c.prediction->cols;
    double n = (double)cols, most = 2 * LOGIT + log(2);
    const float *target = uniform(t, rows * cols, 0, 1);
    loss_bound bound = {
        .loss = UNIT * (2 * (3 + 1 + 2 + 1) * log(2) + (2 * n + 16) * most),
        .correct = UNIT * 8,
        .slope = UNIT * (2 * (3 + 1) + 2 * (2 + 2 * (2.5 + 0.5)) + 8),
    };
    expect_loss(t, &c, input(t, rows, cols, target), target, bound);
}

void check_loss_squared(checkcl *t)
{
    loss_case c = any_case(t, OCK_MEAN_SQUARED_ERROR, choose(t, 2));
    size_t rows = c.prediction->rows, cols = c.prediction->cols;
    double n = (double)cols, most = 4 * LOGIT * LOGIT;
    const float *target = uniform(t, rows * cols, -(float)LOGIT, (float)LOGIT);
    loss_bound bound = {.loss = UNIT * (2 * n + 16) * most, .slope = UNIT * 10};
    expect_loss(t, &c, input(t, rows, cols, target), NULL, bound);
}

/* A prediction that is not finite, or a label out of range, is noted in the first batch that has
 * it. */
void check_loss_bad(checkcl *t)
{
    static const float specials[] = {NAN, INFINITY, -INFINITY};
    ock_loss_kind kind = choose(t, OCK_MEAN_SQUARED_ERROR + 1);
    loss_case c = any_case(t, kind, false);
    size_t rows = c.prediction->rows, cols = c.prediction->cols,
           at = choose(t, (unsigned)(rows * cols));
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
    const loss_case broken = {.kind = kind, .smoothing = c.smoothing, .prediction = bad};
    run_loss(t, &c, fine, NULL, sums);
    run_loss(t, &broken, target, gradient, sums);
    run_loss(t, &broken, target, NULL, sums);
    const float *slopes = result(t, gradient, DEVICE);
    for (size_t j = 0; label && j < cols; j++)
        expect_true(t, slopes[at / cols * cols + j] == 0, "a bad label has a gradient");
    expect_totals(t, sums,
                  &(ock_totals){.loss = 4 * (double)rows *
                                        smoothed(&c, softmax_bound(cols).loss, (double)cols,
                                                 log((double)cols) + 2 * LOGIT),
                                .correct = 3 * (double)rows * UNIT * 8});
}
