#include <stdlib.h>

#include "opencl.h"

#if OCK_CLBLAST
#include <clblast_c.h>
#endif

/* ---- Memory ---- */

static ock_status allocate(ock_backend *backend, size_t bytes, void **handle)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    const cl_uint zero = 0;
    cl_event event;
    cl_int error;
    *handle = NULL;
    if (bytes > opencl->max_allocation)
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY,
                              "%zu bytes exceed the device's largest buffer, %zu bytes", bytes,
                              opencl->max_allocation);
    cl_mem buffer = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
    if (!buffer)
        return opencl_failed(backend->log, "clCreateBuffer", error);
    error =
        clEnqueueFillBuffer(opencl->queue, buffer, &zero, sizeof zero, 0, bytes, 0, NULL, &event);
    if (error != CL_SUCCESS) {
        clReleaseMemObject(buffer);
        return opencl_failed(backend->log, "clEnqueueFillBuffer", error);
    }
    *handle = buffer;
    return opencl_keep(opencl, "a buffer's first fill", event);
}

static void release(ock_backend *backend, void *handle)
{
    (void)backend;
    clReleaseMemObject(handle);
}

/* ---- Transfers ---- */

/* Where the rows of a tensor lie in its buffer, in bytes. */
typedef struct region {
    size_t first, pitch; /* of row 0; from one row to the next */
    size_t origin[3], extent[3];
    bool dense;
} region;

static region region_of(const ock_tensor *tensor)
{
    size_t pitch = tensor->stride * sizeof(cl_float), width = tensor->cols * sizeof(cl_float);
    size_t first = tensor->offset * sizeof(cl_float);
    return (region){
        .first = first,
        .pitch = pitch,
        .origin = {first % pitch, first / pitch, 0},
        .extent = {width, tensor->rows, 1},
        .dense = pitch == width || tensor->rows == 1,
    };
}

/* The calls wait; then what came before has ended too, and its failures are known. */
static ock_status transferred(ock_backend *backend, const char *call, cl_int error)
{
    ock_status status = opencl_finish(backend);
    if (status != OCK_OK || error == CL_SUCCESS)
        return status;
    return opencl_failed(backend->log, call, error);
}

static ock_status write_tensor(ock_backend *backend, const void *data, ock_tensor *tensor)
{
    const size_t zero[3] = {0};
    cl_command_queue queue = ((opencl_backend *)backend)->queue;
    cl_mem buffer = tensor->storage->handle;
    region r = region_of(tensor);
    cl_int error;
    if (r.dense)
        error = clEnqueueWriteBuffer(queue, buffer, CL_TRUE, r.first, r.extent[0] * r.extent[1],
                                     data, 0, NULL, NULL);
    else
        error = clEnqueueWriteBufferRect(queue, buffer, CL_TRUE, r.origin, zero, r.extent, r.pitch,
                                         0, r.extent[0], 0, data, 0, NULL, NULL);
    return transferred(backend, "writing a tensor", error);
}

static ock_status read_tensor(ock_backend *backend, const ock_tensor *tensor, void *data)
{
    const size_t zero[3] = {0};
    cl_command_queue queue = ((opencl_backend *)backend)->queue;
    cl_mem buffer = tensor->storage->handle;
    region r = region_of(tensor);
    cl_int error;
    if (r.dense)
        error = clEnqueueReadBuffer(queue, buffer, CL_TRUE, r.first, r.extent[0] * r.extent[1],
                                    data, 0, NULL, NULL);
    else
        error = clEnqueueReadBufferRect(queue, buffer, CL_TRUE, r.origin, zero, r.extent, r.pitch,
                                        0, r.extent[0], 0, data, 0, NULL, NULL);
    return transferred(backend, "reading a tensor", error);
}

ock_status opencl_fill(ock_backend *backend, float value, ock_tensor *y)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    cl_float pattern = value;
    cl_event event;
    region r = region_of(y);
    cl_int error = clEnqueueFillBuffer(opencl->queue, y->storage->handle, &pattern, sizeof pattern,
                                       r.first, r.pitch * y->rows, 0, NULL, &event);
    if (error != CL_SUCCESS)
        return opencl_failed(backend->log, "fill", error);
    return opencl_keep(opencl, "fill", event);
}

ock_status opencl_copy(ock_backend *backend, const ock_tensor *x, ock_tensor *y)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    cl_event event;
    region from = region_of(x), to = region_of(y);
    cl_int error = clEnqueueCopyBufferRect(opencl->queue, x->storage->handle, y->storage->handle,
                                           from.origin, to.origin, from.extent, from.pitch,
                                           from.pitch * (from.origin[1] + x->rows), to.pitch,
                                           to.pitch * (to.origin[1] + y->rows), 0, NULL, &event);
    if (error != CL_SUCCESS)
        return opencl_failed(backend->log, "copy", error);
    return opencl_keep(opencl, "copy", event);
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

ock_status opencl_open(const ock_device *device, ock_log *log, ock_backend **backend)
{
    opencl_backend *opencl = calloc(1, sizeof *opencl);
    *backend = NULL;
    if (!opencl)
        return ock_log_report(log, OCK_OUT_OF_MEMORY, "no memory for the OpenCL backend");
    opencl->base = (ock_backend){.table = &opencl_table, .log = log};
    opencl->max_allocation =
        device->max_allocation < SIZE_MAX ? (size_t)device->max_allocation : SIZE_MAX;
    ock_status status = opencl_choose_tiles(opencl, device);
    if (status == OCK_OK)
        status = opencl_events_create(log, &opencl->events);
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
