#include "opencl.h"

ock_status opencl_dense_forward(ock_backend *backend, const ock_tensor *x, const ock_tensor *w,
                                const ock_tensor *b, ock_activation activation,
                                const ock_dropout *dropout, ock_tensor *y)
{
    const opencl_product shape = {.m = y->rows, .n = y->cols, .k = x->cols};
    const opencl_program *program = opencl_fused_tiles(backend, &shape);
    opencl_grid grid = opencl_tile_grid(&program->tiles, &shape);
    opencl_call call = opencl_begin_in(backend, program, "dense_forward");
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
    const opencl_product shape = {
        .b_transposed = true, .m = dx->rows, .n = dx->cols, .k = dy->cols};
    const opencl_program *program = opencl_fused_tiles(backend, &shape);
    opencl_grid grid = opencl_strip_grid((opencl_backend *)backend, &program->tiles, &shape);
    opencl_call call = opencl_begin_in(backend, program, "dense_backward_input");
    opencl_arg_tensor(&call, dy);
    opencl_arg_tensor(&call, w);
    opencl_arg_tensor(&call, y);
    opencl_arg_tensor(&call, dx);
    opencl_arg_uint(&call, (uint32_t)dx->rows);
    opencl_arg_uint(&call, (uint32_t)dx->cols);
    opencl_arg_uint(&call, (uint32_t)dy->cols);
    opencl_arg_int(&call, activation);
    opencl_arg_dropout(&call, dropout);
    opencl_arg_uint(&call, grid.share);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

static bool penalised(const ock_parameter *parameter)
{
    return parameter->value && (parameter->penalty.l1 != 0 || parameter->penalty.l2 != 0);
}

/* What the product is launched with. */
typedef struct weights_step {
    const opencl_program *program;
    opencl_grid grid;
    cl_mem partials; /* of the penalty; NULL: it is not asked for */
} weights_step;

/* All of the memory that a step needs is taken here. */
static ock_status prepare(ock_backend *backend, const ock_tensor *x, const ock_tensor *dy,
                          const ock_dense_parameters *parameters, bool penalty, weights_step *step)
{
    const opencl_product shape = {.a_transposed = true, .m = x->cols, .n = dy->cols, .k = x->rows};
    *step = (weights_step){.program = opencl_fused_tiles(backend, &shape)};
    step->grid = opencl_span_grid((opencl_backend *)backend, &step->program->tiles, &shape);
    ock_status status = opencl_reserve_norms(backend, &parameters->kernel);
    if (status == OCK_OK && parameters->bias.value)
        status = opencl_reserve_norms(backend, &parameters->bias);
    if (status == OCK_OK && penalty &&
        (penalised(&parameters->kernel) || penalised(&parameters->bias)))
        status = opencl_scratch(backend, step->grid.groups * sizeof(cl_float), &step->partials);
    return status;
}

/* All of a step but what columns' norms ask for. */
static ock_status update_elements(ock_backend *backend, const weights_step *step,
                                  const ock_update *update, const ock_tensor *x,
                                  const ock_tensor *dy, const ock_dense_parameters *parameters)
{
    opencl_call call = opencl_begin_in(backend, step->program, "dense_backward_weights");
    opencl_arg_tensor(&call, x);
    opencl_arg_tensor(&call, dy);
    opencl_arg_parameter(&call, update, &parameters->kernel);
    opencl_arg_parameter(&call, update, &parameters->bias);
    opencl_arg_uint(&call, (uint32_t)x->rows);
    opencl_arg_uint(&call, (uint32_t)x->cols);
    opencl_arg_uint(&call, (uint32_t)dy->cols);
    opencl_arg_update(&call, update);
    opencl_arg_uint(&call, step->grid.share);
    opencl_arg_buffer(&call, step->partials);
    return opencl_launch(&call, 2, step->grid.global, step->grid.local);
}

ock_status opencl_dense_backward_weights(ock_backend *backend, const ock_update *update,
                                         const ock_tensor *x, const ock_tensor *dy,
                                         const ock_dense_parameters *parameters, ock_tensor *totals)
{
    const ock_parameter *const trained[] = {&parameters->kernel, &parameters->bias};
    const int count = parameters->bias.value ? 2 : 1;
    weights_step step;
    ock_status status = prepare(backend, x, dy, parameters, totals, &step);
    for (int i = 0; totals && i < count && status == OCK_OK; i++)
        status = opencl_group_penalty(backend, trained[i], x->rows, totals);
    if (status == OCK_OK)
        status = update_elements(backend, &step, update, x, dy, parameters);
    if (status == OCK_OK && step.partials)
        status = opencl_penalty_total(backend, step.partials, step.grid.groups, x->rows, totals);
    for (int i = 0; i < count && status == OCK_OK; i++)
        status = opencl_apply_norms(backend, update, trained[i]);
    return status;
}
