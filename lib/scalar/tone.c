/* Channel shift and brightness. */
#include "scalar.h"

typedef struct tone {
    float shift, low, high; /* the values' range, before and after the shift */
    float brightness, white;
    bool stretched; /* to 0..255 and back */
} tone;

static float shifted(const tone *t, float value)
{
    return fminf(fmaxf(value + t->shift, t->low), t->high);
}

/* As PIL's bytes; value, factor >= 0. */
static float scaled_bytes(float value, float factor)
{
    return fminf(truncf(factor * truncf(value)), 255);
}

static float brightened(const tone *t, float value, float factor)
{
    if (t->white > 0)
        return fminf(factor * value, t->white);
    if (!t->stretched)
        return scaled_bytes(value, factor);
    float low = shifted(t, t->low), span = shifted(t, t->high) - low;
    float part = span > 0 ? (value - low) / span : 0;
    return scaled_bytes(part * 255, factor) / 255 * span + low;
}

static void tone_picture(const ock_augmentation *a, const float *transform, float *y)
{
    size_t count = (size_t)a->height * a->width * a->channels;
    tone t = {.shift = transform[OCK_CHANNEL_SHIFT],
              .low = y[0],
              .high = y[0],
              .brightness = transform[OCK_BRIGHTNESS],
              .white = a->white};
    for (size_t i = 1; i < count; i++) {
        t.low = fminf(t.low, y[i]);
        t.high = fmaxf(t.high, y[i]);
    }
    t.stretched = shifted(&t, t.low) < 0 || shifted(&t, t.high) > 255;
    bool brightness = a->brightness_range[1] > 0;
    for (size_t i = 0; i < count; i++) {
        float factor = a->channels == 4 && i % 4 == 3 ? 1 : t.brightness; /* of alpha */
        y[i] = shifted(&t, y[i]);
        if (brightness)
            y[i] = brightened(&t, y[i], factor);
    }
}

ock_status scalar_tone(ock_backend *backend, const ock_augmentation *augmentation,
                       const ock_tensor *transforms, ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, y->rows * y->cols))
    for (size_t i = 0; i < y->rows; i++)
        tone_picture(augmentation, scalar_row(transforms, i), scalar_row(y, i));
    return OCK_OK;
}
