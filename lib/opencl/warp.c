#include "opencl.h"

enum {
    MAP_SIZE = 8
};

/* What lies between the kernels, in scratch memory: the affine maps, a Gaussian's weights, and two
 * fields of displacements per picture, as drawn and then smoothed along the columns. */
typedef struct warp {
    const ock_augmentation *a;
    size_t rows;
    uint32_t radius;
    ock_storage scratch;
    ock_tensor maps, weights, drawn, smooth;
} warp;

/* Appends rows of floats to what is in scratch. */
static ock_tensor append(warp *w, size_t *floats, size_t rows, size_t cols)
{
    size_t stride = opencl_ceil_div(cols, OCK_PAD) * OCK_PAD;
    ock_tensor tensor = {.storage = &w->scratch, .stride = stride, .offset = *floats};
    tensor.rows = rows;
    tensor.cols = cols;
    *floats += rows * stride;
    return tensor;
}

static ock_status make_scratch(ock_backend *backend, warp *w)
{
    bool elastic = w->a->elastic_alpha > 0;
    size_t vector = ((const opencl_backend *)backend)->program->tiles.vector;
    size_t lines = elastic ? w->rows * 2 * w->a->height : 0, floats = 0;
    w->radius = elastic ? (uint32_t)(4 * w->a->elastic_sigma + 0.5f) : 0;
    w->maps = append(w, &floats, w->rows, MAP_SIZE);
    w->weights = append(w, &floats, 1, 2 * (w->radius + vector) - 1);
    w->drawn = append(w, &floats, lines, w->a->width);
    w->smooth = append(w, &floats, lines, w->a->width);
    return opencl_scratch(backend, floats * sizeof(cl_float), (cl_mem *)&w->scratch.handle);
}

static ock_status launch_maps(ock_backend *backend, warp *w, const ock_tensor *transforms)
{
    opencl_call call = opencl_begin(backend, "warp_maps");
    opencl_arg_uint(&call, w->a->height);
    opencl_arg_uint(&call, w->a->width);
    opencl_arg_uint(&call, (uint32_t)w->rows);
    opencl_arg_tensor(&call, transforms);
    opencl_arg_tensor(&call, &w->maps);
    return opencl_launch_rows(&call, transforms);
}

/* ---- Elastic displacements ---- */

static ock_status launch_weights(ock_backend *backend, warp *w)
{
    const size_t one = 1;
    opencl_call call = opencl_begin(backend, "warp_weights");
    opencl_arg_float(&call, w->a->elastic_sigma);
    opencl_arg_uint(&call, w->radius);
    opencl_arg_tensor(&call, &w->weights);
    return opencl_launch(&call, 1, &one, &one);
}

static ock_status launch_draw(ock_backend *backend, warp *w, uint32_t epoch,
                              const ock_tensor *indices)
{
    opencl_call call = opencl_begin(backend, "warp_draw");
    opencl_arg_uint(&call, w->a->height);
    opencl_arg_uint(&call, w->a->width);
    opencl_arg_uint(&call, (uint32_t)w->rows);
    opencl_arg_uint(&call, (uint32_t)w->a->seed);
    opencl_arg_uint(&call, (uint32_t)(w->a->seed >> 32));
    opencl_arg_uint(&call, epoch);
    opencl_arg_tensor(&call, indices);
    opencl_arg_tensor(&call, &w->drawn);
    return opencl_launch(&call, 2, (size_t[]){w->a->height, w->rows}, NULL);
}

static ock_status launch_smooth(ock_backend *backend, warp *w)
{
    opencl_call call = opencl_begin(backend, "warp_smooth");
    opencl_arg_uint(&call, w->a->height);
    opencl_arg_uint(&call, w->a->width);
    opencl_arg_uint(&call, (uint32_t)(2 * w->rows));
    opencl_arg_uint(&call, w->radius);
    opencl_arg_tensor(&call, &w->weights);
    opencl_arg_tensor(&call, &w->drawn);
    opencl_arg_tensor(&call, &w->smooth);
    return opencl_launch(&call, 2, (size_t[]){w->a->height, 2 * w->rows}, NULL);
}

/* ---- The operation ---- */

static ock_status launch_warp(ock_backend *backend, warp *w, const ock_tensor *transforms,
                              const ock_tensor *x, ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, "warp");
    opencl_arg_uint(&call, w->a->height);
    opencl_arg_uint(&call, w->a->width);
    opencl_arg_uint(&call, w->a->channels);
    opencl_arg_int(&call, w->a->fill_mode);
    opencl_arg_float(&call, w->a->cval);
    opencl_arg_float(&call, w->a->elastic_alpha);
    opencl_arg_uint(&call, w->radius);
    opencl_arg_uint(&call, (uint32_t)w->rows);
    opencl_arg_tensor(&call, &w->maps);
    opencl_arg_tensor(&call, &w->weights);
    opencl_arg_tensor(&call, &w->smooth);
    opencl_arg_tensor(&call, transforms);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    return opencl_launch(&call, 2, (size_t[]){w->a->height, w->rows}, NULL);
}

ock_status opencl_warp(ock_backend *backend, const ock_augmentation *a, uint32_t epoch,
                       const ock_tensor *indices, const ock_tensor *transforms, const ock_tensor *x,
                       ock_tensor *y)
{
    warp w = {.a = a, .rows = x->rows};
    ock_status status = make_scratch(backend, &w);
    if (status == OCK_OK)
        status = launch_maps(backend, &w, transforms);
    if (status == OCK_OK && a->elastic_alpha > 0) {
        status = launch_weights(backend, &w);
        if (status == OCK_OK)
            status = launch_draw(backend, &w, epoch, indices);
        if (status == OCK_OK)
            status = launch_smooth(backend, &w);
    }
    return status == OCK_OK ? launch_warp(backend, &w, transforms, x, y) : status;
}
