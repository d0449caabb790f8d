/* Which products are timed. */
#ifndef OCKHAM_BENCH_SHAPES_H
#define OCKHAM_BENCH_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

/* C is M x N, and K is shared: op(A) is M x K, op(B) K x N. */
struct shape {
    size_t m, n, k;
};

struct product {
    struct shape shape;
    bool transpose_a, transpose_b;
};

enum {
    SHAPES_MAX = 64,
    TRANSPOSES = 4,
    PRODUCTS_MAX = SHAPES_MAX * TRANSPOSES,
};

struct shape_list {
    struct shape shapes[SHAPES_MAX];
    size_t count;
};

/* Reads "128x500x784" and appends it; false where that is no shape, or the list is full. */
bool shapes_add(struct shape_list *list, const char *text);

/* "nn", "nt", "tn" and "tt": bit 1 of what is returned is A's, bit 0 is B's; -1: none of them. */
int transpose_find(const char *name);

/* Each shape with each transpose, whose bits are asked for; returns how many these are. No shape
 * means the built-in ones, the study's, powers of two, odd, thin, of one row, and of K = 1; no
 * transpose means all. */
size_t products_list(const struct shape_list *list, unsigned transposes,
                     struct product products[PRODUCTS_MAX]);

/* "128x500x784 nn" */
void product_name(const struct product *product, char *name, size_t size);

#endif
