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
} ock_measurement;

/** Measures the context's device anew: takes some tenths of a second and up to 256 MiB of its
 * memory. Waits. On failure *measurement is all zeros.
 * Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_context_measure(ock_context *context, ock_measurement *measurement);

/** x = a x + b, `times` times in a row, each of them one fma where the machine has it: arithmetic
 * and nothing else, which is how the peak is measured. Enqueues, as the operations of ops.h do.
 * Errors: OCK_INVALID_ARGUMENT, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_fma_chains(float a, float b, uint32_t times, ock_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
