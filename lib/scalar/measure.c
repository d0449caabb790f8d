#include "product.h"

/* A tile at a time, by way of a copy, since the last one is not whole. */
ock_status scalar_fma_chains(ock_backend *backend, float a, float b, uint32_t times, ock_tensor *x)
{
    const scalar_tile_kernel *kernel = scalar_of(backend)->kernels.tile;
    size_t size = kernel->rows * kernel->cols, count = x->rows * x->stride;
    float *data = scalar_data(x);
#pragma omp parallel for num_threads(scalar_of(backend)->threads) schedule(static)
    for (size_t begin = 0; begin < count; begin += size) {
        float tile[SCALAR_TILE_SIZE] = {0};
        size_t bytes = scalar_min(size, count - begin) * sizeof(float);
        memcpy(tile, data + begin, bytes);
        kernel->chains(a, b, times, tile);
        memcpy(data + begin, tile, bytes);
    }
    return OCK_OK;
}
