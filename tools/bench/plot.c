#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "report.h"

const char *plot_terminal(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && strcmp(ending, ".svg") == 0   ? "svg"
           : ending && strcmp(ending, ".png") == 0 ? "pngcairo"
                                                   : NULL;
}

bool plot_available(void)
{
    const char *const arguments[] = {"gnuplot", "--version", NULL};
    int null = open("/dev/null", O_RDWR);
    bool found = null >= 0 && process_run(arguments, null, null) == 0;
    if (null >= 0)
        close(null);
    return found;
}

/* ---- The script ---- */

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

static void print_script(FILE *script, const struct report *report)
{
    const char *path = report->session->options->plot;
    int width = 400 + 14 * (int)(report->count < 400 ? report->count : 400);
    fprintf(script,
            "set terminal %s size %d, 600 noenhanced\nset title \"ockham-bench %s\"\n"
            "set ylabel \"%s\"\nset yrange [0:*]\nset grid y\nset key outside top right\n"
            "set xtics rotate by 90 right\nset xrange [-1:%zu]\n",
            plot_terminal(path), width < 800 ? 800 : width, report->benchmark,
            report->rate ? report->rate : report->unit, report->count);
    print_points(script, report);
    fputs("plot $rows using 0:2:3:4:xtic(1) with yerrorbars pt 7 ps 0.6 title \"Ockham\"", script);
    for (int peer = 0; report->peers && peer < PEERS; peer++)
        fprintf(script, ", $rows using 0:%d with points title \"%s\"", 5 + peer, peer_names[peer]);
    fputc('\n', script);
}

/* ---- The picture ---- */

static bool draw(const struct report *report, int picture)
{
    const char *const arguments[] = {"gnuplot", NULL};
    FILE *script = tmpfile();
    if (!script)
        return false;
    print_script(script, report);
    bool written = fflush(script) == 0 && fseek(script, 0, SEEK_SET) == 0;
    int exit_status = written ? process_run(arguments, fileno(script), picture) : -1;
    fclose(script);
    if (exit_status > 0)
        errno = EIO; /* gnuplot has said more */
    return exit_status == 0;
}

/* To a file beside it that then takes its name. */
static bool replace(const struct report *report, const char *path, const char *temporary)
{
    int picture = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (picture < 0)
        return false;
    bool written = draw(report, picture);
    written = close(picture) == 0 && written && rename(temporary, path) == 0;
    int reason = errno;
    if (!written)
        unlink(temporary);
    errno = reason;
    return written;
}

bool plot_write(const struct report *report)
{
    const char *path = report->session->options->plot;
    if (!path)
        return true;
    size_t size = strlen(path) + 32;
    char *temporary = malloc(size);
    errno = ENOMEM;
    if (temporary)
        snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
    bool written = temporary && replace(report, path, temporary);
    if (!written)
        fprintf(stderr, "ockham-bench: %s: %s; an older file is as it was\n", path,
                strerror(errno));
    free(temporary);
    return written;
}
