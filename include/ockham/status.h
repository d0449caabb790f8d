/** @file
 * What every call returns: OCK_OK, or a negative code. ock_context_message() has the details.
 *
 * Where OpenCL fails, the message names the call and the code. CL_MEM_OBJECT_ALLOCATION_FAILURE,
 * CL_OUT_OF_HOST_MEMORY and CL_INVALID_BUFFER_SIZE of a call are OCK_OUT_OF_MEMORY, any code of
 * clBuildProgram is OCK_BUILD_FAILED, and all else is OCK_DEVICE_FAILED, CL_OUT_OF_RESOURCES as
 * well, which drivers return for kernels that went astray; so is whatever a wait finds, since a
 * command failed by then. */
#ifndef OCKHAM_STATUS_H
#define OCKHAM_STATUS_H

/** @def OCK_API
 * What the library exports. */
/** @def OCK_PRINTF
 * Lets the compiler check a format at argument `text` against the values from `values` on. */
#if defined(__GNUC__)
#define OCK_API __attribute__((visibility("default")))
#define OCK_PRINTF(text, values) __attribute__((format(printf, text, values)))
#else
#define OCK_API
#define OCK_PRINTF(text, values)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** X(name, code, message): the one list of which the enum, the names and the messages are made. */
#define OCK_STATUS_LIST(X)                                                                         \
    X(OK, 0, "success")                                                                            \
    X(INVALID_ARGUMENT, -1, "an argument is NULL, out of range or contradicts another")            \
    X(SHAPE_MISMATCH, -2, "the shapes do not fit together")                                        \
    X(OUT_OF_MEMORY, -3, "an allocation was refused")                                              \
    X(DEVICE_NOT_FOUND, -4, "no such device")                                                      \
    X(DEVICE_FAILED, -5, "the device or its driver reported a failure")                            \
    X(BUILD_FAILED, -6, "the kernels did not compile on the device")                               \
    X(SELF_TEST_FAILED, -7, "the device computes wrong results")                                   \
    X(UNSUPPORTED, -8, "not supported by this build or device")                                    \
    X(FILE_FAILED, -9, "a file could not be read or written")                                      \
    X(BAD_FILE, -10, "a file's contents are not what they should be")                              \
    X(DIVERGED, -11, "the loss is no longer a finite number")

/** A code of OCK_STATUS_LIST, with OCK_ before its name. */
typedef enum ock_status {
#define OCK_STATUS_ENTRY(name, code, message) OCK_##name = code,
    OCK_STATUS_LIST(OCK_STATUS_ENTRY)
#undef OCK_STATUS_ENTRY
} ock_status;

/** "OCK_OUT_OF_MEMORY"; static, and says so where the code is not one of the list. */
OCK_API const char *ock_status_name(ock_status status);

/** "an allocation was refused"; as ock_status_name(). */
OCK_API const char *ock_status_message(ock_status status);

#ifdef __cplusplus
}
#endif
#endif
