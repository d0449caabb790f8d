/* Standardisation of rows. */
#include "scalar.h"

static const float EPSILON = 1e-6f; /* Keras's, beside each deviation */

static void standardize_sample(const ock_standardize *o, size_t cols, float *y)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < cols; i++)
        sum += y[i];
    float mean = (float)(sum / (double)cols);
    for (size_t i = 0; i < cols; i++)
        squares += ((double)y[i] - mean) * ((double)y[i] - mean);
    float deviation = (float)sqrt(squares / (double)cols) + EPSILON;
    for (size_t i = 0; i < cols; i++) {
        if (o->samplewise_center)
            y[i] -= mean;
        if (o->samplewise_std_normalization)
            y[i] /= deviation;
    }
}

static void standardize_row(const ock_standardize *o, size_t cols, const float *x, float *y)
{
    float scale = o->rescale != 0 ? o->rescale : 1;
    for (size_t i = 0; i < cols; i++)
        y[i] = x[i] * scale;
    if (o->samplewise_center || o->samplewise_std_normalization)
        standardize_sample(o, cols, y);
    const float *mean = o->mean ? scalar_data(o->mean) : NULL;
    const float *deviation = o->deviation ? scalar_data(o->deviation) : NULL;
    for (size_t i = 0; i < cols && mean; i++)
        y[i] -= mean[i];
    for (size_t i = 0; i < cols && deviation; i++)
        y[i] /= deviation[i] + EPSILON;
}

ock_status scalar_standardize(ock_backend *backend, const ock_standardize *options,
                              const ock_tensor *x, ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++)
        standardize_row(options, x->cols, scalar_row(x, i), scalar_row(y, i));
    return OCK_OK;
}
