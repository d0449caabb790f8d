#include <CL/cl_ext.h>

#include "opencl.h"

#define ERRORS(X)                                                                                  \
    X(SUCCESS)                                                                                     \
    X(DEVICE_NOT_FOUND)                                                                            \
    X(DEVICE_NOT_AVAILABLE)                                                                        \
    X(COMPILER_NOT_AVAILABLE)                                                                      \
    X(MEM_OBJECT_ALLOCATION_FAILURE)                                                               \
    X(OUT_OF_RESOURCES)                                                                            \
    X(OUT_OF_HOST_MEMORY)                                                                          \
    X(PROFILING_INFO_NOT_AVAILABLE)                                                                \
    X(MEM_COPY_OVERLAP)                                                                            \
    X(IMAGE_FORMAT_MISMATCH)                                                                       \
    X(IMAGE_FORMAT_NOT_SUPPORTED)                                                                  \
    X(BUILD_PROGRAM_FAILURE)                                                                       \
    X(MAP_FAILURE)                                                                                 \
    X(MISALIGNED_SUB_BUFFER_OFFSET)                                                                \
    X(EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)                                                   \
    X(COMPILE_PROGRAM_FAILURE)                                                                     \
    X(LINKER_NOT_AVAILABLE)                                                                        \
    X(LINK_PROGRAM_FAILURE)                                                                        \
    X(DEVICE_PARTITION_FAILED)                                                                     \
    X(KERNEL_ARG_INFO_NOT_AVAILABLE)                                                               \
    X(INVALID_VALUE)                                                                               \
    X(INVALID_DEVICE_TYPE)                                                                         \
    X(INVALID_PLATFORM)                                                                            \
    X(INVALID_DEVICE)                                                                              \
    X(INVALID_CONTEXT)                                                                             \
    X(INVALID_QUEUE_PROPERTIES)                                                                    \
    X(INVALID_COMMAND_QUEUE)                                                                       \
    X(INVALID_HOST_PTR)                                                                            \
    X(INVALID_MEM_OBJECT)                                                                          \
    X(INVALID_IMAGE_FORMAT_DESCRIPTOR)                                                             \
    X(INVALID_IMAGE_SIZE)                                                                          \
    X(INVALID_SAMPLER)                                                                             \
    X(INVALID_BINARY)                                                                              \
    X(INVALID_BUILD_OPTIONS)                                                                       \
    X(INVALID_PROGRAM)                                                                             \
    X(INVALID_PROGRAM_EXECUTABLE)                                                                  \
    X(INVALID_KERNEL_NAME)                                                                         \
    X(INVALID_KERNEL_DEFINITION)                                                                   \
    X(INVALID_KERNEL)                                                                              \
    X(INVALID_ARG_INDEX)                                                                           \
    X(INVALID_ARG_VALUE)                                                                           \
    X(INVALID_ARG_SIZE)                                                                            \
    X(INVALID_KERNEL_ARGS)                                                                         \
    X(INVALID_WORK_DIMENSION)                                                                      \
    X(INVALID_WORK_GROUP_SIZE)                                                                     \
    X(INVALID_WORK_ITEM_SIZE)                                                                      \
    X(INVALID_GLOBAL_OFFSET)                                                                       \
    X(INVALID_EVENT_WAIT_LIST)                                                                     \
    X(INVALID_EVENT)                                                                               \
    X(INVALID_OPERATION)                                                                           \
    X(INVALID_GL_OBJECT)                                                                           \
    X(INVALID_BUFFER_SIZE)                                                                         \
    X(INVALID_MIP_LEVEL)                                                                           \
    X(INVALID_GLOBAL_WORK_SIZE)                                                                    \
    X(INVALID_PROPERTY)                                                                            \
    X(INVALID_IMAGE_DESCRIPTOR)                                                                    \
    X(INVALID_COMPILER_OPTIONS)                                                                    \
    X(INVALID_LINKER_OPTIONS)                                                                      \
    X(INVALID_DEVICE_PARTITION_COUNT)                                                              \
    X(PLATFORM_NOT_FOUND_KHR)

static const struct {
    cl_int code;
    const char *name;
} names[] = {
#define ERROR_NAME(name) {CL_##name, "CL_" #name},
    ERRORS(ERROR_NAME)
#undef ERROR_NAME
};

const char *opencl_error_name(cl_int error)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == error)
            return names[i].name;
    return "an error code of the driver's own";
}

/* CL_OUT_OF_RESOURCES is not among them: drivers return it for kernels that went astray. */
ock_status opencl_status(cl_int error)
{
    switch (error) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_HOST_MEMORY:
    case CL_INVALID_BUFFER_SIZE:
        return OCK_OUT_OF_MEMORY;
    default:
        return OCK_DEVICE_FAILED;
    }
}

ock_status opencl_failed(ock_log *log, const char *call, const char *subject, cl_int error)
{
    return ock_log_report(log, opencl_status(error), "%s%s%s: %s (%d)", call, subject ? " of " : "",
                          subject ? subject : "", opencl_error_name(error), error);
}
