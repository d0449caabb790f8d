#include "opencl.h"

ock_status opencl_tone(ock_backend *backend, const ock_augmentation *a,
                       const ock_tensor *transforms, ock_tensor *y)
{
    cl_mem ranges;
    ock_status status = opencl_scratch(backend, y->rows * 2 * sizeof(cl_float), &ranges);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "tone_range");
    opencl_arg_shape(&call, y);
    opencl_arg_tensor(&call, y);
    opencl_arg_buffer(&call, ranges);
    status = opencl_launch_rows(&call, y);
    if (status != OCK_OK)
        return status;
    call = opencl_begin(backend, "tone");
    opencl_arg_uint(&call, a->channels);
    opencl_arg_int(&call, a->brightness_range[1] > 0);
    opencl_arg_float(&call, a->white);
    opencl_arg_shape(&call, y);
    opencl_arg_buffer(&call, ranges);
    opencl_arg_tensor(&call, transforms);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, y);
}
