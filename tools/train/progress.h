/* How far an epoch is: on a terminal a bar, redrawn in its place; elsewhere a line per epoch. */
#ifndef OCKHAM_TRAIN_PROGRESS_H
#define OCKHAM_TRAIN_PROGRESS_H

#include <ockham/train.h>
#include <stdio.h>

struct progress {
    FILE *stream;
    const char *row;
    uint32_t epochs;
    int columns;   /* of the terminal; 0: it is none */
    double start;  /* of the epoch, in seconds */
    double redraw; /* not before this time */
};

void progress_begin(struct progress *progress, FILE *stream, const char *row, uint32_t epochs);
void progress_step(struct progress *progress, uint32_t epoch, uint64_t step, uint64_t steps);
void progress_epoch(struct progress *progress, const ock_epoch *epoch);

/* A line that says which device failed, why, and which goes on. */
void progress_failover(struct progress *progress, const ock_failover *failover);

/* Removes a bar that no epoch replaced. */
void progress_end(struct progress *progress);

#endif
