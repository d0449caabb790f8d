#include "opencl.h"

enum {
    CHAINS = 8 /* as in measure.cl */
};

ock_status opencl_fma_chains(ock_backend *backend, float a, float b, uint32_t times, ock_tensor *x)
{
    const opencl_tiles *tiles = &((opencl_backend *)backend)->program->tiles;
    size_t count = x->rows * x->stride, global = opencl_ceil_div(count, CHAINS * tiles->vector);
    size_t local = tiles->group == 1 ? 1 : 64;
    opencl_call call = opencl_begin(backend, "fma_chains");
    opencl_arg_buffer(&call, x->storage->handle);
    opencl_arg_ulong(&call, x->offset);
    opencl_arg_ulong(&call, count);
    opencl_arg_float(&call, a);
    opencl_arg_float(&call, b);
    opencl_arg_uint(&call, times);
    return opencl_launch(&call, 1, &global, &local);
}
