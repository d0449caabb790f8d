#include "opencl.h"

/* Leaves each row's loss and share of correct answers in results. */
static ock_status launch_rows(ock_backend *backend, ock_loss_kind kind,
                              const ock_tensor *prediction, const ock_tensor *target,
                              ock_tensor *gradient, cl_mem results)
{
    bool softmax = kind == OCK_SOFTMAX_CROSSENTROPY, labels = target->dtype == OCK_I32;
    opencl_call call = opencl_begin(backend, softmax ? "softmax_crossentropy" : "columns_loss");
    if (!softmax)
        opencl_arg_int(&call, kind == OCK_BINARY_CROSSENTROPY);
    opencl_arg_shape(&call, prediction);
    opencl_arg_tensor(&call, prediction);
    if (softmax)
        opencl_arg_tensor(&call, labels ? target : NULL);
    opencl_arg_tensor(&call, labels ? NULL : target);
    opencl_arg_tensor(&call, gradient);
    opencl_arg_buffer(&call, results);
    return opencl_launch_rows(&call, prediction);
}

ock_status opencl_loss(ock_backend *backend, ock_loss_kind kind, const ock_tensor *prediction,
                       const ock_tensor *target, ock_tensor *gradient, ock_tensor *totals)
{
    cl_mem results;
    ock_status status = opencl_scratch(backend, prediction->rows * 2 * sizeof(cl_float), &results);
    if (status == OCK_OK)
        status = launch_rows(backend, kind, prediction, target, gradient, results);
    if (status != OCK_OK || !totals)
        return status;
    opencl_call call = opencl_begin(backend, "loss_total");
    opencl_arg_uint(&call, (uint32_t)prediction->rows);
    opencl_arg_buffer(&call, results);
    opencl_arg_tensor(&call, totals);
    const size_t one = 1;
    return opencl_launch(&call, 1, &one, &one);
}
