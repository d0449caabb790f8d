#include "checkcl.h"

/* Unmoved pictures, of bytes, of numbers in 0..1, or of any, which brightness stretches. */
void check_tone(checkcl *t)
{
    static const float highest[] = {255, 1, 300};
    unsigned kind = choose(t, 3);
    bool white = choose(t, 2);
    const unsigned channels[] = {1, 3, 4};
    size_t rows = 1 + choose(t, 5);
    ock_augmentation a = {.height = 1 + choose(t, 20),
                          .width = 1 + choose(t, 20),
                          .channels = channels[choose(t, 3)],
                          .white = white ? highest[kind] : 0};
    if (choose(t, 2))
        a.channel_shift_range = highest[kind];
    if (a.channel_shift_range == 0 || choose(t, 2))
        a.brightness_range[0] = a.brightness_range[1] = *uniform(t, 1, 0.1f, 2);
    size_t cols = (size_t)a.height * a.width * a.channels;
    describe(t, "%zu pictures of %u x %u x %u up to %g, shift %g, brightness %g%s", rows, a.height,
             a.width, a.channels, (double)highest[kind], (double)a.channel_shift_range,
             (double)a.brightness_range[1], white ? ", white" : "");
    pair *indices = input_i32(t, rows, 1, integers(t, rows, 0, INT32_MAX));
    pair *x = input(t, rows, cols, uniform(t, rows * cols, kind == 2 ? -300 : 0, highest[kind]));
    pair *y = output(t, rows, cols);
    ON_BOTH(t, ock_augment(&a, 1, indices->on[side], x->on[side], y->on[side]));
    if (kind != 2 || white || a.brightness_range[1] == 0) {
        expect_same(t, "y", y);
        return;
    }
    /* Quotients may differ, and a value be cut to the next of 255 levels on one side only; the
     * factor makes that up to two levels and one more. */
    double *bound = scratch(t, rows * cols);
    for (size_t i = 0; i < rows * cols; i++)
        bound[i] = 3.001 * 600 / 255;
    expect_within(t, "y", y, bound);
}
