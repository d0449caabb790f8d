#include "curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "plot.h"

enum {
    COLUMNS = 3, /* techniques side by side */
    MOST_ROWS = 30,
    /* in pixels */
    WIDTH = 800,
    LEFT = 78,
    TOP = 84,
    GAP = 14,
    PANEL_HEIGHT = 150,
    CELL_HEIGHT = 2 * PANEL_HEIGHT + 102,
};

/* What all panels share. */
struct sheet {
    const struct report *report;
    size_t shown, left_out; /* rows that have an epoch */
    const struct result *first;
    uint32_t epochs;
    double loss_low, loss_high, accuracy_low; /* of the scales; accuracies in percent */
    int columns, height;
};

/* A curve of an epoch's figures, by their columns in the script's data. */
struct kind {
    const char *label;
    int training, validation;
};

static const struct kind loss_kind = {"data loss, nats", 2, 3},
                         accuracy_kind = {"accuracy, %", 4, 5};

/* Told apart by their dashes and marks in grey. */
static const char training_style[] = "lw 1.6 dt (6, 4) pt 6 lc rgb " PLOT_BLUE;
static const char validation_style[] = "lw 1.8 dt 1 pt 7 lc rgb " PLOT_ORANGE;
static const char first_style[] = "lw 1.2 dt (2, 3) lc rgb \"#606060\"";

/* ---- Scales ---- */

/* What one row would have its scales be. */
struct range {
    double loss_low, loss_high, accuracy_low;
};

static void widen(struct range *range, double loss)
{
    if (!isfinite(loss) || loss <= 0)
        return;
    range->loss_low = fmin(range->loss_low, loss);
    range->loss_high = fmax(range->loss_high, loss);
}

/* The accuracies of the first half of the epochs may begin below the scale, which would otherwise
 * leave no room for what differs at the end. */
static struct range range_of(const ock_history *history)
{
    struct range range = {INFINITY, 0, 100};
    for (size_t i = 0; i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        widen(&range, epoch->data_loss);
        widen(&range, epoch->val_data_loss);
        if (i >= history->count / 2)
            range.accuracy_low =
                fmin(range.accuracy_low, 100 * fmin(epoch->accuracy, epoch->val_accuracy));
    }
    return range;
}

static void take_row(struct sheet *sheet, const struct result *result)
{
    if (sheet->shown == 0)
        sheet->first = result;
    if (result->history.count > sheet->epochs)
        sheet->epochs = (uint32_t)result->history.count;
    sheet->shown++;
}

/* A row far worse than most is cut off, and said to be, rather than flattens the others. */
static void scale(struct sheet *sheet)
{
    const struct report *report = sheet->report;
    double highs[MOST_ROWS], lows[MOST_ROWS];
    sheet->loss_low = INFINITY;
    for (size_t i = 0; i < report->count; i++) {
        const struct result *result = &report->results[i];
        if (result->history.count == 0)
            continue;
        if (sheet->shown == MOST_ROWS) {
            sheet->left_out++;
            continue;
        }
        struct range range = range_of(&result->history);
        sheet->loss_low = fmin(sheet->loss_low, range.loss_low);
        highs[sheet->shown] = range.loss_high;
        lows[sheet->shown] = 100 - range.accuracy_low;
        take_row(sheet, result);
    }
    if (sheet->shown == 0)
        return;
    qsort(highs, sheet->shown, sizeof *highs, cli_compare_doubles);
    qsort(lows, sheet->shown, sizeof *lows, cli_compare_doubles);
    size_t last = sheet->shown - 1;
    sheet->loss_high = 1.2 * fmin(highs[last], 4 * highs[last / 2]);
    sheet->loss_low *= 0.85;
    sheet->accuracy_low = 100 - fmax(1, fmin(100, 1.15 * fmin(lows[last], 3 * lows[last / 2])));
    if (!(sheet->loss_low < sheet->loss_high)) /* no loss is finite and above 0 */
        sheet->loss_low = 0, sheet->loss_high = 1;
}

static struct sheet sheet_of(const struct report *report)
{
    struct sheet sheet = {.report = report};
    scale(&sheet);
    sheet.columns = sheet.shown < COLUMNS ? (int)sheet.shown : COLUMNS;
    sheet.height = TOP + (int)((sheet.shown + COLUMNS - 1) / COLUMNS) * CELL_HEIGHT;
    return sheet;
}

