#include "checkcl.h"

/* Draws nothing but the identity for ranges of 0, in which every pixel counts. Otherwise the
 * outermost pixels are as what surrounds them, so that the mapped picture is continuous. */
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

/* A place in the picture is the sum of a centre, a shift, and two products with a sine or cosine
 * (4 ulps here and 1 there, then four roundings on each side) and a zoom below 2: terms of
 * 5/2 (height + width) in all, added with four roundings on each side. Between two places the
 * picture differs by at most the largest step between pixels, 2, in each direction. */
static double place_bound(const ock_augmentation *a)
{
    return (2 * (4 + 1) + 8 + 8) * UNIT * 2.5 * (double)(a->height + a->width);
}

void check_augment(checkcl *t)
{
    bool still = choose(t, 4) == 0;
    size_t rows = 1 + choose(t, 5);
    ock_augmentation a = {.height = 1 + choose(t, 33),
                          .width = 1 + choose(t, 33),
                          .channels = 1 + choose(t, 3),
                          .cval = *uniform(t, 1, -1, 1),
                          .seed = (uint64_t)choose(t, UINT32_MAX) << 32 | choose(t, UINT32_MAX)};
    if (!still) {
        a.rotation_range = *uniform(t, 1, 0, 180);
        a.height_shift_range = *uniform(t, 1, 0, 1);
        a.width_shift_range = *uniform(t, 1, 0, 1);
        a.zoom_range = *uniform(t, 1, 0, 0.9f);
    }
    size_t cols = (size_t)a.height * a.width * a.channels;
    describe(t, "%zu pictures of %u x %u x %u%s", rows, a.height, a.width, a.channels,
             still ? ", unmoved" : "");
    pair *indices = input_i32(t, rows, 1, integers(t, rows, 0, INT32_MAX));
    pair *x = input(t, rows, cols, picture(t, &a, rows, !still)), *y = output(t, rows, cols);
    uint32_t epoch = choose(t, 100);
    ON_BOTH(t, ock_augment(&a, epoch, indices->on[side], x->on[side], y->on[side]));
    double *bound = scratch(t, rows * cols);
    for (size_t i = 0; i < rows * cols && !still; i++)
        bound[i] = 2 * 2 * place_bound(&a) + 12 * UNIT;
    expect_within(t, "y", y, bound);
}
