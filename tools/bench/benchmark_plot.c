#include "benchmark_plot.h"

#include <float.h>
#include <math.h>

#include "plot.h"
#include "report.h"

enum { /* in pixels */
    WIDTH = 800,
    LEFT = 170,
    RIGHT = 30,
    ABOVE = 80,
    BELOW = 60,
    ROW = 20,
    LONG = 40, /* rows; the scale stands above those, too */
};

/* Beyond this ratio a scale of equal steps would show but the largest. */
static const double WIDE = 30;

static const char *const peer_styles[PEERS] = {
    [OPENBLAS] = "pt 8 ps 0.8 lc rgb " PLOT_ORANGE, [CLBLAST] = "pt 4 ps 0.7 lc rgb " PLOT_GREEN};

/* What is drawn of a time: the rate where there is one. */
static double figure(const struct report *report, const struct row *row, double seconds)
{
    return report->rate ? report_rate(report, row, seconds) : report_scale(report) * seconds;
}

struct scale {
    double low, high;
    bool logarithmic;
};

static struct scale scale_of(const struct report *report)
{
    struct scale scale = {DBL_MAX, 0, false};
    for (const struct row *row = report->rows; row < report->rows + report->count; row++) {
        const double times[] = {row->time.median, row->time.min, row->time.max,
                                row->peers[OPENBLAS], row->peers[CLBLAST]};
        for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
            double value = figure(report, row, times[i]);
            if (!isfinite(value) || value <= 0)
                continue;
            scale.low = fmin(scale.low, value);
            scale.high = fmax(scale.high, value);
        }
    }
    scale.logarithmic = scale.high > WIDE * scale.low;
    scale.low = fmax(scale.low, 1e-5 * scale.high); /* what took next to no time */
    return scale;
}

/* Name, median, lowest, highest, and the peers' medians. */
static void print_rows(FILE *script, const struct report *report)
{
    fputs("$rows << END\n", script);
    for (const struct row *row = report->rows; row < report->rows + report->count; row++) {
        bool rate = report->rate;
        const double times[] = {row->time.median, rate ? row->time.max : row->time.min,
                                rate ? row->time.min : row->time.max, row->peers[OPENBLAS],
                                row->peers[CLBLAST]};
        fprintf(script, "\"%s\"", row->name);
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            if (isfinite(times[t]))
                fprintf(script, " %.9g", figure(report, row, times[t]));
            else
                fputs(" NaN", script);
        fputc('\n', script);
    }
    fputs("END\n", script);
}

static void print_scale(FILE *script, const struct report *report)
{
    struct scale scale = scale_of(report);
    if (scale.logarithmic)
        fprintf(script, "set logscale x\nset xrange [%g:%g]\nset format x \"%%g\"\n",
                scale.low / 1.5, scale.high * 1.5);
    else
        fprintf(script, "set xrange [0:%g]\n", scale.high > 0 ? 1.05 * scale.high : 1);
    fprintf(script, "set xlabel \"%s; more is %s\"\n", report->rate ? report->rate : report->unit,
            report->rate ? "faster" : "slower");
    if (report->count > LONG)
        fputs("set link x2\nset x2tics\n", script);
}

static void print_script(FILE *script, const void *user)
{
    const struct report *report = user;
    const ock_device *device = ock_context_device(report->session->context);
    char title[128];
    double height = ABOVE + BELOW + ROW * (double)report->count;
    snprintf(title, sizeof title, "ockham-bench %s on %.80s", report->benchmark, device->name);
    fputs("set label ", script);
    plot_text(script, title);
    fprintf(script,
            " at screen 0.5, %.4f center\nset lmargin at screen %.4f\nset rmargin at screen %.4f\n"
            "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
            "set border lc rgb \"#808080\"\nset tics textcolor rgb \"black\"\n"
            "set grid lt 1 lc rgb \"#d8d8d8\"\nset yrange [%g:-0.5]\nset ytics scale 0\n"
            "set key at screen 0.5, %.4f center center maxrows 1\n",
            1 - 18 / height, (double)LEFT / WIDTH, 1 - (double)RIGHT / WIDTH, 1 - ABOVE / height,
            BELOW / height, (double)report->count - 0.5, 1 - 44 / height);
    print_scale(script, report);
    print_rows(script, report);
    fprintf(script,
            "plot $rows using 2:0:3:4:ytic(1) with xerrorbars pt 7 ps 0.7 lw 1.2 lc rgb " PLOT_BLUE
            " title \"Ockham: median, lowest, highest of %d\"",
            (int)report->session->options->runs);
    for (int peer = 0; peer < PEERS; peer++)
        if (report_has_peer(report, peer))
            fprintf(script, ", $rows using %d:0 with points %s title \"%s\"", 5 + peer,
                    peer_styles[peer], peer_names[peer]);
    fputc('\n', script);
}

bool benchmark_plot(const struct report *report)
{
    const char *path = report->session->options->plot;
    const struct plot plot = {"ockham-bench", path,
                              WIDTH,          ABOVE + BELOW + ROW * (int)report->count,
                              print_script,   report};
    return !path || plot_draw(&plot);
}
