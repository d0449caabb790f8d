/* The formulas that the fused and the unfused operations share, each over a span of one row.
 * span.c is compiled once per instruction set; kernels.c lists them. */
#ifndef OCKHAM_SCALAR_SPAN_H
#define OCKHAM_SCALAR_SPAN_H

#include "backend.h"

/* A dropout on a tensor of 4 `groups` columns, rounded up; threshold 0 drops nothing. Of noise the
 * scale is the deviation. */
typedef struct scalar_mask {
    uint64_t seed;
    uint32_t step, layer, threshold, groups;
    float scale;
} scalar_mask;

/* A span of a trained tensor; moments and averages that are not kept may be NULL. */
typedef struct scalar_weights {
    float *value, *moment1, *moment2, *average;
} scalar_weights;

/* A penalty is summed up in so many parts, so that it vectorises in a fixed order. */
#define SCALAR_LANES 16

/* Inputs and outputs of one function may be the same span, but not overlap otherwise. */
typedef struct scalar_span_kernels {
    /* y = f(x), and dx = dy f'; not OCK_SOFTMAX. x is read for OCK_GELU alone, y for all
     * others. */
    void (*activate)(ock_activation activation, size_t n, const float *x, float *y);
    void (*differentiate)(ock_activation activation, size_t n, const float *x, const float *y,
                          const float *dy, float *dx);

    /* x times mask and scale, of the elements from (row, col) on; col is a multiple of 4. */
    void (*drop)(const scalar_mask *mask, size_t row, size_t col, size_t n, float *x);

    /* x with noise, of a whole row. */
    void (*perturb)(const scalar_mask *mask, ock_noise_kind kind, size_t row, size_t n, float *x);

    /* Adds l1 |w| + l2 w^2 to lanes. */
    void (*penalize)(const ock_penalty *penalty, size_t n, const float *w, double *lanes);

    /* One step by element: all but what needs a column's norm. */
    void (*update)(const ock_update *update, const ock_rule *rule, const scalar_weights *weights,
                   size_t n, const float *gradient);

    /* Adds w^2 to sums, and multiplies w by factors. */
    void (*square)(size_t n, const float *w, double *sums);
    void (*scale)(size_t n, const float *factors, float *w);
} scalar_span_kernels;

extern const scalar_span_kernels scalar_span_default, scalar_span_v3, scalar_span_v4;

#endif
