#include "opencl.h"

ock_status opencl_augment(ock_backend *backend, const ock_augmentation *augmentation,
                          uint32_t epoch, const ock_tensor *indices, const ock_tensor *x,
                          ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "augment");
    opencl_arg_uint(&call, augmentation->height);
    opencl_arg_uint(&call, augmentation->width);
    opencl_arg_uint(&call, augmentation->channels);
    opencl_arg_float(&call, augmentation->rotation_range);
    opencl_arg_float(&call, augmentation->height_shift_range);
    opencl_arg_float(&call, augmentation->width_shift_range);
    opencl_arg_float(&call, augmentation->zoom_range);
    opencl_arg_float(&call, augmentation->cval);
    opencl_arg_uint(&call, (uint32_t)augmentation->seed);
    opencl_arg_uint(&call, (uint32_t)(augmentation->seed >> 32));
    opencl_arg_uint(&call, epoch);
    opencl_arg_uint(&call, (uint32_t)x->rows);
    opencl_arg_tensor(&call, indices);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return opencl_launch(&call, 2, (size_t[]){augmentation->height, x->rows}, NULL);
}
