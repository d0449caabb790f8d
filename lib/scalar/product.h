/* A matrix product cut into jobs of a few panels of columns each, and what is done with its sums
 * before they reach memory. */
#ifndef OCKHAM_SCALAR_PRODUCT_H
#define OCKHAM_SCALAR_PRODUCT_H

#include "scalar.h"

/* How many rows of sums a job has, and how much of the depth it takes at a time: the sums and a
 * panel of B stay in the cache. */
enum {
    SCALAR_JOB_ROWS = 192,
    SCALAR_DEPTH = 1024,
    SCALAR_SCRATCH = (SCALAR_JOB_ROWS + SCALAR_DEPTH) * SCALAR_TILE_COLS
};

/* Takes n sums of the product from (row, col) on, which it may overwrite, and stores what is
 * made of them. lanes[SCALAR_LANES] are zeros at the start of a job, to add up in. */
typedef void scalar_finish(const void *context, size_t row, size_t col, size_t n, float *sums,
                           double *lanes);

#define SCALAR_SOON 4

/* op(A) op(B), rows x depth times depth x cols; op(B)(k, j) = b[k b_row + j b_col]. */
typedef struct scalar_product {
    size_t rows, cols, depth;
    scalar_factors factors;
    size_t b_col;
    bool flipped;          /* rows and cols are the result's columns and rows */
    scalar_finish *finish; /* or NULL: the sums go to `result` as they are */
    const void *context;
    ock_tensor *result;
    const ock_tensor *soon[SCALAR_SOON]; /* what finish reads, to be fetched in time; or NULL */
    double *partials;                    /* each job's sum of its lanes; NULL: not wanted */
} scalar_product;

scalar_product scalar_product_of(const ock_tensor *a, bool transpose_a, const ock_tensor *b,
                                 bool transpose_b);

/* How many jobs there are, whatever the number of threads. */
size_t scalar_product_jobs(const ock_backend *backend, const scalar_product *product);

void scalar_product_run(ock_backend *backend, const scalar_product *product);

#endif
