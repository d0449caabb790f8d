/* What augmentation does by definition, and which values it refuses. */
#include <math.h>

#include "tensors.h"

static const ock_augmentation still = {
    .height = 5, .width = 8, .channels = 2, .fill_mode = OCK_FILL_CONSTANT, .cval = -1, .seed = 3};

/* One picture of sample 4, in epoch 6. */
static float *augmented(const ock_augmentation *augmentation, const float *picture)
{
    ock_context *context = open_scalar(1);
    size_t size = (size_t)augmentation->height * augmentation->width * augmentation->channels;
    ock_tensor *x = make(context, 1, size), *y = make(context, 1, size), *index = NULL;
    assert_ok(ock_tensor_create(context, OCK_I32, 1, 1, &index));
    assert_ok(ock_tensor_write(index, &(int32_t){4}));
    assert_ok(ock_tensor_write(x, picture));
    assert_ok(ock_augment(augmentation, 6, index, x, y));
    float *result = read_all(y);
    ock_tensor_destroy(index);
    ock_tensor_destroy(x);
    ock_tensor_destroy(y);
    ock_context_destroy(context);
    return result;
}

START_TEST(augmentation_without_ranges_copies)
{
    float picture[5 * 8 * 2];
    for (int i = 0; i < 80; i++)
        picture[i] = (float)(i * i);
    float *y = augmented(&still, picture);
    ck_assert_mem_eq(y, picture, sizeof picture);
    free(y);
}
END_TEST

START_TEST(width_shift_moves_along_the_width)
{
    ock_augmentation shifting = still;
    shifting.width_shift_range = 0.5f;
    uint32_t draw[4];
    ock_philox((uint32_t[]){4, 6, 0, OCK_PURPOSE_AUGMENT}, shifting.seed, draw);
    double shift = (2 * (double)(draw[2] >> 8) * 0x1p-24 - 1) * 0.5 * 8;
    float picture[5 * 8 * 2];
    for (int i = 0; i < 80; i++)
        picture[i] = (float)(100 * (i / 16) + i / 2 % 8); /* linear along the width */
    float *y = augmented(&shifting, picture);
    for (int i = 0; i < 80; i++) {
        double col = i / 2 % 8 + shift;
        double expected = col < 0 || col > 7 ? -1 : 100 * (i / 16) + col;
        ck_assert_double_eq_tol(y[i], expected, 1e-4);
    }
    free(y);
}
END_TEST

/* ---- Refusals ---- */

static void expect_refused(const ock_augmentation *a, const char *says)
{
    ock_context *context = open_scalar(1);
    assert_status(OCK_INVALID_ARGUMENT, ock_augmentation_check(context, a, 5));
    assert_contains(ock_context_message(context), says);
    ock_tensor *x = make(context, 2, 5), *y = make(context, 2, 5), *indices = NULL;
    assert_ok(ock_tensor_create(context, OCK_I32, 2, 1, &indices));
    assert_ok(ock_tensor_fill(y, 3));
    assert_status(OCK_INVALID_ARGUMENT, ock_augment(a, 0, indices, x, y));
    assert_contains(ock_context_message(context), says);
    float *untouched = read_all(y);
    for (int i = 0; i < 10; i++)
        ck_assert_float_eq(untouched[i], 3);
    free(untouched);
    ock_tensor_destroy(indices);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
}

/* The words of the refusal, and what is wrong; all else is right. */
#define AUGMENTATIONS(X)                                                                           \
    X("rotation_range is 181", .rotation_range = 181)                                              \
    X("width_shift_range is 1.5", .width_shift_range = 1.5f)                                       \
    X("width_shift_range is -0.5", .width_shift_range = -0.5f)                                     \
    X("height_shift_range is 1.5", .height_shift_range = 1.5f)                                     \
    X("height_shift_range is nan", .height_shift_range = NAN)                                      \
    X("shear_range is 91", .shear_range = 91)                                                      \
    X("zoom_range is 1, 0.5", .zoom_range = {1, 0.5f})                                             \
    X("zoom_range is 0, 1", .zoom_range = {0, 1})                                                  \
    X("zoom_range is 1, 1001", .zoom_range = {1, 1001})                                            \
    X("zoom_range is nan", .zoom_range = {NAN, 1})                                                 \
    X("channel_shift_range is -1", .channel_shift_range = -1)                                      \
    X("brightness_range is 2, 1", .brightness_range = {2, 1})                                      \
    X("brightness_range is -1, 1", .brightness_range = {-1, 1})                                    \
    X("brightness_range is 1, inf", .brightness_range = {1, INFINITY})                             \
    X("white is -1", .white = -1)                                                                  \
    X("fill_mode is 4", .fill_mode = (ock_fill_mode)4)                                             \
    X("fill_mode is -1", .fill_mode = (ock_fill_mode)-1)                                           \
    X("cval is", .cval = NAN)                                                                      \
    X("elastic_alpha is -1", .elastic_alpha = -1)                                                  \
    X("elastic_sigma is 0 and must be above 0", .elastic_alpha = 1)                                \
    X("elastic_sigma is -1", .elastic_alpha = 1, .elastic_sigma = -1)                              \
    X("elastic_sigma is 6", .elastic_alpha = 1, .elastic_sigma = 6)                                \
    X("erase_factor is 1.5", .erase_factor = 1.5f)                                                 \
    X("erase_scale is 0, 0", .erase_factor = 1)                                                    \
    X("erase_scale is 0.5, 0.25", .erase_factor = 1, .erase_scale = {0.5f, 0.25f})                 \
    X("erase_scale is 0.5, 2", .erase_factor = 1, .erase_scale = {0.5f, 2})                        \
    X("erase_ratio is 0, 0", .erase_factor = 1, .erase_scale = {0.5f, 1})                          \
    X("erase_ratio is 2, 1", .erase_factor = 1, .erase_scale = {0.5f, 1}, .erase_ratio = {2, 1})   \
    X("cutout_size is 6", .cutout_size = 6)                                                        \
    X("erase_value is inf", .erase_value = INFINITY)

START_TEST(values_out_of_range_are_refused)
{
#define REFUSE(says, ...)                                                                          \
    expect_refused(&(ock_augmentation){.height = 1, .width = 5, .channels = 1, __VA_ARGS__}, says);
    AUGMENTATIONS(REFUSE)
#undef REFUSE
    expect_refused(
        &(ock_augmentation){.height = 1, .width = 1, .channels = 5, .brightness_range = {1, 1}},
        "1, 3 or 4 channels, not 5");
}
END_TEST

TEST_MAIN("augmentation", NULL, NULL, augmentation_without_ranges_copies,
          width_shift_moves_along_the_width, values_out_of_range_are_refused)
