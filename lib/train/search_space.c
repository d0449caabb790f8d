/* What a search goes through: its points and rungs, and the checks of its options. */
#include <math.h>
#include <string.h>

#include "monitor.h"
#include "search.h"

ock_search_options ock_search_defaults(void)
{
    return (ock_search_options){
        .seeds = 1, .validation_split = 0.3f, .score = "val_accuracy", .epochs = 1};
}

/* ---- Axes ---- */

static ock_status check_values(ock_context *context, const ock_search_axis *axis)
{
    if (!axis->values || !axis->count)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis %s has no values; a list needs at least one", axis->name);
    for (size_t i = 0; i < axis->count; i++)
        if (!isfinite(axis->values[i]))
            return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                      "axis %s: value %zu is %g, which is no finite number",
                                      axis->name, i, axis->values[i]);
    return OCK_OK;
}

static ock_status check_bounds(ock_context *context, const ock_search_axis *axis, bool grid)
{
    double low = axis->low, high = axis->high;
    if (axis->kind != OCK_AXIS_UNIFORM && axis->kind != OCK_AXIS_LOG_UNIFORM)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis %s: kind is not one of ock_axis_kind", axis->name);
    if (grid)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis %s has bounds, but a grid takes values; give a number of "
                                  "random points",
                                  axis->name);
    if (axis->kind == OCK_AXIS_LOG_UNIFORM && !(low > 0))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis %s: low is %g, and must be above 0 for log-uniform",
                                  axis->name, low);
    if (!(low < high) || !isfinite(high - low))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis %s: low must be less than high, both finite, not %g and %g",
                                  axis->name, low, high);
    return OCK_OK;
}

static ock_status check_axis(ock_context *context, const ock_search_options *options, size_t a)
{
    const ock_search_axis *axis = &options->axes[a];
    if (!axis->name || !*axis->name)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "axis %zu has no name", a);
    for (size_t b = 0; b < a; b++)
        if (!strcmp(options->axes[b].name, axis->name))
            return ock_context_report(context, OCK_INVALID_ARGUMENT, "axis %s is there twice",
                                      axis->name);
    return axis->kind == OCK_AXIS_VALUES ? check_values(context, axis)
                                         : check_bounds(context, axis, !options->points);
}

static ock_status check_axes(ock_context *context, const ock_search_options *options)
{
    ock_status status = OCK_OK;
    size_t points = 1;
    if (!options->axes || !options->axis_count)
        return ock_context_report(
            context, OCK_INVALID_ARGUMENT,
            "there are no axes: a search needs at least one, a setting and its values");
    if (options->axis_count > UINT32_MAX)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "axis_count is %zu and must be 1..4294967295",
                                  options->axis_count);
    for (size_t a = 0; a < options->axis_count && !status; a++) {
        status = check_axis(context, options, a);
        if (!status && !options->points) {
            if (options->axes[a].count > INT32_MAX / points)
                return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                          "axis %s: the grid has more than 2147483647 points",
                                          options->axes[a].name);
            points *= options->axes[a].count;
        }
    }
    return status;
}

/* ---- Options ---- */

static const char *number_problem(const ock_search_options *options)
{
    if (options->points > INT32_MAX)
        return "points must be 0..2147483647";
    if (options->seeds < 1 || options->seeds > UINT16_MAX)
        return "seeds must be 1..65535";
    if (options->epochs < 1 || options->epochs > INT32_MAX)
        return "epochs must be 1..2147483647";
    if (options->halving == 1)
        return "halving must be 0 or at least 2: the best 1/halving of the points go on";
    if (!(options->validation_split >= 0 && options->validation_split < 1))
        return "validation_split must be at least 0 and less than 1";
    if (!options->make)
        return "make is NULL";
    return NULL;
}

static ock_status check_validation(ock_context *context, const ock_search_options *options,
                                   size_t rows, bool has_valid)
{
    bool splits = options->validation_split > 0;
    if (options->folds == 1 || options->folds > rows)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "folds is %u, and must be 0 or 2..%zu, the rows",
                                  (unsigned)options->folds, rows);
    if ((options->folds > 0) + splits + has_valid > 1)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "folds, validation_split and a validation set: one of them at "
                                  "most");
    if (monitor_find(options->score)->validation && !options->folds && !splits && !has_valid)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "score is %s, but there are neither folds nor a validation_split "
                                  "nor a validation set",
                                  options->score);
    return OCK_OK;
}

ock_status ock_search_check(ock_context *context, const ock_search_options *options, size_t rows,
                            bool has_valid)
{
    if (!options)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "options is NULL");
    const char *problem = number_problem(options);
    if (problem)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s", problem);
    problem = monitor_problem(options->score, 0, options->mode);
    if (problem)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "score: %s", problem);
    ock_status status = check_axes(context, options);
    return status ? status : check_validation(context, options, rows, has_valid);
}

/* ---- Points ---- */

size_t ock_search_points(const ock_search_options *options)
{
    size_t points = 1;
    for (size_t a = 0; a < options->axis_count && !options->points; a++)
        points *= options->axes[a].count;
    return options->points ? options->points : points;
}

static double draw_value(const ock_search_axis *axis, uint64_t draw)
{
    double u = (double)(draw >> 11) * 0x1p-53;
    switch (axis->kind) {
    case OCK_AXIS_UNIFORM:
        return axis->low + (axis->high - axis->low) * u;
    case OCK_AXIS_LOG_UNIFORM:
        return fmin(fmax(axis->low * pow(axis->high / axis->low, u), axis->low), axis->high);
    case OCK_AXIS_VALUES:
        break;
    }
    return axis->values[draw % axis->count];
}

uint64_t search_draw(const ock_search_options *options, uint32_t element, uint32_t step,
                     uint32_t layer)
{
    uint32_t draw[4];
    ock_philox((uint32_t[]){element, step, layer, OCK_PURPOSE_SEARCH}, options->seed, draw);
    return (uint64_t)draw[0] << 32 | draw[1];
}

void ock_search_point(const ock_search_options *options, size_t point, double *values)
{
    size_t rest = point;
    for (size_t a = options->axis_count; a-- > 0;) {
        const ock_search_axis *axis = &options->axes[a];
        if (options->points) {
            values[a] = draw_value(axis, search_draw(options, (uint32_t)a, (uint32_t)point, 0));
        } else {
            values[a] = axis->values[rest % axis->count];
            rest /= axis->count;
        }
    }
}

/* ---- Rungs ---- */

uint32_t ock_search_rungs(const ock_search_options *options)
{
    size_t points = ock_search_points(options);
    uint32_t rungs = 1, epochs = options->epochs;
    while (options->halving && (points /= options->halving) && (epochs /= options->halving))
        rungs++;
    return rungs;
}

void ock_search_rung(const ock_search_options *options, uint32_t rung, size_t *points,
                     uint32_t *epochs)
{
    *points = ock_search_points(options);
    *epochs = options->epochs;
    for (uint32_t k = 0; k < rung; k++)
        *points /= options->halving;
    for (uint32_t k = rung + 1; k < ock_search_rungs(options); k++)
        *epochs /= options->halving;
}
