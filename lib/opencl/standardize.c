#include "opencl.h"

ock_status opencl_standardize(ock_backend *backend, const ock_standardize *options,
                              const ock_tensor *x, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "standardize");
    opencl_arg_float(&call, options->rescale != 0 ? options->rescale : 1);
    opencl_arg_int(&call, options->samplewise_center);
    opencl_arg_int(&call, options->samplewise_std_normalization);
    opencl_arg_int(&call, options->mean != NULL);
    opencl_arg_int(&call, options->deviation != NULL);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, options->mean);
    opencl_arg_tensor(&call, options->deviation);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return opencl_launch_rows(&call, x);
}
