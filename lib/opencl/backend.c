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
    return *handle ? OCK_OK : opencl_failed(backend->log, "clCreateBuffer", NULL, error);
}

static void release(ock_backend *backend, void *handle)
{
    (void)backend;
    clReleaseMemObject(handle);
}

/* ---- Transfers ---- */

enum {
    WRITTEN = 4 << 20 /* bytes at once, and until what was written is flushed */
};

static size_t elements(const ock_tensor *tensor)
{
    return tensor->rows * tensor->stride;
}

/* Copies rows, padded as the tensor's, by way of a buffer that lasts as long as the command: nobody
 * waits for what is under way, but its memory is bounded. */
static ock_status write_rows(ock_backend *backend, void *rows, const ock_tensor *tensor)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    size_t bytes = elements(tensor) * sizeof(cl_float);
    cl_event event;
    cl_int error;
    ock_status status = OCK_OK;
    opencl->written += bytes;
    if (opencl->written > WRITTEN) {
        opencl->written = bytes;
        status = opencl_flush(backend);
    }
    if (status != OCK_OK)
        return status;
    cl_mem staged = clCreateBuffer(opencl->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes,
                                   rows, &error);
    if (!staged)
        return opencl_failed(backend->log, "clCreateBuffer", "a write", error);
    error = clEnqueueCopyBuffer(opencl->queue, staged, tensor->storage->handle, 0,
                                tensor->offset * sizeof(cl_float), bytes, 0, NULL, &event);
    clReleaseMemObject(staged);
    if (error != CL_SUCCESS)
        return opencl_failed(backend->log, "clEnqueueCopyBuffer", "a write", error);
    opencl_keep(opencl, "clEnqueueCopyBuffer", event);
    return OCK_OK;
}

static ock_status write_tensor(ock_backend *backend, const void *data, ock_tensor *tensor)
{
    size_t width = tensor->cols * sizeof(cl_float), pitch = tensor->stride * sizeof(cl_float);
    size_t most = pitch < WRITTEN ? WRITTEN / pitch : 1;
    ock_tensor part = *tensor;
    part.rows = tensor->rows < most ? tensor->rows : most;
    char *padded = calloc(part.rows, pitch);
    if (!padded)
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY, "no memory for a write");
    ock_status status = OCK_OK;
    for (size_t first = 0; first < tensor->rows && status == OCK_OK; first += most) {
        part.rows = tensor->rows - first < most ? tensor->rows - first : most;
        part.offset = tensor->offset + first * tensor->stride;
        for (size_t i = 0; i < part.rows; i++)
            memcpy(padded + i * pitch, (const char *)data + (first + i) * width, width);
        status = write_rows(backend, padded, &part);
    }
    free(padded);
    return status;
}

/* Mapping waits for all that came before. */
static ock_status read_tensor(ock_backend *backend, const ock_tensor *tensor, void *data)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    size_t width = tensor->cols * sizeof(cl_float), pitch = tensor->stride * sizeof(cl_float);
    cl_mem buffer = tensor->storage->handle;
    cl_event event = NULL;
    cl_int error;
    char *mapped = clEnqueueMapBuffer(opencl->queue, buffer, CL_TRUE, CL_MAP_READ,
                                      tensor->offset * sizeof(cl_float),
                                      elements(tensor) * sizeof(cl_float), 0, NULL, NULL, &error);
    ock_status status = mapped ? opencl_settle(opencl) : opencl_finish(backend);
    for (size_t i = 0; mapped && status == OCK_OK && i < tensor->rows; i++)
        memcpy((char *)data + i * width, mapped + i * pitch, width);
    if (mapped)
        error = clEnqueueUnmapMemObject(opencl->queue, buffer, mapped, 0, NULL, &event);
    if (error == CL_SUCCESS)
        opencl_keep(opencl, "clEnqueueUnmapMemObject", event);
    else if (status == OCK_OK)
        status =
            opencl_failed(backend->log, mapped ? "clEnqueueUnmapMemObject" : "clEnqueueMapBuffer",
                          "a read", error);
    return status;
}

/* ---- Copies on the device ---- */

