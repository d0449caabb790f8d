/* What the files of the scalar path share. The scalar path is the definition of every operation;
 * the kernels are checked against it. */
#ifndef OCKHAM_SCALAR_H
#define OCKHAM_SCALAR_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "backend.h"
#include "kernels.h"

_Static_assert(FLT_EVAL_METHOD == 0,
               "on 32-bit x86 say -msse2 -mfpmath=sse: floats must be floats");

typedef struct scalar_backend {
    ock_backend base;
    int threads;
    scalar_kernels kernels;
    float *scratch; /* of each thread, for scalar_product_run() */
} scalar_backend;

static inline float *scalar_data(const ock_tensor *tensor)
{
    return (float *)tensor->storage->handle + tensor->offset;
}

static inline float *scalar_row(const ock_tensor *tensor, size_t row)
{
    return scalar_data(tensor) + row * tensor->stride;
}

static inline int32_t *scalar_ints(const ock_tensor *tensor)
{
    return (int32_t *)tensor->storage->handle + tensor->offset;
}

static inline size_t scalar_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline const scalar_backend *scalar_of(const ock_backend *backend)
{
    return (const scalar_backend *)backend;
}

/* Threads for work on so many elements: waking a thread costs as much as some thousands. */
static inline int scalar_threads(const ock_backend *backend, size_t elements)
{
    return elements < 8192 ? 1 : scalar_of(backend)->threads;
}

/* ---- dropout.c ---- */

/* NULL gives a mask that drops nothing. */
scalar_mask scalar_mask_of(const ock_dropout *dropout, size_t cols);

/* ---- step.c ---- */

scalar_weights scalar_weights_at(const ock_parameter *parameter, size_t row, size_t col);

double scalar_lane_sum(const double *lanes);

/* What the next three need for the parameter's columns, which is the caller's to free; NULL where
 * that is nothing. Asked for first, so that no step is refused halfway. */
ock_status scalar_make_room(ock_backend *backend, const ock_parameter *parameter, double **room);

/* Adds `rows` times the penalty to totals, or that of the group lasso alone; and does to columns,
 * by their norms, what ends a step. */
void scalar_add_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                        double *room, ock_tensor *totals);
void scalar_add_group_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                              double *room, ock_tensor *totals);
void scalar_apply_norms(ock_backend *backend, const ock_update *update,
                        const ock_parameter *parameter, double *room);

/* Adds to a sum of the totals by Kahan's algorithm. */
void scalar_total_add(ock_tensor *totals, int field, double value);

/* ---- the operations ---- */

#define SCALAR_OP(name, parameters) ock_status scalar_##name parameters;
OCK_BACKEND_OPS(SCALAR_OP)
#undef SCALAR_OP

#endif
