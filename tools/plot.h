/* Pictures drawn by gnuplot. */
#ifndef OCKHAM_TOOLS_PLOT_H
#define OCKHAM_TOOLS_PLOT_H

#include <stdbool.h>
#include <stdio.h>

/* gnuplot's name for the format by a path's ending, .svg or .png; NULL: another ending. */
const char *plot_terminal(const char *path);

/* Whether there is a gnuplot. */
bool plot_available(void);

/* Writes gnuplot's script to the end, from "set terminal" with this name on. */
typedef void (*plot_printer)(FILE *script, const char *terminal, const void *user);

/* Draws the script to the file, whose ending is known. Returns false, with the reason after
 * "PROGRAM: " on standard error, where that failed; an older file is then as it was. */
bool plot_draw(const char *program, const char *path, plot_printer print, const void *user);

#endif
