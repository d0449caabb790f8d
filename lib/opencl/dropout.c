#include "opencl.h"

ock_status opencl_dropout(ock_backend *backend, const ock_dropout *dropout, const ock_tensor *x,
                          ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "dropout");
    opencl_arg_dropout(&call, dropout);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, x);
}
