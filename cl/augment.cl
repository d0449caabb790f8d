/* Random affine maps of pictures. */
#include "philox.cl"

/* From output to input: (row, col) = down (out.row - centre.row) + right (out.col - centre.col)
 * + offset. */
typedef struct {
    float2 down, right, centre, offset;
} affine_t;

/* In -range .. range. */
static float augment_draw(uint word, float range)
{
    return (2 * ((word >> 8) * 0x1p-24f) - 1) * range;
}

/* Keras's order: rotation times shift times zoom, about the centre. `size` is (height, width),
 * `shift` its shares; rotation is in degrees, and since Keras's matrices are of (x, y) its
 * angle counts the other way here. */
static affine_t augment_map(float rotation, float2 shift, float zoom, float2 size, uint2 seed,
                            uint epoch, int index)
{
    uint4 word = philox((uint4)(index, epoch, 0, PURPOSE_AUGMENT), seed);
    uint4 more = philox((uint4)(index, epoch, 1, PURPOSE_AUGMENT), seed);
    float angle = -augment_draw(word.x, rotation) * 0.017453292519943295f;
    float2 down = (float2)(cos(angle), sin(angle)), right = (float2)(-down.y, down.x);
    affine_t map;
    map.centre = size / 2 - 0.5f;
    map.offset = map.centre + (down * (augment_draw(word.y, shift.x) * size.x) +
                               right * (augment_draw(word.z, shift.y) * size.y));
    map.down = down * (1 + augment_draw(word.w, zoom));
    map.right = right * (1 + augment_draw(more.x, zoom));
    return map;
}

/* All channels at `place`, (row, col), between the pixels of x; cval beyond the outermost pixels'
 * centres, as scipy.ndimage's mode "constant". */
static void augment_sample(global const float *x, float2 place, uint height, uint width,
                           uint channels, float cval, global float *y)
{
    float2 last = (float2)(height - 1, width - 1);
    if (!all(place >= 0 && place <= last)) {
        for (uint c = 0; c < channels; c++)
            y[c] = cval;
        return;
    }
    uint top = place.x, left = place.y;
    uint below = top + 1 < height ? width * channels : 0, beside = left + 1 < width ? channels : 0;
    float2 part = place - (float2)(top, left);
    x += (top * width + left) * channels;
    for (uint c = 0; c < channels; c++, x++) {
        float upper = x[0] + part.y * (x[beside] - x[0]);
        float lower = x[below] + part.y * (x[below + beside] - x[below]);
        y[c] = upper + part.x * (lower - upper);
    }
}

/* One work-item per line of a picture. */
kernel void augment(uint height, uint width, uint channels, float rotation, float height_shift,
                    float width_shift, float zoom, float cval, uint seed_low, uint seed_high,
                    uint epoch, uint rows, TENSOR(const int, indices), TENSOR(const float, x),
                    TENSOR(float, y))
{
    uint line = get_global_id(0), row = get_global_id(1);
    if (line >= height || row >= rows)
        return;
    affine_t map = augment_map(rotation, (float2)(height_shift, width_shift), zoom,
                               (float2)(height, width), (uint2)(seed_low, seed_high), epoch,
                               *AT(indices, row, 0));
    for (uint col = 0; col < width; col++) {
        float2 out = (float2)(line, col) - map.centre;
        float2 place = map.down * out.x + map.right * out.y + map.offset;
        augment_sample(AT(x, row, 0), place, height, width, channels, cval,
                       AT(y, row, (line * width + col) * channels));
    }
}
