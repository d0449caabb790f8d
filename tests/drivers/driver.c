/* An OpenCL driver of one device that crashes, aborts, exits or hangs when it is loaded, asked for
 * its platforms or devices, or builds: TEST_FAULT=hang@devices, and so on. It can also
 * lie@texts, lie@length, lie@count and lie@none; and its compiler fails in any case. It has the
 * entries that are called until then. */
#include <CL/cl_icd.h>
#include <stdint.h>

#include "fault.h"

/* Every object is this one. */
struct object {
    const cl_icd_dispatch *table;
};

static struct object object;
static const char build_log[] = "kernel.cl:1: this compiler fails\n";

__attribute__((constructor)) static void load(void)
{
    reach("load");
}

/* ---- Answers ---- */

static cl_int give(const void *answer, size_t needed, size_t size, void *value, size_t *used)
{
    if (used)
        *used = needed;
    if (value && size < needed)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, answer, needed);
    return CL_SUCCESS;
}

/* Whoever believes it is overrun. */
static cl_int lie_about_length(void *value, size_t *used)
{
    if (used)
        *used = SIZE_MAX;
    if (value)
        memset(value, 'x', 1 << 20);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t size, void *value, size_t *used)
{
    static char huge[1 << 15];
    if (asked_to("lie", "length"))
        return lie_about_length(value, used);
    if (!asked_to("lie", "texts"))
        return give(text, strlen(text) + 1, size, value, used);
    memset(huge, 'x', sizeof huge);
    memcpy(huge, "\r\n\x1b[2J\xff\"\\\t\x7f<", 12);
    return give(huge, sizeof huge, size, value, used); /* without an end */
}

static cl_int give_number(uint64_t number, size_t width, size_t size, void *value, size_t *used)
{
    cl_uint narrow = (cl_uint)number;
    return width == sizeof narrow ? give(&narrow, width, size, value, used)
                                  : give(&number, width, size, value, used);
}

static cl_int CL_API_CALL platform_info(cl_platform_id platform, cl_platform_info name, size_t size,
                                        void *value, size_t *used)
{
    (void)platform;
    switch (name) {
    case CL_PLATFORM_NAME:
        return give_text("Test driver", size, value, used);
    case CL_PLATFORM_EXTENSIONS: /* without which the loader passes it over */
        return give("cl_khr_icd", sizeof "cl_khr_icd", size, value, used);
    case CL_PLATFORM_ICD_SUFFIX_KHR:
        return give("TEST", sizeof "TEST", size, value, used);
    default:
        return give_text("OpenCL 1.2", size, value, used);
    }
}

static cl_int CL_API_CALL device_ids(cl_platform_id platform, cl_device_type type, cl_uint capacity,
                                     cl_device_id *devices, cl_uint *count)
{
    (void)platform;
    (void)type;
    reach("devices");
    if (devices && capacity > 0)
        devices[0] = (cl_device_id)&object;
    if (count)
        *count = asked_to("lie", "count") ? 1 << 20 : !asked_to("lie", "none");
    return CL_SUCCESS;
}

static const struct number {
    cl_device_info name;
    size_t width;
    uint64_t value;
} numbers[] = {
    {CL_DEVICE_TYPE, 8, CL_DEVICE_TYPE_GPU},
    {CL_DEVICE_MAX_COMPUTE_UNITS, 4, 4},
    {CL_DEVICE_MAX_WORK_GROUP_SIZE, 8, 1024},
    {CL_DEVICE_GLOBAL_MEM_SIZE, 8, 1 << 30},
    {CL_DEVICE_MAX_MEM_ALLOC_SIZE, 8, 1 << 28},
    {CL_DEVICE_LOCAL_MEM_SIZE, 8, 1 << 16},
    {CL_DEVICE_SINGLE_FP_CONFIG, 8, CL_FP_ROUND_TO_NEAREST | CL_FP_INF_NAN},
    {CL_DEVICE_COMPILER_AVAILABLE, 4, CL_TRUE},
    {CL_DEVICE_AVAILABLE, 4, CL_TRUE},
};

