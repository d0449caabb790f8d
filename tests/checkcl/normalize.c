#include <math.h>

#include "checkcl.h"

/* A batch's statistics of one column, and how far apart the two sides' may be. */
typedef struct statistics {
    double mean, variance, inverse;
    double mean_bound, variance_bound, inverse_share; /* the last relative */
} statistics;

/* 1/sqrt(variance + epsilon): a sum, a root (3 ulps, and 0.5) and a division (2.5, and 0.5). */
static void invert(statistics *s, double epsilon)
{
    double sum = s->variance + epsilon;
    s->inverse = 1 / sqrt(sum);
    s->inverse_share = s->variance_bound / (2 * (sum - s->variance_bound)) +
                       (2 + 2 * (3 + 0.5) + 2 * (2.5 + 0.5)) * UNIT;
}

/* Of a shifted mean m the squares (x - m)^2 have the mean variance + (m - mean)^2. */
static statistics measure(const pair *x, size_t col, double epsilon)
{
    const float *data = x->data;
    double n = (double)x->rows, magnitude = 0;
    statistics s = {0};
    for (size_t i = 0; i < x->rows; i++) {
        s.mean += (double)data[i * x->cols + col] / n;
        magnitude += fabs((double)data[i * x->cols + col]) / n;
    }
    for (size_t i = 0; i < x->rows; i++)
        s.variance += pow((double)data[i * x->cols + col] - s.mean, 2) / n;
    s.mean_bound = product_bound(x->rows + 3, magnitude);
    double shift = s.mean_bound * s.mean_bound;
    s.variance_bound = shift + product_bound(x->rows + 6, s.variance + shift);
    invert(&s, epsilon);
    return s;
}

typedef struct norm_pair {
    pair *gamma, *beta, *mean, *variance;
    float momentum, epsilon;
} norm_pair;

static norm_pair any_norm(checkcl *t, size_t cols)
{
    return (norm_pair){.gamma = input(t, 1, cols, uniform(t, cols, -2, 2)),
                       .beta = input(t, 1, cols, uniform(t, cols, -1, 1)),
                       .mean = inout(t, 1, cols, uniform(t, cols, -1, 1)),
                       .variance = inout(t, 1, cols, uniform(t, cols, 0, 2)),
                       .momentum = 0.9f,
                       .epsilon = 1e-3f};
}

static ock_batch_norm norm_on(const norm_pair *p, int side)
{
    return (ock_batch_norm){.gamma = p->gamma->on[side],
                            .beta = p->beta->on[side],
                            .mean = p->mean->on[side],
                            .variance = p->variance->on[side],
                            .momentum = p->momentum,
                            .epsilon = p->epsilon};
}

static double value(const pair *p, size_t i)
{
    return (double)((const float *)p->data)[i];
}

/* gamma (x - mean) inverse + beta. */
static double normal_bound(const norm_pair *p, const statistics *s, size_t col, double x)
{
    double scale = fabs(value(p->gamma, col)) * s->inverse * (1 + s->inverse_share);
    double centred = fabs(x - s->mean) + s->mean_bound;
    return scale * (s->mean_bound + centred * (s->inverse_share + 2 * 4 * UNIT)) +
           2 * UNIT * fabs(value(p->beta, col));
}

/* momentum old + (1 - momentum) new. */
static void expect_moved(checkcl *t, const char *name, const norm_pair *p, const pair *running,
                         const statistics *columns, bool variance)
{
    double *bound = scratch(t, running->cols), rest = 1 - (double)p->momentum;
    for (size_t j = 0; j < running->cols; j++) {
        const statistics *s = &columns[j];
        double new = variance ? s->variance : fabs(s->mean);
        double new_bound = variance ? s->variance_bound : s->mean_bound;
        bound[j] =
            rest * new_bound + 2 * 3 * UNIT * (fabs(value(running, j)) + rest * (new + new_bound));
    }
    expect_within(t, name, running, bound);
}

static void expect_saved(checkcl *t, const pair *saved, const statistics *columns)
{
    double *bound = scratch(t, 2 * saved->cols);
    for (size_t j = 0; j < saved->cols; j++) {
        bound[j] = columns[j].mean_bound;
        bound[saved->cols + j] = columns[j].inverse * columns[j].inverse_share;
    }
    expect_within(t, "saved", saved, bound);
}

