/* Compiled once per instruction set, with SCALAR_TILE_TABLE naming the result. Plain loops
 * whose lengths the compiler knows, so that it keeps the sums in vector registers. */
#include <math.h>

#include "philox.h"
#include "tile.h"

#if defined(__AVX512F__)
enum {
    ROWS = 8,
    COLS = 32
};
#elif defined(__AVX__)
enum {
    ROWS = 6,
    COLS = 16
};
#elif defined(__aarch64__)
enum {
    ROWS = 6,
    COLS = 16
};
#else
enum {
    ROWS = 6,
    COLS = 8
};
#endif

/* ---- Product ---- */

/* One rounding where the machine has it; where it has not, fmaf() is a slow call. */
static inline float multiply_add(float a, float b, float c)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(FP_FAST_FMAF)
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

__attribute__((always_inline)) static inline void
multiply_rows(const scalar_factors *factors, size_t rows, size_t depth, float *tile)
{
    const float *a = factors->a, *b = factors->b;
    size_t a_row = factors->a_row, a_depth = factors->a_depth, b_row = factors->b_row;
    float sum[ROWS][COLS];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < COLS; j++)
            sum[i][j] = tile[i * COLS + j];
    for (size_t k = 0; k < depth; k++)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < COLS; j++)
                sum[i][j] = multiply_add(a[i * a_row + k * a_depth], b[k * b_row + j], sum[i][j]);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < COLS; j++)
            tile[i * COLS + j] = sum[i][j];
}

static void multiply(const scalar_factors *factors, size_t rows, size_t depth, float *tile)
{
    if (rows == ROWS)
        multiply_rows(factors, ROWS, depth, tile);
    else
        for (size_t i = 0; i < rows; i++) {
            scalar_factors row = *factors;
            row.a += i * row.a_row;
            multiply_rows(&row, 1, depth, tile + i * COLS);
        }
}

/* ---- Activations ---- */

static const float leaky_slope = 0.2f;
static const float sqrt_half = 0.70710678118654752440f;
static const float inverse_sqrt_2pi = 0.39894228040143267794f;

/* Comparisons are such that a NaN stays one. */
#define MAP(y, expression)                                                                         \
    do {                                                                                           \
        _Pragma("omp simd") for (size_t j = 0; j < n; j++)(y)[j] = (expression);                   \
    } while (0)

static void activate(ock_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
    case OCK_RELU:
        MAP(y, x[j] < 0 ? 0 : x[j]);
        break;
    case OCK_LEAKY_RELU:
        MAP(y, x[j] < 0 ? leaky_slope * x[j] : x[j]);
        break;
    case OCK_ELU:
        MAP(y, x[j] < 0 ? expm1f(x[j]) : x[j]);
        break;
    case OCK_GELU:
        MAP(y, 0.5f * x[j] * (1 + erff(sqrt_half * x[j])));
        break;
    case OCK_SIGMOID:
        MAP(y, 1 / (1 + expf(-x[j])));
        break;
    case OCK_TANH:
        MAP(y, tanhf(x[j]));
        break;
    default:
        MAP(y, x[j]);
    }
}

static inline float gelu_slope(float x)
{
    return 0.5f * (1 + erff(sqrt_half * x)) + x * inverse_sqrt_2pi * expf(-0.5f * x * x);
}

static void differentiate(ock_activation activation, size_t n, const float *x, const float *y,
                          const float *dy, float *dx)
{
    switch (activation) {
    case OCK_RELU:
        MAP(dx, y[j] > 0 ? dy[j] : 0);
        break;
    case OCK_LEAKY_RELU:
        MAP(dx, y[j] > 0 ? dy[j] : leaky_slope * dy[j]);
        break;
    case OCK_ELU:
        MAP(dx, y[j] > 0 ? dy[j] : dy[j] * (y[j] + 1));
        break;
    case OCK_GELU:
        MAP(dx, dy[j] * gelu_slope(x[j]));
        break;
    case OCK_SIGMOID:
        MAP(dx, dy[j] * y[j] * (1 - y[j]));
        break;
    case OCK_TANH:
        MAP(dx, dy[j] * (1 - y[j] * y[j]));
        break;
    default:
        MAP(dx, dy[j]);
    }
}

