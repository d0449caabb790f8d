#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl_ext.h>

#include "opencl.h"

/* What the kernels take for granted; see also opencl_build(). */
enum {
    FLOOR_WORK_GROUP = 256,
    FLOOR_LOCAL_MEMORY = 32 * 1024,
    TEXT_MAX = 1 << 16, /* a driver that claims more is not believed */
    DEVICES_MAX = 64,   /* that a walk visits */
};

typedef struct device_rows {
    ock_device *devices;
    size_t capacity, count;
    bool refused; /* memory did not suffice for them */
} device_rows;

static void append(device_rows *rows, const ock_device *device)
{
    if (rows->count < rows->capacity)
        rows->devices[rows->count] = *device;
    rows->count++;
}

/* ---- Queries: what fails leaves an empty text or 0 ---- */

typedef cl_int (*query)(const void *object, cl_uint property, size_t size, void *value,
                        size_t *used);

static cl_int query_platform(const void *object, cl_uint property, size_t size, void *value,
                             size_t *used)
{
    return opencl_platform_info(object, property, size, value, used);
}

static cl_int query_device(const void *object, cl_uint property, size_t size, void *value,
                           size_t *used)
{
    return clGetDeviceInfo(*(const cl_device_id *)object, property, size, value, used);
}

/* The caller's to free. */
static cl_int whole_text(device_rows *rows, query get, const void *object, cl_uint property,
                         char **text)
{
    size_t length = 0;
    *text = NULL;
    cl_int error = get(object, property, 0, NULL, &length);
    if (error != CL_SUCCESS || length > TEXT_MAX)
        return error;
    *text = calloc(1, length + 1);
    rows->refused = rows->refused || !*text;
    if (!*text)
        return OPENCL_NO_MEMORY;
    error = get(object, property, length, *text, NULL);
    if (error != CL_SUCCESS)
        **text = '\0';
    return error;
}

/* On one line, whatever the driver says. */
static cl_int get_text(device_rows *rows, query get, const void *object, cl_uint property,
                       char *text, size_t size)
{
    char *whole;
    cl_int error = whole_text(rows, get, object, property, &whole);
    snprintf(text, size, "%s", whole ? whole : "");
    free(whole);
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    return error;
}

static bool has_extension(device_rows *rows, cl_device_id device, const char *name)
{
    char *all;
    whole_text(rows, query_device, &device, CL_DEVICE_EXTENSIONS, &all);
    bool has = all && strstr(all, name);
    free(all);
    return has;
}

/* What the kernels hang on rules a device out if it cannot be told. */
static void not_told(ock_device *row, cl_int error)
{
    row->status = opencl_status(error);
    snprintf(row->reason, sizeof row->reason, "clGetDeviceInfo: %s (%d)", opencl_error_name(error),
             error);
}

static uint64_t get_number(ock_device *row, cl_device_id device, cl_uint property)
{
    union {
        cl_ulong wide;
        cl_uint narrow;
    } value = {0};
    size_t used = 0;
    cl_int error = clGetDeviceInfo(device, property, sizeof value, &value, &used);
    if (error == CL_SUCCESS)
        return used == sizeof value.narrow ? value.narrow : value.wide;
    not_told(row, error);
    return 0;
}

/* ---- Devices ---- */

static ock_device_type device_type(ock_device *row, cl_device_id device)
{
    uint64_t type = get_number(row, device, CL_DEVICE_TYPE);
    if (type & CL_DEVICE_TYPE_CPU) /* first: a simulator claims to be everything */
        return OCK_DEVICE_CPU;
    return type & CL_DEVICE_TYPE_GPU ? OCK_DEVICE_GPU : OCK_DEVICE_ACCELERATOR;
}

static void unsupported(ock_device *row, const char *what, const char *has, const char *needs)
{
    if (row->status != OCK_OK && row->status != OCK_UNSUPPORTED) /* not told */
        return;
    row->status = OCK_UNSUPPORTED;
    snprintf(row->reason, sizeof row->reason,
             "%s is %.80s, the kernels need %s: use another device", what, has, needs);
}

static void check_at_least(ock_device *row, const char *what, uint64_t has, uint64_t needs)
{
    char has_text[24], needs_text[24];
    snprintf(has_text, sizeof has_text, "%llu", (unsigned long long)has);
    snprintf(needs_text, sizeof needs_text, "%llu", (unsigned long long)needs);
    if (has < needs)
        unsupported(row, what, has_text, needs_text);
}

