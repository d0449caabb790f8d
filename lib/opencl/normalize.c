#include "opencl.h"

static ock_status launch_columns(opencl_call *call, const ock_tensor *x)
{
    size_t vectors = opencl_ceil_div(x->cols, call->program->tiles.vector);
    return opencl_launch(call, 1, &vectors, NULL);
}

static ock_status take_statistics(ock_backend *backend, const ock_batch_norm *norm,
                                  const ock_tensor *x, ock_tensor *saved)
{
    opencl_call call = opencl_begin(backend, "batch_norm_statistics");
    opencl_arg_float(&call, norm->momentum);
    opencl_arg_float(&call, norm->epsilon);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, norm->mean);
    opencl_arg_tensor(&call, norm->variance);
    opencl_arg_tensor(&call, saved);
    return launch_columns(&call, x);
}

ock_status opencl_batch_norm_forward(ock_backend *backend, const ock_batch_norm *norm,
                                     const ock_tensor *x, ock_tensor *y, ock_tensor *saved)
{
    ock_status status = saved ? take_statistics(backend, norm, x, saved) : OCK_OK;
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "batch_norm_forward");
    opencl_arg_float(&call, norm->epsilon);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, norm->gamma);
    opencl_arg_tensor(&call, norm->beta);
    opencl_arg_tensor(&call, norm->mean);
    opencl_arg_tensor(&call, norm->variance);
    opencl_arg_tensor(&call, saved);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, x);
}

ock_status opencl_batch_norm_backward(ock_backend *backend, const ock_batch_norm *norm,
                                      const ock_tensor *x, const ock_tensor *saved,
                                      const ock_tensor *dy, ock_tensor *dx, ock_tensor *gradients)
{
    opencl_call sums = opencl_begin(backend, "batch_norm_gradients");
    opencl_arg_shape(&sums, x);
    opencl_arg_tensor(&sums, x);
    opencl_arg_tensor(&sums, saved);
    opencl_arg_tensor(&sums, dy);
    opencl_arg_tensor(&sums, gradients);
    ock_status status = launch_columns(&sums, x);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "batch_norm_backward");
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, norm->gamma);
    opencl_arg_tensor(&call, saved);
    opencl_arg_tensor(&call, gradients);
    opencl_arg_tensor(&call, dy);
    opencl_arg_tensor(&call, dx);
    return opencl_launch_vectors(&call, x);
}
