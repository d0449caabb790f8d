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

enum {
    CHANNELS = 32 /* whose factors are at hand at a time */
};

/* x of n elements, positions of so many channels each. */
static void drop_channels(const scalar_span_kernels *span, const scalar_mask *mask, size_t row,
                          size_t channels, size_t n, float *x)
{
    for (size_t first = 0; first < channels; first += CHANNELS) {
        float factor[CHANNELS];
        size_t width = scalar_min(channels - first, CHANNELS);
        for (size_t i = 0; i < width; i++)
            factor[i] = 1;
        span->drop(mask, row, first, width, factor);
        for (size_t j = first; j < n; j += channels)
            for (size_t i = 0; i < width; i++)
                x[j + i] = factor[i] > 0 ? x[j + i] * factor[i] : 0;
    }
}

ock_status scalar_dropout(ock_backend *backend, const ock_dropout *dropout, const ock_tensor *x,
                          ock_tensor *y)
{
    const scalar_span_kernels *span = scalar_of(backend)->kernels.span;
    size_t cols = x->cols, channels = dropout->channels;
    scalar_mask mask = scalar_mask_of(dropout, channels ? channels : cols);
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows *cols))
    for (size_t i = 0; i < x->rows; i++) {
        if (scalar_data(x) != scalar_data(y))
            memcpy(scalar_row(y, i), scalar_row(x, i), cols * sizeof(float));
        if (mask.threshold > 0 && channels)
            drop_channels(span, &mask, i, channels, cols, scalar_row(y, i));
        else if (mask.threshold > 0)
            span->drop(&mask, i, 0, cols, scalar_row(y, i));
    }
    return OCK_OK;
}
