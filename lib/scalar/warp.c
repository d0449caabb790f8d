/* Affine maps and elastic displacements of pictures, sampled once. */
#include <stdlib.h>

#include "philox.h"
#include "scalar.h"

/* From output to input: (row, col) = down (out.row - centre.row) + right (out.col - centre.col)
 * + offset. */
typedef struct affine {
    float down[2], right[2], centre[2], offset[2];
} affine;

/* Of one thread: uniform displacements of all pixels, down and then right, and those smoothed. */
typedef struct elastic {
    float *drawn[2], *smooth[2];
    const float *weights; /* of a pixel's neighbours up to `radius` pixels away */
    int64_t radius;
} elastic;

/* ---- The affine map ---- */

/* Keras's matrices are of (x, y): rotation, shift, shear and zoom, of which the last comes first.
 * Rotation and shear together are (cos t, -sin(t + s); sin t, cos(t + s)). */
static affine affine_of(const ock_augmentation *a, const float *t)
{
    const float radians = (float)(3.14159265358979323846 / 180);
    float turn = t[OCK_ROTATION] * radians, lean = (t[OCK_ROTATION] + t[OCK_SHEAR]) * radians;
    float cosine = cosf(turn), sine = sinf(turn);
    float tall = t[OCK_HEIGHT_ZOOM], wide = t[OCK_WIDTH_ZOOM];
    float down = t[OCK_HEIGHT_SHIFT], right = t[OCK_WIDTH_SHIFT];
    float row = (float)a->height / 2 - 0.5f, col = (float)a->width / 2 - 0.5f;
    return (affine){
        .down = {cosf(lean) * tall, -sinf(lean) * tall},
        .right = {sine * wide, cosine * wide},
        .centre = {row, col},
        .offset = {row + (cosine * down + sine * right), col + (cosine * right - sine * down)},
    };
}

/* ---- Elastic displacements ---- */

/* weights[0 .. radius] of a Gaussian of sum 1 over both sides. */
static void set_weights(float *weights, int64_t radius, float sigma)
{
    float sum = 0;
    for (int64_t i = 0; i <= radius; i++) {
        float distance = (float)i / sigma;
        weights[i] = expf(-0.5f * (distance * distance));
        sum += i ? 2 * weights[i] : weights[i];
    }
    for (int64_t i = 0; i <= radius; i++)
        weights[i] /= sum;
}

/* -1 .. 1 in steps of 2^-15, without 0. */
static float displacement(uint32_t half)
{
    return ((float)half + 0.5f) * 0x1p-15f - 1;
}

static void draw_displacements(const ock_augmentation *a, uint32_t epoch, int32_t index,
                               const elastic *e)
{
    uint32_t blocks = (a->width + 3) / 4;
    for (uint32_t row = 0; row < a->height; row++)
        for (uint32_t block = 0; block < blocks; block++) {
            uint32_t word[4] = {row * blocks + block, epoch, (uint32_t)index, OCK_PURPOSE_ELASTIC};
            philox4x32(word, a->seed);
            for (uint32_t k = 0, col = 4 * block; k < 4 && col < a->width; k++, col++) {
                size_t pixel = (size_t)row * a->width + col;
                e->drawn[0][pixel] = displacement(word[k] & 0xFFFF);
                e->drawn[1][pixel] = displacement(word[k] >> 16);
            }
        }
}

static void smooth_down(const ock_augmentation *a, const elastic *e, const float *from, float *to)
{
    int64_t height = a->height;
    size_t width = a->width;
    memset(to, 0, (size_t)height * width * sizeof *to);
    for (int64_t row = 0; row < height; row++)
        for (int64_t i = row > e->radius ? row - e->radius : 0; i < height && i <= row + e->radius;
             i++) {
            float weight = e->weights[i > row ? i - row : row - i];
            for (size_t col = 0; col < width; col++)
                to[(size_t)row * width + col] += weight * from[(size_t)i * width + col];
        }
}

static void smooth_across(const ock_augmentation *a, const elastic *e, const float *from, float *to)
{
    int64_t width = a->width;
    memset(to, 0, a->height * (size_t)width * sizeof *to);
    for (uint32_t row = 0; row < a->height; row++, from += width, to += width)
        for (int64_t i = 0; i < width; i++) {
            float value = from[i];
            int64_t first = i > e->radius ? i - e->radius : 0;
            int64_t last = i + e->radius < width ? i + e->radius : width - 1;
            for (int64_t col = first; col < i; col++)
                to[col] += value * e->weights[i - col];
            for (int64_t col = i; col <= last; col++)
                to[col] += value * e->weights[col - i];
        }
}

static void make_displacements(const ock_augmentation *a, uint32_t epoch, int32_t index,
                               const elastic *e)
{
    draw_displacements(a, epoch, index, e);
    for (int i = 0; i < 2; i++) {
        smooth_down(a, e, e->drawn[i], e->smooth[i]);
        memcpy(e->drawn[i], e->smooth[i], (size_t)a->height * a->width * sizeof(float));
        smooth_across(a, e, e->drawn[i], e->smooth[i]);
    }
}

