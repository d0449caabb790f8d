/* What may happen to a tile of a product while it is in the cache: the product itself,
 * and each formula that the fused and the unfused operations share, over a span of one
 * row. tile.c is compiled once per instruction set; scalar_open() takes the best. */
#ifndef OCKHAM_SCALAR_TILE_H
#define OCKHAM_SCALAR_TILE_H

#include "backend.h"

/* The largest tile of any instruction set. */
#define SCALAR_TILE_ROWS 8
#define SCALAR_TILE_COLS 32

/* Sums of the penalty, one per column of a tile modulo SCALAR_LANES, so that they vectorise. */
#define SCALAR_LANES 16

/* Two factors: a(i, k) = a[i a_row + k a_depth], b(k, j) = b[k b_row + j]. */
typedef struct scalar_factors {
    const float *a, *b;
    size_t a_row, a_depth, b_row;
} scalar_factors;

/* A dropout on a tensor of 4 `groups` columns, rounded up. */
typedef struct scalar_mask {
    uint64_t seed;
    uint32_t step, layer, threshold, groups;
    float scale;
} scalar_mask;

/* A span of a trained tensor; moments that are not used may be NULL. */
typedef struct scalar_weights {
    float *value, *moment1, *moment2;
    ock_penalty penalty;
} scalar_weights;

/* Spans x and y of one function may be the same, but not overlap otherwise. */
typedef struct scalar_tile_table {
    size_t rows, cols; /* of a tile */

    /* tile(i, j) += sum over k < depth of a(i, k) b(k, j), for i < rows and the full width. */
    void (*multiply)(const scalar_factors *factors, size_t rows, size_t depth, float *tile);

    /* y = f(x), and dx = dy f'; all activations but OCK_SOFTMAX. x is read for OCK_GELU
     * alone, y for all others. */
    void (*activate)(ock_activation activation, size_t n, const float *x, float *y);
    void (*differentiate)(ock_activation activation, size_t n, const float *x, const float *y,
                          const float *dy, float *dx);

    /* y = x mask scale, for the elements (row, col) .. (row, col + n); col is a multiple of 4. */
    void (*drop)(const scalar_mask *mask, size_t row, size_t col, size_t n, float *x);

    /* Adds the penalty to lanes. */
    void (*penalize)(const ock_penalty *penalty, size_t n, const float *w, double *lanes);

    void (*update)(const ock_update *update, const scalar_weights *weights, size_t n,
                   const float *gradient);
} scalar_tile_table;

extern const scalar_tile_table scalar_tile_default;
#ifdef SCALAR_X86
extern const scalar_tile_table scalar_tile_v3, scalar_tile_v4;
#endif

#endif
