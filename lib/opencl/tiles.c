#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* A CPU's work-item keeps a wide tile in vector registers; a GPU's shares local memory with its
 * group. clblast is gpu with CLBlast for the plain product: never unmeasured on a CPU, where it is
 * slow. OCKHAM_TILES forces one of the three on any device, for tests. */
ock_status opencl_choose_tiles(opencl_backend *backend, const ock_device *device)
{
    const opencl_tiles cpu = {.vector = 16, .rows = 8, .vectors = 2, .dot_rows = 4, .group = 1};
    const opencl_tiles gpu = {.vector = 4, .rows = 4, .vectors = 1, .dot_rows = 4, .group = 16};
    const char *wish = getenv("OCKHAM_TILES");
    if (!wish || !*wish)
        wish = device->type == OCK_DEVICE_CPU ? "cpu" : "clblast";
    else if (strcmp(wish, "cpu") != 0 && strcmp(wish, "gpu") != 0 && strcmp(wish, "clblast") != 0)
        return ock_log_report(backend->base.log, OCK_INVALID_ARGUMENT,
                              "OCKHAM_TILES is \"%s\": it can be cpu, gpu or clblast", wish);
    backend->tiles = strcmp(wish, "cpu") == 0 ? cpu : gpu;
    backend->clblast = OCK_CLBLAST && strcmp(wish, "clblast") == 0;
    return OCK_OK;
}

opencl_grid opencl_tile_grid(ock_backend *backend, size_t rows, size_t cols, bool dot)
{
    const opencl_tiles *tiles = &((opencl_backend *)backend)->tiles;
    size_t height = opencl_ceil_div(rows, dot ? tiles->dot_rows : tiles->rows);
    size_t width = opencl_ceil_div(cols, tiles->vector * (dot ? 1 : tiles->vectors));
    if (tiles->group == 1)
        return (opencl_grid){{height, width}, {1, 1}, height * width};
    return (opencl_grid){{width, height},
                         {tiles->group, tiles->group},
                         opencl_ceil_div(width, tiles->group) *
                             opencl_ceil_div(height, tiles->group)};
}
