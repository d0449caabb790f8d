#include "opencl.h"

static void arg_pair(opencl_call *call, const float pair[2])
{
    opencl_arg_float(call, pair[0]);
    opencl_arg_float(call, pair[1]);
}

ock_status opencl_transform(ock_backend *backend, const ock_augmentation *a, uint32_t epoch,
                            const ock_tensor *indices, ock_tensor *transforms)
{
    const float none[2] = {1, 1};
    opencl_call call = opencl_begin(backend, "transform");
    opencl_arg_uint(&call, a->height);
    opencl_arg_uint(&call, a->width);
    opencl_arg_float(&call, a->rotation_range);
    opencl_arg_float(&call, a->height_shift_range);
    opencl_arg_float(&call, a->width_shift_range);
    opencl_arg_float(&call, a->shear_range);
    arg_pair(&call, a->zoom_range[1] > 0 ? a->zoom_range : none);
    opencl_arg_int(&call, a->horizontal_flip);
    opencl_arg_int(&call, a->vertical_flip);
    opencl_arg_float(&call, a->channel_shift_range);
    arg_pair(&call, a->brightness_range);
    opencl_arg_float(&call, a->erase_factor);
    arg_pair(&call, a->erase_scale);
    arg_pair(&call, a->erase_ratio);
    opencl_arg_uint(&call, (uint32_t)a->seed);
    opencl_arg_uint(&call, (uint32_t)(a->seed >> 32));
    opencl_arg_uint(&call, epoch);
    opencl_arg_uint(&call, (uint32_t)transforms->rows);
    opencl_arg_tensor(&call, indices);
    opencl_arg_tensor(&call, transforms);
    return opencl_launch_rows(&call, transforms);
}
