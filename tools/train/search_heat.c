/* The scores over two axes, as a heat map. */
#include <inttypes.h>
#include <math.h>

#include "plot.h"
#include "search.h"

enum { /* in pixels */
    WIDTH = 800,
    LEFT = 110,
    RIGHT = 110,
    ABOVE = 60,
    BELOW = 90,
    WIDEST = 130,
    TEXT_WIDTH = 64, /* that a figure takes */
};

/* The newest trial of a point, in its latest rung; NULL: none. */
static const ock_trial *latest(const ock_search_results *results, size_t point)
{
    const ock_trial *found = NULL;
    for (size_t i = 0; i < results->count; i++) {
        const ock_trial *trial = &results->trials[i];
        if (trial->point == point && (!found || trial->rung > found->rung))
            found = trial;
    }
    return found;
}

static void print_tics(FILE *script, const char *which, const ock_search_axis *axis,
                       const char *more)
{
    fprintf(script, "set %slabel \"%s\"\nset %stics %s (", which, axis->name, which, more);
    for (size_t i = 0; i < axis->count; i++) {
        char number[NUMBER_SIZE];
        search_number(axis->values[i], number);
        fprintf(script, "%s\"%s\" %zu", i ? ", " : "", number, i);
    }
    fputs(") scale 0\n", script);
}

/* The better is the brighter. */
static bool maximizes(const char *score)
{
    ock_stopper probe;
    return ock_stopper_init(&probe, &(ock_early_stopping){.monitor = score}) == OCK_OK &&
           probe.maximize;
}

/* The means that have colours. */
struct range {
    double low, high;
    bool maximize;
    size_t best; /* its point; SIZE_MAX: none has a mean */
};

static struct range range_of(const struct search_report *report)
{
    struct range range = {INFINITY, -INFINITY, maximizes(report->options->score), SIZE_MAX};
    for (size_t point = 0; point < ock_search_points(report->options); point++) {
        const ock_trial *trial = latest(report->results, point);
        if (!trial || !isfinite(trial->mean))
            continue;
        if (range.maximize ? trial->mean > range.high : trial->mean < range.low)
            range.best = point;
        range.low = fmin(range.low, trial->mean);
        range.high = fmax(range.high, trial->mean);
    }
    return range;
}

/* Cells as wide as there is room for, and no wider than looks well. */
struct sheet {
    const struct search_report *report;
    struct range range;
    int cell_width, cell_height, width, height;
};

static struct sheet sheet_of(const struct search_report *report)
{
    int rows = (int)report->options->axes[0].count, columns = (int)report->options->axes[1].count;
    struct sheet sheet = {.report = report, .range = range_of(report)};
    sheet.cell_width = (WIDTH - LEFT - RIGHT) / columns;
    sheet.cell_width = sheet.cell_width > WIDEST ? WIDEST
                       : sheet.cell_width < 16   ? 16
                                                 : sheet.cell_width;
    sheet.cell_height = sheet.cell_width < TEXT_WIDTH ? 26 : 52;
    sheet.width = LEFT + RIGHT + columns * sheet.cell_width;
    sheet.width = sheet.width < 420 ? 420 : sheet.width;
    sheet.height = ABOVE + BELOW + rows * sheet.cell_height;
    return sheet;
}

/* Of the text: white on the dark half of the colours. */
static unsigned shade(struct range range, double mean)
{
    double width = range.high - range.low, share = width > 0 ? (mean - range.low) / width : 0.5;
    return (range.maximize ? share : 1 - share) < 0.55 ? 0xffffff : 0;
}

static bool has_text(const struct sheet *sheet)
{
    return sheet->cell_width >= TEXT_WIDTH;
}

