#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* ---- Candidates ---- */

/* Tiles of a CPU are kept in the registers of one work-item, those of a GPU in local memory and the
 * registers of a group. All add along k in one order: the same bits. */
static const struct {
    const char *name;
    opencl_candidate program; /* the tiles among which its kernels are */
    opencl_tiles tiles;       /* vector 0: the device's own */
} candidates[OPENCL_CANDIDATES] = {
    [OPENCL_CPU] = {"cpu", OPENCL_CPU, {0, 8, 2, 1}},
    [OPENCL_NARROW] = {"narrow", OPENCL_NARROW, {0, 8, 1, 1}}, /* for columns of one vector */
    [OPENCL_FLAT] = {"flat", OPENCL_FLAT, {0, 2, 4, 1}},       /* for few rows */
    [OPENCL_GPU] = {"gpu", OPENCL_GPU, {4, 4, 1, 16}},
    [OPENCL_GPU_LARGE] = {"gpu-large", OPENCL_GPU_LARGE, {4, 8, 2, 16}},
    [OPENCL_GPU_SMALL] = {"gpu-small", OPENCL_GPU_SMALL, {4, 4, 1, 8}},
    [OPENCL_SWAP] = {"swap", OPENCL_FLAT, {0}},     /* C^T by flat tiles, for few columns */
    [OPENCL_DOTS] = {"dots", OPENCL_CPU, {0}},      /* for few rows or columns; adds otherwise */
    [OPENCL_CLBLAST] = {"clblast", OPENCL_GPU, {0}} /* adds otherwise, too */
};

const char *opencl_candidate_name(opencl_candidate candidate)
{
    return candidates[candidate].name;
}

opencl_candidate opencl_tiles_of(opencl_candidate candidate)
{
    return candidates[candidate].program;
}

/* Swapped, it is A's elements for one k that must lie in a row; for dots, those of a row of A or of
 * a column of B. */
bool opencl_can(opencl_candidate candidate, const opencl_product *shape)
{
    if (candidate == OPENCL_SWAP)
        return shape->a_transposed;
    if (candidate == OPENCL_DOTS)
        return !shape->a_transposed || shape->b_transposed;
    return candidate != OPENCL_CLBLAST || OCK_CLBLAST;
}

/* Sizes that share a class of tune.c meet the same bounds. CLBlast's first call takes a CPU's
 * compiler many seconds, for products at a twentieth of our speed. */
bool opencl_suits(const opencl_backend *opencl, opencl_candidate candidate,
                  const opencl_product *shape)
{
    const size_t few = 16, m = shape->m, n = shape->n;
    bool cpu = opencl->type == OCK_DEVICE_CPU;
    if (!opencl_can(candidate, shape) || opencl->programs[opencl_tiles_of(candidate)].broken)
        return false;
    switch (candidate) {
    case OPENCL_CPU:
        return cpu;
    case OPENCL_NARROW:
        return cpu && n <= opencl->vector;
    case OPENCL_FLAT:
        return cpu && m <= few && !shape->b_transposed;
    case OPENCL_SWAP:
        return cpu && n <= few;
    case OPENCL_DOTS:
        return cpu && ((n <= few && !shape->a_transposed) || (m <= few && shape->b_transposed));
    case OPENCL_GPU_LARGE:
        return !cpu && m > 64 && n > 64;
    case OPENCL_GPU_SMALL:
        return !cpu && (m <= 256 || n <= 256);
    default:
        return !cpu;
    }
}

/* ---- Programs ---- */

/* As many sums as the registers of such vectors hold. */
static size_t rows_for(size_t vector)
{
    return vector == 16 ? 8 : vector == 8 ? 6 : 4;
}

/* Without the standard's kernels a call fails; for others these are there. */
static ock_status build(opencl_backend *opencl, opencl_candidate tiles)
{
    ock_log *log = opencl->base.log;
    bool trying = log->trying, standard = tiles == opencl_tiles_of(opencl->standard);
    log->trying = trying || !standard;
    ock_status status = opencl_build(opencl, &opencl->programs[tiles]);
    log->trying = trying;
    if (status != OCK_OK && !standard)
        ock_log_tell(log, OCK_LOG_WARNING, "the kernels %s do not build: others do their work",
                     opencl_candidate_name(tiles));
    return status;
}

ock_status opencl_program_of(opencl_backend *opencl, opencl_candidate tiles,
                             const opencl_program **program)
{
    opencl_program *built = &opencl->programs[tiles];
    ock_status status = OCK_OK;
    if (built->broken) /* the message has been left, with the build log */
        return OCK_BUILD_FAILED;
    if (!built->program) {
        built->tiles = candidates[tiles].tiles;
        if (built->tiles.vector == 0)
            built->tiles.vector = opencl->vector;
        if (tiles == OPENCL_CPU)
            built->tiles.rows = rows_for(opencl->vector);
        status = build(opencl, tiles);
    }
    if (status != OCK_OK) {
        opencl_unbuild(built);
        built->broken = true;
    }
    *program = built;
    return status;
}

/* ---- The standard ---- */

