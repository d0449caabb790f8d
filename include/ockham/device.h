/** @file
 * Devices: what a machine has, which of it works, and which a context would choose. */
#ifndef OCKHAM_DEVICE_H
#define OCKHAM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ockham/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a device is, by what its driver says. */
typedef enum ock_device_type {
    OCK_DEVICE_NONE,        /**< a platform without a usable device: status and reason say why */
    OCK_DEVICE_SCALAR,      /**< plain C, without OpenCL */
    OCK_DEVICE_CPU,         /**< CL_DEVICE_TYPE_CPU */
    OCK_DEVICE_GPU,         /**< CL_DEVICE_TYPE_GPU */
    OCK_DEVICE_ACCELERATOR, /**< any other */
} ock_device_type;

/** A plain record, copied by value; texts are terminated and cut to fit. */
typedef struct ock_device {
    ock_device_type type; /**< OCK_DEVICE_NONE: a row that is not a device */
    int platform;         /**< position among the platforms, from 0; -1 for the scalar path */
    int index;            /**< position among the platform's devices; -1 where there is none */
    char id[24];          /**< what the device option takes: "scalar" or "PLATFORM:DEVICE" */
    /** Another name that it takes, which stays when platforms come, go and change places: both
     * names in small letters, "portable-computing-language/pthread-skylake", and a number where
     * several are called so, "PLATFORM/DEVICE/2", in the order of this list. "scalar"; or empty
     * where there is no device. */
    char stable_name[104];
    char name[128];          /**< as the driver states it */
    char platform_name[128]; /**< likewise */
    char vendor[128];        /**< likewise */
    char version[128];       /**< OpenCL version as the device states it */
    char language[64];       /**< OpenCL C version, likewise */
    char driver[128];        /**< its version */
    uint32_t compute_units;  /**< of the scalar path: threads */
    uint32_t max_work_group; /**< work-items */
    uint64_t global_memory;  /**< bytes */
    uint64_t max_allocation; /**< bytes in one buffer */
    uint64_t local_memory;   /**< bytes */
    bool fp16;               /**< half precision; no kernel needs it */
    bool fp64;               /**< double precision; no kernel needs it */
    ock_status status;       /**< OCK_OK: meets the floor; otherwise the device is never chosen */
    char reason[256];        /**< why status is not OCK_OK, and what to do about it */
    char library[256]; /**< the driver's file, where it is loaded past OpenCL's loader; or empty */
} ock_device;

/** Lists the OpenCL platforms' devices in the loader's order and the scalar path
 * last. A platform that fails or has no device is one row of type
 * OCK_DEVICE_NONE; so is a driver's file whose library cannot be loaded, which the loader says
 * nothing of, and on a machine without any platform the loader's reason. The list is never empty.
 * It is the caller's: ock_device_list_free(). Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY.
 *
 * No driver is called before a child process has tried it: it loads the driver, lists its devices,
 * builds the kernels and compares a training step's operations with the scalar path, for 10, 10,
 * 60 and 60 s at most. Where it crashes or hangs, the platform is a row with OCK_DEVICE_FAILED
 * that says so, and this process leaves the driver alone. OpenCL's loader, which loads all drivers,
 * is left alone as well where one of them would bring it down: the others are then reached past it,
 * the first platform of each. What was found is kept with the measurements (context.h) until
 * drivers or their environment change; where nothing can be kept, each call tries them.
 *
 * The child is the program ockham-probe, which is installed beside the library, or what the
 * environment's OCKHAM_PROBE names. Where that is "off", or cannot be started, drivers are called
 * untried. OCKHAM_PROBE_SECONDS replaces each limit, for simulators. The caller's signal handlers,
 * environment, files and other children are left alone; a handler of SIGCHLD sees one child more.
 */
OCK_API ock_status ock_device_list(ock_device **devices, size_t *count);

/** The same, but the drivers are tried anew, whatever is known of them; `whole`: with every
 * operation of ops.h. Errors: also OCK_UNSUPPORTED where nothing was tried, since OCKHAM_PROBE is
 * "off" or the child cannot be started. */
OCK_API ock_status ock_device_probe(bool whole, ock_device **devices, size_t *count);

/** Frees a list that either made; NULL is allowed. */
OCK_API void ock_device_list_free(ock_device *devices);

/** Whether a wish for a device (ock_context_options, context.h) means this one. A NULL wish means
 * any. */
OCK_API bool ock_device_meets(const ock_device *device, const char *wish);

/** One operation's comparison with the scalar path. */
typedef struct ock_operation_test {
    const char *name;  /**< static */
    ock_status status; /**< OCK_OK, OCK_SELF_TEST_FAILED, or the error that ended it */
    /** The largest error, in units in the last place (ULP) of what the scalar path has, or of 1
     * where that is less; INFINITY where a NaN is, or is missing. 0 unless it was compared. */
    double ulps;
} ock_operation_test;

enum {
    OCK_OPERATION_TESTS = 32 /**< room, for more than there are */
};

/** What ock_device_self_test() found. */
typedef struct ock_self_test {
    int run;           /**< operations */
    int passed;        /**< of these, those that agree with the scalar path */
    double seconds;    /**< with the kernels' build */
    char message[512]; /**< the first failure: operation, element, got, expected */
    ock_operation_test operations[OCK_OPERATION_TESTS]; /**< those that were run */
} ock_self_test;

/** Opens the device, runs every operation of ops.h and augment.h once on known data and compares
 * with the scalar path. Returns OCK_OK when all agree, OCK_SELF_TEST_FAILED when
 * some do not, or the error that ended it; *result is filled in each case. */
OCK_API ock_status ock_device_self_test(const ock_device *device, ock_self_test *result);

/** "gpu", "cpu", "accelerator", "scalar" or "none"; static. */
OCK_API const char *ock_device_type_name(ock_device_type type);

#ifdef __cplusplus
}
#endif
#endif