/* Column, row, mean, the text's colour, and what stands in the cell. */
static void print_cell(FILE *script, const struct sheet *sheet, size_t point)
{
    const ock_trial *trial = latest(sheet->report->results, point);
    size_t columns = sheet->report->options->axes[1].count;
    fprintf(script, "%zu %zu ", point % columns, point / columns);
    if (!trial || !isfinite(trial->mean))
        fprintf(script, "NaN 0 \"%s\"\n",
                !has_text(sheet) ? ""
                : trial          ? search_verdict(trial)
                                 : "not done");
    else if (!has_text(sheet))
        fprintf(script, "%.9g 0 \"\"\n", trial->mean);
    else if (trial->runs > 1)
        fprintf(script, "%.9g %u \"%.4f\\n± %.4f\"\n", trial->mean,
                shade(sheet->range, trial->mean), trial->mean, trial->deviation);
    else
        fprintf(script, "%.9g %u \"%.4f\"\n", trial->mean, shade(sheet->range, trial->mean),
                trial->mean);
}

static void print_colours(FILE *script, const struct sheet *sheet)
{
    const struct range *range = &sheet->range;
    bool wide = range->low < range->high;
    double middle = isfinite(range->low) ? range->low : 0;
    fprintf(script,
            "set cbrange [%.9g:%.9g]\nset format cb \"%%g\"\n%s\n"
            "set palette %s defined (0 \"#440154\", 1 \"#414487\", 2 \"#2a788e\", 3 \"#22a884\", "
            "4 \"#7ad151\", 5 \"#fde725\")\n",
            wide ? range->low : middle - 0.5, wide ? range->high : middle + 0.5,
            wide ? "" : "unset colorbox", range->maximize ? "positive" : "negative");
}

static void print_best(FILE *script, const struct sheet *sheet)
{
    size_t columns = sheet->report->options->axes[1].count;
    double x = (double)(sheet->range.best % columns), y = (double)(sheet->range.best / columns);
    fprintf(script,
            "set object 2 rectangle from %g,%g to %g,%g front fillstyle empty "
            "border lc rgb \"black\" lw 3\n",
            x - 0.48, y - 0.46, x + 0.48, y + 0.46);
}

/* "val_accuracy, mean ± deviation of 3 runs; framed: the best" */
static void print_title(FILE *script, const struct sheet *sheet)
{
    const ock_search_options *options = sheet->report->options;
    uint32_t runs = options->seeds * (options->folds ? options->folds : 1);
    fprintf(script, "set title \"%s", options->score);
    if (runs > 1)
        fprintf(script, ", mean ± deviation of %" PRIu32 " runs", runs);
    fputs(sheet->range.best == SIZE_MAX ? "\"\n" : "; framed: the best\"\n", script);
}

/* Cells without a score show the grey behind them. */
static void print_script(FILE *script, const void *user)
{
    const struct sheet *sheet = user;
    const ock_search_options *options = sheet->report->options;
    const ock_search_axis *rows = &options->axes[0], *columns = &options->axes[1];
    double width = sheet->width, height = sheet->height;
    print_title(script, sheet);
    print_tics(script, "y", rows, "");
    print_tics(script, "x", columns, has_text(sheet) ? "" : "rotate by 45 right");
    fprintf(script,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
            "set xrange [-0.5:%zu-0.5]\nset yrange [-0.5:%zu-0.5]\n"
            "unset key\nset border 0\nset object 1 rectangle from graph 0,0 to graph 1,1 behind "
            "fillcolor rgb \"#dddddd\" fillstyle solid noborder\n",
            LEFT / width, 1 - RIGHT / width, 1 - ABOVE / height, BELOW / height, columns->count,
            rows->count);
    print_colours(script, sheet);
    if (sheet->range.best != SIZE_MAX)
        print_best(script, sheet);
    fputs("$cells << END\n", script);
    for (size_t point = 0; point < ock_search_points(options); point++)
        print_cell(script, sheet, point);
    fprintf(script,
            "END\n"
            "plot $cells using ($3 == $3 ? $1 : NaN):2:(0.49):(0.48):3 with boxxyerror "
            "fillstyle solid noborder linecolor palette, "
            "$cells using 1:2:5:4 with labels textcolor rgb variable offset 0, %s\n",
            options->seeds > 1 || options->folds ? "0.4" : "0");
}

bool search_heat(const struct search_report *report)
{
    const char *path = report->session->options->plot;
    if (!path)
        return true;
    const struct sheet sheet = sheet_of(report); /* of the two axes that --plot needs */
    const struct plot plot = {"ockham-train", path,         sheet.width,
                              sheet.height,   print_script, &sheet};
    return plot_draw(&plot);
}