static ock_status launch_over(opencl_call *call, size_t count)
{
    const size_t local = 64, global = opencl_ceil_div(count, call->program->tiles.vector);
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
static void arg_pair(opencl_call *call, const ock_tensor *x, const ock_tensor *y)
{
    opencl_arg_buffer(call, x->storage->handle);
    opencl_arg_ulong(call, x->offset);
    opencl_arg_buffer(call, y->storage->handle);
    opencl_arg_ulong(call, y->offset);
    opencl_arg_ulong(call, elements(x));
}

ock_status opencl_copy(ock_backend *backend, const ock_tensor *x, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "copy");
    arg_pair(&call, x, y);
    return launch_over(&call, elements(x));
}

ock_status opencl_blend(ock_backend *backend, float share, const ock_tensor *x, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "blend");
    arg_pair(&call, x, y);
    opencl_arg_float(&call, share);
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
    opencl_choices_destroy(opencl->choices);
    for (int i = 0; i < OPENCL_PROGRAMS; i++)
        opencl_unbuild(&opencl->programs[i]);
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
                                               .tune = opencl_tune,
#define OPENCL_ENTRY(name, parameters) .name = opencl_##name,
                                               OCK_BACKEND_OPS(OPENCL_ENTRY)
#undef OPENCL_ENTRY
};

bool opencl_is(const ock_backend *backend)
{
    return backend->table == &opencl_table;
}

static ock_status share_objects(opencl_backend *opencl, const ock_opencl_handles *handles)
{
    cl_int error = clRetainContext(handles->context);
    if (error != CL_SUCCESS)
        return opencl_failed(opencl->base.log, "clRetainContext", NULL, error);
    opencl->context = handles->context;
    error = clRetainCommandQueue(handles->queue);
    if (error != CL_SUCCESS)
        return opencl_failed(opencl->base.log, "clRetainCommandQueue", NULL, error);
    opencl->queue = handles->queue;
    opencl->device = handles->device;
    return OCK_OK;
}

static ock_status open_device(opencl_backend *opencl, const ock_device *device)
{
    const char *failed;
    cl_int error = opencl_find(device, &opencl->device, &failed);
    if (error == OPENCL_NO_MEMORY)
        return ock_log_report(opencl->base.log, OCK_OUT_OF_MEMORY,
                              "no memory for a list of devices");
    if (error != CL_SUCCESS)
        return ock_log_report(opencl->base.log, OCK_DEVICE_NOT_FOUND, "%s %s is gone: %s: %s (%d)",
                              device->id, device->name, failed, opencl_error_name(error), error);
    opencl->context = opencl_create_context(device->library, opencl->device, &error);
    if (!opencl->context)
        return opencl_failed(opencl->base.log, "clCreateContext", NULL, error);
    opencl->queue = clCreateCommandQueue(opencl->context, opencl->device, 0, &error);
    if (!opencl->queue)
        return opencl_failed(opencl->base.log, "clCreateCommandQueue", NULL, error);
    return OCK_OK;
}

ock_status opencl_open(const ock_device *device, const ock_opencl_handles *handles,
                       const ock_backend *head, ock_backend **backend)
{
    opencl_backend *opencl = calloc(1, sizeof *opencl);
    *backend = NULL;
    if (!opencl)
        return ock_log_report(head->log, OCK_OUT_OF_MEMORY, "no memory for the OpenCL backend");
    opencl->base = *head;
    opencl->base.table = &opencl_table;
    opencl->type = device->type;
    opencl->units = device->compute_units;
    opencl->max_allocation =
        device->max_allocation < SIZE_MAX ? (size_t)device->max_allocation : SIZE_MAX;
    ock_status status = opencl_events_create(head->log, &opencl->events);
    if (status == OCK_OK)
        status = opencl_choices_create(head->log, &opencl->choices);
    if (status == OCK_OK)
        status = handles ? share_objects(opencl, handles) : open_device(opencl, device);
    if (status == OCK_OK)
        status = opencl_choose_standard(opencl);
    if (status != OCK_OK) {
        close_backend(&opencl->base);
        return status;
    }
    *backend = &opencl->base;
    return OCK_OK;
}
