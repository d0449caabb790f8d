#include "opencl.h"

/* Rows of a tensor that one work-item takes; and parts in which columns are summed up, at most. */
enum {
    DEPTH = 16,
    PARTS = 32
};

/* ---- Norms ---- */

/* The columns' sums of squares, as the kernels take them. */
typedef struct column_sums {
    cl_mem buffer;
    size_t depth, stride, parts, vectors;
} column_sums;

static ock_status make_sums(ock_backend *backend, const ock_tensor *w, column_sums *sums)
{
    size_t vector = ((const opencl_backend *)backend)->program->tiles.vector;
    size_t even = opencl_ceil_div(w->rows, PARTS);
    sums->depth = even > DEPTH ? even : DEPTH;
    sums->stride = opencl_ceil_div(w->cols, OCK_PAD) * OCK_PAD;
    sums->parts = opencl_ceil_div(w->rows, sums->depth);
    sums->vectors = opencl_ceil_div(w->cols, vector);
    return opencl_scratch(backend, sums->parts * sums->stride * sizeof(cl_float), &sums->buffer);
}

ock_status opencl_reserve_norms(ock_backend *backend, const ock_parameter *parameter)
{
    column_sums sums;
    return ock_has_norms(parameter) ? make_sums(backend, parameter->value, &sums) : OCK_OK;
}

static ock_status sum_squares(ock_backend *backend, const ock_tensor *w, column_sums *sums)
{
    ock_status status = make_sums(backend, w, sums);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "column_squares");
    opencl_arg_uint(&call, (uint32_t)sums->depth);
    opencl_arg_shape(&call, w);
    opencl_arg_tensor(&call, w);
    opencl_arg_buffer(&call, sums->buffer);
    opencl_arg_uint(&call, (uint32_t)sums->stride);
    return opencl_launch(&call, 2, (size_t[]){sums->vectors, sums->parts}, NULL);
}

/* The call of a kernel that goes on from the sums. */
static opencl_call begin_on(ock_backend *backend, const char *kernel, const column_sums *sums,
                            const ock_parameter *parameter)
{
    opencl_call call = opencl_begin(backend, kernel);
    opencl_arg_buffer(&call, sums->buffer);
    opencl_arg_uint(&call, (uint32_t)sums->stride);
    opencl_arg_uint(&call, (uint32_t)sums->parts);
    opencl_arg_uint(&call, (uint32_t)parameter->value->cols);
    opencl_arg_int(&call, parameter->vector);
    opencl_arg_float(&call, parameter->penalty.group_lasso);
    return call;
}

ock_status opencl_group_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                                ock_tensor *totals)
{
    column_sums sums;
    if (parameter->penalty.group_lasso == 0)
        return OCK_OK;
    ock_status status = sum_squares(backend, parameter->value, &sums);
    if (status != OCK_OK)
        return status;
    opencl_call call = begin_on(backend, "group_partials", &sums, parameter);
    status = opencl_launch(&call, 1, &sums.vectors, NULL);
    if (status != OCK_OK)
        return status;
    return opencl_penalty_total(backend, sums.buffer,
                                parameter->vector ? 1 : parameter->value->cols, rows, totals);
}

ock_status opencl_apply_norms(ock_backend *backend, const ock_update *update,
                              const ock_parameter *parameter)
{
    const ock_tensor *w = parameter->value;
    column_sums sums;
    if (!ock_has_norms(parameter))
        return OCK_OK;
    ock_status status = sum_squares(backend, w, &sums);
    if (status != OCK_OK)
        return status;
    opencl_call call = begin_on(backend, "column_factors", &sums, parameter);
    opencl_arg_float(&call, update->learning_rate * parameter->penalty.group_lasso);
    opencl_arg_int(&call, parameter->constraint.kind);
    opencl_arg_float(&call, parameter->constraint.max_norm);
    status = opencl_launch(&call, 1, &sums.vectors, NULL);
    if (status != OCK_OK)
        return status;
    call = opencl_begin(backend, "column_scale");
    opencl_arg_uint(&call, DEPTH);
    opencl_arg_shape(&call, w);
    opencl_arg_tensor(&call, w);
    opencl_arg_buffer(&call, sums.buffer);
    return opencl_launch(&call, 2, (size_t[]){sums.vectors, opencl_ceil_div(w->rows, DEPTH)}, NULL);
}

/* ---- Penalties ---- */

