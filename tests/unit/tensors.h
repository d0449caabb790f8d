/* Tensors for the tests of operations; the padding of each one is poisoned. */
#ifndef UNIT_TENSORS_H
#define UNIT_TENSORS_H

#include <math.h>

#include "backend.h"
#include "unit.h"

static inline ock_context *open_scalar(int threads)
{
    ock_context_options options = ock_context_defaults();
    options.device = "scalar";
    options.threads = threads;
    ock_context *context = NULL;
    assert_ok(ock_context_create(&options, &context));
    return context;
}

static inline size_t count_of(const ock_tensor *tensor)
{
    return ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
}

/* The caller frees it. */
static inline float *read_all(const ock_tensor *tensor)
{
    float *data = malloc(count_of(tensor) * sizeof *data);
    ck_assert_ptr_nonnull(data);
    assert_ok(ock_tensor_read(tensor, data));
    return data;
}

/* What lies between cols and stride means nothing, so on the scalar path it may be NaN. */
static inline ock_tensor *make(ock_context *context, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    assert_ok(ock_tensor_create(context, OCK_F32, rows, cols, &tensor));
    float *data = tensor->storage->handle;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = cols; j < tensor->stride; j++)
            data[i * tensor->stride + j] = NAN;
    return tensor;
}

#endif
