#include <math.h>
#include <string.h>

#include "checkcl.h"

/* The outermost pixels are alike and as what surrounds them, so that the mapped picture is
 * continuous in every fill mode. Unmoved, every pixel counts. */
static float *picture(checkcl *t, const ock_augmentation *a, size_t rows, bool framed)
{
    size_t count = (size_t)a->height * a->width;
    float *data = uniform(t, rows * count * a->channels, -1, 1);
    for (size_t i = 0; framed && i < rows * count * a->channels; i++) {
        size_t pixel = i / a->channels % count, row = pixel / a->width, col = pixel % a->width;
        if (row == 0 || col == 0 || row == a->height - 1 || col == a->width - 1)
            data[i] = a->cval;
    }
    return data;
}

/* Each draw's bits are the same. A weight's exponent is at most (4 + 0.5/0.5)^2/2 = 12.5, with a
 * quotient of 2.5 ulps here and 1/2 there, squared and halved: 12.5 (2 (5 + 1) + 4) u. exp adds 3
 * ulps and 1, the sum and the division their own; that is twice in a pass, of which there are two,
 * each adding up to as many products as the picture is long. */
static double displacement_bound(const ock_augmentation *a)
{
    double longer = fmax(a->height, a->width), radius = 4 * (double)a->elastic_sigma + 1;
    double weight = 2 * (12.5 * 16 + 8) + 2 * 2 * radius + 6;
    return (double)a->elastic_alpha * UNIT * (2 * weight + 2 * 2 * 2 * (longer + 2) + 4);
}

/* A place in the picture is the sum of a centre, a shift, and two products with a sine or cosine
 * (4 ulps here and 1 there, then four roundings on each side) and a zoom below 2: terms of
 * 5/2 (height + width) in all, added with four roundings on each side. A fill mode takes three more
 * on each side. */
static double place_bound(const ock_augmentation *a)
{
    double place = 2.5 * (double)(a->height + a->width) + (double)a->elastic_alpha;
    return (2 * (4 + 1) + 8 + 8 + 6) * UNIT * place + displacement_bound(a);
}

/* What is drawn with those ranges, by the scalar path. */
static float *draw(checkcl *t, const ock_augmentation *a, size_t rows, uint32_t epoch,
                   pair *indices)
{
    pair *drawn = output(t, rows, OCK_TRANSFORM_SIZE);
    ON_BOTH(t, ock_augment_draw(a, epoch, indices->on[side], drawn->on[side]));
    return result(t, drawn, SCALAR);
}

void check_warp(checkcl *t)
{
    ock_fill_mode mode = choose(t, 4);
    bool still = choose(t, 4) == 0, elastic = !still && choose(t, 2);
    size_t rows = 1 + choose(t, 5);
    ock_augmentation a = {.height = 1 + choose(t, 33),
                          .width = 1 + choose(t, 33),
                          .channels = 1 + choose(t, 3),
                          .horizontal_flip = choose(t, 2),
                          .vertical_flip = choose(t, 2),
                          .fill_mode = mode,
                          .cval = *uniform(t, 1, -1, 1),
                          .seed = (uint64_t)choose(t, UINT32_MAX) << 32 | choose(t, UINT32_MAX)};
    if (!still) {
        a.rotation_range = *uniform(t, 1, 0, 180);
        a.height_shift_range = *uniform(t, 1, 0, 1);
        a.width_shift_range = *uniform(t, 1, 0, 1);
        a.shear_range = *uniform(t, 1, 0, 90);
        memcpy(a.zoom_range, (float[]){0.1f, 1.9f}, sizeof a.zoom_range);
    }
    if (elastic) {
        a.elastic_alpha = *uniform(t, 1, 1, 8);
        a.elastic_sigma = fminf(*uniform(t, 1, 0.5f, 6), fmaxf(a.height, a.width));
    }
    size_t cols = (size_t)a.height * a.width * a.channels;
    describe(t, "%zu pictures of %u x %u x %u, fill mode %d%s%s", rows, a.height, a.width,
             a.channels, (int)mode, still ? ", unmoved" : "", elastic ? ", elastic" : "");
    uint32_t epoch = choose(t, 100);
    pair *indices = input_i32(t, rows, 1, integers(t, rows, 0, INT32_MAX));
    pair *transforms = input(t, rows, OCK_TRANSFORM_SIZE, draw(t, &a, rows, epoch, indices));
    pair *x = input(t, rows, cols, picture(t, &a, rows, !still)), *y = output(t, rows, cols);
    ON_BOTH(t, ock_augment_apply(&a, epoch, indices->on[side], transforms->on[side], x->on[side],
                                 y->on[side]));
    /* Between two places the picture differs by at most the largest step between pixels, 2, in
     * each direction. */
    double *bound = scratch(t, rows * cols);
    for (size_t i = 0; i < rows * cols && !still; i++)
        bound[i] = 2 * 2 * place_bound(&a) + 12 * UNIT;
    expect_within(t, "y", y, bound);
}
