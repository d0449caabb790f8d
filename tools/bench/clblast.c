/* CLBlast on the same device, through a context and a queue of its own. */
#include <clblast_c.h>
#include <math.h>
#include <stdlib.h>

#include "peer.h"
#include "run.h"

enum {
    FLUSH_EVERY = 64 /* calls, as Ockham does: a queue may not grow without bound */
};

struct clblast {
    cl_context context;
    cl_command_queue queue;
    const struct product *product;
    cl_mem a, b, c;
};

/* ---- The device ---- */

/* By its place among those of its platform, as the device's record tells it. */
static cl_device_id find_device(const ock_device *device)
{
    enum {
        MOST = 64
    };
    cl_platform_id platforms[MOST];
    cl_device_id devices[MOST];
    cl_uint count;
    if (device->platform < 0 || device->index < 0 ||
        clGetPlatformIDs(MOST, platforms, &count) != CL_SUCCESS ||
        (cl_uint)device->platform >= (count < MOST ? count : MOST) ||
        clGetDeviceIDs(platforms[device->platform], CL_DEVICE_TYPE_ALL, MOST, devices, &count) !=
            CL_SUCCESS ||
        (cl_uint)device->index >= (count < MOST ? count : MOST))
        return NULL;
    return devices[device->index];
}

static void release_buffers(struct clblast *clblast)
{
    cl_mem *const buffers[] = {&clblast->a, &clblast->b, &clblast->c};
    for (int i = 0; i < 3; i++) {
        if (*buffers[i])
            clReleaseMemObject(*buffers[i]);
        *buffers[i] = NULL;
    }
}

static void close_clblast(void *state)
{
    struct clblast *clblast = state;
    release_buffers(clblast);
    CLBlastClearCache(); /* it keeps programs by the context's address */
    if (clblast->queue)
        clReleaseCommandQueue(clblast->queue);
    if (clblast->context)
        clReleaseContext(clblast->context);
    free(clblast);
}

static void *open_clblast(const struct session *session, char *about, size_t size)
{
    cl_device_id device = find_device(ock_context_device(session->context));
    struct clblast *clblast = device ? calloc(1, sizeof *clblast) : NULL;
    if (!clblast) {
        snprintf(about, size, device ? "no memory" : "not for plain C");
        return NULL;
    }
    cl_int error;
    clblast->context = clCreateContext(NULL, 1, &device, NULL, NULL, &error);
    if (clblast->context)
        clblast->queue = clCreateCommandQueue(clblast->context, device, 0, &error);
    if (!clblast->queue) {
        snprintf(about, size, "no queue on the device: OpenCL's code %d", error);
        close_clblast(clblast);
        return NULL;
    }
    snprintf(about, size, "%d.%d.%d with its defaults, on the same device", CLBLAST_VERSION_MAJOR,
             CLBLAST_VERSION_MINOR, CLBLAST_VERSION_PATCH);
    return clblast;
}

/* ---- The product ---- */

static cl_mem copy(const struct clblast *clblast, float *host, size_t count, cl_int *error)
{
    return *error == CL_SUCCESS
               ? clCreateBuffer(clblast->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                count * sizeof *host, host, error)
               : NULL;
}

static bool prepare(void *state, const struct product *p, const struct operands *operands)
{
    struct clblast *clblast = state;
    cl_int error = CL_SUCCESS;
    release_buffers(clblast);
    clblast->product = p;
    clblast->a = copy(clblast, operands->a, p->shape.m * p->shape.k, &error);
    clblast->b = copy(clblast, operands->b, p->shape.k * p->shape.n, &error);
    clblast->c = copy(clblast, operands->c, p->shape.m * p->shape.n, &error);
    if (error != CL_SUCCESS)
        fprintf(stderr, "ockham-bench: no buffers for CLBlast: OpenCL's code %d\n", error);
    return error == CL_SUCCESS;
}

static int multiply(struct clblast *clblast)
{
    const struct product *p = clblast->product;
    const size_t m = p->shape.m, n = p->shape.n, k = p->shape.k;
    return CLBlastSgemm(CLBlastLayoutRowMajor,
                        p->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
                        p->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, m, n, k, 1,
                        clblast->a, 0, p->transpose_a ? m : k, clblast->b, 0,
                        p->transpose_b ? k : n, 0, clblast->c, 0, n, &clblast->queue, NULL);
}

static double run(void *state, size_t times)
{
    struct clblast *clblast = state;
    double start = run_now();
    int error = 0;
    for (size_t i = 1; i <= times && error == 0; i++) {
        error = multiply(clblast);
        if (error == 0 && i % FLUSH_EVERY == 0)
            error = clFlush(clblast->queue);
    }
    if (error == 0)
        error = clFinish(clblast->queue);
    if (error == 0)
        return run_now() - start;
    fprintf(stderr, "ockham-bench: CLBlast fails with its code %d\n", error);
    return NAN;
}

const struct peer clblast_peer = {open_clblast, close_clblast, prepare, run};
