#include "scalar.h"

ock_status scalar_gather(ock_backend *backend, const ock_tensor *source, const ock_tensor *indices,
                         int64_t first, ock_tensor *y)
{
    const int32_t *index = scalar_ints(indices);
#pragma omp parallel for num_threads(scalar_threads(backend, y->rows * y->cols))
    for (size_t i = 0; i < y->rows; i++) {
        int64_t row = index[i] - first;
        if (row >= 0 && row < (int64_t)source->rows)
            memcpy(scalar_row(y, i), scalar_row(source, (size_t)row), y->cols * sizeof(float));
    }
    return OCK_OK;
}
