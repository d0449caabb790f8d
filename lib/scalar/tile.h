/* The heart of a product: a tile of sums kept in vector registers. tile.c is compiled once
 * per instruction set; kernels.c lists them. */
#ifndef OCKHAM_SCALAR_TILE_H
#define OCKHAM_SCALAR_TILE_H

#include <stdbool.h>
#include <stddef.h>

/* The widest tile of any instruction set. */
#define SCALAR_TILE_COLS 32
#define SCALAR_TILE_SIZE 256 /* rows x cols */

/* a(i, k) = a[i a_row + k a_depth], b(k, j) = b[k b_row + j], sums(i, j) = sums[i sums_row + j]. */
typedef struct scalar_factors {
    const float *a, *b;
    size_t a_row, a_depth, b_row, sums_row;
    bool narrow; /* the tile has but its `narrow` first columns */
    bool fresh;  /* sums are 0 at first, whatever they hold */
} scalar_factors;

typedef struct scalar_tile_kernel {
    size_t rows, cols, narrow;

    /* sums(i, j) += sum over k < depth of a(i, k) b(k, j), in the order of k, for all i < rows,
     * which may be fewer than the tile's, and all j < cols. */
    void (*multiply)(const scalar_factors *factors, size_t rows, size_t depth, float *sums);

    /* to[j to_row + i] = from[i from_row + j] for i < rows and j < depth. Of both as many elements
     * are read and written as there are up to the next multiple of 4. */
    void (*transpose)(const float *from, size_t from_row, size_t rows, size_t depth, float *to,
                      size_t to_row);

    /* x = a x + b, `times` times, for all rows x cols elements of a tile. */
    void (*chains)(float a, float b, size_t times, float *tile);
} scalar_tile_kernel;

extern const scalar_tile_kernel scalar_tile_default, scalar_tile_v3, scalar_tile_v4;

#endif
