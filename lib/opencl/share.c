/* Sharing with an application: the public calls of opencl.h, whose types only this backend has, and
 * what their objects must be. Contexts and tensors are core's to make. */
#include <stdio.h>

#include "opencl.h"

enum {
    ALIGNMENT = OCK_PAD * sizeof(cl_float) /* of what kernels load as vectors */
};

/* ---- Contexts ---- */

static ock_status refuse(ock_log *log, const char *why)
{
    return ock_log_report(log, OCK_INVALID_ARGUMENT, "ock_opencl_context_create: %s", why);
}

static ock_status check_queue(const ock_opencl_handles *handles, ock_log *log)
{
    cl_context context = NULL;
    cl_device_id device = NULL;
    cl_command_queue_properties properties = 0;
    cl_int error =
        clGetCommandQueueInfo(handles->queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
    if (error == CL_SUCCESS)
        error =
            clGetCommandQueueInfo(handles->queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
    if (error == CL_SUCCESS)
        error = clGetCommandQueueInfo(handles->queue, CL_QUEUE_PROPERTIES, sizeof properties,
                                      &properties, NULL);
    if (error != CL_SUCCESS)
        return opencl_failed(log, "clGetCommandQueueInfo", NULL, error);
    if (context != handles->context)
        return refuse(log, "handles.queue is of another context than handles.context");
    if (device != handles->device) /* so it is one of the context's */
        return refuse(log, "handles.queue is of another device than handles.device");
    if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        return refuse(log, "handles.queue is out of order: make one without "
                           "CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE");
    return OCK_OK;
}

/* The device itself, or the one that it is a part of. */
static cl_int whole_device(cl_device_id device, cl_device_id *whole)
{
    cl_int error = CL_SUCCESS;
    for (cl_device_id parent = device; parent && error == CL_SUCCESS; *whole = device) {
        device = parent;
        error = clGetDeviceInfo(device, CL_DEVICE_PARENT_DEVICE, sizeof parent, &parent, NULL);
    }
    return error;
}

/* Adds a line to why a device was not found. */
static void note(ock_log *passed_over, const char *name, const char *why)
{
    ock_log_report(passed_over, OCK_OK, "%s\n  passed over %s: %s", ock_log_text(passed_over), name,
                   why);
}

/* The drivers that may be called are those of the list. NULL: it is none of theirs. */
static ock_device *find_row(cl_device_id device, ock_device *devices, size_t count,
                            ock_log *passed_over, cl_int *error)
{
    *error = CL_SUCCESS;
    for (size_t i = 0; i < count && *error != OPENCL_NO_MEMORY; i++) {
        const char *failed;
        char why[128];
        cl_device_id found = NULL;
        if (devices[i].type == OCK_DEVICE_NONE)
            note(passed_over, devices[i].name, devices[i].reason);
        if (devices[i].type <= OCK_DEVICE_SCALAR)
            continue;
        *error = opencl_find(&devices[i], &found, &failed);
        if (*error == CL_SUCCESS && found == device)
            return &devices[i];
        snprintf(why, sizeof why, "%s: %s (%d)", failed, opencl_error_name(*error), *error);
        if (*error != CL_SUCCESS)
            note(passed_over, devices[i].name, why);
    }
    return NULL;
}

/* The row of a device that is whole. */
static ock_status find_whole(cl_device_id device, ock_device *devices, size_t count, ock_log *log,
                             ock_device **row)
{
    ock_log passed_over = {0};
    cl_int error;
    *row = find_row(device, devices, count, &passed_over, &error);
    ock_status status = *row ? OCK_OK : OCK_DEVICE_NOT_FOUND;
    if (!*row && error == OPENCL_NO_MEMORY)
        status = ock_log_report(log, OCK_OUT_OF_MEMORY, "no memory for a list of devices");
    else if (!*row)
        ock_log_report(log, status,
                       "ock_opencl_context_create: handles.device is none of those that "
                       "ock_device_list() has%s",
                       ock_log_text(&passed_over));
    ock_log_clear(&passed_over);
    return status;
}

ock_status opencl_find_shared(const ock_opencl_handles *handles, ock_device *devices, size_t count,
                              ock_log *log, const ock_device **device)
{
    cl_device_id whole = NULL;
    cl_uint units = 0;
    if (!handles->context || !handles->device || !handles->queue)
        return refuse(log, "a handle is NULL");
    ock_status status = check_queue(handles, log);
    if (status != OCK_OK)
        return status;
    cl_int error = whole_device(handles->device, &whole);
    if (error == CL_SUCCESS)
        error = clGetDeviceInfo(handles->device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units,
                                NULL);
    if (error != CL_SUCCESS)
        return opencl_failed(log, "clGetDeviceInfo", NULL, error);
    ock_device *row;
    status = find_whole(whole, devices, count, log, &row);
    if (status != OCK_OK)
        return status;
    row->compute_units = units;
    *device = row;
    return OCK_OK;
}

ock_status ock_opencl_context_create(const ock_opencl_handles *handles,
                                     const ock_context_options *options, ock_context **context)
{
    const ock_opencl_handles none = {0};
    return ock_context_create_on(handles ? handles : &none, options, context);
}

ock_status ock_opencl_context_handles(const ock_context *context, ock_opencl_handles *handles)
{
    if (handles)
        *handles = (ock_opencl_handles){0};
    if (!context || !handles)
        return OCK_INVALID_ARGUMENT;
    const ock_backend *backend = ock_context_backend(context);
    if (!opencl_is(backend))
        return OCK_UNSUPPORTED;
    const opencl_backend *opencl = (const opencl_backend *)backend;
    *handles = (ock_opencl_handles){opencl->context, opencl->device, opencl->queue};
    return OCK_OK;
}

/* ---- Tensors ---- */

size_t ock_opencl_stride(ock_dtype dtype, size_t cols)
{
    return cols > 0 && cols <= INT32_MAX ? ock_row_stride(dtype, cols) : 0;
}

/* What OpenCL tells of a buffer. */
typedef struct buffer_facts {
    cl_mem_object_type type;
    cl_context context;
    cl_mem_flags flags;
    size_t bytes;
    void *host;    /* the application's memory, where the buffer begins in it; or NULL */
    cl_mem whole;  /* what it is a part of; or NULL */
    size_t start;  /* in bytes, in that */
    cl_uint align; /* the device's, of such parts, in bits */
} buffer_facts;

static ock_status ask(const opencl_backend *opencl, cl_mem buffer, buffer_facts *facts)
{
    const struct {
        cl_mem_info name;
        size_t size;
        void *value;
    } questions[] = {{CL_MEM_TYPE, sizeof facts->type, &facts->type},
                     {CL_MEM_CONTEXT, sizeof facts->context, &facts->context},
                     {CL_MEM_FLAGS, sizeof facts->flags, &facts->flags},
                     {CL_MEM_SIZE, sizeof facts->bytes, &facts->bytes},
                     {CL_MEM_HOST_PTR, sizeof facts->host, &facts->host},
                     {CL_MEM_ASSOCIATED_MEMOBJECT, sizeof facts->whole, &facts->whole},
                     {CL_MEM_OFFSET, sizeof facts->start, &facts->start}};
    cl_int error = CL_SUCCESS;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && error == CL_SUCCESS; i++)
        error = clGetMemObjectInfo(buffer, questions[i].name, questions[i].size, questions[i].value,
                                   NULL);
    if (error != CL_SUCCESS)
        return opencl_failed(opencl->base.log, "clGetMemObjectInfo", NULL, error);
    error = clGetDeviceInfo(opencl->device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof facts->align,
                            &facts->align, NULL);
    if (error != CL_SUCCESS)
        return opencl_failed(opencl->base.log, "clGetDeviceInfo", NULL, error);
    return OCK_OK;
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const opencl_backend *opencl, const buffer_facts *facts,
                            ock_dtype dtype)
{
    if (facts->type != CL_MEM_OBJECT_BUFFER)
        return "is no buffer, but an image or a pipe";
    if (facts->context != opencl->context)
        return "is of another cl_context than the ock_context";
    if (facts->flags & (CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY))
        return "is not for kernels to read and write (CL_MEM_READ_WRITE)";
    if (facts->whole && facts->start % (facts->align / 8 ? facts->align / 8 : 1) != 0)
        return "is a sub-buffer that does not begin at a multiple of the device's "
               "CL_DEVICE_MEM_BASE_ADDR_ALIGN";
    if (dtype == OCK_F32 && (uintptr_t)facts->host % ALIGNMENT != 0)
        return "is in memory of the application's that does not begin at a multiple of 64 bytes";
    return NULL;
}

static ock_status lend(ock_context *context, const ock_opencl_buffer *buffer, ock_dtype dtype,
                       ock_loan *loan)
{
    ock_backend *backend = ock_context_backend(context);
    const opencl_backend *opencl = (const opencl_backend *)backend;
    buffer_facts facts = {0};
    if (!opencl_is(backend))
        return ock_context_report(context, OCK_UNSUPPORTED,
                                  "ock_opencl_tensor_create: the scalar path has no buffers");
    ock_status status = ask(opencl, buffer->memory, &facts);
    if (status != OCK_OK)
        return status;
    const char *fault = fault_of(opencl, &facts, dtype);
    if (fault)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "ock_opencl_tensor_create: buffer.memory %s", fault);
    *loan = (ock_loan){.handle = buffer->memory,
                       .bytes = facts.bytes,
                       .root = facts.whole ? facts.whole : buffer->memory,
                       .start = facts.whole ? facts.start / sizeof(cl_float) : 0,
                       .offset = buffer->offset,
                       .stride = buffer->stride};
    cl_int error = clRetainMemObject(buffer->memory);
    return error == CL_SUCCESS ? OCK_OK
                               : opencl_failed(backend->log, "clRetainMemObject", NULL, error);
}

ock_status ock_opencl_tensor_create(ock_context *context, const ock_opencl_buffer *buffer,
                                    ock_dtype dtype, size_t rows, size_t cols, ock_tensor **tensor)
{
    ock_loan loan;
    if (tensor)
        *tensor = NULL;
    if (!context || !tensor || !buffer || !buffer->memory)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "ock_opencl_tensor_create: context, buffer, its memory or "
                                  "tensor is NULL");
    ock_status status = lend(context, buffer, dtype, &loan);
    if (status != OCK_OK)
        return status;
    status = ock_tensor_borrow(context, &loan, dtype, rows, cols, tensor);
    if (status != OCK_OK)
        clReleaseMemObject(buffer->memory);
    return status;
}

ock_status ock_opencl_tensor_buffer(const ock_tensor *tensor, ock_opencl_buffer *buffer)
{
    if (buffer)
        *buffer = (ock_opencl_buffer){0};
    if (!tensor || !buffer)
        return OCK_INVALID_ARGUMENT;
    if (!opencl_is(ock_context_backend(tensor->context)))
        return OCK_UNSUPPORTED;
    *buffer = (ock_opencl_buffer){tensor->storage->handle, tensor->offset, tensor->stride};
    return OCK_OK;
}
