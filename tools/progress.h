/* How far a long work is, on standard error where that is a terminal: a bar that appears after two
 * seconds, is redrawn in its place, fits the terminal however wide it becomes, and leaves nothing
 * behind. It has no colours. */
#ifndef OCKHAM_TOOLS_PROGRESS_H
#define OCKHAM_TOOLS_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct progress {
    const char *unit;
    double start, redraw; /* the latter: not before this time */
    double from;          /* what was done at the first call; NaN: there was none */
    bool shown;
};

/* `unit` is what is counted, as "steps". */
void progress_begin(struct progress *progress, const char *unit);

/* Tells what is under way, how much of the total is done, the rate and the time that is left.
 * Cheap enough for every step. */
void progress_show(struct progress *progress, const char *name, double done, double total);

/* Before anything else is printed, and at the end. */
void progress_erase(struct progress *progress);

/* A work that cannot tell how far it is, a driver's or LAPACK's: there stands for how long it has
 * gone on, on the same conditions. */
struct waiting {
    const char *what; /* stays valid to the end */
    double start;
    bool watched, ended, shown;
    pthread_t watch;
    pthread_mutex_t lock;
    pthread_cond_t end;
};

void waiting_begin(struct waiting *waiting, const char *what);
void waiting_end(struct waiting *waiting);

#endif
