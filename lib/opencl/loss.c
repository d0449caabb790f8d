#include "opencl.h"

/* Leaves each row's loss and share of correct answers in results. */
static ock_status launch_rows(ock_backend *backend, const ock_loss_options *options,
                              const ock_tensor *prediction, const ock_tensor *target,
                              ock_tensor *gradient, cl_mem results)
{
    bool softmax = options->kind == OCK_SOFTMAX_CROSSENTROPY, labels = target->dtype == OCK_I32;
    float smoothing = options->label_smoothing;
    float classes = options->kind == OCK_BINARY_CROSSENTROPY ? 2 : (float)prediction->cols;
    opencl_call call = opencl_begin(backend, softmax ? "softmax_crossentropy" : "columns_loss");
    if (!softmax)
        opencl_arg_int(&call, options->kind == OCK_BINARY_CROSSENTROPY);
    opencl_arg_shape(&call, prediction);
    opencl_arg_tensor(&call, prediction);
    if (softmax)
        opencl_arg_tensor(&call, labels ? target : NULL);
    opencl_arg_tensor(&call, labels ? NULL : target);
    opencl_arg_float(&call, 1 - smoothing);
    opencl_arg_float(&call, smoothing / classes);
    opencl_arg_tensor(&call, options->weights);
    opencl_arg_tensor(&call, gradient);
    opencl_arg_buffer(&call, results);
    return opencl_launch_rows(&call, prediction);
}

ock_status opencl_loss(ock_backend *backend, const ock_loss_options *options,
                       const ock_tensor *prediction, const ock_tensor *target, ock_tensor *gradient,
                       ock_tensor *totals)
{
    cl_mem results;
    ock_status status = opencl_scratch(backend, prediction->rows * 2 * sizeof(cl_float), &results);
    if (status == OCK_OK)
        status = launch_rows(backend, options, prediction, target, gradient, results);
    if (status != OCK_OK || !totals)
        return status;
    opencl_call call = opencl_begin(backend, "loss_total");
    opencl_arg_uint(&call, (uint32_t)prediction->rows);
    opencl_arg_buffer(&call, results);
    opencl_arg_tensor(&call, totals);
    const size_t one = 1;
    return opencl_launch(&call, 1, &one, &one);
}
