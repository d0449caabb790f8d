/* Random erasing and cutout. */
#include "scalar.h"

/* Lines first .. last - 1. */
typedef struct extent {
    size_t first, last;
} extent;

static size_t within(float line, uint32_t size)
{
    return (size_t)fminf(fmaxf(line, 0), (float)size);
}

static extent clipped(float first, float length, uint32_t size)
{
    return (extent){within(first, size), within(first + length, size)};
}

static void erase_rectangle(const ock_augmentation *a, extent rows, extent cols, float *y)
{
    for (size_t row = rows.first; row < rows.last; row++)
        for (size_t i = cols.first * a->channels; i < cols.last * a->channels; i++)
            y[row * a->width * a->channels + i] = a->erase_value;
}

ock_status scalar_erase(ock_backend *backend, const ock_augmentation *a,
                        const ock_tensor *transforms, ock_tensor *y)
{
    (void)backend;
    float size = (float)a->cutout_size, half = (float)(a->cutout_size / 2);
    for (size_t i = 0; i < y->rows; i++) {
        const float *t = scalar_row(transforms, i);
        erase_rectangle(a, clipped(t[OCK_ERASE_TOP], t[OCK_ERASE_HEIGHT], a->height),
                        clipped(t[OCK_ERASE_LEFT], t[OCK_ERASE_WIDTH], a->width), scalar_row(y, i));
        erase_rectangle(a, clipped(t[OCK_CUTOUT_ROW] - half, size, a->height),
                        clipped(t[OCK_CUTOUT_COL] - half, size, a->width), scalar_row(y, i));
    }
    return OCK_OK;
}
