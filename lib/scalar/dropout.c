#include "scalar.h"

scalar_mask scalar_mask_of(const ock_dropout *dropout, size_t cols)
{
    if (!dropout)
        return (scalar_mask){.scale = 1};
    return (scalar_mask){
        .seed = dropout->seed,
        .step = dropout->step,
        .layer = dropout->layer,
        .threshold = (uint32_t)llround(dropout->rate * 0x1p32),
        .groups = (uint32_t)((cols + 3) / 4),
        .scale = 1 / (1 - dropout->rate),
    };
}

ock_status scalar_dropout(ock_backend *backend, const ock_dropout *dropout, const ock_tensor *x,
                          ock_tensor *y)
{
    scalar_mask mask = scalar_mask_of(dropout, x->cols);
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        if (scalar_data(x) != scalar_data(y))
            memcpy(scalar_row(y, i), scalar_row(x, i), x->cols * sizeof(float));
        if (mask.threshold > 0)
            scalar_of(backend)->kernels.span->drop(&mask, i, 0, x->cols, scalar_row(y, i));
    }
    return OCK_OK;
}
