#include "scalar.h"

static void softmax(size_t n, const float *x, float *y)
{
    float highest = x[0], sum = 0;
    for (size_t j = 1; j < n; j++)
        highest = x[j] > highest ? x[j] : highest;
    for (size_t j = 0; j < n; j++) {
        y[j] = expf(x[j] - highest);
        sum += y[j];
    }
    for (size_t j = 0; j < n; j++)
        y[j] /= sum;
}

static void softmax_gradient(size_t n, const float *y, const float *dy, float *dx)
{
    float dot = 0;
    for (size_t j = 0; j < n; j++)
        dot += dy[j] * y[j];
    for (size_t j = 0; j < n; j++)
        dx[j] = y[j] * (dy[j] - dot);
}

ock_status scalar_activation_forward(ock_backend *backend, ock_activation activation,
                                     const ock_tensor *x, ock_tensor *y)
{
    const scalar_span_kernels *span = scalar_of(backend)->kernels.span;
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        if (activation == OCK_SOFTMAX)
            softmax(x->cols, scalar_row(x, i), scalar_row(y, i));
        else
            span->activate(activation, x->cols, scalar_row(x, i), scalar_row(y, i));
    }
    return OCK_OK;
}

ock_status scalar_activation_backward(ock_backend *backend, ock_activation activation,
                                      const ock_tensor *x, const ock_tensor *y,
                                      const ock_tensor *dy, ock_tensor *dx)
{
    const scalar_span_kernels *span = scalar_of(backend)->kernels.span;
#pragma omp parallel for num_threads(scalar_threads(backend, dy->rows * dy->cols))
    for (size_t i = 0; i < dy->rows; i++) {
        const float *x_row = x ? scalar_row(x, i) : NULL, *y_row = y ? scalar_row(y, i) : NULL;
        if (activation == OCK_SOFTMAX)
            softmax_gradient(dy->cols, y_row, scalar_row(dy, i), scalar_row(dx, i));
        else
            span->differentiate(activation, dy->cols, x_row, y_row, scalar_row(dy, i),
                                scalar_row(dx, i));
    }
    return OCK_OK;
}