static void check_floor(device_rows *rows, ock_device *row, cl_device_id device)
{
    const char *language = row->language;
    int major = 0, minor = 0;
    cl_int error = get_text(rows, query_device, &device, CL_DEVICE_OPENCL_C_VERSION, row->language,
                            sizeof row->language);
    if (error != CL_SUCCESS)
        not_told(row, error);
    else if (sscanf(language, "OpenCL C %d.%d", &major, &minor) != 2 || major < 1 ||
             (major == 1 && minor < 2))
        unsupported(row, "its language", language[0] ? language : "unknown", "OpenCL C 1.2");
    check_at_least(row, "its largest work-group", row->max_work_group, FLOOR_WORK_GROUP);
    check_at_least(row, "its local memory", row->local_memory, FLOOR_LOCAL_MEMORY);
    uint64_t fp32 = CL_FP_ROUND_TO_NEAREST | CL_FP_INF_NAN;
    if ((get_number(row, device, CL_DEVICE_SINGLE_FP_CONFIG) & fp32) != fp32)
        unsupported(row, "its 32-bit arithmetic", "limited", "rounding to nearest, Inf and NaN");
    if (!get_number(row, device, CL_DEVICE_COMPILER_AVAILABLE))
        unsupported(row, "its compiler", "missing", "one");
    if (!get_number(row, device, CL_DEVICE_AVAILABLE))
        unsupported(row, "it", "not available", "it to be");
}

