/** @file
 * Tensors: row-major matrices of 32-bit floats or integers on a context's device.
 * A vector is a matrix of one row; labels and row indices are a matrix of one
 * column. */
#ifndef OCKHAM_TENSOR_H
#define OCKHAM_TENSOR_H

#include <ockham/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Made by ock_tensor_create() or ock_tensor_view(). */
typedef struct ock_tensor ock_tensor;

/** What the elements are. */
typedef enum ock_dtype {
    OCK_F32, /**< float */
    OCK_I32, /**< int32_t */
} ock_dtype;

/** Makes a rows x cols tensor of zeros. *tensor is the caller's; NULL on failure.
 * Errors: OCK_INVALID_ARGUMENT (a dimension of 0, or over INT32_MAX),
 * OCK_OUT_OF_MEMORY (the size overflows, exceeds the device's largest buffer, or was refused),
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_tensor_create(ock_context *context, ock_dtype dtype, size_t rows,
                                     size_t cols, ock_tensor **tensor);

/** Makes a tensor of rows [first, first + rows) of another, which it shares and
 * keeps alive: either may be destroyed first. *view is the caller's.
 * Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH (beyond the last row), OCK_OUT_OF_MEMORY. */
OCK_API ock_status ock_tensor_view(const ock_tensor *tensor, size_t first, size_t rows,
                                   ock_tensor **view);

/** Waits for nothing: the memory is freed when the device no longer needs it. NULL is allowed. */
OCK_API void ock_tensor_destroy(ock_tensor *tensor);

/** Where it was made. */
OCK_API ock_context *ock_tensor_context(const ock_tensor *tensor);

/** What its elements are. */
OCK_API ock_dtype ock_tensor_dtype(const ock_tensor *tensor);

/** Its rows, of a view its own. */
OCK_API size_t ock_tensor_rows(const ock_tensor *tensor);

/** Its columns. */
OCK_API size_t ock_tensor_cols(const ock_tensor *tensor);

/** Whether its contents were lost with a device that the context has left (ock_context_failover()):
 * it has been zeros since, unless an operation had it for a result, and neither it nor a view of it
 * was written, filled or copied to. */
OCK_API bool ock_tensor_is_lost(const ock_tensor *tensor);

/** Whether two tensors share memory. */
OCK_API bool ock_tensors_overlap(const ock_tensor *a, const ock_tensor *b);

/** Copies rows x cols contiguous elements from host memory, float or int32_t according to the
 * tensor. Enqueues, and `data` may be reused when it returns; every few megabytes it calls
 * ock_context_flush(). Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_tensor_write(ock_tensor *tensor, const void *data);

/** Copies them to host memory. Waits: all enqueued before has been done, or its failure is
 * reported. Errors as for ock_tensor_write(). */
OCK_API ock_status ock_tensor_read(const ock_tensor *tensor, void *data);

/** Sets every element of a float tensor. Does not wait. Errors: OCK_INVALID_ARGUMENT,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_tensor_fill(ock_tensor *tensor, float value);

/** Copies between two tensors of one shape and type. Does not wait. Errors: OCK_INVALID_ARGUMENT,
 * OCK_SHAPE_MISMATCH, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_tensor_copy(const ock_tensor *source, ock_tensor *target);

/** Exchanges the contents of two tensors of one shape and type, and with them what views of the two
 * show and whether they are lost; neither may itself be a view of fewer rows, or lie in an
 * application's buffer (opencl.h). Enqueues nothing, so no device can fail in it. Errors:
 * OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH. */
OCK_API ock_status ock_tensor_swap(ock_tensor *a, ock_tensor *b);

/** target += share (source - target), 0 <= share <= 1, of two float tensors of one shape: 1/n makes
 * of the mean of n - 1 tensors that of n. Does not wait. Errors as for ock_tensor_copy(). */
OCK_API ock_status ock_tensor_blend(float share, const ock_tensor *source, ock_tensor *target);

/** The largest number of rows of `cols` elements that one tensor can have here; at least 0. */
OCK_API size_t ock_tensor_max_rows(const ock_context *context, ock_dtype dtype, size_t cols);

#ifdef __cplusplus
}
#endif
#endif
