/* What is drawn for each picture. Sums and products alone, so that all devices have its bits. */
#include "philox.cl"

/* The numbers of a transform (augment.h), and of the draws for erasing. */
enum {
    ROTATION,
    HEIGHT_SHIFT,
    WIDTH_SHIFT,
    SHEAR,
    HEIGHT_ZOOM,
    WIDTH_ZOOM,
    HORIZONTAL_FLIP,
    VERTICAL_FLIP,
    CHANNEL_SHIFT,
    BRIGHTNESS,
    ERASE_TOP,
    ERASE_LEFT,
    ERASE_HEIGHT,
    ERASE_WIDTH,
    CUTOUT_ROW,
    CUTOUT_COL,
    TRANSFORM_SIZE
};
enum { ERASE_LAYER = 4, ERASE_ATTEMPTS = 16 };

/* 0 <= u < 1 */
static float draw_share(uint word)
{
    return (word >> 8) * 0x1p-24f;
}

static float draw_either(uint word, float range)
{
    return (2 * draw_share(word) - 1) * range;
}

static float draw_between(uint word, float2 pair)
{
    float width = pair.y - pair.x;
    return pair.x + draw_share(word) * width;
}

/* The largest side from 1 to `most` with side^2 weight <= area. */
static uint draw_side(float area, float weight, uint most)
{
    uint side = 0;
    for (uint bit = 1u << 31; bit; bit >>= 1) {
        uint longer = side | bit;
        if (longer <= most && (float)longer * (float)longer * weight <= area)
            side = longer;
    }
    return max(side, 1u);
}

/* Whether it lies in the picture. */
static int draw_rectangle(uint4 word, float2 scale, float2 ratios, uint height, uint width,
                          global float *t)
{
    float area = draw_between(word.x, scale) * ((float)height * (float)width);
    float ratio = draw_between(word.y, ratios);
    uint tall = draw_side(area * ratio, 1, height + 1), wide = draw_side(area, ratio, width + 1);
    uint top = mul_hi(word.z, height), left = mul_hi(word.w, width);
    if (tall > height - top || wide > width - left)
        return 0;
    t[ERASE_TOP] = top;
    t[ERASE_LEFT] = left;
    t[ERASE_HEIGHT] = tall;
    t[ERASE_WIDTH] = wide;
    return 1;
}

/* One work-item per picture. */
kernel void transform(uint height, uint width, float rotation, float height_shift,
                      float width_shift, float shear, float zoom_low, float zoom_high,
                      int horizontal_flip, int vertical_flip, float channel_shift,
                      float brightness_low, float brightness_high, float erase, float scale_low,
                      float scale_high, float ratio_low, float ratio_high, uint seed_low,
                      uint seed_high, uint epoch, uint rows, TENSOR(const int, indices),
                      TENSOR(float, transforms))
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    uint2 seed = (uint2)(seed_low, seed_high);
    uint index = *AT(indices, row, 0);
    uint4 word[4];
    for (uint layer = 0; layer < 4; layer++)
        word[layer] = philox((uint4)(index, epoch, layer, PURPOSE_AUGMENT), seed);
    global float *t = AT(transforms, row, 0);
    float2 zoom = (float2)(zoom_low, zoom_high);
    t[ROTATION] = draw_either(word[0].x, rotation);
    t[HEIGHT_SHIFT] = draw_either(word[0].y, height_shift) * height;
    t[WIDTH_SHIFT] = draw_either(word[0].z, width_shift) * width;
    t[SHEAR] = draw_either(word[1].y, shear);
    t[HEIGHT_ZOOM] = draw_between(word[0].w, zoom);
    t[WIDTH_ZOOM] = draw_between(word[1].x, zoom);
    t[HORIZONTAL_FLIP] = horizontal_flip && draw_share(word[2].x) < 0.5f;
    t[VERTICAL_FLIP] = vertical_flip && draw_share(word[2].y) < 0.5f;
    t[CHANNEL_SHIFT] = draw_either(word[1].z, channel_shift);
    t[BRIGHTNESS] = draw_between(word[1].w, (float2)(brightness_low, brightness_high));
    t[ERASE_TOP] = t[ERASE_LEFT] = t[ERASE_HEIGHT] = t[ERASE_WIDTH] = 0;
    t[CUTOUT_ROW] = mul_hi(word[3].x, height);
    t[CUTOUT_COL] = mul_hi(word[3].y, width);
    int missing = draw_share(word[2].z) < erase;
    for (uint i = 0; missing && i < ERASE_ATTEMPTS; i++) {
        word[0] = philox((uint4)(index, epoch, ERASE_LAYER + i, PURPOSE_AUGMENT), seed);
        missing = !draw_rectangle(word[0], (float2)(scale_low, scale_high),
                                  (float2)(ratio_low, ratio_high), height, width, t);
    }
}
