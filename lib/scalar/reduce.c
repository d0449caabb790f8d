#include "scalar.h"

/* Columns that are reduced together, so that rows are read in order. */
enum {
    BLOCK = 64
};

static inline double highest(double a, double b)
{
    return b > a || isnan(b) ? b : a;
}

/* Takes x[j] into sums[j], for all j. */
static void accumulate(ock_reduction reduction, size_t n, const float *x, double *sums)
{
    switch (reduction) {
    case OCK_MAX:
        for (size_t j = 0; j < n; j++)
            sums[j] = highest(sums[j], x[j]);
        break;
    case OCK_ABS_SUM:
        for (size_t j = 0; j < n; j++)
            sums[j] += fabs((double)x[j]);
        break;
    case OCK_SQUARE_SUM:
        for (size_t j = 0; j < n; j++)
            sums[j] += (double)x[j] * x[j];
        break;
    default:
        for (size_t j = 0; j < n; j++)
            sums[j] += x[j];
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

/* Sums in so many parts do not wait for each other. */
static void begin(ock_reduction reduction, double lanes[SCALAR_LANES])
{
    for (size_t i = 0; i < SCALAR_LANES; i++)
        lanes[i] = start(reduction);
}

static void reduce_span(ock_reduction reduction, size_t n, const float *x,
                        double lanes[SCALAR_LANES])
{
    for (size_t j = 0; j < n; j += SCALAR_LANES)
        accumulate(reduction, scalar_min(SCALAR_LANES, n - j), x + j, lanes);
}

static double end(ock_reduction reduction, const double lanes[SCALAR_LANES])
{
    double most = lanes[0];
    if (reduction != OCK_MAX)
        return scalar_lane_sum(lanes);
    for (size_t i = 1; i < SCALAR_LANES; i++)
        most = highest(most, lanes[i]);
    return most;
}

static void reduce_all(ock_reduction reduction, const ock_tensor *x, ock_tensor *y)
{
    double lanes[SCALAR_LANES];
    begin(reduction, lanes);
    for (size_t i = 0; i < x->rows; i++)
        reduce_span(reduction, x->cols, scalar_row(x, i), lanes);
    *scalar_data(y) = finish(reduction, end(reduction, lanes), x->rows * x->cols);
}

static void reduce_columns(ock_backend *backend, ock_reduction reduction, const ock_tensor *x,
                           ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        double lanes[SCALAR_LANES];
        begin(reduction, lanes);
        reduce_span(reduction, x->cols, scalar_row(x, i), lanes);
        *scalar_row(y, i) = finish(reduction, end(reduction, lanes), x->cols);
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
        for (size_t i = 0; i < x->rows; i++)
            accumulate(reduction, width, scalar_row(x, i) + col, sums);
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
