#include <stdio.h>
#include <stdlib.h>

#include "opencl.h"

static ock_status build_failed(opencl_backend *backend, cl_int error)
{
    size_t length = 0;
    char *text = NULL;
    clGetProgramBuildInfo(backend->program, backend->device, CL_PROGRAM_BUILD_LOG, 0, NULL,
                          &length);
    if (length && length < SIZE_MAX && (text = calloc(1, length + 1)))
        clGetProgramBuildInfo(backend->program, backend->device, CL_PROGRAM_BUILD_LOG, length, text,
                              NULL);
    ock_log_report(backend->base.log, OCK_BUILD_FAILED, "the kernels did not build: %s (%d)\n%s",
                   opencl_error_name(error), error, text ? text : "");
    free(text);
    return OCK_BUILD_FAILED;
}

static ock_status build_program(opencl_backend *backend)
{
    const char *source = opencl_kernels;
    const opencl_tiles *tiles = &backend->tiles;
    char options[160];
    cl_int error;
    snprintf(options, sizeof options,
             "-cl-std=CL1.2 -DOCK_V=%zu -DOCK_ROWS=%zu -DOCK_VECTORS=%zu -DOCK_GROUP=%zu",
             tiles->vector, tiles->rows, tiles->vectors, tiles->group);
    backend->program = clCreateProgramWithSource(backend->context, 1, &source, NULL, &error);
    if (!backend->program)
        return opencl_failed(backend->base.log, "clCreateProgramWithSource", error);
    error = clBuildProgram(backend->program, 1, &backend->device, options, NULL, NULL);
    return error == CL_SUCCESS ? OCK_OK : build_failed(backend, error);
}

static cl_int get_name(cl_kernel kernel, char **name)
{
    size_t length = 0;
    cl_int error = clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, 0, NULL, &length);
    if (error != CL_SUCCESS)
        return error;
    *name = length < SIZE_MAX ? calloc(1, length + 1) : NULL;
    if (!*name)
        return CL_OUT_OF_HOST_MEMORY;
    return clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, length, *name, NULL);
}

static cl_int make_kernels(opencl_backend *backend)
{
    cl_uint count = 0;
    cl_int error = clCreateKernelsInProgram(backend->program, 0, NULL, &count);
    if (error != CL_SUCCESS)
        return error;
    backend->kernels = calloc(count, sizeof *backend->kernels);
    backend->names = calloc(count, sizeof *backend->names);
    if (!backend->kernels || !backend->names)
        return CL_OUT_OF_HOST_MEMORY;
    error = clCreateKernelsInProgram(backend->program, count, backend->kernels, NULL);
    if (error != CL_SUCCESS)
        return error;
    backend->kernel_count = count;
    for (cl_uint i = 0; i < count && error == CL_SUCCESS; i++)
        error = get_name(backend->kernels[i], &backend->names[i]);
    return error;
}

ock_status opencl_build(opencl_backend *backend)
{
    ock_status status = build_program(backend);
    if (status != OCK_OK)
        return status;
    cl_int error = make_kernels(backend);
    if (error != CL_SUCCESS)
        return opencl_failed(backend->base.log, "making the kernels", error);
    return OCK_OK;
}

/* Undoes opencl_build(), also where it stopped half-way. */
void opencl_unbuild(opencl_backend *backend)
{
    for (cl_uint i = 0; i < backend->kernel_count; i++) {
        clReleaseKernel(backend->kernels[i]);
        free(backend->names[i]);
    }
    free(backend->names);
    free(backend->kernels);
    if (backend->program)
        clReleaseProgram(backend->program);
}
