#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ockham/version.h>

#include "core/cache.h"
#include "core/core.h"
#include "core/drivers.h"

const char *ock_device_type_name(ock_device_type type)
{
    switch (type) {
    case OCK_DEVICE_SCALAR:
        return "scalar";
    case OCK_DEVICE_CPU:
        return "cpu";
    case OCK_DEVICE_GPU:
        return "gpu";
    case OCK_DEVICE_ACCELERATOR:
        return "accelerator";
    case OCK_DEVICE_NONE:
        break;
    }
    return "none";
}

static uint64_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

ock_device ock_scalar_device(void)
{
    ock_device device = {
        .type = OCK_DEVICE_SCALAR,
        .platform = -1,
        .index = -1,
        .id = "scalar",
        .stable_name = "scalar",
        .name = "plain C",
        .platform_name = "none",
        .vendor = "Ockham",
        .version = "C11",
        .compute_units = (uint32_t)scalar_default_threads(),
        .global_memory = physical_memory(),
        .max_allocation = PTRDIFF_MAX,
        .fp64 = true,
    };
    snprintf(device.driver, sizeof device.driver, "%s", scalar_instructions());
    return device;
}

/* What the measured depends on: machine, driver, library, and in a developer's hands the
 * kernels. */
ock_cache *ock_device_cache(const ock_device *device, int threads)
{
    bool scalar = device->type == OCK_DEVICE_SCALAR;
    const char *tiles = getenv("OCKHAM_TILES"), *kernels = "";
#if OCK_OPENCL
    if (!scalar)
        kernels = opencl_kernels;
#endif
    unsigned long units = scalar && threads > 0 ? (unsigned long)threads : device->compute_units;
    char key[1024];
    snprintf(key, sizeof key, "ockham %s, kernels %016" PRIx64 "%s: %s, %s, %s, %s, %lu units",
             ock_version(), ock_cache_digest(kernels, strlen(kernels)), tiles ? tiles : "",
             device->name, device->platform_name, device->version, device->driver, units);
    for (char *c = key; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
    return ock_cache_open(key);
}

void ock_log_tell_cache(ock_log *log, ock_cache *cache)
{
    const char *news = ock_cache_news(cache);
    if (news)
        ock_log_tell(log, OCK_LOG_DEBUG, "%s", news);
}

static ock_status list_platforms(const ock_drivers *drivers, ock_device *devices, size_t capacity,
                                 size_t *count)
{
#if OCK_OPENCL
    return opencl_list(drivers, devices, capacity, count);
#else
    (void)drivers;
    if ((*count)++ < capacity) {
        *devices = (ock_device){
            .type = OCK_DEVICE_NONE, .platform = -1, .index = -1, .status = OCK_UNSUPPORTED};
        snprintf(devices->name, sizeof devices->name, "OpenCL");
        snprintf(devices->reason, sizeof devices->reason,
                 "this library was built without OpenCL; rebuild with "
                 "-Dopencl=enabled (Debian: ocl-icd-opencl-dev)");
    }
    return OCK_OK;
#endif
}

static ock_status list_all(const ock_drivers *drivers, ock_device **devices, size_t *count)
{
    for (size_t capacity = 16;; capacity *= 2) {
        ock_device *list = calloc(capacity, sizeof *list);
        size_t found = 0;
        if (!list)
            return OCK_OUT_OF_MEMORY;
        ock_status status = list_platforms(drivers, list, capacity - 1, &found);
        if (status == OCK_OK && found < capacity) {
            ock_name_devices(list, found);
            list[found] = ock_scalar_device();
            *devices = list;
            *count = found + 1;
            return OCK_OK;
        }
        free(list);
        if (status != OCK_OK)
            return status;
    }
}

static ock_status list(ock_probe_kind kind, ock_device **devices, size_t *count)
{
    if (!devices || !count)
        return OCK_INVALID_ARGUMENT;
    *devices = NULL;
    *count = 0;
    ock_drivers *drivers = NULL;
    ock_status status = ock_drivers_try(kind, &drivers);
    if (status == OCK_OK || (status == OCK_UNSUPPORTED && kind == OCK_PROBE_UNKNOWN))
        status = list_all(drivers, devices, count);
    free(drivers);
    return status;
}

ock_status ock_device_list(ock_device **devices, size_t *count)
{
    return list(OCK_PROBE_UNKNOWN, devices, count);
}

ock_status ock_device_probe(bool whole, ock_device **devices, size_t *count)
{
    return list(whole ? OCK_PROBE_WHOLE : OCK_PROBE_ANEW, devices, count);
}

void ock_device_list_free(ock_device *devices)
{
    free(devices);
}
