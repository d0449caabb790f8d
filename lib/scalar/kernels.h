/* The instruction sets that tile.c and span.c were compiled for. */
#ifndef OCKHAM_SCALAR_KERNELS_H
#define OCKHAM_SCALAR_KERNELS_H

#include "span.h"
#include "tile.h"

typedef struct scalar_kernels {
    const char *name;
    const scalar_tile_kernel *tile;
    const scalar_span_kernels *span;
} scalar_kernels;

#define SCALAR_SETS 3

/* Lists those that this machine runs, the best one last, and returns how many: at least one. */
size_t scalar_kernels_list(scalar_kernels sets[SCALAR_SETS]);

#endif
