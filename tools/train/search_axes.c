/* The axes of a search: what its flags say, and what a value sets. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "nearest.h"
#include "search.h"
#include "settings.h"

void search_number(double value, char text[NUMBER_SIZE])
{
    if (fabs(value) < 1e15 &&
        value == trunc(value)) { /* 1e+06 would be no whole number to others */
        snprintf(text, NUMBER_SIZE, "%.0f", value);
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

/* ---- What a value sets ---- */

/* As settings_set(): NULL, or what would be right. */
typedef const char *(*axis_setter)(struct recipe *recipe, uint64_t value);

static const char *set_width(struct recipe *recipe, uint64_t value)
{
    for (size_t i = 0; i < recipe->layers; i++)
        recipe->hidden[i] = (uint32_t)value;
    return value > 0 ? NULL : "a whole number from 1 to 2147483647";
}

static const char *set_layers(struct recipe *recipe, uint64_t value)
{
    if (value < 1 || value > RECIPE_LAYERS)
        return "a whole number from 1 to 64";
    for (size_t i = recipe->layers; i < value; i++)
        recipe->hidden[i] = recipe->hidden[recipe->layers - 1];
    recipe->layers = value;
    return NULL;
}

static const char *set_patience(struct recipe *recipe, uint64_t value)
{
    recipe->fit.early_stopping.patience = (int)value;
    return recipe->fit.early_stopping.monitor ? NULL : "there with an --early-stop";
}

/* What no flag of fit's sets by one number. */
static const struct {
    const char *name;
    axis_setter set;
} setters[] = {{"width", set_width}, {"layers", set_layers}, {"patience", set_patience}};

static const char *set(struct options *point, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++) {
        uint64_t value;
        if (strcmp(setters[i].name, name) != 0)
            continue;
        return cli_read_whole(text, 0, INT32_MAX, &value) ? setters[i].set(&point->recipe, value)
                                                          : "a whole number from 0 to 2147483647";
    }
    return settings_set(point, name, text);
}

bool search_axes_apply(const struct search_axes *axes, const double *values, struct options *point,
                       char *message, size_t size)
{
    for (size_t a = 0; a < axes->count; a++) {
        char number[NUMBER_SIZE];
        search_number(values[a], number);
        const char *right = set(point, axes->names[a], number);
        if (right) {
            snprintf(message, size, "%s %s: must be %s", axes->names[a], number, right);
            return false;
        }
    }
    const char *problem = recipe_problem(&point->recipe);
    if (problem)
        snprintf(message, size, "%s", problem);
    return !problem;
}

/* ---- Reading ---- */

static ock_axis_kind kind_of(const char *flag)
{
    return strcmp(flag, "uniform") == 0       ? OCK_AXIS_UNIFORM
           : strcmp(flag, "log-uniform") == 0 ? OCK_AXIS_LOG_UNIFORM
                                              : OCK_AXIS_VALUES;
}

static size_t count_parts(const char *text, char separator)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == separator;
    return count;
}

/* Cuts `text` at the separators. */
static bool read_values(char *text, char separator, double *values)
{
    for (char *end; text; text = end ? end + 1 : NULL) {
        end = strchr(text, separator);
        if (end)
            *end = '\0';
        if (!cli_read_real(text, -DBL_MAX, DBL_MAX, values++))
            return false;
    }
    return true;
}

static bool read_axis_flag(const struct axis_flag *flag, char **name, double **values,
                           ock_search_axis *axis)
{
    axis->kind = kind_of(flag->flag);
    char separator = axis->kind == OCK_AXIS_VALUES ? ',' : ':';
    *name = strdup(flag->text);
    char *text = *name ? strchr(*name, '=') : NULL;
    if (!text)
        return false;
    *text++ = '\0';
    axis->name = *name;
    axis->count = count_parts(text, separator);
    axis->values = *values = malloc(axis->count * sizeof **values);
    if (!*values || !read_values(text, separator, *values))
        return false;
    if (axis->kind == OCK_AXIS_VALUES)
        return true;
    axis->low = axis->values[0];
    axis->high = axis->values[axis->count - 1];
    return axis->count == 2;
}

/* Whether there is a setting of that name; says what is near it where there is none. */
static bool is_known(const struct axis_flag *flag, const char *name)
{
    struct nearest nearest = {.word = name};
    for (size_t i = 0; i < sizeof setters / sizeof *setters; i++)
        nearest_offer(&nearest, setters[i].name);
    for (size_t i = 0; i < setting_count; i++)
        if (settings[i].name && settings[i].commands & SEARCH)
            nearest_offer(&nearest, settings[i].name);
    if (nearest.name && nearest.distance > 0)
        fprintf(stderr, "ockham-train search: --%s %s: no such setting; did you mean %s?\n",
                flag->flag, flag->text, nearest.name);
    return !nearest.name || nearest.distance == 0; /* settings_set() says what there is */
}

/* Numbers of the axis that show whether its setting takes all of them: where it has bounds, one
 * between, which is no whole number. */
static bool takes(const struct options *options, const ock_search_axis *axis)
{
    const double golden = 0.381966;
    bool bounds = axis->kind != OCK_AXIS_VALUES;
    for (size_t i = 0; i < axis->count + bounds; i++) {
        struct options point = *options;
        char number[NUMBER_SIZE];
        double between = axis->low + golden * (axis->high - axis->low);
        search_number(i < axis->count ? axis->values[i] : between, number);
        const char *right = set(&point, axis->name, number);
        if (!right)
            continue;
        if (i == axis->count)
            fprintf(stderr,
                    "ockham-train search: %s takes whole numbers; list them with --choice\n",
                    axis->name);
        else
            fprintf(stderr, "ockham-train search: %s %s: must be %s\n", axis->name, number, right);
        return false;
    }
    return true;
}

bool search_axes_read(const struct options *options, struct search_axes *axes)
{
    const struct search_flags *flags = &options->search;
    *axes = (struct search_axes){.count = flags->axis_count};
    if (axes->count == 0) {
        fputs("ockham-train search: there are no axes: a search needs at least one, as --grid "
              "l2=0,1e-4 or --random 9 --log-uniform l2=1e-6:1e-2\n",
              stderr);
        return false;
    }
    for (size_t a = 0; a < axes->count; a++) {
        const struct axis_flag *flag = &flags->axes[a];
        if (!read_axis_flag(flag, &axes->names[a], &axes->values[a], &axes->axes[a])) {
            fprintf(stderr, "ockham-train search: --%s %s: must be NAME=%s, of numbers\n",
                    flag->flag, flag->text,
                    kind_of(flag->flag) == OCK_AXIS_VALUES ? "A,B,..." : "A:B");
            return false;
        }
        if (!is_known(flag, axes->names[a]) || !takes(options, &axes->axes[a]))
            return false;
    }
    return true;
}

void search_axes_free(struct search_axes *axes)
{
    for (size_t a = 0; a < axes->count; a++) {
        free(axes->values[a]);
        free(axes->names[a]);
    }
}
