/* Random erasing and cutout. */
#include "transform.cl"

static int erase_within(uint place, float first, float length)
{
    return place >= first && place < first + length;
}

/* One work-item per line of a picture. */
kernel void erase(uint height, uint width, uint channels, uint cutout, float value, uint rows,
                  TENSOR(const float, transforms), TENSOR(float, y))
{
    uint line = get_global_id(0), row = get_global_id(1);
    if (line >= height || row >= rows)
        return;
    global const float *t = AT(transforms, row, 0);
    float top = t[CUTOUT_ROW] - cutout / 2, left = t[CUTOUT_COL] - cutout / 2;
    int erased = erase_within(line, t[ERASE_TOP], t[ERASE_HEIGHT]);
    int cut = erase_within(line, top, cutout);
    global float *pixel = AT(y, row, line * width * channels);
    for (uint col = 0; col < width && (erased || cut); col++, pixel += channels)
        if ((erased && erase_within(col, t[ERASE_LEFT], t[ERASE_WIDTH])) ||
            (cut && erase_within(col, left, cutout)))
            for (uint c = 0; c < channels; c++)
                pixel[c] = value;
}
