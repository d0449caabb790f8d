/* An OpenCL layer that makes a sound driver faulty: TEST_FAULT=wrong@launch leaves out what is
 * launched, or wrong@KERNEL that alone, crash@launch and hang@launch do so there, crash@measure and
 * hang@measure when it is timed, lie@huge and lie@zero claim what cannot be, lie@gpu that a CPU is
 * a GPU, and lack@... is a device below the kernels' floor. */
#undef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl_layer.h>
#include <spawn.h>

#include "fault.h"

extern char **environ;

static const cl_icd_dispatch *target;

/* What a driver starts once and leaves running, as a daemon may be. */
static void linger(void)
{
    static bool started;
    char name[] = "sleep", seconds[] = "90", *arguments[] = {name, seconds, NULL};
    pid_t process;
    if (!started && asked_to("linger", "launch"))
        posix_spawnp(&process, name, NULL, NULL, arguments, environ);
    started = true;
}

static cl_int CL_API_CALL launch(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                 const size_t *offset, const size_t *global, const size_t *local,
                                 cl_uint count, const cl_event *events, cl_event *event)
{
    char name[64] = "";
    target->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name - 1, name, NULL);
    linger();
    reach("launch");
    if (strcmp(name, "fma_chains") == 0) /* which only measuring runs */
        reach("measure");
    if (asked_to("wrong", "launch") || asked_to("wrong", name))
        return target->clEnqueueMarkerWithWaitList(queue, count, events, event);
    return target->clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, count,
                                          events, event);
}

static void take_away(cl_device_info name, void *value)
{
    static const struct {
        const char *what;
        cl_device_info name;
        size_t size;
    } all[] = {{"groups", CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t)},
               {"memory", CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong)},
               {"arithmetic", CL_DEVICE_SINGLE_FP_CONFIG, sizeof(cl_device_fp_config)},
               {"compiler", CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_bool)},
               {"device", CL_DEVICE_AVAILABLE, sizeof(cl_bool)}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (name == all[i].name && asked_to("lack", all[i].what))
            memset(value, 0, all[i].size);
    if (name == CL_DEVICE_OPENCL_C_VERSION && asked_to("lack", "language"))
        ((char *)value)[strlen("OpenCL C 1.")] = '1';
    if (name == CL_DEVICE_OPENCL_C_VERSION && asked_to("lack", "words"))
        *(char *)value = '\0';
    if (name == CL_DEVICE_TYPE && asked_to("lie", "gpu"))
        *(cl_device_type *)value = CL_DEVICE_TYPE_GPU;
}

static cl_int CL_API_CALL device_info(cl_device_id device, cl_device_info name, size_t size,
                                      void *value, size_t *used)
{
    cl_int error = target->clGetDeviceInfo(device, name, size, value, used);
    bool huge = asked_to("lie", "huge");
    if (error == CL_SUCCESS && value)
        take_away(name, value);
    if (error != CL_SUCCESS || !value || (!huge && !asked_to("lie", "zero")))
        return error;
    switch (name) {
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        memset(value, huge ? 0 : 0xff, sizeof(cl_uint)); /* the other way round */
        break;
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        memset(value, huge ? 0xff : 0, sizeof(cl_ulong));
        break;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
    case CL_DEVICE_LOCAL_MEM_SIZE:
    case CL_DEVICE_SINGLE_FP_CONFIG:
        memset(value, 0xff, sizeof(cl_ulong));
        break;
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT:
        memset(value, huge ? 0xff : 0, sizeof(cl_uint));
        break;
    default:
        break;
    }
    return error;
}

static const cl_icd_dispatch layer = {
    .clEnqueueNDRangeKernel = launch,
    .clGetDeviceInfo = device_info,
};

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint count, const cl_icd_dispatch *dispatch,
                                            cl_uint *wrapped_count, const cl_icd_dispatch **wrapped)
{
    if (!dispatch || !wrapped_count || !wrapped || count < sizeof layer / sizeof(void *))
        return CL_INVALID_VALUE;
    target = dispatch;
    *wrapped = &layer;
    *wrapped_count = sizeof layer / sizeof(void *);
    return CL_SUCCESS;
}
