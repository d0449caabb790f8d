#include "opencl.h"

ock_status opencl_dense_forward(ock_backend *backend, const ock_tensor *x, const ock_tensor *w,
                                const ock_tensor *b, ock_activation activation,
                                const ock_dropout *dropout, ock_tensor *y)
{
    opencl_grid grid = opencl_tile_grid(backend, y->rows, y->cols, false);
    opencl_call call = opencl_begin(backend, "dense_forward");
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, w);
    opencl_arg_tensor(&call, b);
    opencl_arg_tensor(&call, y);
    opencl_arg_uint(&call, (uint32_t)y->rows);
    opencl_arg_uint(&call, (uint32_t)x->cols);
    opencl_arg_uint(&call, (uint32_t)y->cols);
    opencl_arg_int(&call, activation);
    opencl_arg_dropout(&call, dropout);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

ock_status opencl_dense_backward_input(ock_backend *backend, const ock_tensor *dy,
                                       const ock_tensor *w, ock_activation activation,
                                       const ock_dropout *dropout, const ock_tensor *y,
                                       ock_tensor *dx)
{
    opencl_grid grid = opencl_tile_grid(backend, dx->rows, dx->cols, true);
    opencl_call call = opencl_begin(backend, "dense_backward_input");
    opencl_arg_tensor(&call, dy);
    opencl_arg_tensor(&call, w);
    opencl_arg_tensor(&call, y);
    opencl_arg_tensor(&call, dx);
    opencl_arg_uint(&call, (uint32_t)dx->rows);
    opencl_arg_uint(&call, (uint32_t)dx->cols);
    opencl_arg_uint(&call, (uint32_t)dy->cols);
    opencl_arg_int(&call, activation);
    opencl_arg_dropout(&call, dropout);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* A parameter's tensors, its update and the place for its penalty's partial sums, where totals
 * wants them. */
typedef struct step {
    ock_backend *backend;
    const ock_update *update;
    const ock_tensor *x, *dy;
    ock_tensor *totals;
} step;

static bool wants_penalty(const step *s, const ock_parameter *p)
{
    return s->totals && (p->penalty.l1 != 0 || p->penalty.l2 != 0);
}

/* Launches one of the two step kernels over a grid, then adds the penalty of its partial sums. */
static ock_status launch_step(const step *s, opencl_call *call, const ock_parameter *p,
                              const opencl_grid *grid)
{
    cl_mem partials = NULL;
    ock_status status = OCK_OK;
    if (wants_penalty(s, p))
        status = opencl_scratch(s->backend, 2 * sizeof(cl_float) * grid->groups, &partials);
    if (status != OCK_OK)
        return status;
    opencl_arg_update(call, s->update, p->penalty);
    opencl_arg_buffer(call, partials);
    status = opencl_launch(call, 2, grid->global, grid->local);
    if (status != OCK_OK || !partials)
        return status;
    return opencl_penalty_total(s->backend, partials, grid->groups, p->penalty, s->x->rows,
                                s->totals);
}

static ock_status step_kernel(const step *s, const ock_parameter *kernel)
{
    opencl_grid grid = opencl_tile_grid(s->backend, s->x->cols, s->dy->cols, false);
    opencl_call call = opencl_begin(s->backend, "dense_backward_weights");
    opencl_arg_tensor(&call, s->x);
    opencl_arg_tensor(&call, s->dy);
    opencl_arg_tensor(&call, kernel->value);
    opencl_arg_tensor(&call, kernel->moment1);
    opencl_arg_tensor(&call, kernel->moment2);
    opencl_arg_uint(&call, (uint32_t)s->x->rows);
    opencl_arg_uint(&call, (uint32_t)s->x->cols);
    opencl_arg_uint(&call, (uint32_t)s->dy->cols);
    return launch_step(s, &call, kernel, &grid);
}

/* One work-item per vector of columns; its partial sums are those of a group. */
static ock_status step_bias(const step *s, const ock_parameter *bias)
{
    const opencl_tiles *tiles = &((opencl_backend *)s->backend)->tiles;
    size_t items = opencl_ceil_div(s->dy->cols, tiles->vector);
    opencl_grid grid = {{items, 1}, {tiles->group, 1}, items};
    opencl_call call = opencl_begin(s->backend, "dense_backward_bias");
    opencl_arg_tensor(&call, s->dy);
    opencl_arg_tensor(&call, bias->value);
    opencl_arg_tensor(&call, bias->moment1);
    opencl_arg_tensor(&call, bias->moment2);
    opencl_arg_uint(&call, (uint32_t)s->dy->rows);
    opencl_arg_uint(&call, (uint32_t)s->dy->cols);
    return launch_step(s, &call, bias, &grid);
}

ock_status opencl_dense_backward_weights(ock_backend *backend, const ock_update *update,
                                         const ock_tensor *x, const ock_tensor *dy,
                                         const ock_dense_parameters *parameters, ock_tensor *totals)
{
    const step s = {backend, update, x, dy, totals};
    ock_status status = step_kernel(&s, &parameters->kernel);
    if (status != OCK_OK || !parameters->bias.value)
        return status;
    return step_bias(&s, &parameters->bias);
}
