#include "augmentation.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum {
    MOST_VALUES = 3
};

typedef struct spec_values {
    size_t count;
    double value[MOST_VALUES];
} spec_values;

ock_augmentation augmentation_small(void)
{
    return (ock_augmentation){
        .channels = 1,
        .rotation_range = 10,
        .width_shift_range = 0.1f,
        .height_shift_range = 0.1f,
        .zoom_range = {0.9f, 1.1f},
        .fill_mode = OCK_FILL_CONSTANT,
        .white = 1,
    };
}

/* ---- Words ---- */

static bool read_flip(const char *text, ock_augmentation *a)
{
    bool both = strcmp(text, "both") == 0;
    a->horizontal_flip = both || strcmp(text, "horizontal") == 0;
    a->vertical_flip = both || strcmp(text, "vertical") == 0;
    return a->horizontal_flip || a->vertical_flip;
}

static bool read_fill(const char *text, ock_augmentation *a)
{
    static const char *const names[] = {"nearest", "constant", "reflect", "wrap"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            a->fill_mode = (ock_fill_mode)i;
            return true;
        }
    return false;
}

/* ---- Numbers ---- */

static bool set_shift(const spec_values *v, ock_augmentation *a)
{
    a->width_shift_range = a->height_shift_range = (float)v->value[0];
    return true;
}

static bool set_pair(float pair[2], double low, double high)
{
    pair[0] = (float)low;
    pair[1] = (float)high;
    return low <= high;
}

/* Keras's single number lies to either side of 1. */
static bool set_zoom(const spec_values *v, ock_augmentation *a)
{
    if (v->count == 1)
        return v->value[0] < 1 && set_pair(a->zoom_range, 1 - v->value[0], 1 + v->value[0]);
    return v->value[0] > 0 && set_pair(a->zoom_range, v->value[0], v->value[1]);
}

static bool set_brightness(const spec_values *v, ock_augmentation *a)
{
    return set_pair(a->brightness_range, v->value[0], v->value[1]);
}

static bool set_elastic(const spec_values *v, ock_augmentation *a)
{
    a->elastic_alpha = (float)v->value[0];
    a->elastic_sigma = (float)v->value[1];
    return v->value[1] > 0 || v->value[0] == 0;
}

/* Zhong et al.'s shapes, and their areas where none are given. */
static bool set_erasing(const spec_values *v, ock_augmentation *a)
{
    bool given = v->count == 3;
    a->erase_factor = (float)v->value[0];
    set_pair(a->erase_ratio, 0.3, 1 / 0.3);
    return v->count != 2 && v->value[0] <= 1 &&
           set_pair(a->erase_scale, given ? v->value[1] : 0.02, given ? v->value[2] : 0.4) &&
           a->erase_scale[0] > 0 && a->erase_scale[1] <= 1;
}

static bool set_cutout(const spec_values *v, ock_augmentation *a)
{
    a->cutout_size = (uint32_t)v->value[0];
    return a->cutout_size == v->value[0];
}

/* ---- A specification ---- */

#define FIELD(member) offsetof(ock_augmentation, member), NULL, NULL

static const struct item {
    const char *name;
    size_t least, most; /* numbers */
    double low, high;   /* of each */
    size_t field;       /* of a single float, unless one of these sets it */
    bool (*set)(const spec_values *values, ock_augmentation *augmentation);
    bool (*read)(const char *text, ock_augmentation *augmentation);
} items[] = {
    {"rotation", 1, 1, 0, 180, FIELD(rotation_range)},
    {"shift", 1, 1, 0, 1, 0, set_shift, NULL},
    {"width-shift", 1, 1, 0, 1, FIELD(width_shift_range)},
    {"height-shift", 1, 1, 0, 1, FIELD(height_shift_range)},
    {"shear", 1, 1, 0, 90, FIELD(shear_range)},
    {"zoom", 1, 2, 0.001, 1000, 0, set_zoom, NULL},
    {"flip", 0, 0, 0, 0, 0, NULL, read_flip},
    {"channel-shift", 1, 1, 0, 1, FIELD(channel_shift_range)},
    {"brightness", 2, 2, 0, 1000, 0, set_brightness, NULL},
    {"fill", 0, 0, 0, 0, 0, NULL, read_fill},
    {"cval", 1, 1, -FLT_MAX, FLT_MAX, FIELD(cval)},
    {"elastic", 2, 2, 0, 1e6, 0, set_elastic, NULL},
    {"erase", 1, 3, 0, 1, 0, set_erasing, NULL},
    {"cutout", 1, 1, 0, INT32_MAX, 0, set_cutout, NULL},
    {"value", 1, 1, -FLT_MAX, FLT_MAX, FIELD(erase_value)},
};

static bool read_values(const struct item *item, char *text, spec_values *values)
{
    values->count = 0;
    for (char *next; text; text = next) {
        next = strchr(text, ':');
        if (next)
            *next++ = '\0';
        if (values->count == item->most ||
            !cli_read_real(text, item->low, item->high, &values->value[values->count++]))
            return false;
    }
    return values->count >= item->least;
}

static bool read_item(char *text, void *augmentation)
{
    ock_augmentation *a = augmentation;
    char *value = strchr(text, '=');
    if (!value)
        return false;
    *value++ = '\0';
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const struct item *item = &items[i];
        spec_values values;
        if (strcmp(text, item->name) != 0)
            continue;
        if (item->read)
            return item->read(value, a);
        if (!read_values(item, value, &values))
            return false;
        if (item->set)
            return item->set(&values, a);
        *(float *)((char *)a + item->field) = (float)values.value[0];
        return true;
    }
    return false;
}

bool augmentation_read(const char *text, ock_augmentation *augmentation)
{
    *augmentation = augmentation_small();
    if (strcmp(text, "small") == 0)
        return true;
    *augmentation = (ock_augmentation){.channels = 1, .fill_mode = OCK_FILL_CONSTANT, .white = 1};
    return cli_read_list(text, read_item, augmentation);
}
