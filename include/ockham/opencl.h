/** @file
 * Sharing with an application's own OpenCL: its context, its queue and its buffers. The only header
 * that needs OpenCL's, so ockham.h does not bring it in; it and its functions are there where the
 * library was built with OpenCL. The application defines CL_TARGET_OPENCL_VERSION, as for CL/cl.h.
 */
#ifndef OCKHAM_OPENCL_H
#define OCKHAM_OPENCL_H

#include <CL/cl.h>
#include <ockham/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A device, a context that has it, and a queue of both. */
typedef struct ock_opencl_handles {
    cl_context context;     /**< may have other devices as well */
    cl_device_id device;    /**< may be a part of a device (clCreateSubDevices()) */
    cl_command_queue queue; /**< in order */
} ock_opencl_handles;

/** Where a tensor lies. */
typedef struct ock_opencl_buffer {
    cl_mem memory; /**< the buffer */
    size_t offset; /**< elements before its first row */
    size_t stride; /**< elements from one row to the next */
} ock_opencl_buffer;

/** ock_context_create(), but on the application's own objects. Whatever the library enqueues, the
 * self-test, measurements of products and their transfers included, goes into this queue, in the
 * order of the calls: what the application enqueues after an operation finds its results, and an
 * operation finds what was enqueued before it, with nothing to wait for in between. What waits in
 * the library waits for all that is in the queue, the application's commands included.
 *
 * No device is chosen or timed against others: this one must be one of ock_device_list(), or a part
 * of one, and pass its self-test. options may be NULL; its device must be, and the environment's
 * OCKHAM_DEVICE has no say. The library retains context and queue until the ock_context is
 * destroyed, so the application may release its own references at any time; on failure it has
 * retained nothing. Waits.
 *
 * ock_context_failover() leaves all that: from then on the ock_context has a queue, and its tensors
 * buffers, of the library's own on the other device, and the application's are released.
 * Errors: those of ock_context_create() for an explicit wish; OCK_INVALID_ARGUMENT also where a
 * handle is NULL, the queue is of another context or device, or it is not in order. */
OCK_API ock_status ock_opencl_context_create(const ock_opencl_handles *handles,
                                             const ock_context_options *options,
                                             ock_context **context);

/** The objects that a context stands on, whoever made them: to enqueue one's own kernels between
 * the library's. They are the context's, and valid until it is destroyed or leaves its device; who
 * keeps them longer retains them. On failure *handles is all zeros.
 * Errors: OCK_INVALID_ARGUMENT, OCK_UNSUPPORTED (the scalar path has none). */
OCK_API ock_status ock_opencl_context_handles(const ock_context *context,
                                              ock_opencl_handles *handles);

/** The elements from one row to the next that a tensor of so many columns has: integers lie without
 * gaps, rows of floats have a multiple of 16 and some more where caches want it. 0 for 0 columns,
 * or over INT32_MAX. */
OCK_API size_t ock_opencl_stride(ock_dtype dtype, size_t cols);

/** Makes a rows x cols tensor of a part of the application's buffer, without a copy; the buffer may
 * be lent as several tensors. It must be of the context's cl_context, readable and writable by
 * kernels (CL_MEM_READ_WRITE), and hold rows times the stride from the offset on; the stride is
 * ock_opencl_stride(). Floats begin at a multiple of 16 elements, in memory that does so at one of
 * 64 bytes if the application has provided it (CL_MEM_USE_HOST_PTR). A sub-buffer begins at a
 * multiple of the device's CL_DEVICE_MEM_BASE_ADDR_ALIGN.
 *
 * The whole stride is the tensor's: what lies beyond a row's columns may hold anything, NaN
 * included, and changes at will. While an operation on the tensor is in the queue, the application
 * uses that part of the buffer through the same queue alone, or waits; and leaves none of it
 * mapped. ock_tensor_read() maps, which CL_MEM_HOST_WRITE_ONLY and CL_MEM_HOST_NO_ACCESS forbid:
 * OCK_DEVICE_FAILED.
 *
 * The library retains the buffer until the tensor and its views are destroyed, or the context
 * leaves its device, after which they have zeros in memory of the library's own. On failure it has
 * retained nothing, and *tensor is NULL. Enqueues nothing. Errors: OCK_INVALID_ARGUMENT,
 * OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED, OCK_UNSUPPORTED (the context is on the scalar path). */
OCK_API ock_status ock_opencl_tensor_create(ock_context *context, const ock_opencl_buffer *buffer,
                                            ock_dtype dtype, size_t rows, size_t cols,
                                            ock_tensor **tensor);

/** Where a tensor lies, whoever made its buffer, which is not retained for the caller: it is the
 * tensor's until that and its views are destroyed, the context leaves its device, or the tensor is
 * exchanged by ock_tensor_swap(), which ock_model_load() does with a network's. On failure *buffer
 * is all zeros. Errors: OCK_INVALID_ARGUMENT, OCK_UNSUPPORTED (the tensor is on the scalar path).
 */
OCK_API ock_status ock_opencl_tensor_buffer(const ock_tensor *tensor, ock_opencl_buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif
