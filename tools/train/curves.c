#include "curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "plot.h"

enum {
    COLUMNS = 4, /* techniques side by side */
    MOST_ROWS = 32,
    /* in pixels */
    CELL_WIDTH = 270,
    CELL_HEIGHT = 424,
    LEFT = 90,
    TOP = 60,
    GAP = 18,
    PANEL_HEIGHT = 150,
};

/* Two that the colour-blind tell apart, too (Okabe and Ito 2008). */
static const char training_colour[] = "#0072B2", validation_colour[] = "#D55E00";

/* What all panels share. */
struct sheet {
    const struct report *report;
    size_t shown; /* rows that have an epoch */
    uint32_t epochs;
    double loss_low, loss_high, accuracy_low;
    int width, height; /* in pixels */
};

/* A curve of an epoch's figures, by their columns in the script's data. */
struct kind {
    const char *label;
    int training, validation;
};

static const struct kind loss_kind = {"data loss", 2, 3}, accuracy_kind = {"accuracy", 4, 5};

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
    struct range range = {INFINITY, 0, 1};
    for (size_t i = 0; i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        widen(&range, epoch->data_loss);
        widen(&range, epoch->val_data_loss);
        if (i >= history->count / 2)
            range.accuracy_low =
                fmin(range.accuracy_low, fmin(epoch->accuracy, epoch->val_accuracy));
    }
    return range;
}

/* A row far worse than most is cut off rather than flattens the others. */
static void scale(struct sheet *sheet)
{
    const struct report *report = sheet->report;
    double highs[MOST_ROWS], lows[MOST_ROWS];
    sheet->loss_low = INFINITY;
    for (size_t i = 0; i < report->count && sheet->shown < MOST_ROWS; i++) {
        const ock_history *history = &report->results[i].history;
        if (history->count == 0)
            continue;
        struct range range = range_of(history);
        sheet->loss_low = fmin(sheet->loss_low, range.loss_low);
        highs[sheet->shown] = range.loss_high;
        lows[sheet->shown++] = 1 - range.accuracy_low;
        if (history->count > sheet->epochs)
            sheet->epochs = (uint32_t)history->count;
    }
    if (sheet->shown == 0)
        return;
    qsort(highs, sheet->shown, sizeof *highs, cli_compare_doubles);
    qsort(lows, sheet->shown, sizeof *lows, cli_compare_doubles);
    size_t last = sheet->shown - 1;
    sheet->loss_high = fmin(highs[last], 3 * highs[last / 2]);
    sheet->accuracy_low = 1 - fmax(0.01, fmin(1, 1.1 * fmin(lows[last], 3 * lows[last / 2])));
    if (!(sheet->loss_low < sheet->loss_high))
        sheet->loss_low = sheet->loss_high = 1;
}

static struct sheet sheet_of(const struct report *report)
{
    struct sheet sheet = {.report = report};
    scale(&sheet);
    size_t columns = sheet.shown < COLUMNS ? sheet.shown : COLUMNS;
    sheet.width = LEFT + (int)(columns ? columns : 1) * CELL_WIDTH + GAP;
    sheet.height = TOP + (int)((sheet.shown + COLUMNS - 1) / COLUMNS) * CELL_HEIGHT;
    return sheet;
}

/* ---- The script ---- */

/* A panel's place, from the picture's left and top, in the shares of it that gnuplot asks for. */
static void print_place(FILE *script, const struct sheet *sheet, int left, int top)
{
    fprintf(script,
            "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            (double)left / sheet->width, (double)(left + CELL_WIDTH - GAP) / sheet->width,
            1 - (double)top / sheet->height, 1 - (double)(top + PANEL_HEIGHT) / sheet->height);
}

static void print_number(FILE *script, double value)
{
    if (isfinite(value))
        fprintf(script, " %.6g", value);
    else
        fputs(" NaN", script);
}

static void print_epochs(FILE *script, const ock_history *history)
{
    fputs("$row << END\n", script);
    for (size_t i = 0; i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        fprintf(script, "%" PRIu32, epoch->epoch);
        print_number(script, epoch->data_loss);
        print_number(script, epoch->val_data_loss);
        print_number(script, epoch->accuracy);
        print_number(script, epoch->val_accuracy);
        fputc('\n', script);
    }
    fputs("END\n", script);
}

/* The powers of ten, and where there is room 2 and 5 times them. */
static void print_loss_scale(FILE *script, const struct sheet *sheet)
{
    static const int steps[] = {1, 2, 5};
    int first = (int)floor(log10(sheet->loss_low)), last = (int)ceil(log10(sheet->loss_high));
    const char *separator = "";
    bool wide = sheet->loss_high > 50 * sheet->loss_low;
    fputs("set logscale y\nset ytics (", script);
    for (int power = first; power <= last; power++)
        for (int i = 0; i < (wide ? 1 : 3); i++, separator = ", ")
            fprintf(script, "%s%g", separator, steps[i] * pow(10, power));
    fprintf(script, ")\nset yrange [%g:%g]\n", 0.8 * sheet->loss_low, 1.25 * sheet->loss_high);
}

