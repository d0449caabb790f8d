#include "opencl.h"

/* Rows, or vectors, that one work-item reduces to one. */
enum {
    DEPTH = 64
};

/* What one level leaves of x: 1 / DEPTH of its rows, or of its vectors in each row or in all. */
static ock_tensor level_of(const ock_backend *backend, ock_axis axis, const ock_tensor *x)
{
    size_t vectors =
        opencl_ceil_div(x->cols, ((const opencl_backend *)backend)->program->tiles.vector);
    ock_tensor y = {.dtype = OCK_F32, .rows = 1, .cols = x->cols};
    if (axis == OCK_ROWS)
        y.rows = opencl_ceil_div(x->rows, DEPTH);
    else if (axis == OCK_COLS)
        y.rows = x->rows, y.cols = opencl_ceil_div(vectors, DEPTH);
    else
        y.cols = opencl_ceil_div(x->rows * vectors, DEPTH);
    y.stride = opencl_ceil_div(y.cols, OCK_PAD) * OCK_PAD;
    return y;
}

static ock_status launch_level(ock_backend *backend, ock_reduction reduction, ock_axis axis,
                               float divisor, const ock_tensor *x, const ock_tensor *y)
{
    opencl_call call = opencl_begin(backend, axis == OCK_ROWS ? "reduce_rows" : "reduce_cols");
    opencl_arg_int(&call, reduction);
    opencl_arg_uint(&call, DEPTH);
    opencl_arg_float(&call, divisor);
    if (axis != OCK_ROWS)
        opencl_arg_uint(&call, (uint32_t)y->rows);
    opencl_arg_shape(&call, x);
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, y);
    if (axis == OCK_ROWS)
        return opencl_launch_vectors(&call, y);
    return opencl_launch(&call, 2, (size_t[]){y->cols, y->rows}, NULL);
}

ock_status opencl_reduce(ock_backend *backend, ock_reduction reduction, ock_axis axis,
                         const ock_tensor *x, ock_tensor *y)
{
    ock_storage scratch = {0};
    ock_tensor from = *x, to = level_of(backend, axis, x);
    size_t values = y->rows * y->cols, half = to.rows * to.stride;
    float count = (float)x->rows * (float)x->cols / (float)values;
    float divisor = reduction == OCK_MEAN ? count : 1;
    ock_status status = OCK_OK;
    if (to.rows * to.cols > values)
        status = opencl_scratch(backend, 2 * half * sizeof(cl_float), (cl_mem *)&scratch.handle);
    while (status == OCK_OK && to.rows * to.cols > values) {
        to.storage = &scratch;
        to.offset = from.storage == &scratch ? half - from.offset : 0;
        status = launch_level(backend, reduction, axis, 1, &from, &to);
        reduction = reduction == OCK_MAX ? OCK_MAX : OCK_SUM;
        from = to;
        to = level_of(backend, axis, &from);
    }
    return status == OCK_OK ? launch_level(backend, reduction, axis, divisor, &from, y) : status;
}
