#include "opencl.h"

ock_status opencl_noise(ock_backend *backend, const ock_noise *noise, const ock_tensor *x,
                        ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "noise");
    opencl_arg_int(&call, noise->kind);
    opencl_arg_float(&call, ock_noise_deviation(noise));
    opencl_arg_uint(&call, (uint32_t)noise->seed);
    opencl_arg_uint(&call, (uint32_t)(noise->seed >> 32));
    opencl_arg_uint(&call, noise->step);
    opencl_arg_uint(&call, noise->layer);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, x);
}
