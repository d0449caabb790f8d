#include "scalar.h"

ock_status scalar_noise(ock_backend *backend, const ock_noise *noise, const ock_tensor *x,
                        ock_tensor *y)
{
    const scalar_span_kernels *span = scalar_of(backend)->kernels.span;
    const scalar_mask mask = {
        .seed = noise->seed,
        .step = noise->step,
        .layer = noise->layer,
        .groups = (uint32_t)((x->cols + 3) / 4),
        .scale = ock_noise_deviation(noise),
    };
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        if (scalar_data(x) != scalar_data(y))
            memcpy(scalar_row(y, i), scalar_row(x, i), x->cols * sizeof(float));
        span->perturb(&mask, noise->kind, i, x->cols, scalar_row(y, i));
    }
    return OCK_OK;
}
