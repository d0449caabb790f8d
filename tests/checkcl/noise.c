#include <math.h>

#include "checkcl.h"

/* z with P(Z < z) = (word + 1/2) 2^-32, by Newton's method from the middle, where the probability
 * is convex, so that no step goes too far. */
static double quantile(uint32_t word)
{
    double p = ((word >> 31 ? ~word : word) + 0.5) * 0x1p-32, z = 0, step = 1;
    for (int i = 0; i < 100 && fabs(step) > 1e-15; i++) {
        step = (erfc(-z * sqrt(0.5)) / 2 - p) * sqrt(2 * acos(-1)) * exp(z * z / 2);
        z -= step;
    }
    return word >> 31 ? -z : z;
}

/* What ops.h promises for element (row, col). */
static double normal(const ock_noise *n, size_t row, size_t col, size_t cols)
{
    uint32_t element = (uint32_t)(row * ((cols + 3) / 4) + col / 4), draw[4];
    ock_philox((uint32_t[]){element, n->step, n->layer, OCK_PURPOSE_NOISE}, n->seed, draw);
    return quantile(draw[col % 4]);
}

/* The same noise to the bit; and, of some elements, the one that ops.h promises: 4 ulps of the
 * normal variable, and two roundings. */
void check_noise(checkcl *t)
{
    static const float deviations[] = {1, 0.1f, 0, 300}, rates[] = {0.5f, 0.1f, 0, 0.99f};
    bool adds = choose(t, 2);
    size_t rows = any_size(t), cols = any_size(t);
    unsigned strength = choose(t, 4);
    ock_noise n = {.kind = adds ? OCK_GAUSSIAN_NOISE : OCK_GAUSSIAN_DROPOUT,
                   .stddev = adds ? deviations[strength] : NAN,
                   .rate = adds ? NAN : rates[strength],
                   .seed = (uint64_t)choose(t, UINT32_MAX) << 32 | choose(t, UINT32_MAX),
                   .step = choose(t, UINT32_MAX),
                   .layer = choose(t, 4)};
    double deviation = (double)deviations[strength], rate = (double)rates[strength];
    if (!adds)
        deviation = sqrt(rate / (1 - rate));
    bool in_place = choose(t, 2);
    describe(t, "%s of %g of %zu x %zu%s", adds ? "noise" : "Gaussian dropout", deviation, rows,
             cols, in_place ? ", in place" : "");
    float *data = uniform(t, rows * cols, -2, 2);
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *y = in_place ? x : output(t, rows, cols);
    ON_BOTH(t, ock_noise_apply(&n, x->on[side], y->on[side]));
    expect_same(t, "y", y);

    const float *got = result(t, y, DEVICE);
    for (size_t i = 0; i < rows * cols; i += 1 + rows * cols / 64) {
        double value = (double)data[i], z = normal(&n, i / cols, i % cols, cols);
        double term = deviation * z * (adds ? 1 : value), expected = value + term;
        double bound = 2 * UNIT * (4 * fabs(term) + 2 * (fabs(value) + fabs(expected)));
        expect_true(t, fabs((double)got[i] - expected) <= bound,
                    "y[%zu, %zu] is %.9g, expected %.9g within %.3g", i / cols, i % cols,
                    (double)got[i], expected, bound);
    }
}
