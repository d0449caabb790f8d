#include <stdlib.h>

#include "product.h"

/* ---- Forward ---- */

typedef struct forward_end {
    const scalar_span_kernels *span;
    const ock_tensor *bias;
    ock_activation activation;
    scalar_mask mask;
    ock_tensor *y;
} forward_end;

static void finish_forward(const void *context, size_t row, size_t col, size_t n, float *sums,
                           double *lanes)
{
    const forward_end *end = context;
    float *y = scalar_row(end->y, row) + col;
    (void)lanes;
    if (end->bias) {
        const float *bias = scalar_data(end->bias) + col;
        for (size_t j = 0; j < n; j++)
            sums[j] += bias[j];
    }
    end->span->activate(end->activation, n, sums, y);
    if (end->mask.threshold > 0)
        end->span->drop(&end->mask, row, col, n, y);
}

ock_status scalar_dense_forward(ock_backend *backend, const ock_tensor *x, const ock_tensor *w,
                                const ock_tensor *b, ock_activation activation,
                                const ock_dropout *dropout, ock_tensor *y)
{
    forward_end end = {scalar_of(backend)->kernels.span, b, activation,
                       scalar_mask_of(dropout, y->cols), y};
    scalar_product product = scalar_product_of(x, false, w, false);
    product.finish = finish_forward;
    product.context = &end;
    scalar_product_run(backend, &product);
    return OCK_OK;
}

/* ---- Backward to the input ---- */

typedef struct input_end {
    const scalar_span_kernels *span;
    ock_activation activation;
    float keep; /* 1 - rate */
    scalar_mask mask;
    const ock_tensor *y;
    ock_tensor *dx;
} input_end;

/* y is f(.) mask / keep, so f(.) where the mask is not 0; elsewhere f' does not matter. */
static void finish_input(const void *context, size_t row, size_t col, size_t n, float *sums,
                         double *lanes)
{
    const input_end *end = context;
    float *dx = scalar_row(end->dx, row) + col;
    (void)lanes;
    if (end->y) {
        const float *y = scalar_row(end->y, row) + col;
        for (size_t j = 0; j < n; j++)
            dx[j] = y[j] * end->keep;
    }
    end->span->differentiate(end->activation, n, NULL, dx, sums, dx);
    if (end->mask.threshold == 0)
        return;
    if (end->activation == OCK_RELU) /* y is 0 where it was dropped: no need to draw the mask */
        for (size_t j = 0; j < n; j++)
            dx[j] *= end->mask.scale;
    else
        end->span->drop(&end->mask, row, col, n, dx);
}

ock_status scalar_dense_backward_input(ock_backend *backend, const ock_tensor *dy,
                                       const ock_tensor *w, ock_activation activation,
                                       const ock_dropout *dropout, const ock_tensor *y,
                                       ock_tensor *dx)
{
    input_end end = {
        .span = scalar_of(backend)->kernels.span,
        .activation = activation,
        .keep = dropout ? 1 - dropout->rate : 1,
        .mask = scalar_mask_of(dropout, dx->cols),
        .y = activation == OCK_LINEAR ? NULL : y,
        .dx = dx,
    };
    scalar_product product = scalar_product_of(dy, false, w, true);
    product.finish = finish_input;
    product.soon[0] = end.y;
    product.context = &end;
    scalar_product_run(backend, &product);
    return OCK_OK;
}

/* ---- Backward to the weights ---- */

typedef struct weights_end {
    const scalar_span_kernels *span;
    const ock_update *update;
    ock_rule rule;
    const ock_parameter *parameter;
    bool penalized; /* and the penalty is asked for */
} weights_end;

static void finish_weights(const void *context, size_t row, size_t col, size_t n, float *sums,
                           double *lanes)
{
    const weights_end *end = context;
    scalar_weights weights = scalar_weights_at(end->parameter, row, col);
    if (end->penalized)
        end->span->penalize(&end->parameter->penalty, n, weights.value, lanes);
    end->span->update(end->update, &end->rule, &weights, n, sums);
}

enum {
    BIAS_COLS = 256 /* whose sums stay in the cache */
};

/* Not worth to wake threads for. */
static void update_bias(const ock_backend *backend, const ock_update *update,
                        const ock_parameter *bias, const ock_tensor *dy)
{
    const ock_rule rule = ock_rule_of(update, bias);
    for (size_t col = 0; col < dy->cols; col += BIAS_COLS) {
        float gradient[BIAS_COLS] = {0};
        size_t n = scalar_min(BIAS_COLS, dy->cols - col);
        for (size_t i = 0; i < dy->rows; i++) {
            const float *row = scalar_row(dy, i) + col;
            for (size_t j = 0; j < n; j++)
                gradient[j] += row[j];
        }
        scalar_weights weights = scalar_weights_at(bias, 0, col);
        scalar_of(backend)->kernels.span->update(update, &rule, &weights, n, gradient);
    }
}

static ock_status update_kernel(ock_backend *backend, const ock_update *update, const ock_tensor *x,
                                const ock_tensor *dy, const ock_parameter *kernel, double *room,
                                ock_tensor *totals)
{
    bool penalized = totals && (kernel->penalty.l1 != 0 || kernel->penalty.l2 != 0);
    weights_end end = {.span = scalar_of(backend)->kernels.span,
                       .update = update,
                       .rule = ock_rule_of(update, kernel),
                       .parameter = kernel,
                       .penalized = penalized};
    scalar_product product = scalar_product_of(x, true, dy, false);
    product.finish = finish_weights;
    const ock_tensor *const soon[] = {kernel->value, kernel->moment1, kernel->moment2,
                                      kernel->average};
    for (size_t i = 0, t = 0; i < SCALAR_SOON; i++)
        if (soon[i])
            product.soon[t++] = soon[i];
    product.context = &end;

    size_t jobs = scalar_product_jobs(backend, &product);
    if (penalized) {
        product.partials = malloc(jobs * sizeof *product.partials);
        if (!product.partials)
            return ock_log_report(backend->log, OCK_OUT_OF_MEMORY, "no memory for %zu sums", jobs);
    }
    if (totals)
        scalar_add_group_penalty(backend, kernel, x->rows, room, totals);
    scalar_product_run(backend, &product);
    if (penalized) {
        double sum = 0;
        for (size_t i = 0; i < jobs; i++)
            sum += product.partials[i];
        scalar_total_add(totals, OCK_TOTAL_PENALTY, sum * (double)x->rows);
        free(product.partials);
    }
    scalar_apply_norms(backend, update, kernel, room);
    return OCK_OK;
}

ock_status scalar_dense_backward_weights(ock_backend *backend, const ock_update *update,
                                         const ock_tensor *x, const ock_tensor *dy,
                                         const ock_dense_parameters *parameters, ock_tensor *totals)
{
    const ock_parameter *kernel = &parameters->kernel, *bias = &parameters->bias;
    double *room; /* for both, which are of one width */
    ock_status status = scalar_make_room(backend, kernel, &room);
    if (status == OCK_OK && !room && bias->value)
        status = scalar_make_room(backend, bias, &room);
    if (status == OCK_OK)
        status = update_kernel(backend, update, x, dy, kernel, room, totals);
    if (status == OCK_OK && bias->value) {
        if (totals)
            scalar_add_penalty(backend, bias, x->rows, room, totals);
        update_bias(backend, update, bias, dy);
        scalar_apply_norms(backend, update, bias, room);
    }
    free(room);
    return status;
}