static void print_curves(FILE *script, const struct kind *kind, bool validated)
{
    if (validated)
        fprintf(script,
                "plot $row using 1:%d:%d with filledcurves fc rgb \"#e8e8e8\" notitle, "
                "$row using 1:%d with linespoints pt 6 ps 0.4 lw 1.5 lc rgb \"%s\" notitle, "
                "$row using 1:%d with linespoints pt 7 ps 0.4 lw 1.5 lc rgb \"%s\" notitle\n",
                kind->training, kind->validation, kind->training, training_colour, kind->validation,
                validation_colour);
    else
        fprintf(script,
                "plot $row using 1:%d with linespoints pt 6 ps 0.4 lw 1.5 lc rgb \"%s\" "
                "notitle\n",
                kind->training, training_colour);
}

static void print_title(FILE *script, const struct result *result, bool validated)
{
    const ock_epoch *last = &result->history.epochs[result->history.count - 1];
    fprintf(script, "set title \"%s: %s %.4f\" offset 0, -0.6\n", result->row,
            validated ? "validation" : "training", validated ? last->val_accuracy : last->accuracy);
}

/* Numbers and names of the scales stand at the left alone. */
static void print_labels(FILE *script, const struct kind *kind, const char *format, bool leftmost)
{
    fprintf(script, "set ylabel \"%s\"\nset format y \"%s\"\n", leftmost ? kind->label : "",
            leftmost ? format : "");
}

static void print_row(FILE *script, const struct sheet *sheet, const struct result *result,
                      size_t position)
{
    const ock_history *history = &result->history;
    bool validated = isfinite(history->epochs[history->count - 1].val_accuracy);
    bool leftmost = position % COLUMNS == 0;
    int left = LEFT + (int)(position % COLUMNS) * CELL_WIDTH;
    int top = TOP + (int)(position / COLUMNS) * CELL_HEIGHT;
    print_epochs(script, history);
    print_place(script, sheet, left, top);
    print_title(script, result, validated);
    print_labels(script, &loss_kind, "%g", leftmost);
    fputs("unset xlabel\nset format x \"\"\n", script);
    print_loss_scale(script, sheet);
    print_curves(script, &loss_kind, validated);
    print_place(script, sheet, left, top + PANEL_HEIGHT + GAP);
    print_labels(script, &accuracy_kind, "%.3g", leftmost);
    fprintf(script,
            "unset title\nunset label\nunset arrow\nset xlabel \"epoch\"\nset format x \"%%g\"\n"
            "unset logscale y\nset ytics autofreq\nset yrange [%g:1]\n",
            sheet->accuracy_low);
    print_curves(script, &accuracy_kind, validated);
}

/* A line and its name, `left` pixels from the left. */
static void print_key(FILE *script, const struct sheet *sheet, int left, const char *name,
                      const char *colour)
{
    double height = 1 - 18.0 / sheet->height;
    fprintf(script,
            "set arrow from screen %.4f, %.4f to screen %.4f, %.4f nohead lw 2 lc rgb \"%s\"\n"
            "set label \"%s\" at screen %.4f, %.4f\n",
            (double)left / sheet->width, height, (double)(left + 30) / sheet->width, height, colour,
            name, (double)(left + 36) / sheet->width, height);
}

static void print_script(FILE *script, const char *terminal, const void *user)
{
    const struct sheet *sheet = user;
    size_t position = 0;
    fprintf(script,
            "set terminal %s size %d, %d noenhanced background \"white\"\n"
            "set multiplot\nset grid lt 1 lc rgb \"#c0c0c0\"\nset border lc rgb \"#808080\"\n"
            "set xrange [0.5:%g]\nset xtics 1, %g\nset tics textcolor rgb \"black\"\n",
            terminal, sheet->width, sheet->height, sheet->epochs + 0.5,
            fmax(1, ceil(sheet->epochs / 6.0)));
    print_key(script, sheet, LEFT, "training", training_colour);
    print_key(script, sheet, LEFT + 120, "validation", validation_colour);
    for (size_t i = 0; i < sheet->report->count && position < sheet->shown; i++)
        if (sheet->report->results[i].history.count)
            print_row(script, sheet, &sheet->report->results[i], position++);
    fputs("unset multiplot\n", script);
}

bool curves_write(const struct report *report)
{
    const char *path = report->session->options->plot;
    const struct sheet sheet = sheet_of(report);
    if (path && sheet.shown == 0)
        fprintf(stderr, "ockham-train: %s: there is no epoch to draw\n", path);
    return !path || sheet.shown == 0 || plot_draw("ockham-train", path, print_script, &sheet);
}
