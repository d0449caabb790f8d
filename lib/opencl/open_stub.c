/* Stand-in until the OpenCL backend has landed. */
#include "opencl.h"
__attribute__((weak)) ock_status opencl_open(const ock_device *device, ock_log *log, ock_backend **backend)
{
    (void)device;
    *backend = NULL;
    return ock_log_report(log, OCK_UNSUPPORTED, "no OpenCL backend yet");
}
__attribute__((weak)) ock_status opencl_list(ock_device *devices, size_t capacity, size_t *count)
{
    (void)devices, (void)capacity, (void)count;
    return OCK_OK;
}
