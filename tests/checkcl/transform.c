#include "checkcl.h"

static void any_pair(checkcl *t, float range[2], float low, float high)
{
    range[0] = *uniform(t, 1, low, high);
    range[1] = *uniform(t, 1, range[0], high);
}

/* Every device draws the same bits. */
void check_transform(checkcl *t)
{
    bool erase = choose(t, 2);
    size_t rows = any_size(t);
    ock_augmentation a = {
        .height = 1 + choose(t, 33),
        .width = 1 + choose(t, 33),
        .channels = 1,
        .rotation_range = *uniform(t, 1, 0, 180),
        .height_shift_range = *uniform(t, 1, 0, 1),
        .width_shift_range = *uniform(t, 1, 0, 1),
        .shear_range = *uniform(t, 1, 0, 90),
        .horizontal_flip = choose(t, 2),
        .vertical_flip = choose(t, 2),
        .channel_shift_range = *uniform(t, 1, 0, 255),
        .erase_factor = erase ? 0.75f : 0,
        .seed = (uint64_t)choose(t, UINT32_MAX) << 32 | choose(t, UINT32_MAX),
    };
    if (choose(t, 4) != 0)
        any_pair(t, a.zoom_range, 0.1f, 3);
    any_pair(t, a.brightness_range, 0.1f, 3);
    any_pair(t, a.erase_scale, 0.001f, 1);
    any_pair(t, a.erase_ratio, 0.1f, 10);
    describe(t, "%zu pictures of %u x %u%s", rows, a.height, a.width, erase ? ", erased" : "");
    pair *indices = input_i32(t, rows, 1, integers(t, rows, 0, INT32_MAX));
    pair *y = output(t, rows, OCK_TRANSFORM_SIZE);
    uint32_t epoch = choose(t, 100);
    ON_BOTH(t, ock_augment_draw(&a, epoch, indices->on[side], y->on[side]));
    expect_same(t, "transforms", y);
}
