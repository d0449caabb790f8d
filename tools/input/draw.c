#include "draw.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* POSIX's order of precedence; the locale itself need not be installed. */
bool draw_unicode(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) {
            const char *charset = strchr(value, '.');
            return charset &&
                   (!strncasecmp(charset, ".utf-8", 6) || !strncasecmp(charset, ".utf8", 5));
        }
    }
    return false;
}

static const char *glyph(float top, float bottom, bool unicode)
{
    static const char *const blocks[] = {" ", "▀", "▄", "█"};
    static const char *const ramp[] = {" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"};
    if (unicode)
        return blocks[(top >= 0.5f) + 2 * (bottom >= 0.5f)];
    float mean = (top + bottom) / 2;
    if (!(mean > 0))
        return ramp[0];
    return ramp[mean < 1 ? (size_t)(mean * 10) : 9];
}

/* Line `line` of pictures [first, last), one beside the other. */
static void draw_line(FILE *stream, const draw_sheet *d, const float *x, size_t line,
                      const size_t range[2])
{
    size_t top = 2 * line * d->width;
    bool odd = 2 * line + 1 == d->height;
    for (size_t i = range[0]; i < range[1]; i++) {
        const float *row = x + i * d->height * d->width + top;
        for (size_t j = 0; j < d->width; j++)
            fputs(glyph(row[j], odd ? 0 : row[d->width + j], d->unicode), stream);
        fputs(i + 1 < range[1] ? " " : "\n", stream);
    }
}

static void draw_labels(FILE *stream, const draw_sheet *d, const size_t range[2])
{
    for (size_t i = range[0]; i < range[1]; i++) {
        int width = i + 1 < range[1] ? (int)d->width : 0;
        fprintf(stream, "%-*d%s", width, (int)d->labels[i], i + 1 < range[1] ? " " : "\n");
    }
}

bool draw_pictures(FILE *stream, const draw_sheet *d)
{
    size_t lines = d->height / 2 + d->height % 2;
    size_t columns = d->columns ? d->columns : 81 / (d->width + 1);
    if (!columns)
        columns = 1;
    for (size_t first = 0; first < d->count; first += columns) {
        size_t left = d->count - first;
        const size_t range[2] = {first, first + (left < columns ? left : columns)};
        if (d->labels)
            draw_labels(stream, d, range);
        for (size_t i = 0; i < lines; i++)
            draw_line(stream, d, d->x, i, range);
        for (size_t i = 0; d->below && i < lines; i++)
            draw_line(stream, d, d->below, i, range);
    }
    return !ferror(stream);
}
