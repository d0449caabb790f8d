/** @file
 * What a device can do at best, for figures to be held against. */
#ifndef OCKHAM_MEASURE_H
#define OCKHAM_MEASURE_H

#include <ockham/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Each the best of several runs, since what else the machine does only slows them down. */
typedef struct ock_measurement {
    /** 10^9 operations a second by independent fma in registers, each of them two operations. */
    double peak_gflops;
    /** 10^9 bytes a second, read plus written, by ock_tensor_copy() of buffers far larger than
     * caches, where the device takes such. */
    double stream_gbs;
    /** The training step by which a context chooses its device: a layer of 500 x 500 at batch 128,
     * forward with ReLU, backward to the input, backward to the weights with Adam, all by the
     * default kernels. Where it would take over half a second it is worked out from a smaller one.
     */
    double step_seconds;
    /** One kernel that has next to nothing to do, from its launch to the end of the wait for it. */
    double launch_seconds;
} ock_measurement;

/** Measures the context's device anew: takes some tenths of a second and up to 256 MiB of its
 * memory. Waits. On failure *measurement is all zeros.
 * Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_context_measure(ock_context *context, ock_measurement *measurement);

/** How fast a device is. What is not known is 0. */
typedef struct ock_device_speed {
    ock_measurement at_best; /**< as ock_context_measure() has it */
    /** From opening the device until the operations of a training step have run once, which builds
     * the kernels: for a driver whose cache of them is empty. 0 also where a driver keeps nothing
     * in the folder that it is given for that, since it has no cache, or one elsewhere. */
    double cold_seconds;
    double warm_seconds; /**< the same again, with what the driver has kept */
} ock_device_speed;

/** Tells what was measured of a device before, which is kept as context.h says; or, where nothing
 * was or `anew` is true, measures it, which takes seconds. OpenCL's devices are measured in child
 * processes (device.h) and may crash or hang there: what took over 60 s to build, or 10 s to
 * measure, is 0. Their drivers are given an empty temporary folder for their caches, by the
 * environment's POCL_CACHE_DIR, CUDA_CACHE_PATH, NEO_CACHE_DIR, cl_cache_dir,
 * MESA_SHADER_CACHE_DIR, AMD_COMGR_CACHE_DIR and XDG_CACHE_HOME. On failure *speed is all zeros.
 * Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED; OCK_FILE_FAILED (there is no
 * temporary folder); OCK_UNSUPPORTED where it is not to be measured (OCKHAM_TUNE is 0 or
 * OCKHAM_PROBE "off"), cannot be in a child, or, unless `anew`, could not be kept; and the status
 * of a device that is below the floor. */
OCK_API ock_status ock_device_measure(const ock_device *device, bool anew, ock_device_speed *speed);

/** x = a x + b, `times` times in a row, each of them one fma where the machine has it: arithmetic
 * and nothing else, which is how the peak is measured. Enqueues, as the operations of ops.h do.
 * Errors: OCK_INVALID_ARGUMENT, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_fma_chains(float a, float b, uint32_t times, ock_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
