#include "plot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

static const struct format {
    const char *ending, *terminal;
    const char *font; /* of about the same size in both */
    const char *end;  /* what stands in the last bytes of a whole file */
    const char *problem;
} formats[] = {
    {".svg", "svg", "sans-serif,13", "</svg>",
     "this gnuplot cannot draw SVG; Debian's gnuplot-nox can"},
    {".png", "pngcairo", "sans,10", "IEND",
     "this gnuplot cannot draw PNG; Debian's gnuplot-nox can, or name an .svg file"},
};

static const struct format *format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0)
            return &formats[i];
    return NULL;
}

bool plot_known(const char *path)
{
    return format_of(path);
}

const char *plot_problem(const char *path)
{
    const struct format *format = format_of(path);
    char command[64];
    snprintf(command, sizeof command, "set terminal %s", format->terminal);
    const char *const arguments[] = {"gnuplot", "-e", command, NULL};
    int null = open("/dev/null", O_RDWR);
    int exit_status = null < 0 ? -1 : process_run(arguments, null, null);
    if (null >= 0)
        close(null);
    return exit_status < 0   ? "gnuplot is not installed; on Debian, apt install gnuplot-nox"
           : exit_status > 0 ? format->problem
                             : NULL;
}

void plot_text(FILE *script, const char *text)
{
    fputc('\'', script);
    for (; *text; text++)
        if (*text == '\'')
            fputs("''", script);
        else
            fputc(iscntrl((unsigned char)*text) ? ' ' : *text, script);
    fputc('\'', script);
}

double plot_step(double length, int most)
{
    double power = pow(10, floor(log10(length / most)));
    for (int i = 0; i < 3; i++) {
        double step = (const double[]){1, 2, 5}[i] * power;
        if (length / step <= most)
            return step;
    }
    return 10 * power;
}

/* ---- Drawing ---- */

/* gnuplot does not notice a full disk. */
static bool is_whole(int picture, const struct format *format)
{
    char tail[16] = "";
    size_t length = strlen(format->end);
    off_t size = lseek(picture, 0, SEEK_END);
    if (size < (off_t)sizeof tail ||
        pread(picture, tail, sizeof tail, size - (off_t)sizeof tail) != (ssize_t)sizeof tail)
        return false;
    for (size_t i = 0; i + length <= sizeof tail; i++)
        if (memcmp(tail + i, format->end, length) == 0)
            return true;
    return false;
}

static bool draw(FILE *script, int picture, const struct format *format)
{
    const char *const arguments[] = {"gnuplot", NULL};
    bool written = fflush(script) == 0 && fseek(script, 0, SEEK_SET) == 0;
    int exit_status = written ? process_run(arguments, fileno(script), picture) : -1;
    bool whole = exit_status == 0 && is_whole(picture, format);
    if (exit_status > 0 || (exit_status == 0 && !whole))
        errno = exit_status ? EIO : ENOSPC; /* gnuplot has said more */
    return whole;
}

/* To a file beside it that then takes its name. */
static bool replace(FILE *script, const char *path, const char *temporary)
{
    unlink(temporary); /* a killed process of the same number left it */
    int picture = open(temporary, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (picture < 0)
        return false;
    bool written = draw(script, picture, format_of(path));
    written = close(picture) == 0 && written && rename(temporary, path) == 0;
    int reason = errno;
    if (!written)
        unlink(temporary);
    errno = reason;
    return written;
}

bool plot_draw(const struct plot *plot)
{
    const struct format *format = format_of(plot->path);
    size_t size = strlen(plot->path) + 32;
    char *temporary = malloc(size);
    FILE *script = temporary ? tmpfile() : NULL;
    if (script) {
        snprintf(temporary, size, "%s.%ld.tmp", plot->path, (long)getpid());
        fprintf(script,
                "set encoding utf8\n"
                "set terminal %s size %d, %d font '%s' noenhanced background 'white'\n",
                format->terminal, plot->width, plot->height, format->font);
        plot->print(script, plot->user);
    }
    bool written = script && replace(script, plot->path, temporary);
    if (!written)
        fprintf(stderr, "%s: %s: %s; an older file is as it was\n", plot->program, plot->path,
                strerror(errno));
    if (script)
        fclose(script);
    free(temporary);
    return written;
}
