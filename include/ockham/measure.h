/* What a device can do at best, for figures to be held against. */
#ifndef OCKHAM_MEASURE_H
#define OCKHAM_MEASURE_H

#include <ockham/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ock_measurement {
    double peak_gflops;  /* independent fma in registers, 2 FLOP each, best of several runs */
    double stream_gbs;   /* 10^9 bytes read plus written a second, by ock_tensor_copy() of buffers
                          * far larger than caches, where the device takes such; best of several */
    double step_seconds; /* median of the fixed training step by which a context chooses its
                          * device: a layer of 500 x 500 at batch 128, forward with ReLU, backward
                          * to the input, backward to the weights with Adam; default kernels */
} ock_measurement;

/* Measures the context's device anew: takes some tenths of a second and up to 256 MiB of its
 * memory. What else the machine does slows it down. Waits. On failure *measurement is all zeros.
 * Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_context_measure(ock_context *context, ock_measurement *measurement);

/* x = a x + b, `times` times in a row, each of them one fma where the machine has it: arithmetic
 * and nothing else, which is how the peak is measured. Enqueues, as the operations of ops.h do.
 * Errors: OCK_INVALID_ARGUMENT, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_fma_chains(float a, float b, uint32_t times, ock_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
