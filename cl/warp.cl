/* Affine maps and elastic displacements of pictures, sampled once. */
#include "transform.cl"

enum { FILL_NEAREST, FILL_CONSTANT, FILL_REFLECT, FILL_WRAP };

/* ---- The affine map ---- */

/* From output to input: (row, col) = down (out.row - centre.row) + right (out.col - centre.col)
 * + offset. One work-item per picture. */
kernel void warp_maps(uint height, uint width, uint rows, TENSOR(const float, transforms),
                      TENSOR(float, maps))
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    global const float *t = AT(transforms, row, 0);
    const float radians = 0.017453292519943295f;
    float turn = t[ROTATION] * radians, lean = (t[ROTATION] + t[SHEAR]) * radians;
    float cosine = cos(turn), sine = sin(turn);
    float2 centre = (float2)(height, width) / 2 - 0.5f;
    float2 down = (float2)(cos(lean), -sin(lean)) * t[HEIGHT_ZOOM];
    float2 right = (float2)(sine, cosine) * t[WIDTH_ZOOM];
    float2 offset = centre + (float2)(cosine * t[HEIGHT_SHIFT] + sine * t[WIDTH_SHIFT],
                                      cosine * t[WIDTH_SHIFT] - sine * t[HEIGHT_SHIFT]);
    global float *map = AT(maps, row, 0);
    vstore2(down, 0, map);
    vstore2(right, 1, map);
    vstore2(offset, 2, map);
    vstore2(centre, 3, map);
}

/* ---- Elastic displacements ---- */

/* A Gaussian of sum 1 over radius pixels to either side of its middle, with V - 1 zeros around, so
 * that a vector of neighbours is a load. One work-item. */
kernel void warp_weights(float sigma, uint radius, TENSOR(float, weights))
{
    global float *middle = AT(weights, 0, OCK_V - 1 + radius);
    float sum = 0;
    for (uint i = 0; i < OCK_V - 1; i++)
        *AT(weights, 0, i) = middle[radius + 1 + i] = 0;
    for (uint i = 0; i <= radius; i++) {
        float distance = i / sigma;
        middle[i] = exp(-0.5f * (distance * distance));
        sum += i ? 2 * middle[i] : middle[i];
    }
    for (int i = 0; i <= (int)radius; i++)
        middle[-i] = middle[i] /= sum;
}

/* Two fields a picture, down and right, line by line. One work-item per line and picture. */
kernel void warp_draw(uint height, uint width, uint rows, uint seed_low, uint seed_high,
                      uint epoch, TENSOR(const int, indices), TENSOR(float, fields))
{
    uint line = get_global_id(0), row = get_global_id(1);
    if (line >= height || row >= rows)
        return;
    dropout_t d = {0, 0, (uint2)(seed_low, seed_high), epoch, *AT(indices, row, 0)};
    global float *down = AT(fields, row * 2 * height + line, 0);
    global float *right = AT(fields, (row * 2 + 1) * height + line, 0);
    for (uint col = 0; col < width; col += OCK_V) {
        uintV word = random_words(&d, PURPOSE_ELASTIC, line, col, width);
        uintV low = word & 0xFFFF, high = word >> 16;
        storeV((JOIN(convert_float, OCK_V)(low) + 0.5f) * 0x1p-15f - 1, down + col);
        storeV((JOIN(convert_float, OCK_V)(high) + 0.5f) * 0x1p-15f - 1, right + col);
    }
}

/* Smoothes along the columns. One work-item per line and field. */
kernel void warp_smooth(uint height, uint width, uint count, uint radius,
                        TENSOR(const float, weights), TENSOR(const float, from), TENSOR(float, to))
{
    uint line = get_global_id(0), field = get_global_id(1);
    if (line >= height || field >= count)
        return;
    uint first = max((int)line - (int)radius, 0), end = min(height, line + radius + 1);
    global const float *weight = AT(weights, 0, OCK_V - 1 + radius + first - line);
    global const float *column = AT(from, field * height + first, 0);
    for (uint col = 0; col < width; col += OCK_V, column += OCK_V) {
        realV sum = 0;
        for (uint i = 0; i < end - first; i++)
            sum += weight[i] * loadV(column + (ulong)i * from_stride);
        storeV(sum, AT(to, field * height + line, col));
    }
}

/* V columns of a line, from col on, smoothed along it. */
static realV warp_displacement(global const float *line, uint col, uint width, uint radius,
                               global const float *middle)
{
    uint first = max((int)col - (int)radius, 0), end = min(width, col + OCK_V + radius);
    realV sum = 0;
    for (uint i = first; i < end; i++)
        sum += line[i] * JOIN(vload, OCK_V)(0, middle + ((int)col - (int)i));
    return sum;
}