/* ---- The script ---- */

static double across(double pixels)
{
    return pixels / WIDTH;
}

static double down(const struct sheet *sheet, double pixels)
{
    return 1 - pixels / sheet->height;
}

/* A panel's place, in the shares of the picture that gnuplot asks for. */
static void print_place(FILE *script, const struct sheet *sheet, double column, double top)
{
    double width = (double)(WIDTH - LEFT) / sheet->columns, left = LEFT + column * width;
    fprintf(script,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            across(left), across(left + width - GAP), down(sheet, top),
            down(sheet, top + PANEL_HEIGHT));
}

static void print_number(FILE *script, double value)
{
    if (isfinite(value))
        fprintf(script, " %.6g", value);
    else
        fputs(" NaN", script);
}

static void print_epochs(FILE *script, const char *name, const ock_history *history)
{
    fprintf(script, "$%s << END\n", name);
    for (size_t i = 0; i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        fprintf(script, "%" PRIu32, epoch->epoch);
        print_number(script, epoch->data_loss);
        print_number(script, epoch->val_data_loss);
        print_number(script, 100 * epoch->accuracy);
        print_number(script, 100 * epoch->val_accuracy);
        fputc('\n', script);
    }
    fputs("END\n", script);
}

/* Equal ratios where losses differ by more than a few times. On that scale the powers of ten, and
 * where there is room 2 and 5 times them. */
static void print_loss_scale(FILE *script, const struct sheet *sheet)
{
    static const int steps[] = {1, 2, 5};
    double low = sheet->loss_low, high = sheet->loss_high;
    const char *separator = "";
    fprintf(script, "set yrange [%g:%g]\n", low, high);
    if (high < 4 * low || low <= 0) {
        fprintf(script, "unset logscale y\nset ytics %g\n", plot_step(high - low, 5));
        return;
    }
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high));
    fputs("set logscale y\nset ytics (", script);
    for (int power = first; power <= last; power++)
        for (int i = 0; i < (high > 50 * low ? 1 : 3); i++, separator = ", ")
            fprintf(script, "%s%g", separator, steps[i] * pow(10, power));
    fputs(")\n", script);
}

static void print_curves(FILE *script, const struct sheet *sheet, const struct kind *kind,
                         const struct result *result, bool validated)
{
    double size = sheet->epochs == 1 ? 1 : sheet->epochs > 30 ? 0.25 : 0.5;
    int training = kind->training, validation = kind->validation;
    fputs("plot ", script);
    if (validated)
        fprintf(script, "$row using 1:%d:%d with filledcurves fc rgb \"#ececec\", ", training,
                validation);
    if (validated && result != sheet->first)
        fprintf(script, "$first using 1:%d with lines %s, ", validation, first_style);
    fprintf(script, "$row using 1:%d with linespoints ps %g %s", training, size, training_style);
    if (validated)
        fprintf(script, ", $row using 1:%d with linespoints ps %g %s", validation, size,
                validation_style);
    fputc('\n', script);
}

static const ock_epoch *last_of(const struct result *result)
{
    return &result->history.epochs[result->history.count - 1];
}

static void print_title(FILE *script, const struct result *result, bool validated)
{
    char title[96];
    const ock_epoch *last = last_of(result);
    snprintf(title, sizeof title, "%s: %s %.2f %%", result->row,
             validated ? "validation" : "training",
             100 * (validated ? last->val_accuracy : last->accuracy));
    fputs("set title ", script);
    plot_text(script, title);
    fputs(" offset 0, -0.6\n", script);
}

/* Numbers and names of the scales stand at the left alone. */
static void print_labels(FILE *script, const struct kind *kind, bool leftmost)
{
    fprintf(script, "set ylabel \"%s\"\nset format y \"%s\"\n", leftmost ? kind->label : "",
            leftmost ? "%g" : "");
}

/* Where a row's last figure is beyond a scale that suits the others. */
static void print_beyond(FILE *script, bool beyond, const char *where)
{
    fprintf(script, "unset label\n");
    if (beyond)
        fprintf(script, "set label \"%s the scale\" at graph 0.5, 0.08 center front boxed\n",
                where);
}

