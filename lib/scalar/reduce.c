#include "scalar.h"

/* Columns that are reduced together, so that rows are read in order. */
enum {
    BLOCK = 64
};

static inline double combine(ock_reduction reduction, double sum, double x)
{
    switch (reduction) {
    case OCK_MAX:
        return x > sum || isnan(x) ? x : sum;
    case OCK_ABS_SUM:
        return sum + fabs(x);
    case OCK_SQUARE_SUM:
        return sum + x * x;
    default:
        return sum + x;
    }
}

static double start(ock_reduction reduction)
{
    return reduction == OCK_MAX ? -(double)INFINITY : 0;
}

static float finish(ock_reduction reduction, double sum, size_t count)
{
    return (float)(reduction == OCK_MEAN ? sum / (double)count : sum);
}

static double reduce_span(ock_reduction reduction, double sum, size_t n, const float *x)
{
    for (size_t j = 0; j < n; j++)
        sum = combine(reduction, sum, x[j]);
    return sum;
}

static void reduce_all(ock_reduction reduction, const ock_tensor *x, ock_tensor *y)
{
    double sum = start(reduction);
    for (size_t i = 0; i < x->rows; i++)
        sum = reduce_span(reduction, sum, x->cols, scalar_row(x, i));
    *scalar_data(y) = finish(reduction, sum, x->rows * x->cols);
}

static void reduce_columns(ock_backend *backend, ock_reduction reduction, const ock_tensor *x,
                           ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        double sum = reduce_span(reduction, start(reduction), x->cols, scalar_row(x, i));
        *scalar_row(y, i) = finish(reduction, sum, x->cols);
    }
}

static void reduce_rows(ock_backend *backend, ock_reduction reduction, const ock_tensor *x,
                        ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t col = 0; col < x->cols; col += BLOCK) {
        double sums[BLOCK];
        size_t width = scalar_min(BLOCK, x->cols - col);
        for (size_t j = 0; j < width; j++)
            sums[j] = start(reduction);
        for (size_t i = 0; i < x->rows; i++) {
            const float *row = scalar_row(x, i) + col;
            for (size_t j = 0; j < width; j++)
                sums[j] = combine(reduction, sums[j], row[j]);
        }
        for (size_t j = 0; j < width; j++)
            scalar_data(y)[col + j] = finish(reduction, sums[j], x->rows);
    }
}

ock_status scalar_reduce(ock_backend *backend, ock_reduction reduction, ock_axis axis,
                         const ock_tensor *x, ock_tensor *y)
{
    if (axis == OCK_ALL)
        reduce_all(reduction, x, y);
    else if (axis == OCK_COLS)
        reduce_columns(backend, reduction, x, y);
    else
        reduce_rows(backend, reduction, x, y);
    return OCK_OK;
}
