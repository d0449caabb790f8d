/* Gaussian noise: the quantile against the exact one, and what a statistician would ask of the
 * draws. The seed is fixed, so that a test passes always or never; each bound is five deviations of
 * what it bounds. */
#include "scalar/normal.h"
#include "tensors.h"

enum {
    ROWS = 999,
    COLS = 1021,
    COUNT = ROWS * COLS
};

static double probability(double z)
{
    return erfc(-z * sqrt(0.5)) / 2;
}

/* By how many ulps a word's quantile is off: the distance of probabilities, taken from the end or
 * from the middle, whichever is nearer, over their slope. */
static double ulps_off(uint32_t word)
{
    double z = (double)normal_quantile(word), p = ((double)word + 0.5) * 0x1p-32;
    double near = fabs(p - 0.5) < 0.25 ? erf(z * sqrt(0.5)) / 2 - (p - 0.5)
                  : p < 0.5            ? probability(z) - p
                                       : 1 - p - probability(-z);
    double slope = exp(-z * z / 2) / sqrt(2 * acos(-1));
    return fabs(near / slope) / ldexp(1, ilogb(z) - 23);
}

/* All 2^32 words are within 3.45 ulps; here are some 2^20 of them, and the ends and the middle. */
START_TEST(quantile_is_within_four_ulps)
{
    for (uint32_t i = 0; i < 1 << 20; i++) {
        const uint32_t words[] = {i * 4093, i >> 6, ~(i >> 6), 0x80000000u + (i >> 6),
                                  0x7fffffffu - (i >> 6)};
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            ck_assert_msg(ulps_off(words[k]) <= 4, "word 0x%08x is off by %g ulps", words[k],
                          ulps_off(words[k]));
    }
    ck_assert_float_eq_tol(normal_quantile(UINT32_MAX), 6.3379577f, 2e-6f);
    ck_assert_float_eq(normal_quantile(0), -normal_quantile(UINT32_MAX));
}
END_TEST

/* What noise of deviation 1 makes of zeros, or Gaussian dropout of ones. The caller frees it. */
static float *draw(ock_noise noise)
{
    ock_context *context = open_scalar(0);
    ock_tensor *x = make(context, ROWS, COLS);
    noise.stddev = 1;
    assert_ok(ock_tensor_fill(x, noise.kind == OCK_GAUSSIAN_DROPOUT ? 1 : 0));
    assert_ok(ock_noise_apply(&noise, x, x));
    float *data = read_all(x);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
    return data;
}

static void expect_moment(const char *name, double sum, double expected, double variance)
{
    double got = sum / COUNT, bound = 5 * sqrt(variance / COUNT);
    ck_assert_msg(fabs(got - expected) <= bound, "the %s is %g, not %g within %g", name, got,
                  expected, bound);
}

/* The variance of z^k is E z^2k less the square of E z^k: 1, 2, 15, 96. */
START_TEST(moments)
{
    float *z = draw((ock_noise){.seed = 3});
    double sums[4] = {0};
    for (size_t i = 0; i < COUNT; i++)
        for (int k = 0; k < 4; k++)
            sums[k] += pow((double)z[i], k + 1);
    expect_moment("mean", sums[0], 0, 1);
    expect_moment("variance", sums[1], 1, 2);
    expect_moment("skewness", sums[2], 0, 15);
    expect_moment("kurtosis", sums[3], 3, 96);
    free(z);
}
END_TEST

/* The shares beyond 1 to 4 deviations on either side. */
START_TEST(tails)
{
    float *z = draw((ock_noise){.seed = 4});
    for (int side = -1; side <= 1; side += 2)
        for (int k = 1; k <= 4; k++) {
            double beyond = 0, p = probability(-k);
            for (size_t i = 0; i < COUNT; i++)
                beyond += side * z[i] > (float)k;
            expect_moment("share in a tail", beyond, p, p * (1 - p));
        }
    free(z);
}
END_TEST

static double product_sum(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Neighbours in a row and a column, and the same element in another step, layer or seed. */
START_TEST(draws_are_uncorrelated)
{
    const ock_noise others[] = {
        {.seed = 5, .step = 1}, {.seed = 5, .layer = 1}, {.seed = 6}, {.seed = 5 | 1ull << 32}};
    float *z = draw((ock_noise){.seed = 5});
    for (size_t lag = 1; lag <= 4; lag++)
        expect_moment("correlation in a row", product_sum(z, z + lag, COUNT - lag), 0, 1);
    expect_moment("correlation in a column", product_sum(z, z + COLS, COUNT - COLS), 0, 1);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        float *other = draw(others[i]);
        expect_moment("correlation with another draw", product_sum(z, other, COUNT), 0, 1);
        free(other);
    }
    free(z);
}
END_TEST

/* A mean of 1 and a variance of rate/(1 - rate). */
START_TEST(gaussian_dropout)
{
    const double rate = 0.2, variance = rate / (1 - rate);
    float *factors = draw((ock_noise){.kind = OCK_GAUSSIAN_DROPOUT, .rate = 0.2f, .seed = 7});
    double sum = 0, squares = 0;
    for (size_t i = 0; i < COUNT; i++) {
        sum += (double)factors[i];
        squares += pow((double)factors[i] - 1, 2);
    }
    expect_moment("mean", sum, 1, variance);
    expect_moment("variance", squares, variance, 2 * variance * variance);
    free(factors);
}
END_TEST

TEST_MAIN("noise", NULL, NULL, quantile_is_within_four_ulps, moments, tails, draws_are_uncorrelated,
          gaussian_dropout)
