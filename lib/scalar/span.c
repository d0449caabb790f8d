/* Compiled once per instruction set, with SCALAR_SPAN naming the result. */
#include <math.h>
#include <string.h>

#include "normal.h"
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

/* ---- Dropout and noise ---- */

enum {
    DRAWS = 8,
    WORDS = 4 * DRAWS
};

static void draw(const scalar_mask *mask, ock_purpose purpose, uint32_t first, uint32_t word[WORDS])
{
    for (uint32_t d = 0; d < DRAWS; d++) {
        uint32_t counter[4] = {first + d, mask->step, mask->layer, purpose};
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
        draw(mask, OCK_PURPOSE_DROPOUT, first, word);
        size_t width = n - j < WORDS ? n - j : WORDS;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float kept = x[j + i] * scale;
            x[j + i] = word[i] < threshold ? 0 : kept;
        }
    }
}

static void perturb(const scalar_mask *mask, ock_noise_kind kind, size_t row, size_t n, float *x)
{
    uint32_t first = (uint32_t)(row * mask->groups);
    float scale = mask->scale;
    for (size_t j = 0; j < n; j += WORDS, first += DRAWS) {
        uint32_t word[WORDS];
        draw(mask, OCK_PURPOSE_NOISE, first, word);
        size_t width = n - j < WORDS ? n - j : WORDS;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float normal = normal_quantile(word[i]), value = x[j + i];
            float factor = fmaf(scale, normal, 1), sum = fmaf(scale, normal, value);
            x[j + i] = kind == OCK_GAUSSIAN_NOISE ? sum : value * factor;
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

/* With the penalty's, and clipped. */
static inline float whole_gradient(const ock_update *u, const ock_rule *rule, float gradient,
                                   float w)
{
    float g = gradient + rule->l1 * sign(w) + 2 * rule->l2 * w;
    g = g > u->clip ? u->clip : g;
    return g < -u->clip ? -u->clip : g;
}

static inline float decayed(const ock_rule *rule, float w)
{
    return w - rule->decay * w;
}

static void update_adam(const ock_update *update, const ock_rule *rule,
                        const scalar_weights *weights, size_t n, const float *gradient)
{
    const ock_update u = *update;
    const ock_rule r = *rule;
    float *w = weights->value, *m = weights->moment1, *v = weights->moment2;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float g = whole_gradient(&u, &r, gradient[j], w[j]);
        m[j] += (1 - u.beta1) * (g - m[j]);
        v[j] += (1 - u.beta2) * (g * g - v[j]);
        w[j] = decayed(&r, w[j]) - u.rate * m[j] / (sqrtf(v[j]) + u.epsilon);
    }
}

static void update_rmsprop(const ock_update *update, const ock_rule *rule,
                           const scalar_weights *weights, size_t n, const float *gradient)
{
    const ock_update u = *update;
    const ock_rule r = *rule;
    float *w = weights->value, *m = weights->moment1, *v = weights->moment2;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float g = whole_gradient(&u, &r, gradient[j], w[j]);
        v[j] = u.beta2 * v[j] + (1 - u.beta2) * (g * g);
        float step = u.rate * g / sqrtf(v[j] + u.epsilon);
        if (m)
            step = m[j] = u.momentum * m[j] + step;
        w[j] = decayed(&r, w[j]) - step;
    }
}

static void update_momentum(const ock_update *update, const ock_rule *rule,
                            const scalar_weights *weights, size_t n, const float *gradient)
{
    const ock_update u = *update;
    const ock_rule r = *rule;
    float *w = weights->value, *m = weights->moment1;
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float g = whole_gradient(&u, &r, gradient[j], w[j]);
        m[j] = u.momentum * m[j] - u.rate * g;
        w[j] = decayed(&r, w[j]) + (u.nesterov ? u.momentum * m[j] - u.rate * g : m[j]);
    }
}

static void update_sgd(const ock_update *update, const ock_rule *rule,
                       const scalar_weights *weights, size_t n, const float *gradient)
{
    const ock_update u = *update;
    const ock_rule r = *rule;
    float *w = weights->value;
#pragma omp simd
    for (size_t j = 0; j < n; j++)
        w[j] = decayed(&r, w[j]) - u.rate * whole_gradient(&u, &r, gradient[j], w[j]);
}

/* The soft threshold; a NaN stays one. */
static void shrink(float threshold, size_t n, float *w)
{
#pragma omp simd
    for (size_t j = 0; j < n; j++) {
        float left = fabsf(w[j]) - threshold;
        w[j] = left <= 0 ? 0 : copysignf(left, w[j]);
    }
}

static void take_average(float momentum, size_t n, const float *w, float *average)
{
    MAP_SIMD(average, momentum * average[j] + (1 - momentum) * w[j]);
}

static void update(const ock_update *update, const ock_rule *rule, const scalar_weights *weights,
                   size_t n, const float *gradient)
{
    float *w = weights->value;
    if (update->kind == OCK_ADAM)
        update_adam(update, rule, weights, n, gradient);
    else if (update->kind == OCK_RMSPROP)
        update_rmsprop(update, rule, weights, n, gradient);
    else if (update->momentum != 0)
        update_momentum(update, rule, weights, n, gradient);
    else
        update_sgd(update, rule, weights, n, gradient);
    if (rule->threshold > 0)
        shrink(rule->threshold, n, w);
    if (weights->average)
        take_average(update->ema, n, w, weights->average);
    if (rule->floor == 0)
        MAP_SIMD(w, w[j] < 0 ? 0 : w[j]);
}

static void square(size_t n, const float *w, double *sums)
{
    MAP_SIMD(sums, sums[j] + (double)w[j] * (double)w[j]);
}

static void scale(size_t n, const float *factors, float *w)
{
    MAP_SIMD(w, w[j] * factors[j]);
}

const scalar_span_kernels SCALAR_SPAN = {
    .activate = activate,
    .differentiate = differentiate,
    .drop = drop,
    .perturb = perturb,
    .penalize = penalize,
    .update = update,
    .square = square,
    .scale = scale,
};
