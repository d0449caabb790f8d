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

/* Serial, so that the order never depends on the threads. */
ock_status scalar_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                          ock_tensor *totals)
{
    const ock_tensor *w = parameter->value;
    double lanes[SCALAR_LANES] = {0};
    if (parameter->penalty.l1 == 0 && parameter->penalty.l2 == 0)
        return OCK_OK;
    for (size_t i = 0; i < w->rows; i++)
        scalar_of(backend)->kernels.span->penalize(&parameter->penalty, w->cols, scalar_row(w, i),
                                                   lanes);
    scalar_total_add(totals, OCK_TOTAL_PENALTY, scalar_lane_sum(lanes) * (double)rows);
    return OCK_OK;
}

ock_status scalar_step(ock_backend *backend, const ock_update *update,
                       const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                       ock_tensor *totals)
{
    if (totals)
        scalar_penalty(backend, parameter, rows, totals);
    const ock_rule rule = ock_rule_of(update, parameter);
#pragma omp parallel for num_threads(scalar_threads(backend, gradient->rows * gradient->cols))
    for (size_t i = 0; i < gradient->rows; i++) {
        scalar_weights weights = scalar_weights_at(parameter, i, 0);
        scalar_of(backend)->kernels.span->update(update, &rule, &weights, gradient->cols,
                                                 scalar_row(gradient, i));
    }
    return OCK_OK;
}
