/* Results as a picture, drawn by gnuplot. */
#ifndef OCKHAM_BENCH_PLOT_H
#define OCKHAM_BENCH_PLOT_H

#include <stdbool.h>

struct report;

/* gnuplot's name for the format by a path's ending, .svg or .png; NULL: another ending. */
const char *plot_terminal(const char *path);

/* Whether there is a gnuplot. */
bool plot_available(void);

/* Writes what --plot asks for, if it does. Returns false, with the reason on standard error, where
 * that failed; an older file is then as it was. */
bool plot_write(const struct report *report);

#endif
