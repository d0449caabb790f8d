#include <math.h>
#include <string.h>

#include "opencl.h"

/* ---- Calls ---- */

opencl_call opencl_begin_in(ock_backend *backend, const opencl_program *program, const char *kernel)
{
    opencl_call call = {.backend = (opencl_backend *)backend,
                        .program = program,
                        .name = kernel,
                        .failed = "clCreateKernelsInProgram",
                        .error = CL_INVALID_KERNEL_NAME};
    for (cl_uint i = 0; i < program->count; i++)
        if (strcmp(program->names[i], kernel) == 0) {
            call.name = program->names[i];
            call.kernel = program->kernels[i];
            call.error = CL_SUCCESS;
            break;
        }
    return call;
}

opencl_call opencl_begin(ock_backend *backend, const char *kernel)
{
    return opencl_begin_in(backend, ((opencl_backend *)backend)->program, kernel);
}

static void set_argument(opencl_call *call, size_t size, const void *value)
{
    if (call->error != CL_SUCCESS)
        return;
    call->error = clSetKernelArg(call->kernel, call->next++, size, value);
    call->failed = "clSetKernelArg";
}

void opencl_arg_int(opencl_call *call, int32_t value)
{
    cl_int argument = value;
    set_argument(call, sizeof argument, &argument);
}

void opencl_arg_uint(opencl_call *call, uint32_t value)
{
    cl_uint argument = value;
    set_argument(call, sizeof argument, &argument);
}

void opencl_arg_float(opencl_call *call, float value)
{
    cl_float argument = value;
    set_argument(call, sizeof argument, &argument);
}

void opencl_arg_ulong(opencl_call *call, uint64_t value)
{
    cl_ulong argument = value;
    set_argument(call, sizeof argument, &argument);
}

void opencl_arg_buffer(opencl_call *call, cl_mem buffer)
{
    set_argument(call, sizeof buffer, &buffer);
}

void opencl_arg_tensor(opencl_call *call, const ock_tensor *tensor)
{
    opencl_arg_buffer(call, tensor ? tensor->storage->handle : NULL);
    opencl_arg_ulong(call, tensor ? tensor->offset : 0);
    opencl_arg_uint(call, tensor ? (uint32_t)tensor->stride : 0);
}

void opencl_arg_shape(opencl_call *call, const ock_tensor *tensor)
{
    opencl_arg_uint(call, (uint32_t)tensor->rows);
    opencl_arg_uint(call, (uint32_t)tensor->cols);
}

void opencl_arg_dropout(opencl_call *call, const ock_dropout *dropout)
{
    const ock_dropout none = {0};
    const ock_dropout *d = dropout ? dropout : &none;
    opencl_arg_uint(call, (uint32_t)llround(ldexp(d->rate, 32)));
    opencl_arg_float(call, 1 / (1 - d->rate));
    opencl_arg_uint(call, (uint32_t)d->seed);
    opencl_arg_uint(call, (uint32_t)(d->seed >> 32));
    opencl_arg_uint(call, d->step);
    opencl_arg_uint(call, d->layer);
}

void opencl_arg_update(opencl_call *call, const ock_update *update)
{
    opencl_arg_int(call, update->kind);
    opencl_arg_float(call, update->rate);
    opencl_arg_float(call, update->momentum);
    opencl_arg_int(call, update->nesterov);
    opencl_arg_float(call, update->beta1);
    opencl_arg_float(call, update->beta2);
    opencl_arg_float(call, update->epsilon);
    opencl_arg_float(call, update->clip);
    opencl_arg_float(call, update->ema);
}

void opencl_arg_parameter(opencl_call *call, const ock_update *update,
                          const ock_parameter *parameter)
{
    const ock_rule rule = ock_rule_of(update, parameter);
    opencl_arg_tensor(call, parameter->value);
    opencl_arg_tensor(call, parameter->moment1);
    opencl_arg_tensor(call, parameter->moment2);
    opencl_arg_tensor(call, parameter->average);
    opencl_arg_float(call, parameter->penalty.l1);
    opencl_arg_float(call, rule.l2);
    opencl_arg_float(call, rule.l1);
    opencl_arg_float(call, rule.threshold);
    opencl_arg_float(call, rule.decay);
    opencl_arg_float(call, rule.floor);
}

static size_t round_up(size_t value, size_t unit)
{
    return opencl_ceil_div(value, unit) * unit;
}

ock_status opencl_launch(opencl_call *call, cl_uint dimensions, const size_t *global,
                         const size_t *local)
{
    opencl_backend *opencl = call->backend;
    const size_t line[] = {8}, square[] = {8, 8};
    size_t rounded[2];
    cl_event event = NULL;
    if (!local)
        local = dimensions == 1 ? line : square;
    for (cl_uint i = 0; i < dimensions; i++)
        rounded[i] = round_up(global[i], local[i]);
    if (call->error == CL_SUCCESS) {
        call->error = clEnqueueNDRangeKernel(opencl->queue, call->kernel, dimensions, NULL, rounded,
                                             local, 0, NULL, &event);
        call->failed = "clEnqueueNDRangeKernel";
    }
    if (call->error != CL_SUCCESS)
        return opencl_failed(opencl->base.log, call->failed, call->name, call->error);
    opencl_keep(opencl, call->name, event);
    return OCK_OK;
}

ock_status opencl_launch_vectors(opencl_call *call, const ock_tensor *tensor)
{
    size_t vectors = opencl_ceil_div(tensor->cols, call->program->tiles.vector);
    return opencl_launch(call, 2, (size_t[]){vectors, tensor->rows}, NULL);
}

ock_status opencl_launch_rows(opencl_call *call, const ock_tensor *tensor)
{
    return opencl_launch(call, 1, &tensor->rows, NULL);
}

ock_status opencl_penalty_total(ock_backend *backend, cl_mem partials, size_t count, size_t rows,
                                ock_tensor *totals)
{
    opencl_call call = opencl_begin(backend, "penalty_total");
    opencl_arg_buffer(&call, partials);
    opencl_arg_uint(&call, (uint32_t)count);
    opencl_arg_float(&call, (float)rows);
    opencl_arg_tensor(&call, totals);
    const size_t one = 1;
    return opencl_launch(&call, 1, &one, &one);
}

/* ---- Scratch ---- */

/* Enough for most operations, so that it is seldom replaced; commands under way keep the old one.
 */
enum {
    SCRATCH_LEAST = 1 << 20
};

ock_status opencl_scratch(ock_backend *backend, size_t bytes, cl_mem *scratch)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    if (bytes > opencl->scratch_bytes) {
        cl_int error;
        size_t size = bytes > SCRATCH_LEAST ? bytes : SCRATCH_LEAST;
        cl_mem larger = clCreateBuffer(opencl->context, CL_MEM_READ_WRITE, size, NULL, &error);
        if (!larger)
            return opencl_failed(backend->log, "clCreateBuffer", "scratch memory", error);
        ock_memory_add(&backend->memory, size);
        if (opencl->scratch)
            clReleaseMemObject(opencl->scratch);
        ock_memory_subtract(&backend->memory, opencl->scratch_bytes);
        opencl->scratch = larger;
        opencl->scratch_bytes = size;
    }
    *scratch = opencl->scratch;
    return OCK_OK;
}
