#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* A CPU's work-item keeps a wide tile in vector registers; a GPU's shares local memory with its
 * group. clblast is gpu with CLBlast for the plain product: never unmeasured on a CPU, where it is
 * slow. OCKHAM_TILES forces one of the three on any device, for tests. */
ock_status opencl_choose_tiles(opencl_backend *backend, const ock_device *device)
{
    const opencl_tiles cpu = {.vector = 16, .rows = 8, .vectors = 2, .group = 1};
    const opencl_tiles gpu = {.vector = 4, .rows = 4, .vectors = 1, .group = 16};
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

static opencl_grid cover(const opencl_tiles *tiles, size_t rows, size_t cols, size_t height,
                         size_t width)
{
    size_t down = opencl_ceil_div(rows, height), across = opencl_ceil_div(cols, width);
    if (tiles->group == 1)
        return (opencl_grid){{down, across}, {1, 1}, down * across, 0};
    size_t groups = opencl_ceil_div(down, tiles->group) * opencl_ceil_div(across, tiles->group);
    return (opencl_grid){{across, down}, {tiles->group, tiles->group}, groups, 0};
}

opencl_grid opencl_tile_grid(const opencl_backend *opencl, size_t rows, size_t cols)
{
    const opencl_tiles *tiles = &opencl->tiles;
    return cover(tiles, rows, cols, tiles->rows, tiles->vectors * tiles->vector);
}

/* How many of the `most` tiles along one side of C a work-item takes on a CPU, with `others` along
 * the other side: as many as leave each compute unit enough work-items to share the load evenly. */
static size_t tiles_each(const opencl_backend *opencl, size_t most, size_t others)
{
    const size_t enough = 8 * opencl->units;
    size_t each = opencl->tiles.group == 1 ? most : 1;
    while (each > 1 && opencl_ceil_div(most, each) * others < enough)
        each = opencl_ceil_div(each, 2);
    return each;
}

/* Rows for the sake of which B is packed once. */
opencl_grid opencl_strip_grid(const opencl_backend *opencl, size_t rows, size_t cols)
{
    const size_t strip_rows = 128; /* tile.cl */
    const opencl_tiles *tiles = &opencl->tiles;
    size_t width = tiles->vectors * tiles->vector, across = opencl_ceil_div(cols, width);
    size_t each = tiles_each(opencl, opencl_ceil_div(rows, tiles->rows), across);
    size_t height =
        tiles->rows * (each < strip_rows / tiles->rows ? each : strip_rows / tiles->rows);
    opencl_grid grid = cover(tiles, rows, cols, height, width);
    grid.share = (uint32_t)height;
    return grid;
}

/* Columns along which a work-item walks. */
opencl_grid opencl_span_grid(const opencl_backend *opencl, size_t rows, size_t cols)
{
    const opencl_tiles *tiles = &opencl->tiles;
    size_t width = tiles->vectors * tiles->vector, down = opencl_ceil_div(rows, tiles->rows);
    size_t span = width * tiles_each(opencl, opencl_ceil_div(cols, width), down);
    opencl_grid grid = cover(tiles, rows, cols, tiles->rows, span);
    grid.share = (uint32_t)span;
    return grid;
}