static statistics *all_statistics(checkcl *t, const norm_pair *p, const pair *x, bool training)
{
    statistics *columns = (statistics *)scratch(t, x->cols * sizeof *columns / sizeof(double) + 1);
    for (size_t j = 0; j < x->cols; j++)
        if (training) {
            columns[j] = measure(x, j, (double)p->epsilon);
        } else {
            columns[j] = (statistics){.mean = value(p->mean, j), .variance = value(p->variance, j)};
            invert(&columns[j], (double)p->epsilon);
        }
    return columns;
}

void check_batch_norm_forward(checkcl *t)
{
    bool training = choose(t, 2), in_place = choose(t, 2);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    describe(t, "%s on %zu x %zu%s", training ? "training" : "inference", rows, cols,
             in_place ? ", in place" : "");
    norm_pair p = any_norm(t, cols);
    const float *data = uniform(t, count, -1, 2);
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *y = in_place ? x : output(t, rows, cols);
    pair *saved = training ? output(t, 2, cols) : NULL;
    for (int side = 0; side < SIDES; side++) {
        ock_batch_norm norm = norm_on(&p, side);
        expect_ok(t, side, "ock_batch_norm_forward",
                  ock_batch_norm_forward(&norm, x->on[side], y->on[side],
                                         training ? saved->on[side] : NULL));
    }
    const statistics *columns = all_statistics(t, &p, x, training);
    double *bound = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        bound[i] = normal_bound(&p, &columns[i % cols], i % cols, (double)data[i]);
    expect_within(t, "y", y, bound);
    if (training) {
        expect_saved(t, saved, columns);
        expect_moved(t, "mean", &p, p.mean, columns, false);
        expect_moved(t, "variance", &p, p.variance, columns, true);
    } else {
        expect_same(t, "mean", p.mean);
        expect_same(t, "variance", p.variance);
    }
}

/* gradients: sum dy h and sum dy, with h = (x - mean) inverse, which rounds alike on both sides;
 * dx = gamma inverse (dy - (sum dy + h sum dy h) / n). */
void check_batch_norm_backward(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    bool in_place = choose(t, 2);
    describe(t, "%zu x %zu%s", rows, cols, in_place ? ", in place" : "");
    norm_pair p = any_norm(t, cols);
    const float *slopes = uniform(t, count, -1, 1);
    pair *x = input(t, rows, cols, uniform(t, count, -1, 2));
    pair *saved = input(t, 2, cols, uniform(t, 2 * cols, 0.5f, 2));
    pair *dy = in_place ? inout(t, rows, cols, slopes) : input(t, rows, cols, slopes);
    pair *dx = in_place ? dy : output(t, rows, cols), *gradients = output(t, 2, cols);
    for (int side = 0; side < SIDES; side++) {
        ock_batch_norm norm = norm_on(&p, side);
        expect_ok(t, side, "ock_batch_norm_backward",
                  ock_batch_norm_backward(&norm, x->on[side], saved->on[side], dy->on[side],
                                          dx->on[side], gradients->on[side]));
    }
    double *sums = scratch(t, 2 * cols), *bound = scratch(t, count), n = (double)rows;
    for (size_t i = 0; i < count; i++) {
        size_t j = i % cols;
        double normal = (value(x, i) - value(saved, j)) * value(saved, cols + j);
        sums[j] += fabs((double)slopes[i] * normal);
        sums[cols + j] += fabs((double)slopes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t j = i % cols;
        double normal = fabs((value(x, i) - value(saved, j)) * value(saved, cols + j));
        double share = (sums[cols + j] + normal * sums[j]) / n;
        bound[i] =
            fabs(value(p.gamma, j)) * value(saved, cols + j) *
            (product_bound(rows + 1, share) + 2 * 8 * UNIT * (fabs((double)slopes[i]) + share));
    }
    expect_within(t, "dx", dx, bound);
    for (size_t j = 0; j < 2 * cols; j++)
        sums[j] = product_bound(rows + 1, sums[j]);
    expect_within(t, "gradients", gradients, sums);
}