static cl_int CL_API_CALL device_info(cl_device_id device, cl_device_info name, size_t size,
                                      void *value, size_t *used)
{
    (void)device;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].name == name)
            return give_number(numbers[i].value, numbers[i].width, size, value, used);
    switch (name) {
    case CL_DEVICE_OPENCL_C_VERSION:
        return give("OpenCL C 1.2 ", sizeof "OpenCL C 1.2 ", size, value, used);
    case CL_DEVICE_NAME:
    case CL_DEVICE_VENDOR:
    case CL_DEVICE_VERSION:
    case CL_DRIVER_VERSION:
    case CL_DEVICE_EXTENSIONS:
        return give_text("Test device", size, value, used);
    default:
        return CL_INVALID_VALUE;
    }
}

/* ---- Until the build ---- */

static void *make(cl_int *error)
{
    if (error)
        *error = CL_SUCCESS;
    return &object;
}

static cl_context CL_API_CALL create_context(const cl_context_properties *properties, cl_uint count,
                                             const cl_device_id *devices,
                                             void(CL_CALLBACK *notify)(const char *, const void *,
                                                                       size_t, void *),
                                             void *data, cl_int *error)
{
    (void)properties;
    (void)count;
    (void)devices;
    (void)notify;
    (void)data;
    return make(error);
}

static cl_command_queue CL_API_CALL create_queue(cl_context context, cl_device_id device,
                                                 cl_command_queue_properties properties,
                                                 cl_int *error)
{
    (void)context;
    (void)device;
    (void)properties;
    return make(error);
}

static cl_program CL_API_CALL create_program(cl_context context, cl_uint count, const char **texts,
                                             const size_t *lengths, cl_int *error)
{
    (void)context;
    (void)count;
    (void)texts;
    (void)lengths;
    return make(error);
}

static cl_int CL_API_CALL build(cl_program program, cl_uint count, const cl_device_id *devices,
                                const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                                void *data)
{
    (void)program;
    (void)count;
    (void)devices;
    (void)options;
    (void)notify;
    (void)data;
    reach("build");
    return CL_BUILD_PROGRAM_FAILURE;
}

static cl_int CL_API_CALL build_info(cl_program program, cl_device_id device,
                                     cl_program_build_info name, size_t size, void *value,
                                     size_t *used)
{
    (void)program;
    (void)device;
    (void)name;
    return asked_to("lie", "length") ? give_text(build_log, size, value, used)
                                     : give(build_log, sizeof build_log, size, value, used);
}

static cl_int CL_API_CALL release_context(cl_context context)
{
    return context ? CL_SUCCESS : CL_INVALID_CONTEXT;
}

static cl_int CL_API_CALL release_program(cl_program program)
{
    return program ? CL_SUCCESS : CL_INVALID_PROGRAM;
}

static cl_int CL_API_CALL end_queue(cl_command_queue queue)
{
    return queue ? CL_SUCCESS : CL_INVALID_COMMAND_QUEUE;
}

static const cl_icd_dispatch table = {
    .clGetPlatformInfo = platform_info,
    .clGetDeviceIDs = device_ids,
    .clGetDeviceInfo = device_info,
    .clCreateContext = create_context,
    .clReleaseContext = release_context,
    .clCreateCommandQueue = create_queue,
    .clReleaseCommandQueue = end_queue,
    .clFlush = end_queue,
    .clFinish = end_queue,
    .clCreateProgramWithSource = create_program,
    .clBuildProgram = build,
    .clGetProgramBuildInfo = build_info,
    .clReleaseProgram = release_program,
};

/* ---- What the loader looks for ---- */

CL_API_ENTRY cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint capacity, cl_platform_id *platforms,
                                                       cl_uint *count)
{
    reach("platforms");
    object.table = &table;
    if (platforms && capacity > 0)
        platforms[0] = (cl_platform_id)&object;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

CL_API_ENTRY void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    cl_int(CL_API_CALL * list)(cl_uint, cl_platform_id *, cl_uint *) = clIcdGetPlatformIDsKHR;
    cl_api_clGetPlatformInfo info = platform_info;
    void *address = NULL;
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        memcpy(&address, &list, sizeof address);
    if (strcmp(name, "clGetPlatformInfo") == 0)
        memcpy(&address, &info, sizeof address);
    return address;
}