/* ---- Dropout ---- */

enum {
    DRAWS = 8,
    WORDS = 4 * DRAWS
};

static void draw(const scalar_mask *mask, uint32_t first, uint32_t word[WORDS])
{
    for (uint32_t d = 0; d < DRAWS; d++) {
        uint32_t counter[4] = {first + d, mask->step, mask->layer, OCK_PURPOSE_DROPOUT};
        philox4x32(counter, mask->seed);
        for (uint32_t i = 0; i < 4; i++)
            word[4 * d + i] = counter[i];
    }
}

static void drop(const scalar_mask *mask, size_t row, size_t col, size_t n, float *x)
{
    uint32_t first = (uint32_t)(row * mask->groups + col / 4);
    for (size_t j = 0; j < n; j += WORDS, first += DRAWS) {
        uint32_t word[WORDS];
        draw(mask, first, word);
        size_t width = n - j < WORDS ? n - j : WORDS;
        for (size_t i = 0; i < width; i++)
            x[j + i] = word[i] < mask->threshold ? 0 : x[j + i] * mask->scale;
    }
}

/* ---- Steps ---- */

static void penalize(const ock_penalty *penalty, size_t n, const float *w, double *lanes)
{
    double l1 = penalty->l1, l2 = penalty->l2;
    for (size_t j = 0; j < n; j += SCALAR_LANES) {
        size_t width = n - j < SCALAR_LANES ? n - j : SCALAR_LANES;
        for (size_t i = 0; i < width; i++) {
            double value = w[j + i];
            lanes[i] += l1 * fabs(value) + l2 * value * value;
        }
    }
}

static inline float sign(float w)
{
    return (float)(w > 0) - (float)(w < 0);
}

static inline float regularized(const ock_penalty *penalty, float gradient, float w)
{
    return gradient + penalty->l1 * sign(w) + 2 * penalty->l2 * w;
}

static void update_adam(const ock_update *update, const scalar_weights *weights, size_t n,
                        const float *gradient)
{
    const ock_update u = *update;
    const ock_penalty penalty = weights->penalty;
    float *w = weights->value, *m = weights->moment1, *v = weights->moment2;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float g = regularized(&penalty, gradient[j], w[j]);
        m[j] += (1 - u.beta1) * (g - m[j]);
        v[j] += (1 - u.beta2) * (g * g - v[j]);
        w[j] -= u.rate * m[j] / (sqrtf(v[j]) + u.epsilon);
    }
}

static void update_momentum(const ock_update *update, const scalar_weights *weights, size_t n,
                            const float *gradient)
{
    const ock_update u = *update;
    const ock_penalty penalty = weights->penalty;
    float *w = weights->value, *m = weights->moment1;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float g = regularized(&penalty, gradient[j], w[j]);
        m[j] = u.momentum * m[j] - u.rate * g;
        w[j] += u.nesterov ? u.momentum * m[j] - u.rate * g : m[j];
    }
}

static void update_sgd(const ock_update *update, const scalar_weights *weights, size_t n,
                       const float *gradient)
{
    const ock_penalty penalty = weights->penalty;
    float *w = weights->value, rate = update->rate;
#pragma omp simd
    for (size_t j = 0; j < n; j++)
        w[j] -= rate * regularized(&penalty, gradient[j], w[j]);
}

static void update(const ock_update *update, const scalar_weights *weights, size_t n,
                   const float *gradient)
{
    if (update->kind == OCK_ADAM)
        update_adam(update, weights, n, gradient);
    else if (update->momentum != 0)
        update_momentum(update, weights, n, gradient);
    else
        update_sgd(update, weights, n, gradient);
}

const scalar_tile_table SCALAR_TILE_TABLE = {
    .rows = ROWS,
    .cols = COLS,
    .multiply = multiply,
    .activate = activate,
    .differentiate = differentiate,
    .drop = drop,
    .penalize = penalize,
    .update = update,
};
