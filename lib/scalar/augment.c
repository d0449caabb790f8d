#include "philox.h"
#include "scalar.h"

/* From output to input: in = linear (out - centre) + offset, of rows and columns. */
typedef struct affine {
    float linear[2][2], centre[2], offset[2];
} affine;

/* In -range .. range. */
static float draw(uint32_t word, float range)
{
    return (2 * ((float)(word >> 8) * 0x1p-24f) - 1) * range;
}

/* Keras's order: rotation times shift times zoom, about the centre. Its matrices are of (x, y), so
 * in rows and columns its angle counts the other way. */
static affine draw_affine(const ock_augmentation *a, uint32_t epoch, int32_t index)
{
    uint32_t word[4] = {(uint32_t)index, epoch, 0, OCK_PURPOSE_AUGMENT};
    uint32_t more[4] = {(uint32_t)index, epoch, 1, OCK_PURPOSE_AUGMENT};
    philox4x32(word, a->seed);
    philox4x32(more, a->seed);
    float angle = -draw(word[0], a->rotation_range) * (float)(3.14159265358979323846 / 180);
    float cosine = cosf(angle), sine = sinf(angle);
    float down = draw(word[1], a->height_shift_range) * (float)a->height;
    float right = draw(word[2], a->width_shift_range) * (float)a->width;
    float tall = 1 + draw(word[3], a->zoom_range), wide = 1 + draw(more[0], a->zoom_range);
    float row = (float)a->height / 2 - 0.5f, col = (float)a->width / 2 - 0.5f;
    return (affine){
        .linear = {{cosine * tall, -sine * wide}, {sine * tall, cosine * wide}},
        .centre = {row, col},
        .offset = {row + (cosine * down - sine * right), col + (sine * down + cosine * right)},
    };
}

/* The picture's value between its pixels, as scipy.ndimage's mode "constant" has it: cval beyond
 * the outermost pixels' centres. */
static void sample(const ock_augmentation *a, const float *x, float row, float col, float *y)
{
    float last_row = (float)(a->height - 1), last_col = (float)(a->width - 1);
    if (!(row >= 0 && row <= last_row && col >= 0 && col <= last_col)) {
        for (size_t c = 0; c < a->channels; c++)
            y[c] = a->cval;
        return;
    }
    size_t top = (size_t)row, left = (size_t)col, channels = a->channels;
    size_t below = top + 1 < a->height, beside = left + 1 < a->width; /* 0: weighs nothing there */
    float down = row - (float)top, right = col - (float)left;
    const float *upper = x + (top * a->width + left) * channels;
    const float *lower = upper + below * a->width * channels;
    size_t next = beside * channels;
    for (size_t c = 0; c < channels; c++) {
        float above = upper[c] + right * (upper[c + next] - upper[c]);
        float under = lower[c] + right * (lower[c + next] - lower[c]);
        y[c] = above + down * (under - above);
    }
}

static void map_picture(const ock_augmentation *a, const affine *map, const float *x, float *y)
{
    for (uint32_t i = 0; i < a->height; i++)
        for (uint32_t j = 0; j < a->width; j++) {
            float down = (float)i - map->centre[0], right = (float)j - map->centre[1];
            float row = map->linear[0][0] * down + map->linear[0][1] * right + map->offset[0];
            float col = map->linear[1][0] * down + map->linear[1][1] * right + map->offset[1];
            sample(a, x, row, col, y + ((size_t)i * a->width + j) * a->channels);
        }
}

ock_status scalar_augment(ock_backend *backend, const ock_augmentation *augmentation,
                          uint32_t epoch, const ock_tensor *indices, const ock_tensor *x,
                          ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        affine map = draw_affine(augmentation, epoch, scalar_ints(indices)[i]);
        map_picture(augmentation, &map, scalar_row(x, i), scalar_row(y, i));
    }
    return OCK_OK;
}
