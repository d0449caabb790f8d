#include "vectors/pictures.h"

/* A source coordinate takes some twelve roundings of terms that add up to 5/2 (height + width) at
 * most, with zooms below 2; its error counts as often as neighbours may differ, along both axes.
 * A smoothed displacement is at most 1 before alpha; each weight's exponent, of at most 12.5, has
 * four roundings, and products, sums and the division as many as a Gaussian has neighbours. */
static double pixel_bound(const golden_picture *c, size_t size)
{
    const ock_augmentation *o = &c->options;
    double least = c->x[0], most = c->x[0], places = 2.5 * (o->height + o->width);
    for (size_t i = 1; i < size; i++) {
        least = fmin(least, c->x[i]);
        most = fmax(most, c->x[i]);
    }
    double neighbours = 8 * (double)o->elastic_sigma + 2 + fmax(o->height, o->width);
    places += fabs(c->transform[OCK_HEIGHT_SHIFT]) + fabs(c->transform[OCK_WIDTH_SHIFT]);
    double place = 12 * places + 2 * (double)o->elastic_alpha * (12.5 * 4 + 2 * neighbours + 4);
    return UNIT * (2 * place * (most - least) + 8 * fmax(fabs(least), fabs(most)));
}

static void check_picture(ock_context *context, const golden_picture *c)
{
    float y[128];
    size_t size = (size_t)c->options.height * c->options.width * c->options.channels;
    ck_assert_uint_le(size, 128);
    ock_tensor *from = make_floats(context, 1, size, c->x);
    ock_tensor *to = make_floats(context, 1, size, NULL);
    ock_tensor *index = make_ints(context, 1, (int32_t[]){ELASTIC_INDEX});
    ock_tensor *transforms = make_floats(context, 1, OCK_TRANSFORM_SIZE, c->transform);
    expect_ok(context, ock_augment_apply(&c->options, ELASTIC_EPOCH, index, transforms, from, to));
    read_floats(to, y);
    for (size_t i = 0; i < size; i++)
        expect_near(c->name, i, y[i], c->y[i], pixel_bound(c, size));
    ock_tensor_destroy(transforms);
    ock_tensor_destroy(index);
    ock_tensor_destroy(to);
    ock_tensor_destroy(from);
}

START_TEST(transformed)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(pictures); i++)
        check_picture(context, &pictures[i]);
    ock_context_destroy(context);
}
END_TEST

/* Four roundings, of numbers as large as twice the range. */
START_TEST(drawn)
{
    static const double ranges[OCK_TRANSFORM_SIZE] = {15, 7, 2.5, 20, 1.5, 1.5, 0, 0, 32, 1.25};
    ock_context *context = golden_open(_i);
    if (!context)
        return;
    float y[LENGTH(draw_transforms)];
    ock_tensor *indices = make_ints(context, DRAW_SAMPLES, draw_indices);
    ock_tensor *transforms = make_floats(context, DRAW_SAMPLES, OCK_TRANSFORM_SIZE, NULL);
    expect_ok(context, ock_augment_draw(&draw_options, DRAW_EPOCH, indices, transforms));
    read_floats(transforms, y);
    for (size_t i = 0; i < LENGTH(draw_transforms); i++)
        expect_near("transform", i, y[i], draw_transforms[i],
                    4 * UNIT * 2 * ranges[i % OCK_TRANSFORM_SIZE]);
    ock_tensor_destroy(transforms);
    ock_tensor_destroy(indices);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_augmentation(void)
{
    TCase *topic = tcase_create("augmentation");
    tcase_add_loop_test(topic, drawn, 0, GOLDEN_DEVICES);
    tcase_add_loop_test(topic, transformed, 0, GOLDEN_DEVICES);
    return topic;
}
