/* Which products matmul times. */
#ifndef OCKHAM_BENCH_SHAPES_H
#define OCKHAM_BENCH_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

/* C is M x N, and K is shared: op(A) is M x K, op(B) K x N. */
struct shape {
    size_t m, n, k;
};

enum {
    SHAPES_MAX = 64,
    TRANSPOSES = 4,
};

struct shape_list {
    struct shape shapes[SHAPES_MAX];
    size_t count;
};

/* Reads "128x500x784" and appends it; false where that is no shape, or the list is full. */
bool shapes_add(struct shape_list *list, const char *text);

/* The study's, powers of two, odd, thin, of one row, and of K = 1. */
struct shape_list shapes_default(void);

/* "nn", "nt", "tn" and "tt": bit 1 of the index is A's, bit 0 is B's. */
const char *transpose_name(int transpose);
int transpose_find(const char *name); /* -1: none of them */

#endif