/* ---- Sampling ---- */

/* The place from 0 to size - 1 that the fill mode has at one that may be outside. */
static float folded(float place, uint32_t size, ock_fill_mode mode)
{
    float last = (float)(size - 1);
    bool outside = !(place >= 0 && place <= last);
    if (outside && mode == OCK_FILL_REFLECT) {
        float period = 2 * (float)size;
        place = place < 0 ? -1 - place : place;
        place -= period * floorf(place / period);
        place = place > last + 0.5f ? period - 1 - place : place;
    } else if (outside && mode == OCK_FILL_WRAP && size > 1) {
        float away = fabsf(place);
        away -= last * floorf(away / last);
        place = place < 0 ? last - away : away;
    }
    return fminf(fmaxf(place, 0), last);
}

/* All channels between the pixels. */
static void sample(const ock_augmentation *a, const float *x, float row, float col, float *y)
{
    float last_row = (float)(a->height - 1), last_col = (float)(a->width - 1);
    if (a->fill_mode == OCK_FILL_CONSTANT &&
        !(row >= 0 && row <= last_row && col >= 0 && col <= last_col)) {
        for (size_t c = 0; c < a->channels; c++)
            y[c] = a->cval;
        return;
    }
    row = folded(row, a->height, a->fill_mode);
    col = folded(col, a->width, a->fill_mode);
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

static void warp_picture(const ock_augmentation *a, const float *transform, const elastic *e,
                         const float *x, float *y)
{
    affine map = affine_of(a, transform);
    bool across = transform[OCK_HORIZONTAL_FLIP] > 0, upside = transform[OCK_VERTICAL_FLIP] > 0;
    for (uint32_t i = 0; i < a->height; i++)
        for (uint32_t j = 0; j < a->width; j++) {
            float down = (float)i - map.centre[0], right = (float)j - map.centre[1];
            float row = map.down[0] * down + map.right[0] * right + map.offset[0];
            float col = map.down[1] * down + map.right[1] * right + map.offset[1];
            size_t pixel = (size_t)i * a->width + j;
            if (a->elastic_alpha > 0) {
                row += a->elastic_alpha * e->smooth[0][pixel];
                col += a->elastic_alpha * e->smooth[1][pixel];
            }
            size_t line = upside ? a->height - 1 - i : i, place = across ? a->width - 1 - j : j;
            sample(a, x, row, col, y + (line * a->width + place) * a->channels);
        }
}

/* ---- The operation ---- */

typedef struct warp {
    const ock_augmentation *a;
    uint32_t epoch;
    const ock_tensor *indices, *transforms, *x;
    ock_tensor *y;
} warp;

static void warp_rows(const warp *w, size_t first, size_t end, const elastic *e)
{
    for (size_t i = first; i < end; i++) {
        if (e->weights)
            make_displacements(w->a, w->epoch, scalar_ints(w->indices)[i], e);
        warp_picture(w->a, scalar_row(w->transforms, i), e, scalar_row(w->x, i),
                     scalar_row(w->y, i));
    }
}

/* The threads' fields, and the weights behind them. */
static float *make_elastic(const ock_augmentation *a, int threads, elastic *e)
{
    size_t pixels = (size_t)a->height * a->width;
    e->radius = (int64_t)(4 * a->elastic_sigma + 0.5f);
    size_t count = (size_t)threads * 4 * pixels;
    float *memory = malloc((count + (size_t)e->radius + 1) * sizeof *memory);
    if (!memory)
        return NULL;
    set_weights(memory + count, e->radius, a->elastic_sigma);
    e->weights = memory + count;
    return memory;
}

ock_status scalar_warp(ock_backend *backend, const ock_augmentation *a, uint32_t epoch,
                       const ock_tensor *indices, const ock_tensor *transforms, const ock_tensor *x,
                       ock_tensor *y)
{
    const warp w = {a, epoch, indices, transforms, x, y};
    size_t pixels = (size_t)a->height * a->width, rows = x->rows;
    int threads = scalar_threads(backend, rows * x->cols);
    elastic shared = {0};
    float *memory = NULL;
    if (a->elastic_alpha > 0 && !(memory = make_elastic(a, threads, &shared)))
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY,
                              "no memory for the elastic displacements of %zu pixels", pixels);
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        elastic e = shared;
        for (int i = 0; i < 2 && memory; i++) {
            e.drawn[i] = memory + ((size_t)t * 4 + (size_t)i) * pixels;
            e.smooth[i] = e.drawn[i] + 2 * pixels;
        }
        warp_rows(&w, rows * (size_t)t / (size_t)threads, rows * ((size_t)t + 1) / (size_t)threads,
                  &e);
    }
    free(memory);
    return OCK_OK;
}
