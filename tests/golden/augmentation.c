#include "vectors/pictures.h"

#include <string.h>

/* A source coordinate takes some eight roundings of terms no larger than the picture; its error
 * counts as often as neighbours may differ, by 1, along both axes. */
static double pixel_bound(const ock_augmentation *options)
{
    return UNIT * (2 * 8 * fmax(options->height, options->width) + 8);
}

static void check_augment(ock_context *context, const golden_augment *c)
{
    float x[AUGMENT_PICTURES * 128], y[AUGMENT_PICTURES * 128];
    size_t size = (size_t)c->options.height * c->options.width * c->options.channels;
    ck_assert_uint_le(size, 128);
    for (size_t i = 0; i < AUGMENT_PICTURES; i++)
        memcpy(x + i * size, c->x, size * sizeof *x);
    ock_tensor *from = make_floats(context, AUGMENT_PICTURES, size, x);
    ock_tensor *to = make_floats(context, AUGMENT_PICTURES, size, NULL);
    ock_tensor *indices = make_ints(context, AUGMENT_PICTURES, c->indices);
    expect_ok(context, ock_augment(&c->options, c->epoch, indices, from, to));
    read_floats(to, y);
    for (size_t i = 0; i < AUGMENT_PICTURES * size; i++)
        expect_near("picture", i, y[i], c->y[i], pixel_bound(&c->options));
    ock_tensor_destroy(indices);
    ock_tensor_destroy(to);
    ock_tensor_destroy(from);
}

START_TEST(pictures)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(augment_cases); i++)
        check_augment(context, &augment_cases[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_augmentation(void)
{
    TCase *topic = tcase_create("augmentation");
    tcase_add_loop_test(topic, pictures, 0, GOLDEN_DEVICES);
    return topic;
}
