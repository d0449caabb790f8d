/* What the files of the scalar path share. The scalar path is the definition of every operation;
 * the kernels are checked against it. */
#ifndef OCKHAM_SCALAR_H
#define OCKHAM_SCALAR_H

#include "backend.h"

typedef struct scalar_backend {
    ock_backend base;
    int threads;
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

#define SCALAR_OP(name, parameters) ock_status scalar_##name parameters;
OCK_BACKEND_OPS(SCALAR_OP)
#undef SCALAR_OP

#endif
