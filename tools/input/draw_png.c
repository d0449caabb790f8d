/* The sheet of draw.h as an image: originals, what was made of each right below it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "png.h"

enum {
    COLUMNS = 10,
    LONGEST_SIDE = 84, /* of a picture, where it is not larger already */
    GAP = 4,           /* between pictures */
    APART = 16,        /* between pairs of rows, and around all */
    PAPER = 128
};

typedef struct canvas {
    uint8_t *pixels;
    size_t height, width;
    size_t scale, columns, rows;
} canvas;

static uint8_t grey(float value)
{
    return (uint8_t)lroundf(255 * fminf(fmaxf(value, 0), 1));
}

static void paint(const canvas *c, const draw_sheet *d, const float *x, size_t top, size_t left)
{
    for (size_t i = 0; i < d->height * c->scale; i++)
        for (size_t j = 0; j < d->width * c->scale; j++)
            c->pixels[(top + i) * c->width + left + j] =
                grey(x[i / c->scale * d->width + j / c->scale]);
}

static canvas canvas_of(const draw_sheet *d)
{
    size_t longer = d->height > d->width ? d->height : d->width;
    canvas c = {.scale = longer < LONGEST_SIDE ? LONGEST_SIDE / longer : 1,
                .columns = d->count < COLUMNS ? d->count : COLUMNS};
    c.rows = (d->count - 1) / COLUMNS + 1;
    size_t lines = d->below ? 2 : 1;
    c.width = c.columns * (d->width * c.scale + GAP) - GAP + 2 * APART;
    c.height = c.rows * (lines * (d->height * c.scale + GAP) - GAP + APART) + APART;
    return c;
}

bool draw_png(FILE *stream, const draw_sheet *d, const char **why)
{
    canvas c = canvas_of(d);
    size_t tall = d->height * c.scale, wide = d->width * c.scale;
    c.pixels = calloc(c.height, c.width);
    if (!c.pixels) {
        *why = "no memory for the image";
        return false;
    }
    memset(c.pixels, PAPER, c.height * c.width);
    for (size_t i = 0; i < d->count; i++) {
        size_t pair = d->below ? 2 * tall + GAP : tall;
        size_t top = APART + i / COLUMNS * (pair + APART),
               left = APART + i % COLUMNS * (wide + GAP);
        paint(&c, d, d->x + i * d->height * d->width, top, left);
        if (d->below)
            paint(&c, d, d->below + i * d->height * d->width, top + tall + GAP, left);
    }
    bool done = png_write(stream, c.height, c.width, c.pixels, why);
    free(c.pixels);
    return done;
}