/* ---- Sampling ---- */

/* The places from 0 to size - 1 that the fill mode has at ones that may be outside. */
static realV warp_fold(realV place, uint size, int mode)
{
    float last = size - 1, period = mode == FILL_REFLECT ? 2 * (float)size : last;
    realV inside = fmin(fmax(place, 0), last);
    if (period == 0 || (mode != FILL_REFLECT && mode != FILL_WRAP))
        return inside;
    intV before = place < 0;
    realV away = select(place, mode == FILL_REFLECT ? -1 - place : -place, before);
    away -= period * floor(away / period);
    if (mode == FILL_REFLECT)
        away = select(away, period - 1 - away, away > last + 0.5f);
    else
        away = select(away, last - away, before);
    return select(fmin(fmax(away, 0), last), inside, place == inside);
}

/* What the lanes of a vector of places read: offsets of their four pixels, and weights. */
typedef struct {
    uint top[OCK_V], left[OCK_V];
    float down[OCK_V], right[OCK_V];
    int within[OCK_V]; /* else cval */
} warp_lanes;

static void warp_split(realV row, realV col, uint height, uint width, int mode, warp_lanes *lanes)
{
    intV within = (row >= 0) & (row <= height - 1.0f) & (col >= 0) & (col <= width - 1.0f);
    if (mode != FILL_CONSTANT)
        within = -1;
    row = warp_fold(row, height, mode);
    col = warp_fold(col, width, mode);
    uintV top = JOIN(convert_uint, OCK_V)(row), left = JOIN(convert_uint, OCK_V)(col);
    JOIN(vstore, OCK_V)(top, 0, lanes->top);
    JOIN(vstore, OCK_V)(left, 0, lanes->left);
    JOIN(vstore, OCK_V)(row - JOIN(convert_float, OCK_V)(top), 0, lanes->down);
    JOIN(vstore, OCK_V)(col - JOIN(convert_float, OCK_V)(left), 0, lanes->right);
    JOIN(vstore, OCK_V)(within, 0, lanes->within);
}

/* All channels of a lane between the pixels of x. */
static void warp_sample(global const float *x, const warp_lanes *lanes, uint lane, uint height,
                        uint width, uint channels, float cval, global float *y)
{
    uint top = lanes->top[lane], left = lanes->left[lane];
    uint below = top + 1 < height ? width * channels : 0, beside = left + 1 < width ? channels : 0;
    float down = lanes->down[lane], right = lanes->right[lane];
    x += (top * width + left) * channels;
    for (uint c = 0; c < channels; c++, x++) {
        float upper = x[0] + right * (x[beside] - x[0]);
        float lower = x[below] + right * (x[below + beside] - x[below]);
        y[c] = lanes->within[lane] ? upper + down * (lower - upper) : cval;
    }
}

/* One work-item per line of a picture. alpha 0: no displacements, nor fields or weights. */
kernel void warp(uint height, uint width, uint channels, int mode, float cval, float alpha,
                 uint radius, uint rows, TENSOR(const float, maps), TENSOR(const float, weights),
                 TENSOR(const float, fields), TENSOR(const float, transforms),
                 TENSOR(const float, x), TENSOR(float, y))
{
    uint line = get_global_id(0), row = get_global_id(1);
    if (line >= height || row >= rows)
        return;
    float8 map = vload8(0, AT(maps, row, 0));
    int across = *AT(transforms, row, HORIZONTAL_FLIP) > 0;
    uint to = *AT(transforms, row, VERTICAL_FLIP) > 0 ? height - 1 - line : line;
    global const float *down = AT(fields, row * 2 * height + line, 0);
    global const float *right = AT(fields, (row * 2 + 1) * height + line, 0);
    global const float *middle = AT(weights, 0, OCK_V - 1 + radius);
    float below = line - map.s6;
    for (uint col = 0; col < width; col += OCK_V) {
        realV beside = JOIN(convert_float, OCK_V)(LANES + (int)col) - map.s7;
        realV place_row = map.s0 * below + map.s2 * beside + map.s4;
        realV place_col = map.s1 * below + map.s3 * beside + map.s5;
        if (alpha > 0) {
            place_row += alpha * warp_displacement(down, col, width, radius, middle);
            place_col += alpha * warp_displacement(right, col, width, radius, middle);
        }
        warp_lanes lanes;
        warp_split(place_row, place_col, height, width, mode, &lanes);
        for (uint i = 0; i < min((uint)OCK_V, width - col); i++) {
            uint place = across ? width - 1 - col - i : col + i;
            warp_sample(AT(x, row, 0), &lanes, i, height, width, channels, cval,
                        AT(y, row, (to * width + place) * channels));
        }
    }
}
