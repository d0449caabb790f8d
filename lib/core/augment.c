/* What stands in front of augmentation's four steps: drawing, warping, tones and erasing. */
#include <float.h>

#include "core/core.h"

static void check_pair(check *c, const char *name, const float pair[2], double low, double high)
{
    if (!(pair[0] >= low && pair[0] <= pair[1] && pair[1] <= high))
        check_fail(c, OCK_INVALID_ARGUMENT,
                   "%s is %g, %g and must be two numbers in %g..%g, the lower one first", name,
                   (double)pair[0], (double)pair[1], low, high);
}

static bool is_set(const float pair[2])
{
    return pair[0] != 0 || pair[1] != 0;
}

static void check_pictures(check *c, const ock_augmentation *a, size_t cols)
{
    uint64_t pixels = (uint64_t)a->height * a->width;
    check_true(c, pixels > 0 && a->channels > 0 && a->channels <= cols && pixels <= cols,
               "height, width and channels must be at least 1 and give x's columns");
    if (pixels * a->channels != cols)
        check_fail(c, OCK_SHAPE_MISMATCH, "pictures of %u x %u x %u do not fit %zu columns",
                   a->height, a->width, a->channels, cols);
}

static void check_maps(check *c, const ock_augmentation *a, double longer)
{
    check_range(c, "rotation_range", a->rotation_range, 0, 180);
    check_range(c, "width_shift_range", a->width_shift_range, 0, 1);
    check_range(c, "height_shift_range", a->height_shift_range, 0, 1);
    check_range(c, "shear_range", a->shear_range, 0, 90);
    if (is_set(a->zoom_range))
        check_pair(c, "zoom_range", a->zoom_range, 1e-3, 1e3);
    if ((int)a->fill_mode < OCK_FILL_NEAREST || a->fill_mode > OCK_FILL_WRAP)
        check_fail(c, OCK_INVALID_ARGUMENT,
                   "fill_mode is %d and must be OCK_FILL_NEAREST, _CONSTANT, _REFLECT or _WRAP",
                   (int)a->fill_mode);
    check_range(c, "cval", a->cval, -FLT_MAX, FLT_MAX);
    check_range(c, "elastic_alpha", a->elastic_alpha, 0, 1e6);
    if (a->elastic_alpha > 0 && a->elastic_sigma == 0)
        check_fail(c, OCK_INVALID_ARGUMENT,
                   "elastic_sigma is 0 and must be above 0 with an "
                   "elastic_alpha");
    check_range(c, "elastic_sigma", a->elastic_sigma, 0, longer);
}

static void check_tones(check *c, const ock_augmentation *a)
{
    check_range(c, "channel_shift_range", a->channel_shift_range, 0, FLT_MAX);
    check_range(c, "white", a->white, 0, FLT_MAX);
    if (!is_set(a->brightness_range))
        return;
    check_pair(c, "brightness_range", a->brightness_range, 0, FLT_MAX);
    if (a->channels != 1 && a->channels != 3 && a->channels != 4)
        check_fail(c, OCK_INVALID_ARGUMENT,
                   "brightness_range is for pictures of 1, 3 or 4 channels, not %u", a->channels);
}

static void check_erasing(check *c, const ock_augmentation *a, double longer)
{
    check_range(c, "erase_factor", a->erase_factor, 0, 1);
    if (a->erase_factor > 0) {
        check_pair(c, "erase_scale", a->erase_scale, 1e-6, 1);
        check_pair(c, "erase_ratio", a->erase_ratio, 1e-3, 1e3);
    }
    check_range(c, "cutout_size", a->cutout_size, 0, longer);
    check_range(c, "erase_value", a->erase_value, -FLT_MAX, FLT_MAX);
}

static void check_augmentation(check *c, const ock_augmentation *a, size_t cols)
{
    check_true(c, a, "augmentation is NULL");
    if (!a)
        return;
    double longer = a->height > a->width ? a->height : a->width;
    check_pictures(c, a, cols);
    check_maps(c, a, longer);
    check_tones(c, a);
    check_erasing(c, a, longer);
}

