#include "opencl.h"

ock_status opencl_activation_forward(ock_backend *backend, ock_activation activation,
                                     const ock_tensor *x, ock_tensor *y)
{
    bool softmax = activation == OCK_SOFTMAX;
    opencl_call call = opencl_begin(backend, softmax ? "softmax_forward" : "activation_forward");
    if (!softmax)
        opencl_arg_int(&call, activation);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return softmax ? opencl_launch_rows(&call, x) : opencl_launch_vectors(&call, x);
}

ock_status opencl_activation_backward(ock_backend *backend, ock_activation activation,
                                      const ock_tensor *x, const ock_tensor *y,
                                      const ock_tensor *dy, ock_tensor *dx)
{
    bool softmax = activation == OCK_SOFTMAX;
    opencl_call call = opencl_begin(backend, softmax ? "softmax_backward" : "activation_backward");
    if (!softmax)
        opencl_arg_int(&call, activation);
    opencl_arg_shape(&call, dy);
    opencl_arg_tensor(&call, activation == OCK_GELU ? x : y);
    opencl_arg_tensor(&call, dy);
    opencl_arg_tensor(&call, dx);
    return softmax ? opencl_launch_rows(&call, dy) : opencl_launch_vectors(&call, dy);
}
