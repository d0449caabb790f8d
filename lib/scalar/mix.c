#include "scalar.h"

/* A label out of range makes its row NaN. */
ock_status scalar_one_hot(ock_backend *backend, const ock_tensor *labels, ock_tensor *y)
{
    const int32_t *label = scalar_ints(labels);
#pragma omp parallel for num_threads(scalar_threads(backend, y->rows * y->cols))
    for (size_t i = 0; i < y->rows; i++) {
        float *hot = scalar_row(y, i);
        bool valid = label[i] >= 0 && (size_t)label[i] < y->cols;
        for (size_t j = 0; j < y->cols; j++)
            hot[j] = valid ? j == (size_t)label[i] : NAN;
    }
    return OCK_OK;
}

ock_status scalar_mix(ock_backend *backend, const ock_tensor *share, const ock_tensor *x,
                      const ock_tensor *other, ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, y->rows * y->cols))
    for (size_t i = 0; i < y->rows; i++) {
        const float own = *scalar_row(share, i), *a = scalar_row(x, i), *b = scalar_row(other, i);
        float *mixed = scalar_row(y, i);
        for (size_t j = 0; j < y->cols; j++)
            mixed[j] = own * a[j] + (1 - own) * b[j];
    }
    return OCK_OK;
}
