#include "scalar.h"

/* Columns that are normalised together, so that rows are read in order. */
enum {
    BLOCK = 64
};

/* Of one block: sums over the rows, then the means. */
static void column_means(const ock_tensor *x, size_t col, size_t n, double *mean)
{
    for (size_t j = 0; j < n; j++)
        mean[j] = 0;
    for (size_t i = 0; i < x->rows; i++) {
        const float *row = scalar_row(x, i) + col;
        for (size_t j = 0; j < n; j++)
            mean[j] += row[j];
    }
    for (size_t j = 0; j < n; j++)
        mean[j] /= (double)x->rows;
}

static void column_variances(const ock_tensor *x, size_t col, size_t n, const double *mean,
                             double *variance)
{
    for (size_t j = 0; j < n; j++)
        variance[j] = 0;
    for (size_t i = 0; i < x->rows; i++) {
        const float *row = scalar_row(x, i) + col;
        for (size_t j = 0; j < n; j++)
            variance[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
    }
    for (size_t j = 0; j < n; j++)
        variance[j] /= (double)x->rows;
}

/* Saves the batch's statistics and moves the running ones. */
static void measure(const ock_batch_norm *norm, const ock_tensor *x, size_t col, size_t n,
                    ock_tensor *saved)
{
    double mean[BLOCK], variance[BLOCK];
    column_means(x, col, n, mean);
    column_variances(x, col, n, mean, variance);
    float *running_mean = scalar_data(norm->mean) + col;
    float *running_variance = scalar_data(norm->variance) + col;
    float momentum = norm->momentum;
    for (size_t j = 0; j < n; j++) {
        scalar_row(saved, 0)[col + j] = (float)mean[j];
        scalar_row(saved, 1)[col + j] = (float)(1 / sqrt(variance[j] + norm->epsilon));
        running_mean[j] = momentum * running_mean[j] + (1 - momentum) * (float)mean[j];
        running_variance[j] = momentum * running_variance[j] + (1 - momentum) * (float)variance[j];
    }
}

static void normalize(const ock_batch_norm *norm, const ock_tensor *x, size_t col, size_t n,
                      const ock_tensor *saved, ock_tensor *y)
{
    float mean[BLOCK], scale[BLOCK];
    const float *beta = scalar_data(norm->beta) + col;
    for (size_t j = 0; j < n; j++) {
        size_t k = col + j;
        mean[j] = saved ? scalar_row(saved, 0)[k] : scalar_data(norm->mean)[k];
        scale[j] = scalar_data(norm->gamma)[k] *
                   (saved ? scalar_row(saved, 1)[k]
                          : 1 / sqrtf(scalar_data(norm->variance)[k] + norm->epsilon));
    }
    for (size_t i = 0; i < x->rows; i++) {
        const float *from = scalar_row(x, i) + col;
        float *to = scalar_row(y, i) + col;
        for (size_t j = 0; j < n; j++)
            to[j] = (from[j] - mean[j]) * scale[j] + beta[j];
    }
}

ock_status scalar_batch_norm_forward(ock_backend *backend, const ock_batch_norm *norm,
                                     const ock_tensor *x, ock_tensor *y, ock_tensor *saved)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t col = 0; col < x->cols; col += BLOCK) {
        size_t n = scalar_min(BLOCK, x->cols - col);
        if (saved)
            measure(norm, x, col, n, saved);
        normalize(norm, x, col, n, saved, y);
    }
    return OCK_OK;
}

typedef struct backward {
    const ock_tensor *x, *dy;
    const float *mean, *inverse, *gamma;
    float *gamma_gradient, *beta_gradient;
    ock_tensor *dx;
} backward;

static void sum_gradients(const backward *b, size_t col, size_t n)
{
    double gamma[BLOCK] = {0}, beta[BLOCK] = {0};
    for (size_t i = 0; i < b->x->rows; i++) {
        const float *x = scalar_row(b->x, i), *dy = scalar_row(b->dy, i);
        for (size_t j = 0; j < n; j++) {
            size_t k = col + j;
            gamma[j] += dy[k] * ((x[k] - b->mean[k]) * b->inverse[k]);
            beta[j] += dy[k];
        }
    }
    for (size_t j = 0; j < n; j++) {
        b->gamma_gradient[col + j] = (float)gamma[j];
        b->beta_gradient[col + j] = (float)beta[j];
    }
}

/* dx = gamma inverse (dy - mean dy - h mean(dy h)), h the normalised x. */
static void differentiate(const backward *b, size_t col, size_t n)
{
    float rows = (float)b->x->rows;
    for (size_t i = 0; i < b->x->rows; i++) {
        const float *x = scalar_row(b->x, i), *dy = scalar_row(b->dy, i);
        float *dx = scalar_row(b->dx, i);
        for (size_t k = col; k < col + n; k++) {
            float h = (x[k] - b->mean[k]) * b->inverse[k];
            float shift = (b->beta_gradient[k] + h * b->gamma_gradient[k]) / rows;
            dx[k] = b->gamma[k] * b->inverse[k] * (dy[k] - shift);
        }
    }
}

ock_status scalar_batch_norm_backward(ock_backend *backend, const ock_batch_norm *norm,
                                      const ock_tensor *x, const ock_tensor *saved,
                                      const ock_tensor *dy, ock_tensor *dx, ock_tensor *gradients)
{
    backward b = {
        .x = x,
        .dy = dy,
        .mean = scalar_row(saved, 0),
        .inverse = scalar_row(saved, 1),
        .gamma = scalar_data(norm->gamma),
        .gamma_gradient = scalar_row(gradients, 0),
        .beta_gradient = scalar_row(gradients, 1),
        .dx = dx,
    };
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t col = 0; col < x->cols; col += BLOCK) {
        size_t n = scalar_min(BLOCK, x->cols - col);
        sum_gradients(&b, col, n);
        differentiate(&b, col, n);
    }
    return OCK_OK;
}
