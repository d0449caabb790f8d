/* Reaching the drivers: through the loader, or past it where one of them would bring it down.
 * Objects of OpenCL begin with their driver's table, so that the loader's other functions serve
 * both. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl_icd.h>

#include "opencl.h"

enum {
    COUNT_MAX = 1024 /* a driver that claims more is not believed */
};

typedef struct dispatched {
    const cl_icd_dispatch *table;
} dispatched;

static const cl_icd_dispatch *table_of(const void *object)
{
    return ((const dispatched *)object)->table;
}

/* In ocl-icd, this and the next two load all drivers first, as does clGetPlatformIDs(); what takes
 * a context or what was made in one does not. */
cl_int opencl_platform_info(const opencl_platform *platform, cl_uint property, size_t size,
                            void *value, size_t *used)
{
    cl_platform_id id = platform->id;
    return *platform->library ? table_of(id)->clGetPlatformInfo(id, property, size, value, used)
                              : clGetPlatformInfo(id, property, size, value, used);
}

static cl_int ids_past_loader(const char *library, cl_uint capacity, cl_platform_id *platforms,
                              cl_uint *count)
{
    void *(CL_API_CALL * find)(const char *name);
    clIcdGetPlatformIDsKHR_fn list;
    void *driver = dlopen(library, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
    void *symbol = driver ? dlsym(driver, "clGetExtensionFunctionAddress") : NULL;
    memcpy(&find, &symbol, sizeof find);
    symbol = find ? find("clIcdGetPlatformIDsKHR") : NULL;
    memcpy(&list, &symbol, sizeof list);
    if (driver)
        dlclose(driver);
    return list ? list(capacity, platforms, count) : CL_PLATFORM_NOT_FOUND_KHR;
}

static cl_int platform_ids(const char *library, cl_uint capacity, cl_platform_id *platforms,
                           cl_uint *count)
{
    return *library ? ids_past_loader(library, capacity, platforms, count)
                    : clGetPlatformIDs(capacity, platforms, count);
}

cl_int opencl_platforms(const char *library, cl_platform_id **platforms, cl_uint *count)
{
    *platforms = NULL;
    *count = 0;
    cl_int error = platform_ids(library, 0, NULL, count);
    if (error == CL_SUCCESS && (*count == 0 || *count > COUNT_MAX))
        error = CL_PLATFORM_NOT_FOUND_KHR;
    if (error != CL_SUCCESS)
        return error;
    *platforms = calloc(*count, sizeof **platforms);
    if (!*platforms)
        return OPENCL_NO_MEMORY;
    error = platform_ids(library, *count, *platforms, NULL);
    if (error != CL_SUCCESS) {
        free(*platforms);
        *platforms = NULL;
    }
    return error;
}

static cl_int device_ids(const opencl_platform *platform, cl_uint capacity, cl_device_id *devices,
                         cl_uint *count)
{
    cl_platform_id id = platform->id;
    const cl_device_type all = CL_DEVICE_TYPE_ALL;
    return *platform->library ? table_of(id)->clGetDeviceIDs(id, all, capacity, devices, count)
                              : clGetDeviceIDs(id, all, capacity, devices, count);
}

cl_int opencl_devices(const opencl_platform *platform, cl_device_id **devices, cl_uint *count)
{
    *devices = NULL;
    *count = 0;
    cl_int error = device_ids(platform, 0, NULL, count);
    if (error == CL_SUCCESS && *count == 0)
        error = CL_DEVICE_NOT_FOUND;
    if (error == CL_SUCCESS && *count > COUNT_MAX)
        error = CL_INVALID_VALUE;
    if (error != CL_SUCCESS)
        return error;
    *devices = calloc(*count, sizeof **devices);
    if (!*devices)
        return OPENCL_NO_MEMORY;
    error = device_ids(platform, *count, *devices, NULL);
    if (error != CL_SUCCESS) {
        free(*devices);
        *devices = NULL;
    }
    return error;
}

cl_context opencl_create_context(const char *library, cl_device_id device, cl_int *error)
{
    return *library ? table_of(device)->clCreateContext(NULL, 1, &device, NULL, NULL, error)
                    : clCreateContext(NULL, 1, &device, NULL, NULL, error);
}

cl_int opencl_find(const ock_device *device, cl_device_id *found, const char **failed)
{
    cl_platform_id *platforms;
    cl_device_id *devices;
    cl_uint count;
    *failed = "clGetPlatformIDs";
    cl_int error = opencl_platforms(device->library, &platforms, &count);
    if (error != CL_SUCCESS)
        return error;
    cl_uint position = *device->library ? 0 : (cl_uint)device->platform;
    opencl_platform platform = {device->library, position < count ? platforms[position] : NULL};
    free(platforms);
    if (!platform.id)
        return CL_INVALID_PLATFORM;
    *failed = "clGetDeviceIDs";
    error = opencl_devices(&platform, &devices, &count);
    if (error != CL_SUCCESS)
        return error;
    *found = device->index >= 0 && (cl_uint)device->index < count ? devices[device->index] : NULL;
    free(devices);
    return *found ? CL_SUCCESS : CL_INVALID_DEVICE;
}
