#include "opencl.h"

ock_status opencl_gather(ock_backend *backend, const ock_tensor *source, const ock_tensor *indices,
                         int64_t first, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "gather");
    opencl_arg_uint(&call, (uint32_t)source->rows);
    opencl_arg_ulong(&call, (uint64_t)first);
    opencl_arg_shape(&call, y);
    opencl_arg_tensor(&call, source);
    opencl_arg_tensor(&call, indices);
    opencl_arg_tensor(&call, y);
    return opencl_launch_vectors(&call, y);
}
