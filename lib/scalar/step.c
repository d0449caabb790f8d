#include <stdlib.h>
#include <string.h>

#include "scalar.h"

void scalar_total_add(ock_tensor *totals, int field, double value)
{
    float *sum = scalar_data(totals) + field, *low = sum + 1;
    float term = (float)value - *low;
    float next = *sum + term;
    *low = next - *sum - term;
    *sum = next;
}

scalar_weights scalar_weights_at(const ock_parameter *parameter, size_t row, size_t col)
{
    const ock_tensor *m = parameter->moment1, *v = parameter->moment2, *a = parameter->average;
    return (scalar_weights){
        .value = scalar_row(parameter->value, row) + col,
        .moment1 = m ? scalar_row(m, row) + col : NULL,
        .moment2 = v ? scalar_row(v, row) + col : NULL,
        .average = a ? scalar_row(a, row) + col : NULL,
    };
}

double scalar_lane_sum(const double *lanes)
{
    double sum = 0;
    for (size_t i = 0; i < SCALAR_LANES; i++)
        sum += lanes[i];
    return sum;
}

/* ---- Norms ---- */

/* Columns whose sums stay in the cache. */
enum {
    BLOCK = 256
};

ock_status scalar_make_room(ock_backend *backend, const ock_parameter *parameter, double **room)
{
    const size_t cols = parameter->value->cols;
    *room = NULL;
    if (ock_has_norms(parameter) && !(*room = calloc(cols, 2 * sizeof **room)))
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY, "no memory for %zu norms", cols);
    return OCK_OK;
}

/* Of each column; of a vector, that of all of it, for each column. */
static void column_norms(ock_backend *backend, const ock_parameter *parameter, double *sums)
{
    const ock_tensor *w = parameter->value;
    memset(sums, 0, w->cols * sizeof *sums);
#pragma omp parallel for num_threads(scalar_threads(backend, w->rows * w->cols))
    for (size_t col = 0; col < w->cols; col += BLOCK)
        for (size_t i = 0; i < w->rows; i++)
            scalar_of(backend)->kernels.span->square(scalar_min(BLOCK, w->cols - col),
                                                     scalar_row(w, i) + col, sums + col);
    double all = 0;
    for (size_t j = 0; parameter->vector && j < w->cols; j++)
        all += sums[j];
    for (size_t j = 0; j < w->cols; j++)
        sums[j] = sqrt(parameter->vector ? all : sums[j]);
}

static float factor_of(const ock_update *update, const ock_parameter *parameter, float norm)
{
    const float epsilon = 1e-7f, lasso = parameter->penalty.group_lasso;
    float threshold = update->learning_rate * lasso, factor = 1;
    if (lasso > 0)
        factor = norm > threshold ? 1 - threshold / norm : 0;
    norm *= factor;
    if (parameter->constraint.kind == OCK_MAX_NORM)
        factor *= fminf(norm, parameter->constraint.max_norm) / (epsilon + norm);
    if (parameter->constraint.kind == OCK_UNIT_NORM)
        factor /= epsilon + norm;
    return factor;
}

void scalar_apply_norms(ock_backend *backend, const ock_update *update,
                        const ock_parameter *parameter, double *room)
{
    const ock_tensor *w = parameter->value;
    bool none = true;
    if (!ock_has_norms(parameter))
        return;
    float *factors = (float *)(room + w->cols);
    column_norms(backend, parameter, room);
    for (size_t j = 0; j < w->cols; j++) {
        factors[j] = factor_of(update, parameter, (float)room[j]);
        none = none && factors[j] == 1;
    }
    if (!none) {
#pragma omp parallel for num_threads(scalar_threads(backend, w->rows * w->cols))
        for (size_t i = 0; i < w->rows; i++)
            scalar_of(backend)->kernels.span->scale(w->cols, factors, scalar_row(w, i));
    }
}

/* ---- Penalties ---- */

void scalar_add_group_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                              double *room, ock_tensor *totals)
{
    double sum = 0, lasso = (double)parameter->penalty.group_lasso;
    if (lasso == 0)
        return;
    column_norms(backend, parameter, room);
    for (size_t j = 0; j < (parameter->vector ? 1 : parameter->value->cols); j++)
        sum += room[j];
    scalar_total_add(totals, OCK_TOTAL_PENALTY, lasso * sum * (double)rows);
}

