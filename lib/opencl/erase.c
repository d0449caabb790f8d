#include "opencl.h"

ock_status opencl_erase(ock_backend *backend, const ock_augmentation *a,
                        const ock_tensor *transforms, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "erase");
    opencl_arg_uint(&call, a->height);
    opencl_arg_uint(&call, a->width);
    opencl_arg_uint(&call, a->channels);
    opencl_arg_uint(&call, a->cutout_size);
    opencl_arg_float(&call, a->erase_value);
    opencl_arg_uint(&call, (uint32_t)y->rows);
    opencl_arg_tensor(&call, transforms);
    opencl_arg_tensor(&call, y);
    return opencl_launch(&call, 2, (size_t[]){a->height, y->rows}, NULL);
}
