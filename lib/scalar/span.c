/* Compiled once per instruction set, with SCALAR_SPAN naming the result. */
#include <math.h>
#include <string.h>

#include "philox.h"
#include "span.h"

/* ---- Activations ---- */

static const float leaky_slope = 0.2f;
static const float sqrt_half = 0.70710678118654752440f;
static const float inverse_sqrt_2pi = 0.39894228040143267794f;

/* y[j] = expression for all j, in vectors also where y is an input. Comparisons are such that a NaN
 * stays one. */
#define MAP_SIMD(y, expression)                                                                    \
    do {                                                                                           \
        _Pragma("omp simd") for (size_t j = 0; j < n; j++)(y)[j] = (expression);                   \
    } while (0)

/* The same for expressions that call a function. */
#define MAP(y, expression)                                                                         \
    do {                                                                                           \
        for (size_t j = 0; j < n; j++)                                                             \
            (y)[j] = (expression);                                                                 \
    } while (0)

static void activate(ock_activation activation, size_t n, const float *x, float *y)
{
    switch (activation) {
    case OCK_RELU:
        MAP_SIMD(y, x[j] < 0 ? 0 : x[j]);
        break;
    case OCK_LEAKY_RELU:
        MAP_SIMD(y, x[j] < 0 ? leaky_slope * x[j] : x[j]);
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
        MAP_SIMD(y, x[j]);
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
        MAP_SIMD(dx, y[j] > 0 ? dy[j] : 0);
        break;
    case OCK_LEAKY_RELU:
        MAP_SIMD(dx, y[j] > 0 ? dy[j] : leaky_slope * dy[j]);
        break;
    case OCK_ELU:
        MAP_SIMD(dx, y[j] > 0 ? dy[j] : dy[j] * (y[j] + 1));
        break;
    case OCK_GELU:
        MAP(dx, dy[j] * gelu_slope(x[j]));
        break;
    case OCK_SIGMOID:
        MAP_SIMD(dx, dy[j] * y[j] * (1 - y[j]));
        break;
    case OCK_TANH:
        MAP_SIMD(dx, dy[j] * (1 - y[j] * y[j]));
        break;
    default:
        MAP_SIMD(dx, dy[j]);
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
    uint32_t first = (uint32_t)(row * mask->groups + col / 4), threshold = mask->threshold;
    float scale = mask->scale;
    for (size_t j = 0; j < n; j += WORDS, first += DRAWS) {
        uint32_t word[WORDS];
        draw(mask, first, word);
        size_t width = n - j < WORDS ? n - j : WORDS;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float kept = x[j + i] * scale;
            x[j + i] = word[i] < threshold ? 0 : kept;
        }
    }
}

/* ---- Steps ---- */

static inline double penalty_of(const ock_penalty *penalty, double w)
{
    return penalty->l1 * fabs(w) + penalty->l2 * w * w;
}

static void penalize(const ock_penalty *penalty, size_t n, const float *w, double *lanes)
{
    const ock_penalty p = *penalty;
    double sums[SCALAR_LANES];
    size_t j = 0;
    memcpy(sums, lanes, sizeof sums);
    for (; j + SCALAR_LANES <= n; j += SCALAR_LANES)
        for (size_t i = 0; i < SCALAR_LANES; i++)
            sums[i] += penalty_of(&p, w[j + i]);
    for (size_t i = 0; j + i < n; i++)
        sums[i] += penalty_of(&p, w[j + i]);
    memcpy(lanes, sums, sizeof sums);
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

const scalar_span_kernels SCALAR_SPAN = {
    .activate = activate,
    .differentiate = differentiate,
    .drop = drop,
    .penalize = penalize,
    .update = update,
};
