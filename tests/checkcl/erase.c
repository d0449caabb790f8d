#include "checkcl.h"

void check_erase(checkcl *t)
{
    unsigned kind = choose(t, 3); /* a rectangle, a square, both */
    size_t rows = 1 + choose(t, 5);
    ock_augmentation a = {.height = 1 + choose(t, 33),
                          .width = 1 + choose(t, 33),
                          .channels = 1 + choose(t, 3),
                          .erase_factor = kind != 1 ? 0.9f : 0,
                          .erase_scale = {0.02f, 0.4f},
                          .erase_ratio = {0.3f, 3.33f},
                          .erase_value = *uniform(t, 1, -1, 1),
                          .seed = choose(t, UINT32_MAX)};
    if (kind != 0)
        a.cutout_size = 1 + choose(t, a.height > a.width ? a.height : a.width);
    size_t cols = (size_t)a.height * a.width * a.channels;
    describe(t, "%zu pictures of %u x %u x %u, erased %g, cut %u", rows, a.height, a.width,
             a.channels, (double)a.erase_factor, a.cutout_size);
    pair *indices = input_i32(t, rows, 1, integers(t, rows, 0, INT32_MAX));
    pair *x = input(t, rows, cols, uniform(t, rows * cols, -1, 1)), *y = output(t, rows, cols);
    ON_BOTH(t, ock_augment(&a, 1, indices->on[side], x->on[side], y->on[side]));
    expect_same(t, "y", y);
}
