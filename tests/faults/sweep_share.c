/* A context on an application's own objects, of which nothing may be kept however it fails. */
#include <math.h>
#include <string.h>
#include <time.h>

#include <ockham/opencl.h>

#include "sweep.h"

enum {
    BATCH = 16,
    FEATURES = 12,
    CLASSES = 5,
    OFFSET = 32 /* elements before the tensor in the buffer */
};

/* ---- The application ---- */

typedef struct references {
    cl_uint context, queue, buffer;
} references;

static ock_opencl_handles own;
static ock_opencl_buffer lent;
static references before;

static references count_references(void)
{
    references now = {0};
    clGetContextInfo(own.context, CL_CONTEXT_REFERENCE_COUNT, sizeof now.context, &now.context,
                     NULL);
    clGetCommandQueueInfo(own.queue, CL_QUEUE_REFERENCE_COUNT, sizeof now.queue, &now.queue, NULL);
    clGetMemObjectInfo(lent.memory, CL_MEM_REFERENCE_COUNT, sizeof now.buffer, &now.buffer, NULL);
    return now;
}

/* On the device that the library calls so. The queue has been used, of which drivers keep the last
 * event, and that the queue. */
static bool open_application(const char *device)
{
    const float nan = NAN;
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    options.device = device;
    if (ock_context_create(&options, &context) != OCK_OK)
        return false;
    ock_opencl_context_handles(context, &own);
    ock_context_destroy(context);
    own.context = clCreateContext(NULL, 1, &own.device, NULL, NULL, NULL);
    own.queue = clCreateCommandQueue(own.context, own.device, 0, NULL);
    lent = (ock_opencl_buffer){.offset = OFFSET, .stride = ock_opencl_stride(OCK_F32, FEATURES)};
    size_t bytes = (OFFSET + BATCH * lent.stride) * sizeof nan;
    lent.memory = clCreateBuffer(own.context, CL_MEM_READ_WRITE, bytes, NULL, NULL);
    bool filled = clEnqueueFillBuffer(own.queue, lent.memory, &nan, sizeof nan, 0, bytes, 0, NULL,
                                      NULL) == CL_SUCCESS;
    filled = filled && clFinish(own.queue) == CL_SUCCESS;
    before = count_references();
    return filled;
}

static void close_application(void)
{
    clReleaseMemObject(lent.memory);
    clReleaseCommandQueue(own.queue);
    clReleaseContext(own.context);
}

/* A driver's threads may let go of them later. */
static bool has_all_back(void)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    const int enough = 1000; /* naps */
    bool same = false;
    clFinish(own.queue);
    for (int i = 0; i < enough && !same; i++) {
        references now = count_references();
        same = now.context == before.context && now.queue == before.queue &&
               now.buffer == before.buffer;
        if (!same)
            nanosleep(&nap, NULL);
    }
    return same;
}

static const sweep_application lender = {open_application, has_all_back, close_application};

/* ---- The scene; plain C, which has no OpenCL to share, does the same on its own ---- */

static bool is_plain(const stage *s)
{
    return strcmp(s->device, "scalar") == 0;
}

static void open_context(stage *s)
{
    ock_context_options options = ock_context_defaults();
    options.message = s->message;
    options.message_size = sizeof s->message;
    options.device = is_plain(s) ? s->device : NULL;
    if (is_plain(s))
        stage_note(s, ock_context_create(&options, &s->context));
    else
        stage_note(s, ock_opencl_context_create(&own, &options, &s->context));
}

static ock_tensor *borrow(stage *s)
{
    ock_tensor *tensor = NULL;
    if (is_plain(s))
        return stage_tensor(s, OCK_F32, BATCH, FEATURES);
    TRY(s, ock_opencl_tensor_create(s->context, &lent, OCK_F32, BATCH, FEATURES, &tensor));
    if (tensor)
        s->tensors[s->count++] = tensor;
    return tensor;
}

static void play_share(stage *s)
{
    ock_model *net = NULL;
    const ock_fit fit = ock_fit_defaults();
    open_context(s);
    ock_tensor *data = stage_floats(s, BATCH, FEATURES), *x = borrow(s);
    ock_tensor *y = stage_integers(s, BATCH, CLASSES), *p = stage_floats(s, BATCH, CLASSES);
    ock_tensor *totals = stage_tensor(s, OCK_F32, 1, OCK_TOTALS_SIZE);
    TRY(s, ock_tensor_copy(data, x));
    TRY(s, ock_model_create(s->context, FEATURES, &net));
    TRY(s, ock_model_add_dense(net, 10, OCK_RELU, NULL));
    TRY(s, ock_model_add_dense(net, CLASSES, OCK_SOFTMAX, NULL));
    TRY(s, ock_model_initialize(net, 1));
    TRY(s, ock_model_train_step(net, &fit, x, y, totals));
    stage_keep_totals(s, totals);
    TRY(s, ock_model_predict(net, x, p));
    stage_keep(s, p);
    ock_model_destroy(net);
}

const scenario sharing_scenes[] = {{.name = "share",
                                    .play = play_share,
                                    .opens = true,
                                    .device = "",
                                    .application = &lender,
                                    .stride = 53,
                                    .all_stride = 11},
                                   {0}};
