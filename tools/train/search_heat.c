/* The scores over two axes, as a heat map. */
#include <math.h>

#include "plot.h"
#include "search.h"

static const int CELL = 92;

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

static void print_tics(FILE *script, const char *which, const ock_search_axis *axis)
{
    fprintf(script, "set %slabel \"%s\"\nset %stics (", which, axis->name, which);
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

/* The means that have colours; never of no width. */
struct range {
    double low, high;
    bool maximize;
};

static struct range range_of(const struct search_report *report)
{
    struct range range = {INFINITY, -INFINITY, maximizes(report->options->score)};
    for (size_t point = 0; point < ock_search_points(report->options); point++) {
        const ock_trial *trial = latest(report->results, point);
        if (trial && isfinite(trial->mean)) {
            range.low = fmin(range.low, trial->mean);
            range.high = fmax(range.high, trial->mean);
        }
    }
    if (!(range.low < range.high)) {
        range.low = isfinite(range.low) ? range.low - 0.5 : 0;
        range.high = range.low + 1;
    }
    return range;
}

/* Of the text: white on the dark half of the colours. */
static unsigned shade(struct range range, double mean)
{
    double share = (mean - range.low) / (range.high - range.low);
    return (range.maximize ? share : 1 - share) < 0.55 ? 0xffffff : 0;
}

/* Column, row, mean, the text's colour, and what stands in the cell. */
static void print_cells(FILE *script, const struct search_report *report, struct range range)
{
    size_t columns = report->options->axes[1].count, points = ock_search_points(report->options);
    fputs("$cells << END\n", script);
    for (size_t point = 0; point < points; point++) {
        const ock_trial *trial = latest(report->results, point);
        fprintf(script, "%zu %zu ", point % columns, point / columns);
        if (!trial)
            fputs("NaN 0 \"\"\n", script);
        else if (!isfinite(trial->mean))
            fprintf(script, "NaN 0 \"%s\"\n", search_verdict(trial));
        else {
            fprintf(script, "%.9g %u \"%.4f", trial->mean, shade(range, trial->mean), trial->mean);
            if (trial->runs > 1)
                fprintf(script, "\\n± %.4f", trial->deviation);
            fputs("\"\n", script);
        }
    }
    fputs("END\n", script);
}

/* Cells without a score show the grey behind them. */
static void print_script(FILE *script, const char *terminal, const void *user)
{
    const struct search_report *report = user;
    const ock_search_axis *rows = &report->options->axes[0], *columns = &report->options->axes[1];
    struct range range = range_of(report);
    bool deviations = report->options->seeds > 1 || report->options->folds;
    fprintf(script, "set terminal %s size %d, %d noenhanced\n", terminal,
            240 + CELL * (int)(columns->count < 4 ? 4 : columns->count),
            150 + CELL * 2 / 3 * (int)(rows->count < 4 ? 4 : rows->count));
    fprintf(script, "set title \"%s\"\n", report->options->score);
    print_tics(script, "y", rows);
    print_tics(script, "x", columns);
    fprintf(script,
            "set xrange [-0.5:%zu-0.5]\nset yrange [-0.5:%zu-0.5]\nset cbrange [%.9g:%.9g]\n"
            "set palette %s defined (0 \"#440154\", 1 \"#414487\", 2 \"#2a788e\", 3 \"#22a884\", "
            "4 \"#7ad151\", 5 \"#fde725\")\n"
            "unset key\nset border 0\nset object 1 rectangle from graph 0,0 to graph 1,1 behind "
            "fillcolor rgb \"#dddddd\" fillstyle solid noborder\n",
            columns->count, rows->count, range.low, range.high,
            range.maximize ? "positive" : "negative");
    print_cells(script, report, range);
    fprintf(script,
            "plot $cells using ($3 == $3 ? $1 : NaN):2:(0.49):(0.48):3 with boxxyerror "
            "fillstyle solid noborder linecolor palette, "
            "$cells using 1:2:5:4 with labels textcolor rgb variable offset 0, %s\n",
            deviations ? "0.4" : "0");
}

bool search_heat(const struct search_report *report)
{
    const char *path = report->session->options->plot;
    return !path || plot_draw("ockham-train", path, print_script, report);
}
