#include "opencl.h"

ock_status opencl_dropout(ock_backend *backend, const ock_dropout *dropout, const ock_tensor *x,
                          ock_tensor *y)
{
    size_t channels = dropout->channels;
    opencl_call call = opencl_begin(backend, channels ? "dropout_channels" : "dropout");
    opencl_arg_dropout(&call, dropout);
    if (channels)
        opencl_arg_uint(&call, (uint32_t)channels);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    if (!channels)
        return opencl_launch_vectors(&call, x);
    return opencl_launch(&call, 2, (size_t[]){opencl_ceil_div(channels, 4), x->rows}, NULL);
}
