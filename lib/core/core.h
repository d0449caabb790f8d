/* The context's record, and the checks that stand in front of the vtable. */
#ifndef OCKHAM_CORE_H
#define OCKHAM_CORE_H

#include "backend.h"

struct ock_context {
    ock_device device;
    ock_log log;
    ock_cache *cache; /* NULL: none */
    ock_backend *backend;
    size_t max_allocation;
    ock_storage *storages;       /* of its tensors */
    ock_context_options options; /* those that the next device is opened with */
    ock_device *failed;          /* the devices that it has left, and why */
    size_t failed_count;
};

/* ---- context.c ---- */

/* Opens a device without testing it, with the device's own bound on buffers. On failure
 * *context is NULL and log has the message. It counts as a trial (ock_log) until it is handed over.
 */
ock_status ock_context_open(const ock_device *device, const ock_opencl_handles *handles,
                            const ock_context_options *options, ock_log *log,
                            ock_context **context);

/* Whether the options or the environment's OCKHAM_TUNE forbid to measure. */
bool ock_context_untuned(const ock_context_options *options);

/* Puts a context with its tensors on the device of another, which has none and gets the old device
 * in exchange. On failure both are as they were, and the message is in the log of `next`. */
ock_status ock_context_take_over(ock_context *context, ock_context *next);

/* ---- tensor.c ---- */

/* Makes each tensor's buffer on another device, of zeros; and takes it in the old one's place. */
ock_status ock_storages_make(const ock_context *context, ock_backend *backend);
void ock_storages_replace(ock_context *context, ock_backend *backend);

/* ---- device.c ---- */

ock_device ock_scalar_device(void);

/* Opens the cache of what was measured on this device with so many of the scalar path's threads. */
ock_cache *ock_device_cache(const ock_device *device, int threads);

/* ---- wish.c ---- */

/* The options' wish for a device, or the environment's; NULL: none. */
const char *ock_wish_of(const ock_context_options *options);

/* Fills in the stable names of a whole list. */
void ock_name_devices(ock_device *devices, size_t count);

/* ---- self_test.c ---- */

/* Compares the context's device with the scalar path: all operations, or those of a training
 * step only. */
ock_status ock_self_test_run(ock_context *context, bool all, ock_self_test *result);

/* ---- measure.c ---- */

/* Each measures one field of ock_measurement. */
ock_status ock_measure_launch(ock_context *context, double *seconds);
ock_status ock_measure_peak(ock_context *context, double *gflops);
ock_status ock_measure_stream(ock_context *context, double *gbs);
ock_status ock_measure_step(ock_context *context, double *seconds);

/* ---- Operations ---- */

/* Forwards a checked call to the backend. */
#define CALL(c, name, ...) (c).context->backend->table->name((c).context->backend, __VA_ARGS__)

/* ---- check.c ---- */

/* The checks of one call. The first that fails sticks; check_end() reports it. */
typedef struct check {
    const char *call;
    ock_context *context; /* of the first tensor seen */
    ock_status status;
    char message[256];
} check;

check check_begin(const char *call);
void check_fail(check *c, ock_status status, const char *format, ...) OCK_PRINTF(3, 4);
void check_true(check *c, bool condition, const char *what);
void check_tensor(check *c, const char *name, const ock_tensor *tensor, ock_dtype dtype);
void check_shape(check *c, const char *name, const ock_tensor *tensor, size_t rows, size_t cols);

/* rows x 1 */
void check_indices(check *c, const ock_tensor *indices, size_t rows);
void check_range(check *c, const char *name, double value, double low, double high);

void check_positive(check *c, const char *name, double value);

/* low <= value < high */
void check_below(check *c, const char *name, double value, double low, double high);

/* The output must not overlap the input; check_in_place() allows the very same tensor. */
void check_apart(check *c, const char *output_name, const ock_tensor *output,
                 const char *input_name, const ock_tensor *input);
void check_in_place(check *c, const char *output_name, const ock_tensor *output,
                    const char *input_name, const ock_tensor *input);
void check_dropout(check *c, const ock_dropout *dropout);
void check_totals(check *c, const ock_tensor *totals);
ock_status check_end(check *c);

#endif