static void append_device(device_rows *rows, ock_device row, cl_device_id device)
{
    row.type = device_type(&row, device);
    snprintf(row.id, sizeof row.id, "%d:%d", row.platform, row.index);
    get_text(rows, query_device, &device, CL_DEVICE_NAME, row.name, sizeof row.name);
    get_text(rows, query_device, &device, CL_DEVICE_VENDOR, row.vendor, sizeof row.vendor);
    get_text(rows, query_device, &device, CL_DEVICE_VERSION, row.version, sizeof row.version);
    get_text(rows, query_device, &device, CL_DRIVER_VERSION, row.driver, sizeof row.driver);
    row.compute_units = (uint32_t)get_number(&row, device, CL_DEVICE_MAX_COMPUTE_UNITS);
    row.max_work_group = (uint32_t)get_number(&row, device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    row.global_memory = get_number(&row, device, CL_DEVICE_GLOBAL_MEM_SIZE);
    row.max_allocation = get_number(&row, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    row.local_memory = get_number(&row, device, CL_DEVICE_LOCAL_MEM_SIZE);
    row.fp16 = has_extension(rows, device, "cl_khr_fp16");
    row.fp64 = has_extension(rows, device, "cl_khr_fp64");
    check_floor(rows, &row, device);
    append(rows, &row);
}

/* ---- Platforms ---- */

static void append_none(device_rows *rows, ock_device row, const char *failed, cl_int error)
{
    row.type = OCK_DEVICE_NONE;
    row.index = -1;
    row.status = OCK_DEVICE_NOT_FOUND;
    rows->refused = rows->refused || error == OPENCL_NO_MEMORY;
    memcpy(row.name, row.platform_name, sizeof row.name);
    if (error == CL_PLATFORM_NOT_FOUND_KHR)
        snprintf(row.reason, sizeof row.reason,
                 "no OpenCL driver is installed (%s): install your device's, or Debian's "
                 "pocl-opencl-icd for the CPU",
                 opencl_error_name(error));
    else if (error == CL_DEVICE_NOT_FOUND)
        snprintf(row.reason, sizeof row.reason,
                 "no device (%s): some drivers must be told which to offer, as rusticl by "
                 "RUSTICL_ENABLE=llvmpipe, or where to write, as PoCL by POCL_CACHE_DIR",
                 opencl_error_name(error));
    else {
        row.status = OCK_DEVICE_FAILED;
        snprintf(row.reason, sizeof row.reason,
                 "the driver fails in %s with %s (%d): reinstall it, or remove its file from "
                 "/etc/OpenCL/vendors",
                 failed, opencl_error_name(error), error);
    }
    append(rows, &row);
}

static void append_platform(device_rows *rows, int position, const opencl_platform *platform)
{
    ock_device row = {.platform = position};
    cl_device_id *devices;
    cl_uint count;
    snprintf(row.library, sizeof row.library, "%s", platform->library);
    get_text(rows, query_platform, platform, CL_PLATFORM_NAME, row.platform_name,
             sizeof row.platform_name);
    cl_int error = opencl_devices(platform, &devices, &count);
    if (error != CL_SUCCESS) {
        append_none(rows, row, "clGetDeviceIDs", error);
        return;
    }
    for (cl_uint i = 0; i < count; i++) {
        row.index = (int)i;
        append_device(rows, row, devices[i]);
    }
    free(devices);
}

static void append_bad(device_rows *rows, int position, const ock_driver *driver)
{
    ock_device row = {
        .type = OCK_DEVICE_NONE, .platform = position, .index = -1, .status = OCK_DEVICE_FAILED};
    snprintf(row.name, sizeof row.name, "%.127s", driver->name);
    snprintf(row.platform_name, sizeof row.platform_name, "%.127s", driver->name);
    snprintf(row.reason, sizeof row.reason, "%s", driver->reason);
    append(rows, &row);
}

static void append_library(device_rows *rows, int position, const char *library)
{
    cl_platform_id *platforms;
    cl_uint count;
    cl_int error = opencl_platforms(library, &platforms, &count);
    if (error != CL_SUCCESS) {
        ock_device row = {.platform = position};
        snprintf(row.platform_name, sizeof row.platform_name, "%s", library);
        append_none(rows, row, "clGetPlatformIDs", error);
        return;
    }
    append_platform(rows, position, &(opencl_platform){library, platforms[0]});
    free(platforms);
}

/* ---- Lists ---- */

static void list_past_loader(device_rows *rows, const ock_drivers *drivers)
{
    for (size_t i = 0; i < drivers->count; i++)
        if (*drivers->list[i].reason)
            append_bad(rows, (int)i, &drivers->list[i]);
        else
            append_library(rows, (int)i, drivers->list[i].library);
}

static void list_by_loader(device_rows *rows, const ock_drivers *drivers)
{
    cl_platform_id *platforms;
    cl_uint count;
    cl_int error = opencl_platforms("", &platforms, &count);
    size_t known = drivers ? drivers->count : 0;
    if (error != CL_SUCCESS)
        append_none(rows, (ock_device){.platform = -1, .platform_name = "OpenCL"},
                    "clGetPlatformIDs", error);
    for (size_t i = 0; error == CL_SUCCESS && i < count; i++)
        if (i < known && !*drivers->list[i].library && *drivers->list[i].reason)
            append_bad(rows, (int)i, &drivers->list[i]);
        else
            append_platform(rows, (int)i, &(opencl_platform){"", platforms[i]});
    for (size_t i = 0; i < known; i++)
        if (*drivers->list[i].library)
            append_bad(rows, -1, &drivers->list[i]);
    free(platforms);
}

ock_status opencl_list(const ock_drivers *drivers, ock_device *devices, size_t capacity,
                       size_t *count)
{
    device_rows rows = {.devices = devices, .capacity = capacity, .count = *count};
    if (drivers && drivers->past_loader)
        list_past_loader(&rows, drivers);
    else
        list_by_loader(&rows, drivers);
    *count = rows.count;
    return rows.refused ? OCK_OUT_OF_MEMORY : OCK_OK;
}

ock_status opencl_walk(const char *library, size_t first, const ock_visitor *visitor)
{
    cl_platform_id *platforms = NULL;
    cl_uint count;
    ock_device *devices = calloc(DEVICES_MAX, sizeof *devices);
    if (!devices)
        return OCK_OUT_OF_MEMORY;
    if (opencl_platforms(library, &platforms, &count) != CL_SUCCESS)
        count = 0;
    else if (*library)
        count = 1;
    for (size_t i = first; i < count; i++) {
        device_rows rows = {.devices = devices, .capacity = DEVICES_MAX};
        opencl_platform platform = {library, platforms[i]};
        char name[128];
        get_text(&rows, query_platform, &platform, CL_PLATFORM_NAME, name, sizeof name);
        visitor->platform(name);
        append_platform(&rows, (int)i, &platform);
        for (size_t j = 0; j < rows.count && j < rows.capacity; j++)
            if (devices[j].status == OCK_OK)
                visitor->device(&devices[j]);
    }
    free(platforms);
    free(devices);
    return OCK_OK;
}