/* Leaves the penalty of each DEPTH rows in partials, from *count on, which it moves on. */
static ock_status add_partials(ock_backend *backend, const ock_penalty *penalty,
                               const ock_tensor *w, cl_mem partials, size_t *count)
{
    size_t base = *count, items = opencl_ceil_div(w->rows, DEPTH);
    *count += items;
    opencl_call call = opencl_begin(backend, "penalty_partials");
    opencl_arg_uint(&call, DEPTH);
    opencl_arg_shape(&call, w);
    opencl_arg_tensor(&call, w);
    opencl_arg_float(&call, penalty->l1);
    opencl_arg_float(&call, penalty->l2);
    opencl_arg_buffer(&call, partials);
    opencl_arg_uint(&call, (uint32_t)base);
    return opencl_launch(&call, 1, &items, NULL);
}

static ock_status sum_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                              ock_tensor *totals)
{
    const ock_tensor *w = parameter->value;
    size_t count = 0;
    cl_mem partials;
    ock_status status =
        opencl_scratch(backend, opencl_ceil_div(w->rows, DEPTH) * sizeof(cl_float), &partials);
    if (status == OCK_OK)
        status = add_partials(backend, &parameter->penalty, w, partials, &count);
    if (status != OCK_OK)
        return status;
    return opencl_penalty_total(backend, partials, count, rows, totals);
}

ock_status opencl_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                          ock_tensor *totals)
{
    ock_status status = opencl_reserve_norms(backend, parameter);
    if (status == OCK_OK && (parameter->penalty.l1 != 0 || parameter->penalty.l2 != 0))
        status = sum_penalty(backend, parameter, rows, totals);
    return status == OCK_OK ? opencl_group_penalty(backend, parameter, rows, totals) : status;
}

/* ---- Gradients ---- */

ock_status opencl_penalty_gradient(ock_backend *backend, float l1, float l2, const ock_tensor *w,
                                   ock_tensor *gradient)
{
    opencl_call call = opencl_begin(backend, "penalty_gradient");
    opencl_arg_shape(&call, gradient);
    opencl_arg_tensor(&call, w);
    opencl_arg_tensor(&call, gradient);
    opencl_arg_float(&call, l1);
    opencl_arg_float(&call, l2);
    return opencl_launch_vectors(&call, gradient);
}

static ock_status find_factor(ock_backend *backend, float norm, ock_tensor *const *gradients,
                              size_t count, cl_mem *partials)
{
    const ock_penalty square = {.l2 = 1};
    const size_t one = 1;
    size_t needed = 0, filled = 0;
    for (size_t i = 0; i < count; i++)
        needed += opencl_ceil_div(gradients[i]->rows, DEPTH);
    ock_status status = opencl_scratch(backend, needed * sizeof(cl_float), partials);
    for (size_t i = 0; i < count && status == OCK_OK; i++)
        status = add_partials(backend, &square, gradients[i], *partials, &filled);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "clip_factor");
    opencl_arg_buffer(&call, *partials);
    opencl_arg_uint(&call, (uint32_t)filled);
    opencl_arg_float(&call, norm);
    return opencl_launch(&call, 1, &one, &one);
}

ock_status opencl_clip_norm(ock_backend *backend, float norm, ock_tensor *const *gradients,
                            size_t count)
{
    cl_mem factor;
    ock_status status = find_factor(backend, norm, gradients, count, &factor);
    for (size_t i = 0; i < count && status == OCK_OK; i++) {
        opencl_call call = opencl_begin(backend, "clip_scale");
        opencl_arg_shape(&call, gradients[i]);
        opencl_arg_tensor(&call, gradients[i]);
        opencl_arg_buffer(&call, factor);
        status = opencl_launch_vectors(&call, gradients[i]);
    }
    return status;
}

/* ---- Steps ---- */

ock_status opencl_step(ock_backend *backend, const ock_update *update,
                       const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                       ock_tensor *totals)
{
    ock_status status = totals ? opencl_penalty(backend, parameter, rows, totals)
                               : opencl_reserve_norms(backend, parameter);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(backend, "parameter_step");
    opencl_arg_update(&call, update);
    opencl_arg_shape(&call, gradient);
    opencl_arg_tensor(&call, gradient);
    opencl_arg_parameter(&call, update, parameter);
    status = opencl_launch_vectors(&call, gradient);
    return status == OCK_OK ? opencl_apply_norms(backend, update, parameter) : status;
}