static size_t native_vector(const opencl_backend *opencl)
{
    cl_uint width = 0;
    clGetDeviceInfo(opencl->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width,
                    NULL);
    return width >= 16 ? 16 : width >= 8 ? 8 : 4;
}

/* A candidate's name and, for tiles of a CPU, perhaps the width of vectors: "cpu", "flat8". */
static bool read_wish(opencl_backend *opencl, const char *wish)
{
    static const struct {
        const char *text;
        size_t vector;
    } widths[] = {{"4", 4}, {"8", 8}, {"16", 16}};
    for (int i = 0; i < OPENCL_CANDIDATES; i++) {
        size_t length = strlen(candidates[i].name);
        if (strncmp(wish, candidates[i].name, length) != 0)
            continue;
        opencl->standard = (opencl_candidate)i;
        if (!wish[length])
            return true;
        for (size_t j = 0; j < 3 && candidates[candidates[i].program].tiles.vector == 0; j++)
            if (strcmp(wish + length, widths[j].text) == 0) {
                opencl->vector = widths[j].vector;
                return true;
            }
    }
    return false;
}

ock_status opencl_choose_standard(opencl_backend *opencl)
{
    const char *wish = getenv("OCKHAM_TILES");
    opencl->vector = native_vector(opencl);
    opencl->standard = opencl->type == OCK_DEVICE_CPU ? OPENCL_CPU
                       : OCK_CLBLAST                  ? OPENCL_CLBLAST
                                                      : OPENCL_GPU;
    opencl->forced = wish && *wish;
    if (opencl->forced && !read_wish(opencl, wish))
        return ock_log_report(opencl->base.log, OCK_INVALID_ARGUMENT,
                              "OCKHAM_TILES is \"%s\": it can be cpu, narrow, flat, swap or dots, "
                              "with a width of 4, 8 or 16 as in cpu8, gpu, gpu-large, gpu-small or "
                              "clblast",
                              wish);
    return opencl_program_of(opencl, opencl_tiles_of(opencl->standard), &opencl->program);
}

/* ---- Grids ---- */

static opencl_grid cover(const opencl_tiles *tiles, size_t rows, size_t cols, size_t height,
                         size_t width)
{
    size_t down = opencl_ceil_div(rows, height), across = opencl_ceil_div(cols, width);
    if (tiles->group == 1)
        return (opencl_grid){{down, across}, {1, 1}, down * across, 0};
    size_t groups = opencl_ceil_div(down, tiles->group) * opencl_ceil_div(across, tiles->group);
    return (opencl_grid){{across, down}, {tiles->group, tiles->group}, groups, 0};
}

opencl_grid opencl_tile_grid(const opencl_tiles *tiles, const opencl_product *shape)
{
    size_t width = tiles->vectors * tiles->vector;
    opencl_grid grid = cover(tiles, shape->m, shape->n, tiles->rows, width);
    grid.share = (uint32_t)width;
    return grid;
}

/* As many work-items as leave the units an even share each, but none so small that starting it
 * is most of its work: multiplications, and what goes with each element of C. */
static double enough_items(const opencl_backend *opencl, const opencl_product *shape)
{
    const double least = 1 << 16, element = 16;
    double work = (double)shape->m * (double)shape->n * ((double)shape->k + element);
    return fmin(8 * (double)opencl->units, work / least);
}

/* How many of the `most` tiles along one side of C a work-item takes on a CPU, with `others` along
 * the other side: as many as leave enough work-items. */
static size_t tiles_each(const opencl_tiles *tiles, double enough, size_t most, size_t others)
{
    size_t each = tiles->group == 1 ? most : 1;
    while (each > 1 && (double)(opencl_ceil_div(most, each) * others) < enough)
        each = opencl_ceil_div(each, 2);
    return each;
}

/* Rows for the sake of which B is packed once. */
opencl_grid opencl_strip_grid(const opencl_backend *opencl, const opencl_tiles *tiles,
                              const opencl_product *shape)
{
    const size_t most = 128 / tiles->rows; /* tile.cl */
    size_t width = tiles->vectors * tiles->vector, across = opencl_ceil_div(shape->n, width);
    size_t down = opencl_ceil_div(shape->m, tiles->rows);
    size_t each = tiles_each(tiles, enough_items(opencl, shape), down, across);
    size_t height = tiles->rows * (each < most ? each : most);
    opencl_grid grid = cover(tiles, shape->m, shape->n, height, width);
    grid.share = (uint32_t)height;
    return grid;
}

/* Columns along which a work-item walks. */
opencl_grid opencl_span_grid(const opencl_backend *opencl, const opencl_tiles *tiles,
                             const opencl_product *shape)
{
    size_t width = tiles->vectors * tiles->vector, down = opencl_ceil_div(shape->m, tiles->rows);
    size_t across = opencl_ceil_div(shape->n, width);
    size_t span = width * tiles_each(tiles, enough_items(opencl, shape), across, down);
    opencl_grid grid = cover(tiles, shape->m, shape->n, tiles->rows, span);
    grid.share = (uint32_t)span;
    return grid;
}
