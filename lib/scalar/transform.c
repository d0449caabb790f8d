/* What is drawn for each picture. Only sums and products, so that every device has these bits. */
#include "philox.h"
#include "scalar.h"

enum {
    ERASE_LAYER = 4, /* of the first attempt's draw */
    ERASE_ATTEMPTS = 16
};

static void draw_words(const ock_augmentation *a, uint32_t epoch, int32_t index, uint32_t layer,
                       uint32_t word[4])
{
    word[0] = (uint32_t)index;
    word[1] = epoch;
    word[2] = layer;
    word[3] = OCK_PURPOSE_AUGMENT;
    philox4x32(word, a->seed);
}

/* 0 <= u < 1 */
static float share(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

static float either_side(uint32_t word, float range)
{
    return (2 * share(word) - 1) * range;
}

static float between(uint32_t word, const float pair[2])
{
    float width = pair[1] - pair[0];
    return pair[0] + share(word) * width;
}

/* 0 .. count - 1 */
static uint32_t place(uint32_t word, uint32_t count)
{
    return (uint32_t)((uint64_t)word * count >> 32);
}

/* The largest side from 1 to `most` with side^2 weight <= area: roots and quotients would depend
 * on the device. */
static uint32_t side_of(float area, float weight, uint32_t most)
{
    uint32_t side = 0;
    for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
        uint32_t longer = side | bit;
        if (longer <= most && (float)longer * (float)longer * weight <= area)
            side = longer;
    }
    return side ? side : 1;
}

/* One more than `size` where the rectangle is longer. */
static bool draw_rectangle(const ock_augmentation *a, const uint32_t word[4], float *transform)
{
    float area = between(word[0], a->erase_scale) * ((float)a->height * (float)a->width);
    float ratio = between(word[1], a->erase_ratio);
    uint32_t height = side_of(area * ratio, 1, a->height + 1);
    uint32_t width = side_of(area, ratio, a->width + 1);
    uint32_t top = place(word[2], a->height), left = place(word[3], a->width);
    if (height > a->height - top || width > a->width - left)
        return false;
    transform[OCK_ERASE_TOP] = (float)top;
    transform[OCK_ERASE_LEFT] = (float)left;
    transform[OCK_ERASE_HEIGHT] = (float)height;
    transform[OCK_ERASE_WIDTH] = (float)width;
    return true;
}

static void draw_map(const ock_augmentation *a, const uint32_t word[4], const uint32_t more[4],
                     float *transform)
{
    const float none[2] = {1, 1};
    const float *zoom = a->zoom_range[1] > 0 ? a->zoom_range : none;
    transform[OCK_ROTATION] = either_side(word[0], a->rotation_range);
    transform[OCK_HEIGHT_SHIFT] = either_side(word[1], a->height_shift_range) * (float)a->height;
    transform[OCK_WIDTH_SHIFT] = either_side(word[2], a->width_shift_range) * (float)a->width;
    transform[OCK_SHEAR] = either_side(more[1], a->shear_range);
    transform[OCK_HEIGHT_ZOOM] = between(word[3], zoom);
    transform[OCK_WIDTH_ZOOM] = between(more[0], zoom);
}

static void draw_transform(const ock_augmentation *a, uint32_t epoch, int32_t index,
                           float *transform)
{
    uint32_t word[4][4];
    for (uint32_t layer = 0; layer < 4; layer++)
        draw_words(a, epoch, index, layer, word[layer]);
    memset(transform, 0, OCK_TRANSFORM_SIZE * sizeof *transform);
    draw_map(a, word[0], word[1], transform);
    transform[OCK_HORIZONTAL_FLIP] = a->horizontal_flip && share(word[2][0]) < 0.5f;
    transform[OCK_VERTICAL_FLIP] = a->vertical_flip && share(word[2][1]) < 0.5f;
    transform[OCK_CHANNEL_SHIFT] = either_side(word[1][2], a->channel_shift_range);
    transform[OCK_BRIGHTNESS] = between(word[1][3], a->brightness_range);
    transform[OCK_CUTOUT_ROW] = (float)place(word[3][0], a->height);
    transform[OCK_CUTOUT_COL] = (float)place(word[3][1], a->width);
    bool erase = share(word[2][2]) < a->erase_factor;
    for (uint32_t i = 0; erase && i < ERASE_ATTEMPTS; i++) {
        draw_words(a, epoch, index, ERASE_LAYER + i, word[0]);
        erase = !draw_rectangle(a, word[0], transform);
    }
}

ock_status scalar_transform(ock_backend *backend, const ock_augmentation *augmentation,
                            uint32_t epoch, const ock_tensor *indices, ock_tensor *transforms)
{
    (void)backend;
    for (size_t i = 0; i < transforms->rows; i++)
        draw_transform(augmentation, epoch, scalar_ints(indices)[i], scalar_row(transforms, i));
    return OCK_OK;
}
