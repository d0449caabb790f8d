#include "plot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
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
    const char *const arguments[] = {"gnuplot", "-d", "-e", command, NULL};
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
static bool is_whole(const char *bytes, size_t size, const struct format *format)
{
    size_t length = strlen(format->end);
    for (size_t back = length; back <= size && back <= 16; back++)
        if (memcmp(bytes + size - back, format->end, length) == 0)
            return true;
    return false;
}

static bool copy(int picture, const struct format *format, const char *path)
{
    off_t end = lseek(picture, 0, SEEK_END);
    size_t size = end > 0 ? (size_t)end : 0;
    char *bytes = malloc(size + 1);
    bool read = bytes && pread(picture, bytes, size, 0) == (ssize_t)size;
    bool whole = read && is_whole(bytes, size, format);
    if (read && !whole)
        errno = ENOSPC;
    bool written = whole && cli_write_bytes(path, bytes, size);
    free(bytes);
    return written;
}

/* gnuplot draws to a file without a name. It does not hear of what its user has set. */
static bool draw(FILE *script, FILE *picture, const char *path)
{
    const char *const arguments[] = {"gnuplot", "-d", NULL};
    bool written = fflush(script) == 0 && fseek(script, 0, SEEK_SET) == 0;
    int exit_status = written ? process_run(arguments, fileno(script), fileno(picture)) : -1;
    if (exit_status > 0)
        errno = EIO; /* gnuplot has said more */
    return exit_status == 0 && copy(fileno(picture), format_of(path), path);
}

bool plot_draw(const struct plot *plot)
{
    const struct format *format = format_of(plot->path);
    FILE *script = tmpfile(), *picture = script ? tmpfile() : NULL;
    if (picture) {
        fprintf(script,
                "set encoding utf8\n"
                "set terminal %s size %d, %d font '%s' noenhanced background 'white'\n",
                format->terminal, plot->width, plot->height, format->font);
        plot->print(script, plot->user);
    }
    bool written = picture && draw(script, picture, plot->path);
    if (!written)
        fprintf(stderr, "%s: %s: %s; an older file is as it was\n", plot->program, plot->path,
                strerror(errno));
    if (picture)
        fclose(picture);
    if (script)
        fclose(script);
    return written;
}
