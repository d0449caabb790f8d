#include "benchmark_plot.h"

#include <math.h>

#include "plot.h"
#include "report.h"

/* A rate where there is one, else a time: median, lowest and highest. */
static void print_points(FILE *script, const struct report *report)
{
    const double scale = report_scale(report);
    fputs("$rows << END\n", script);
    for (size_t i = 0; i < report->count; i++) {
        const struct row *row = &report->rows[i];
        const double times[] = {row->time.median, row->time.max, row->time.min,
                                row->peers[OPENBLAS], row->peers[CLBLAST]};
        fprintf(script, "\"%s\"", row->name);
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            if (isfinite(times[t]))
                fprintf(script, " %.9g",
                        report->rate ? report_rate(report, row, times[t]) : scale * times[t]);
            else
                fputs(" NaN", script);
        fputc('\n', script);
    }
    fputs("END\n", script);
}

static void print_script(FILE *script, const char *terminal, const void *user)
{
    const struct report *report = user;
    int width = 400 + 14 * (int)(report->count < 400 ? report->count : 400);
    fprintf(script,
            "set terminal %s size %d, 600 noenhanced\nset title \"ockham-bench %s\"\n"
            "set ylabel \"%s\"\nset yrange [0:*]\nset grid y\nset key outside top right\n"
            "set xtics rotate by 90 right\nset xrange [-1:%zu]\n",
            terminal, width < 800 ? 800 : width, report->benchmark,
            report->rate ? report->rate : report->unit, report->count);
    print_points(script, report);
    fputs("plot $rows using 0:2:3:4:xtic(1) with yerrorbars pt 7 ps 0.6 title \"Ockham\"", script);
    for (int peer = 0; report->peers && peer < PEERS; peer++)
        fprintf(script, ", $rows using 0:%d with points title \"%s\"", 5 + peer, peer_names[peer]);
    fputc('\n', script);
}

bool benchmark_plot(const struct report *report)
{
    const char *path = report->session->options->plot;
    return !path || plot_draw("ockham-bench", path, print_script, report);
}
