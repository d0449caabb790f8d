#include <stdlib.h>
#include <string.h>

#include "opencl.h"

#if OCK_CLBLAST
#include <clblast_c.h>
#endif

/* ---- Memory ---- */

/* With contents from the start, which makes drivers allocate now and not at the first use. */
static ock_status allocate(ock_backend *backend, size_t bytes, void **handle)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    cl_int error = CL_OUT_OF_HOST_MEMORY;
    *handle = NULL;
    if (bytes > opencl->max_allocation)
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY,
                              "%zu bytes exceed the device's largest buffer, %zu bytes", bytes,
                              opencl->max_allocation);
    void *zeros = calloc(1, bytes);
    if (zeros)
        *handle = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, bytes,
                                 zeros, &error);
    free(zeros);
    return *handle ? OCK_OK : opencl_failed(backend->log, "clCreateBuffer", error);
}

static void release(ock_backend *backend, void *handle)
{
    (void)backend;
    clReleaseMemObject(handle);
}

/* ---- Transfers ---- */

static size_t elements(const ock_tensor *tensor)
{
    return tensor->rows * tensor->stride;
}

/* Maps the tensor's rows, padding included, and waits until it is there. */
static char *map(opencl_backend *opencl, const ock_tensor *tensor, cl_map_flags flags,
                 cl_int *error)
{
    return clEnqueueMapBuffer(opencl->queue, tensor->storage->handle, CL_TRUE, flags,
                              tensor->offset * sizeof(cl_float),
                              elements(tensor) * sizeof(cl_float), 0, NULL, NULL, error);
}

/* Ends a transfer. What came before it has ended too, and its failures come first. */
static ock_status unmap(ock_backend *backend, const ock_tensor *tensor, void *mapped, cl_int error)
{
    cl_command_queue queue = ((opencl_backend *)backend)->queue;
    if (mapped)
        error = clEnqueueUnmapMemObject(queue, tensor->storage->handle, mapped, 0, NULL, NULL);
    ock_status status = opencl_finish(backend);
    if (status != OCK_OK || error == CL_SUCCESS)
        return status;
    return opencl_failed(backend->log, "mapping a tensor", error);
}

/* What a view's buffer holds besides must survive; the padding of a whole tensor need not. */
static ock_status write_tensor(ock_backend *backend, const void *data, ock_tensor *tensor)
{
    size_t width = tensor->cols * sizeof(cl_float), pitch = tensor->stride * sizeof(cl_float);
    bool whole = elements(tensor) * sizeof(cl_float) == tensor->storage->bytes;
    cl_map_flags flags = whole ? CL_MAP_WRITE_INVALIDATE_REGION : CL_MAP_READ | CL_MAP_WRITE;
    cl_int error;
    char *mapped = map((opencl_backend *)backend, tensor, flags, &error);
    for (size_t i = 0; mapped && i < tensor->rows; i++)
        memcpy(mapped + i * pitch, (const char *)data + i * width, width);
    return unmap(backend, tensor, mapped, error);
}

static ock_status read_tensor(ock_backend *backend, const ock_tensor *tensor, void *data)
{
    size_t width = tensor->cols * sizeof(cl_float), pitch = tensor->stride * sizeof(cl_float);
    cl_int error;
    char *mapped = map((opencl_backend *)backend, tensor, CL_MAP_READ, &error);
    for (size_t i = 0; mapped && i < tensor->rows; i++)
        memcpy((char *)data + i * width, mapped + i * pitch, width);
    return unmap(backend, tensor, mapped, error);
}

/* ---- Copies on the device ---- */

static ock_status launch_over(opencl_call *call, size_t count)
{
    const size_t local = 64, global = opencl_ceil_div(count, call->backend->tiles.vector);
    return opencl_launch(call, 1, &global, &local);
}

ock_status opencl_fill(ock_backend *backend, float value, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "fill");
    opencl_arg_buffer(&call, y->storage->handle);
    opencl_arg_ulong(&call, y->offset);
    opencl_arg_ulong(&call, elements(y));
    opencl_arg_float(&call, value);
    return launch_over(&call, elements(y));
}

/* Tensors of one shape have one stride. */
ock_status opencl_copy(ock_backend *backend, const ock_tensor *x, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "copy");
    opencl_arg_buffer(&call, x->storage->handle);
    opencl_arg_ulong(&call, x->offset);
    opencl_arg_buffer(&call, y->storage->handle);
    opencl_arg_ulong(&call, y->offset);
    opencl_arg_ulong(&call, elements(x));
    return launch_over(&call, elements(x));
}

/* ---- Opening and closing ---- */

static void close_backend(ock_backend *backend)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    if (opencl->queue)
        clFinish(opencl->queue);
    opencl_events_destroy(opencl->events);
    if (opencl->scratch)
        clReleaseMemObject(opencl->scratch);
    opencl_unbuild(opencl);
#if OCK_CLBLAST
    if (opencl->clblast)
        CLBlastClearCache(); /* it keeps programs by the context's address */
#endif
    if (opencl->queue)
        clReleaseCommandQueue(opencl->queue);
    if (opencl->context)
        clReleaseContext(opencl->context);
    free(opencl);
}

static const ock_backend_table opencl_table = {.close = close_backend,
                                               .finish = opencl_finish,
                                               .flush = opencl_flush,
                                               .allocate = allocate,
                                               .release = release,
                                               .write = write_tensor,
                                               .read = read_tensor,
#define OPENCL_ENTRY(name, parameters) .name = opencl_##name,
                                               OCK_BACKEND_OPS(OPENCL_ENTRY)
#undef OPENCL_ENTRY
};

static ock_status open_device(opencl_backend *opencl, const ock_device *device)
{
    cl_int error = opencl_find(device, &opencl->device);
    if (error != CL_SUCCESS)
        return ock_log_report(opencl->base.log, OCK_DEVICE_NOT_FOUND, "%s %s is gone: %s (%d)",
                              device->id, device->name, opencl_error_name(error), error);
    opencl->context = clCreateContext(NULL, 1, &opencl->device, NULL, NULL, &error);
    if (!opencl->context)
        return opencl_failed(opencl->base.log, "clCreateContext", error);
    opencl->queue = clCreateCommandQueue(opencl->context, opencl->device, 0, &error);
    if (!opencl->queue)
        return opencl_failed(opencl->base.log, "clCreateCommandQueue", error);
    return OCK_OK;
}

ock_status opencl_open(const ock_device *device, const ock_backend *head, ock_backend **backend)
{
    opencl_backend *opencl = calloc(1, sizeof *opencl);
    *backend = NULL;
    if (!opencl)
        return ock_log_report(head->log, OCK_OUT_OF_MEMORY, "no memory for the OpenCL backend");
    opencl->base = *head;
    opencl->base.table = &opencl_table;
    opencl->units = device->compute_units;
    opencl->max_allocation =
        device->max_allocation < SIZE_MAX ? (size_t)device->max_allocation : SIZE_MAX;
    ock_status status = opencl_choose_tiles(opencl, device);
    if (status == OCK_OK)
        status = opencl_events_create(head->log, &opencl->events);
    if (status == OCK_OK)
        status = open_device(opencl, device);
    if (status == OCK_OK)
        status = opencl_build(opencl);
    if (status != OCK_OK) {
        close_backend(&opencl->base);
        return status;
    }
    *backend = &opencl->base;
    return OCK_OK;
}
