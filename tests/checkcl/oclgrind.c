/* An OpenCL layer (OPENCL_LAYERS) for Oclgrind 21.10, which takes note of a write by the host only
 * where it covers a whole buffer, and otherwise reports, or even crashes on, reads of what was
 * written. Each partial write becomes: read the buffer, change the part, write the buffer. */
#include <CL/cl_layer.h>
#include <stdlib.h>
#include <string.h>

static const cl_icd_dispatch *target;

/* ---- A buffer's contents ---- */

typedef struct contents {
    cl_command_queue queue;
    cl_mem buffer;
    unsigned char *bytes;
    size_t size;
} contents;

static cl_int take(contents *c, cl_command_queue queue, cl_mem buffer)
{
    *c = (contents){queue, buffer, NULL, 0};
    cl_int error = target->clGetMemObjectInfo(buffer, CL_MEM_SIZE, sizeof c->size, &c->size, NULL);
    if (error != CL_SUCCESS)
        return error;
    c->bytes = malloc(c->size);
    if (!c->bytes)
        return CL_OUT_OF_HOST_MEMORY;
    return target->clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, c->size, c->bytes, 0, NULL, NULL);
}

static cl_int put(contents *c, cl_int error, cl_event *event)
{
    if (error == CL_SUCCESS)
        error = target->clEnqueueWriteBuffer(c->queue, c->buffer, CL_TRUE, 0, c->size, c->bytes, 0,
                                             NULL, event);
    free(c->bytes);
    return error;
}

static size_t at(const size_t *origin, size_t row_pitch, size_t row)
{
    return (origin[1] + row) * row_pitch + origin[0];
}

/* ---- The calls; matrices have one slice, and the queue is in order ---- */

static cl_int CL_API_CALL fill(cl_command_queue queue, cl_mem buffer, const void *pattern,
                               size_t pattern_size, size_t offset, size_t size, cl_uint waits,
                               const cl_event *wait, cl_event *event)
{
    contents c;
    cl_int error = take(&c, queue, buffer);
    (void)waits, (void)wait;
    if (error == CL_SUCCESS && (offset > c.size || size > c.size - offset))
        error = CL_INVALID_VALUE;
    for (size_t i = 0; error == CL_SUCCESS && i < size; i += pattern_size)
        memcpy(c.bytes + offset + i, pattern, pattern_size);
    return put(&c, error, event);
}

static cl_int CL_API_CALL write_part(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                     size_t offset, size_t size, const void *data, cl_uint waits,
                                     const cl_event *wait, cl_event *event)
{
    contents c;
    cl_int error = take(&c, queue, buffer);
    (void)blocking, (void)waits, (void)wait;
    if (error == CL_SUCCESS && (offset > c.size || size > c.size - offset))
        error = CL_INVALID_VALUE;
    if (error == CL_SUCCESS)
        memcpy(c.bytes + offset, data, size);
    return put(&c, error, event);
}

static cl_int CL_API_CALL write_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
                                     const size_t *origin, const size_t *host_origin,
                                     const size_t *region, size_t row_pitch, size_t slice_pitch,
                                     size_t host_row_pitch, size_t host_slice_pitch,
                                     const void *data, cl_uint waits, const cl_event *wait,
                                     cl_event *event)
{
    contents c;
    cl_int error = take(&c, queue, buffer);
    (void)blocking, (void)slice_pitch, (void)host_slice_pitch, (void)waits, (void)wait;
    if (error == CL_SUCCESS && at(origin, row_pitch, region[1] - 1) + region[0] > c.size)
        error = CL_INVALID_VALUE;
    for (size_t row = 0; error == CL_SUCCESS && row < region[1]; row++)
        memcpy(c.bytes + at(origin, row_pitch, row),
               (const unsigned char *)data + at(host_origin, host_row_pitch, row), region[0]);
    return put(&c, error, event);
}

static cl_int CL_API_CALL copy_rect(cl_command_queue queue, cl_mem from, cl_mem to,
                                    const size_t *from_origin, const size_t *to_origin,
                                    const size_t *region, size_t from_row_pitch,
                                    size_t from_slice_pitch, size_t to_row_pitch,
                                    size_t to_slice_pitch, cl_uint waits, const cl_event *wait,
                                    cl_event *event)
{
    contents source;
    cl_int error = take(&source, queue, from);
    if (error == CL_SUCCESS)
        error = write_rect(queue, to, CL_TRUE, to_origin, from_origin, region, to_row_pitch,
                           to_slice_pitch, from_row_pitch, from_slice_pitch, source.bytes, waits,
                           wait, event);
    free(source.bytes);
    return error;
}

/* ---- The layer ---- */

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value,
                                               size_t *used)
{
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (name != CL_LAYER_API_VERSION || (value && size < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, &version, sizeof version);
    if (used)
        *used = sizeof version;
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *dispatch,
                                            cl_uint *entries_used, const cl_icd_dispatch **layer)
{
    static const cl_icd_dispatch calls = {
        .clEnqueueFillBuffer = fill,
        .clEnqueueWriteBuffer = write_part,
        .clEnqueueWriteBufferRect = write_rect,
        .clEnqueueCopyBufferRect = copy_rect,
    };
    if (entries < sizeof calls / sizeof(void *))
        return CL_INVALID_VALUE;
    target = dispatch;
    *entries_used = sizeof calls / sizeof(void *);
    *layer = &calls;
    return CL_SUCCESS;
}
