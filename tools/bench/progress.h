/* How far a benchmark is: a line on standard error, redrawn in its place, where that is a
 * terminal. */
#ifndef OCKHAM_BENCH_PROGRESS_H
#define OCKHAM_BENCH_PROGRESS_H

#include <stddef.h>

struct progress {
    size_t done, total;
    int columns; /* 0: no terminal */
    double start, redraw;
};

/* A total of 0 shows nothing. */
void progress_begin(struct progress *progress, size_t total);

/* One of the total is done, and was called so. */
void progress_tick(struct progress *progress, const char *name);
void progress_end(struct progress *progress);

#endif