/* Serial, so that the order never depends on the threads. */
void scalar_add_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                        double *room, ock_tensor *totals)
{
    const ock_tensor *w = parameter->value;
    double lanes[SCALAR_LANES] = {0};
    if (parameter->penalty.l1 != 0 || parameter->penalty.l2 != 0) {
        for (size_t i = 0; i < w->rows; i++)
            scalar_of(backend)->kernels.span->penalize(&parameter->penalty, w->cols,
                                                       scalar_row(w, i), lanes);
        scalar_total_add(totals, OCK_TOTAL_PENALTY, scalar_lane_sum(lanes) * (double)rows);
    }
    scalar_add_group_penalty(backend, parameter, rows, room, totals);
}

ock_status scalar_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                          ock_tensor *totals)
{
    double *room;
    ock_status status = scalar_make_room(backend, parameter, &room);
    if (status == OCK_OK)
        scalar_add_penalty(backend, parameter, rows, room, totals);
    free(room);
    return status;
}

/* ---- Steps ---- */

ock_status scalar_step(ock_backend *backend, const ock_update *update,
                       const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                       ock_tensor *totals)
{
    const ock_rule rule = ock_rule_of(update, parameter);
    double *room;
    ock_status status = scalar_make_room(backend, parameter, &room);
    if (status != OCK_OK)
        return status;
    if (totals)
        scalar_add_penalty(backend, parameter, rows, room, totals);
#pragma omp parallel for num_threads(scalar_threads(backend, gradient->rows * gradient->cols))
    for (size_t i = 0; i < gradient->rows; i++) {
        scalar_weights weights = scalar_weights_at(parameter, i, 0);
        scalar_of(backend)->kernels.span->update(update, &rule, &weights, gradient->cols,
                                                 scalar_row(gradient, i));
    }
    scalar_apply_norms(backend, update, parameter, room);
    free(room);
    return OCK_OK;
}

/* ---- Gradients ---- */

ock_status scalar_penalty_gradient(ock_backend *backend, float l1, float l2, const ock_tensor *w,
                                   ock_tensor *gradient)
{
#pragma omp parallel for num_threads(scalar_threads(backend, w->rows * w->cols))
    for (size_t i = 0; i < w->rows; i++) {
        const float *from = scalar_row(w, i);
        float *to = scalar_row(gradient, i);
        for (size_t j = 0; j < w->cols; j++)
            to[j] += l1 * (float)((from[j] > 0) - (from[j] < 0)) + 2 * l2 * from[j];
    }
    return OCK_OK;
}

/* The square of each row's norm. */
static void square_rows(ock_backend *backend, const ock_tensor *x, double *squares)
{
    const ock_penalty square = {.l2 = 1};
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        double lanes[SCALAR_LANES] = {0};
        scalar_of(backend)->kernels.span->penalize(&square, x->cols, scalar_row(x, i), lanes);
        squares[i] = scalar_lane_sum(lanes);
    }
}

static void scale_tensor(ock_backend *backend, float factor, ock_tensor *x)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < x->cols; j++)
            scalar_row(x, i)[j] *= factor;
}

ock_status scalar_clip_norm(ock_backend *backend, float norm, ock_tensor *const *gradients,
                            size_t count)
{
    size_t most = 0;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        most = gradients[i]->rows > most ? gradients[i]->rows : most;
    double *squares = malloc(most * sizeof *squares);
    if (!squares)
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY, "no memory for %zu sums", most);
    for (size_t i = 0; i < count; i++) {
        square_rows(backend, gradients[i], squares);
        for (size_t row = 0; row < gradients[i]->rows; row++)
            sum += squares[row];
    }
    free(squares);
    double all = sqrt(sum);
    float factor = all > norm ? (float)(norm / all) : 1;
    if (!isfinite(all))
        factor = NAN;
    for (size_t i = 0; factor != 1 && i < count; i++)
        scale_tensor(backend, factor, gradients[i]);
    return OCK_OK;
}
