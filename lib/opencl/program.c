#include <stdio.h>
#include <stdlib.h>

#include "opencl.h"

static ock_status build_failed(const opencl_backend *backend, cl_program program, cl_int error)
{
    size_t length = 0;
    char *text = NULL;
    clGetProgramBuildInfo(program, backend->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &length);
    if (length && length < SIZE_MAX && (text = calloc(1, length + 1)))
        clGetProgramBuildInfo(program, backend->device, CL_PROGRAM_BUILD_LOG, length, text, NULL);
    ock_log_report(backend->base.log, OCK_BUILD_FAILED,
                   "clBuildProgram: %s (%d), the kernels did not build\n%s",
                   opencl_error_name(error), error, text ? text : "");
    free(text);
    return OCK_BUILD_FAILED;
}

static ock_status build_program(const opencl_backend *backend, opencl_program *program)
{
    const char *source = opencl_kernels;
    const opencl_tiles *tiles = &program->tiles;
    char options[160];
    cl_int error;
    snprintf(options, sizeof options,
             "-cl-std=CL1.2 -DOCK_V=%zu -DOCK_ROWS=%zu -DOCK_VECTORS=%zu -DOCK_GROUP=%zu",
             tiles->vector, tiles->rows, tiles->vectors, tiles->group);
    program->program = clCreateProgramWithSource(backend->context, 1, &source, NULL, &error);
    if (!program->program)
        return opencl_failed(backend->base.log, "clCreateProgramWithSource", NULL, error);
    error = clBuildProgram(program->program, 1, &backend->device, options, NULL, NULL);
    return error == CL_SUCCESS ? OCK_OK : build_failed(backend, program->program, error);
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

/* Or says which entry point failed. */
static cl_int make_kernels(opencl_program *program, const char **failed)
{
    cl_uint count = 0;
    *failed = "clCreateKernelsInProgram";
    cl_int error = clCreateKernelsInProgram(program->program, 0, NULL, &count);
    if (error != CL_SUCCESS)
        return error;
    program->kernels = calloc(count, sizeof *program->kernels);
    program->names = calloc(count, sizeof *program->names);
    if (!program->kernels || !program->names)
        return CL_OUT_OF_HOST_MEMORY;
    error = clCreateKernelsInProgram(program->program, count, program->kernels, NULL);
    if (error != CL_SUCCESS)
        return error;
    program->count = count;
    *failed = "clGetKernelInfo";
    for (cl_uint i = 0; i < count && error == CL_SUCCESS; i++)
        error = get_name(program->kernels[i], &program->names[i]);
    return error;
}

ock_status opencl_build(const opencl_backend *backend, opencl_program *program)
{
    const opencl_tiles *tiles = &program->tiles;
    double start = ock_seconds_now();
    ock_status status = build_program(backend, program);
    if (status != OCK_OK)
        return status;
    const char *failed;
    cl_int error = make_kernels(program, &failed);
    if (error != CL_SUCCESS)
        return opencl_failed(backend->base.log, failed, NULL, error);
    ock_log_tell(backend->base.log, OCK_LOG_INFO,
                 "built %u kernels for tiles of %zu x %zu in %.2f s", program->count, tiles->rows,
                 tiles->vectors * tiles->vector, ock_seconds_now() - start);
    return OCK_OK;
}

void opencl_unbuild(opencl_program *program)
{
    for (cl_uint i = 0; i < program->count; i++) {
        clReleaseKernel(program->kernels[i]);
        free(program->names[i]);
    }
    free(program->names);
    free(program->kernels);
    if (program->program)
        clReleaseProgram(program->program);
    *program = (opencl_program){0};
}
