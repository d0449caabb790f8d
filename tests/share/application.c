#include <stdlib.h>
#include <time.h>

#include "application.h"

enum {
    MOST = 16 /* platforms, and devices of one */
};

static const char source[] =
    "kernel void twice(global const float *from, ulong first, ulong stride, uint cols,\n"
    "                  global float *to)\n"
    "{\n"
    "    size_t row = get_global_id(1), col = get_global_id(0);\n"
    "    to[row * cols + col] = 2 * from[first + row * stride + col];\n"
    "}\n";

static bool is_taken(const application *app)
{
    const ock_context_options options = {.untuned = true};
    ock_context *context = NULL;
    bool taken = !ock_opencl_context_create(&app->handles, &options, &context);
    ock_context_destroy(context);
    return taken;
}

static bool open_on(application *app, cl_device_id device)
{
    ock_opencl_handles *h = &app->handles;
    *h = (ock_opencl_handles){.device = device};
    h->context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
    h->queue = h->context ? clCreateCommandQueue(h->context, device, 0, NULL) : NULL;
    if (h->queue && is_taken(app))
        return true;
    if (h->queue)
        clReleaseCommandQueue(h->queue);
    if (h->context)
        clReleaseContext(h->context);
    return false;
}

static bool make_kernel(application *app)
{
    const char *text = source;
    app->program = clCreateProgramWithSource(app->handles.context, 1, &text, NULL, NULL);
    clBuildProgram(app->program, 1, &app->handles.device, NULL, NULL, NULL);
    app->twice = clCreateKernel(app->program, "twice", NULL);
    return app->twice;
}

bool application_open(application *app)
{
    cl_platform_id platforms[MOST];
    cl_device_id devices[MOST];
    cl_uint platform_count = 0, count;
    bool found = false;
    clGetPlatformIDs(MOST, platforms, &platform_count);
    for (cl_uint i = 0; i < platform_count && i < MOST && !found; i++) {
        count = 0;
        clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, MOST, devices, &count);
        for (cl_uint j = 0; j < count && j < MOST && !found; j++)
            found = open_on(app, devices[j]);
    }
    return found && make_kernel(app);
}

void application_close(application *app)
{
    clReleaseKernel(app->twice);
    clReleaseProgram(app->program);
    clReleaseCommandQueue(app->handles.queue);
    clReleaseContext(app->handles.context);
}

ock_context *application_share(const application *app)
{
    char message[1024] = "";
    const ock_context_options options = {
        .untuned = true, .message = message, .message_size = sizeof message};
    ock_context *context = NULL;
    ck_assert_msg(!ock_opencl_context_create(&app->handles, &options, &context), "%s", message);
    return context;
}

void application_write(const application *app, const float *values, size_t rows, size_t cols,
                       size_t bytes, ock_opencl_buffer *where)
{
    const float nan = NAN;
    const size_t none[3] = {0}, width = cols * sizeof(float);
    const size_t at[3] = {where->offset * sizeof(float)}, region[3] = {width, rows, 1};
    where->memory = clCreateBuffer(app->handles.context, CL_MEM_READ_WRITE, bytes, NULL, NULL);
    ck_assert_ptr_nonnull(where->memory);
    CL_OK(clEnqueueFillBuffer(app->handles.queue, where->memory, &nan, sizeof nan, 0, bytes, 0,
                              NULL, NULL));
    CL_OK(clEnqueueWriteBufferRect(app->handles.queue, where->memory, CL_FALSE, at, none, region,
                                   where->stride * sizeof(float), 0, width, 0, values, 0, NULL,
                                   NULL));
}

void application_read(const application *app, const ock_opencl_buffer *where, float *values,
                      size_t rows, size_t cols)
{
    const size_t none[3] = {0}, width = cols * sizeof(float);
    const size_t at[3] = {where->offset * sizeof(float)}, region[3] = {width, rows, 1};
    CL_OK(clEnqueueReadBufferRect(app->handles.queue, where->memory, CL_TRUE, at, none, region,
                                  where->stride * sizeof(float), 0, width, 0, values, 0, NULL,
                                  NULL));
}

ock_opencl_buffer floats(size_t cols, size_t offset)
{
    return (ock_opencl_buffer){.offset = offset, .stride = ock_opencl_stride(OCK_F32, cols)};
}

cl_mem make_buffer(const application *app, size_t elements)
{
    cl_mem buffer = clCreateBuffer(app->handles.context, CL_MEM_READ_WRITE,
                                   elements * sizeof(float), NULL, NULL);
    ck_assert_ptr_nonnull(buffer);
    return buffer;
}

cl_uint references_of(const application *app, cl_mem buffer)
{
    cl_uint count = 0;
    CL_OK(clFinish(app->handles.queue));
    CL_OK(clGetMemObjectInfo(buffer, CL_MEM_REFERENCE_COUNT, sizeof count, &count, NULL));
    return count;
}

static references references_now(const application *app)
{
    references now = {0};
    CL_OK(clGetContextInfo(app->handles.context, CL_CONTEXT_REFERENCE_COUNT, sizeof now.context,
                           &now.context, NULL));
    CL_OK(clGetCommandQueueInfo(app->handles.queue, CL_QUEUE_REFERENCE_COUNT, sizeof now.queue,
                                &now.queue, NULL));
    return now;
}

references references_to(const application *app)
{
    const struct timespec nap = {.tv_nsec = 20000000};
    const int enough = 10; /* naps without a change */
    references last = {0}, now;
    CL_OK(clFinish(app->handles.queue));
    for (int same = 0; same < enough; last = now) {
        nanosleep(&nap, NULL);
        now = references_now(app);
        same = now.context == last.context && now.queue == last.queue ? same + 1 : 0;
    }
    return last;
}
