/** @file
 * A context: one device, its compiled kernels and its queue.
 *
 * A context and what was made from it are used by one thread at a time; contexts
 * are independent of each other. Operations enqueue and return; what waits says
 * so. The library prints nothing, never ends the process and keeps no global state. */
#ifndef OCKHAM_CONTEXT_H
#define OCKHAM_CONTEXT_H

#include <ockham/device.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Made by ock_context_create(). */
typedef struct ock_context ock_context;

/** How much a message matters, the most urgent first. */
typedef enum ock_log_level {
    /** A call fails, which may be one of those that ock_model_fit() makes and recovers from; the
     * message is ock_context_message()'s, and may come again with what the caller adds. */
    OCK_LOG_ERROR,
    /** A device is passed over or left, or kernels are, since something is wrong with them. */
    OCK_LOG_WARNING,
    /** The choice of a device, platforms without a usable one, kernels built, products tuned. */
    OCK_LOG_INFO,
    /** Files of measurements; failures of what is only tried. */
    OCK_LOG_DEBUG,
} ock_log_level;

/** Takes a message, which is terminated, does not end in a newline and is valid during the call; a
 * build log or a list has several lines. It is called on the thread that called the library, in the
 * midst of that call: it must return, and call nothing of the library on that context or on what
 * was made from it. */
typedef void ock_log_callback(void *data, ock_log_level level, const char *text);

/** Which device, and how much of it. */
typedef struct ock_context_options {
    /** "scalar", "gpu", "cpu", "accelerator", "PLATFORM:DEVICE", a stable name
     * (device.h), or a part of a device's or its platform's name, case ignored. NULL: the
     * environment's OCKHAM_DEVICE, and where that is unset or empty any device, the scalar path
     * included. Of several that are meant and pass their self-test, the one on which a training
     * step (measure.h) is fastest; two that differ by a few percent may come out either way when
     * they are first measured. A wish, from either, that cannot be met is an error; only the
     * default falls back. */
    const char *device;
    /** Upper bound on one buffer, in bytes; 0: the device's own. */
    size_t max_allocation;
    /** Threads of the scalar path, of which it uses 1024 at most, and 64 where addresses have 32
     * bits; 0: as many as OpenMP would. */
    int threads;
    /** Measure nothing, and use nothing measured before: the first device that passes its self-test
     * in the order GPU, accelerator, CPU, scalar path, and the default kernels. The environment's
     * OCKHAM_TUNE=0 does the same. What is measured is kept in small files in
     * $XDG_CACHE_HOME/ockham, else $HOME/.cache/ockham, or the folder that OCKHAM_CACHE names;
     * "off" keeps none. A file that cannot be read or written counts as absent. */
    bool untuned;
    /** Where ock_context_create() leaves its message when it fails, since there is
     * no context to ask then. May be NULL. */
    char *message;
    size_t message_size; /**< in bytes, with the terminator */
    /** Gets the messages of ock_context_create() and of the context, for as long as that exists.
     * NULL: nobody does; nothing is printed either way. */
    ock_log_callback *log;
    void *log_data;          /**< what log gets first */
    ock_log_level log_level; /**< the least urgent that it gets; OCK_LOG_INFO by default */
} ock_context_options;

/** Any device, with all its memory and threads, measured; no log. */
OCK_API ock_context_options ock_context_defaults(void);

/** Lists the devices, for which drivers that are not known yet are tried in a child (device.h)
 * unless the wish is "scalar"; chooses one, compiles the kernels and runs a known-answer test of
 * the training step's operations. Devices that were not measured before are opened and measured, if
 * there is a choice, which takes some tenths of a second each. Waits. options may be NULL. On
 * success *context is the caller's, and ock_context_message() says why this device was chosen and
 * what was passed over. On failure *context is NULL. Errors: OCK_INVALID_ARGUMENT,
 * OCK_OUT_OF_MEMORY; for an explicit wish also OCK_DEVICE_NOT_FOUND (the message lists what there
 * is), OCK_DEVICE_FAILED, OCK_BUILD_FAILED (the message holds the build log), OCK_SELF_TEST_FAILED,
 * OCK_UNSUPPORTED (the device is below the kernels' floor). */
OCK_API ock_status ock_context_create(const ock_context_options *options, ock_context **context);

/** Waits for what is enqueued, then frees the context. Tensors, models and data
 * sets made from it must be destroyed before. NULL is allowed. */
OCK_API void ock_context_destroy(ock_context *context);

/** Waits until all that was enqueued is done, and reports the first failure among
 * it: OCK_DEVICE_FAILED. */
OCK_API ock_status ock_context_finish(ock_context *context);

/** Hands what is enqueued to the device and keeps the queue from growing without
 * bound: waits only while eight earlier flushes are still under way. Call it once
 * a training step; ock_model_fit() does. Reports failures as finish does. */
OCK_API ock_status ock_context_flush(ock_context *context);

/** What failed last, with the driver's code by name or the kernels' build log;
 * before any failure, why the device was chosen. Valid until the next call on the
 * context; never NULL. For a NULL context it tells where the reason for that is. */
OCK_API const char *ock_context_message(const ock_context *context);

/** Sets the message and returns `status`: for code built on the library that reports its
 * own failures the same way. A NULL context is allowed. */
OCK_API ock_status ock_context_report(ock_context *context, ock_status status, const char *format,
                                      ...) OCK_PRINTF(3, 4);

/** The device in use; valid as long as the context. */
OCK_API const ock_device *ock_context_device(const ock_context *context);

/* ---- After a device's failure ---- */

/** Leaves the device, whose failure the context's message tells, and opens the first of the others
 * that passes its self-test, in the order GPU, accelerator, CPU, scalar path; whatever device was
 * asked for, and none that the context has left before. All that was made from the context keeps
 * its handles and stands on the new device, where tensors are zeros until they are written: what
 * the old device had is lost. Networks, data sets and standardizers know it, and are refused: a
 * network until its weights are loaded or drawn, the others for good. ock_model_fit() does all this
 * by itself and loses nothing of its own, if ock_fit's failover asks for it. Waits. The message
 * says what failed and what goes on.
 * Errors: OCK_DEVICE_NOT_FOUND (there is no other device); where there are, but none can be used or
 * has room for all tensors, the status of the last one; OCK_OUT_OF_MEMORY. On failure nothing has
 * changed but the message. */
OCK_API ock_status ock_context_failover(ock_context *context);

/** Bytes of a context's buffers: its tensors', with the padding of their rows, whoever made them,
 * and the scratch memory that operations share. What an application lends (opencl.h) is its own. */
typedef struct ock_memory {
    uint64_t in_use; /**< a tensor's until it and its views are destroyed */
    uint64_t peak;   /**< the most in use at a time since the context was created */
} ock_memory;

/** Waits for nothing. Errors: OCK_INVALID_ARGUMENT. */
OCK_API ock_status ock_context_memory(const ock_context *context, ock_memory *memory);

#ifdef __cplusplus
}
#endif
#endif
