#include "opencl.h"

/* Rows of a tensor whose sums one work-item takes. */
enum {
    DEPTH = 16
};

ock_status opencl_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                          ock_tensor *totals)
{
    const ock_tensor *value = parameter->value;
    size_t count = opencl_ceil_div(value->rows, DEPTH);
    cl_mem partials;
    if (parameter->penalty.l1 == 0 && parameter->penalty.l2 == 0)
        return OCK_OK;
    ock_status status = opencl_scratch(backend, count * sizeof(cl_float), &partials);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "penalty_partials");
    opencl_arg_uint(&call, DEPTH);
    opencl_arg_shape(&call, value);
    opencl_arg_tensor(&call, value);
    opencl_arg_float(&call, parameter->penalty.l1);
    opencl_arg_float(&call, parameter->penalty.l2);
    opencl_arg_buffer(&call, partials);
    status = opencl_launch(&call, 1, &count, NULL);
    if (status != OCK_OK)
        return status;
    return opencl_penalty_total(backend, partials, count, rows, totals);
}

ock_status opencl_step(ock_backend *backend, const ock_update *update,
                       const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                       ock_tensor *totals)
{
    ock_status status = totals ? opencl_penalty(backend, parameter, rows, totals) : OCK_OK;
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "parameter_step");
    opencl_arg_update(&call, update);
    opencl_arg_shape(&call, gradient);
    opencl_arg_tensor(&call, gradient);
    opencl_arg_parameter(&call, update, parameter);
    return opencl_launch_vectors(&call, gradient);
}
