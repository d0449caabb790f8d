/* Channel shift and brightness. */
#include "transform.cl"

typedef struct {
    float shift, low, high; /* the values' range, before and after the shift */
    float white;
} tone_t;

/* The least and the largest value of each picture. One work-item per picture. */
kernel void tone_range(uint rows, uint cols, TENSOR(const float, y), global float *ranges)
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    realV low = *AT(y, row, 0), high = low;
    for (uint col = 0; col < cols; col += OCK_V) {
        realV value = select(low, loadV(AT(y, row, col)), lanes_below(col, cols));
        low = fmin(low, value);
        high = fmax(high, value);
    }
    vstore2((float2)(-largest_lane(-low), largest_lane(high)), row, ranges);
}

#define TONE_SHIFTED(t, value) fmin(fmax((value) + (t)->shift, (t)->low), (t)->high)

/* As PIL's bytes; value, factor >= 0. */
static realV tone_bytes(realV value, realV factor)
{
    return fmin(trunc(factor * trunc(value)), 255);
}

static realV tone_brightened(const tone_t *t, realV value, realV factor)
{
    if (t->white > 0)
        return fmin(factor * value, t->white);
    float low = TONE_SHIFTED(t, t->low), high = TONE_SHIFTED(t, t->high), span = high - low;
    if (low >= 0 && high <= 255)
        return tone_bytes(value, factor);
    realV part = span > 0 ? (value - low) / span : (realV)0;
    return tone_bytes(part * 255, factor) / 255 * span + low;
}

/* In place. One work-item per vector. */
kernel void tone(uint channels, int brightness, float white, uint rows, uint cols,
                 global const float *ranges, TENSOR(const float, transforms), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    float2 range = vload2(row, ranges);
    tone_t t = {*AT(transforms, row, CHANNEL_SHIFT), range.x, range.y, white};
    realV value = loadV(AT(y, row, col)), factor = *AT(transforms, row, BRIGHTNESS);
    if (channels == 4) /* the last is alpha */
        factor = select(factor, (realV)(1), (LANES & 3) == 3);
    value = TONE_SHIFTED(&t, value);
    storeV(brightness ? tone_brightened(&t, value, factor) : value, AT(y, row, col));
}
