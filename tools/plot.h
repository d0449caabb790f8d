/* Pictures drawn by gnuplot. */
#ifndef OCKHAM_TOOLS_PLOT_H
#define OCKHAM_TOOLS_PLOT_H

#include <stdbool.h>
#include <stdio.h>

/* Apart in hue for the colour-blind, too (Okabe and Ito 2008); in grey it takes dashes or marks. */
#define PLOT_BLUE "\"#0072B2\""
#define PLOT_ORANGE "\"#D55E00\""
#define PLOT_GREEN "\"#009E73\""

/* Whether a path's ending is one that can be drawn: .svg or .png. */
bool plot_known(const char *path);

/* Asked before the work whose results are to be drawn: why gnuplot cannot draw to such a path,
 * and what to do about it; NULL: it can. */
const char *plot_problem(const char *path);

struct plot {
    const char *program, *path;                    /* of a known ending */
    int width, height;                             /* in pixels */
    void (*print)(FILE *script, const void *user); /* gnuplot's commands, after the terminal */
    const void *user;
};

/* Draws to the file, on white. Returns false, with the reason on standard error, where that
 * failed; an older file is then as it was. */
bool plot_draw(const struct plot *plot);

/* Any text, in gnuplot's quotes. */
void plot_text(FILE *script, const char *text);

/* The least of 1, 2 and 5 times the powers of ten that fits into `length` at most `most` times. */
double plot_step(double length, int most);

#endif