ock_status ock_augmentation_check(ock_context *context, const ock_augmentation *augmentation,
                                  size_t cols)
{
    check c = check_begin("ock_augmentation_check");
    c.context = context;
    check_augmentation(&c, augmentation, cols);
    return check_end(&c);
}

ock_status ock_augment_draw(const ock_augmentation *augmentation, uint32_t epoch,
                            const ock_tensor *indices, ock_tensor *transforms)
{
    check c = check_begin("ock_augment_draw");
    size_t rows = indices ? indices->rows : 0;
    check_indices(&c, indices, rows);
    check_shape(&c, "transforms", transforms, rows, OCK_TRANSFORM_SIZE);
    size_t cols = augmentation
                      ? (size_t)augmentation->height * augmentation->width * augmentation->channels
                      : 0;
    check_augmentation(&c, augmentation, cols);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, transform, augmentation, epoch, indices, transforms);
}

/* What comes after the warp. */
static ock_status retouch(const check *c, const ock_augmentation *a, const ock_tensor *transforms,
                          ock_tensor *y)
{
    ock_status status = OCK_OK;
    if (a->channel_shift_range > 0 || is_set(a->brightness_range))
        status = CALL(*c, tone, a, transforms, y);
    if (status == OCK_OK && (a->erase_factor > 0 || a->cutout_size > 0))
        status = CALL(*c, erase, a, transforms, y);
    return status;
}

static void check_batch(check *c, const ock_augmentation *augmentation, const ock_tensor *indices,
                        const ock_tensor *x, const ock_tensor *y)
{
    size_t rows = x ? x->rows : 0, cols = x ? x->cols : 0;
    check_tensor(c, "x", x, OCK_F32);
    check_shape(c, "y", y, rows, cols);
    check_indices(c, indices, rows);
    check_augmentation(c, augmentation, cols);
    check_apart(c, "y", y, "x", x);
}

ock_status ock_augment_apply(const ock_augmentation *augmentation, uint32_t epoch,
                             const ock_tensor *indices, const ock_tensor *transforms,
                             const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_augment_apply");
    check_batch(&c, augmentation, indices, x, y);
    check_shape(&c, "transforms", transforms, x ? x->rows : 0, OCK_TRANSFORM_SIZE);
    check_apart(&c, "y", y, "transforms", transforms);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_status status = CALL(c, warp, augmentation, epoch, indices, transforms, x, y);
    return status ? status : retouch(&c, augmentation, transforms, y);
}

ock_status ock_augment(const ock_augmentation *augmentation, uint32_t epoch,
                       const ock_tensor *indices, const ock_tensor *x, ock_tensor *y)
{
    check c = check_begin("ock_augment");
    check_batch(&c, augmentation, indices, x, y);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_tensor *transforms = NULL;
    ock_status status =
        ock_tensor_create(c.context, OCK_F32, x->rows, OCK_TRANSFORM_SIZE, &transforms);
    if (status == OCK_OK)
        status = CALL(c, transform, augmentation, epoch, indices, transforms);
    if (status == OCK_OK)
        status = CALL(c, warp, augmentation, epoch, indices, transforms, x, y);
    if (status == OCK_OK)
        status = retouch(&c, augmentation, transforms, y);
    ock_tensor_destroy(transforms);
    return status;
}

static void check_statistic(check *c, const char *name, const ock_tensor *statistic, size_t cols,
                            const ock_tensor *y)
{
    if (!statistic)
        return;
    check_shape(c, name, statistic, 1, cols);
    check_apart(c, "y", y, name, statistic);
}

ock_status ock_standardize_apply(const ock_standardize *options, const ock_tensor *x, ock_tensor *y)
{
    const ock_standardize none = {0};
    check c = check_begin("ock_standardize_apply");
    size_t rows = x ? x->rows : 0, cols = x ? x->cols : 0;
    check_true(&c, options, "options is NULL");
    if (!options)
        options = &none;
    check_tensor(&c, "x", x, OCK_F32);
    check_shape(&c, "y", y, rows, cols);
    check_in_place(&c, "y", y, "x", x);
    check_range(&c, "rescale", options->rescale, -FLT_MAX, FLT_MAX);
    check_statistic(&c, "mean", options->mean, cols, y);
    check_statistic(&c, "deviation", options->deviation, cols, y);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, standardize, options, x, y);
}
