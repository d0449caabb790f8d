#include "opencl.h"

ock_status opencl_one_hot(ock_backend *backend, const ock_tensor *labels, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "one_hot");
    opencl_arg_shape(&call, y);
    opencl_arg_tensor(&call, labels);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, y);
}

ock_status opencl_mix(ock_backend *backend, const ock_tensor *share, const ock_tensor *x,
                      const ock_tensor *other, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "mix_rows");
    opencl_arg_shape(&call, y);
    opencl_arg_tensor(&call, share);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, other);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, y);
}