static void print_row(FILE *script, const struct sheet *sheet, const struct result *result,
                      size_t position)
{
    const ock_epoch *last = last_of(result);
    bool validated = isfinite(last->val_accuracy), leftmost = position % COLUMNS == 0;
    double top = TOP + (double)(position / COLUMNS) * CELL_HEIGHT, column = position % COLUMNS;
    print_epochs(script, "row", &result->history);
    print_place(script, sheet, column, top);
    print_title(script, result, validated);
    print_labels(script, &loss_kind, leftmost);
    fputs("unset xlabel\nset format x \"\"\n", script);
    print_loss_scale(script, sheet);
    print_beyond(script, last->val_data_loss > sheet->loss_high, "validation: above");
    print_curves(script, sheet, &loss_kind, result, validated);
    print_place(script, sheet, column, top + PANEL_HEIGHT + GAP);
    print_labels(script, &accuracy_kind, leftmost);
    fprintf(script,
            "unset title\nset xlabel \"epoch\"\nset format x \"%%g\"\nunset logscale y\n"
            "set ytics %g\nset yrange [%g:100]\n",
            plot_step(100 - sheet->accuracy_low, 6), sheet->accuracy_low);
    print_beyond(script, 100 * last->val_accuracy < sheet->accuracy_low, "validation: below");
    print_curves(script, sheet, &accuracy_kind, result, validated);
}

/* The picture's title and what the curves are: a plot of nothing, for its key alone. */
static void print_head(FILE *script, const struct sheet *sheet)
{
    enum command command = sheet->report->session->options->command;
    fprintf(script,
            "set label 1 \"ockham-train %s\" at screen 0.5, %.4f center\n"
            "set lmargin at screen 0\nset rmargin at screen 1\n"
            "set tmargin at screen 1\nset bmargin at screen 0\n"
            "unset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\n"
            "set key at screen 0.5, %.4f center center horizontal width 2\n"
            "plot NaN with linespoints ps 0.8 %s title \"training\", "
            "NaN with linespoints ps 0.8 %s title \"validation\"",
            command == STUDY  ? "study"
            : command == BEST ? "best"
                              : "fit",
            down(sheet, 18), down(sheet, 42), training_style, validation_style);
    if (sheet->shown > 1) {
        char name[64];
        snprintf(name, sizeof name, "validation of %s", sheet->first->row);
        fprintf(script, ", NaN with lines %s title ", first_style);
        plot_text(script, name);
    }
    fputs("\nunset label 1\nunset key\n", script);
}

static void print_script(FILE *script, const void *user)
{
    const struct sheet *sheet = user;
    size_t position = 0;
    double step = fmax(1, plot_step(sheet->epochs, 6));
    fputs("set multiplot\nset style textbox opaque noborder fillcolor rgb \"white\"\n", script);
    print_head(script, sheet);
    fprintf(script,
            "set border 31 lc rgb \"#808080\"\nset grid lt 1 lc rgb \"#d8d8d8\"\n"
            "set tics textcolor rgb \"black\" scale 0\nset xrange [0.5:%g]\nset xtics %g, %g\n",
            sheet->epochs + 0.5, step, step);
    print_epochs(script, "first", &sheet->first->history);
    for (size_t i = 0; i < sheet->report->count && position < sheet->shown; i++)
        if (sheet->report->results[i].history.count)
            print_row(script, sheet, &sheet->report->results[i], position++);
    fputs("unset multiplot\n", script);
}

bool curves_write(const struct report *report)
{
    const char *path = report->session->options->plot;
    const struct sheet sheet = sheet_of(report);
    const struct plot plot = {"ockham-train", path, WIDTH, sheet.height, print_script, &sheet};
    if (path && sheet.shown == 0)
        fprintf(stderr, "ockham-train: %s: there is no epoch to draw\n", path);
    if (path && sheet.left_out)
        fprintf(stderr, "ockham-train: %s: has the first %zu rows; %zu more are left out\n", path,
                sheet.shown, sheet.left_out);
    return !path || sheet.shown == 0 || plot_draw(&plot);
}
