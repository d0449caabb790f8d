/* The figures of an epoch that early stopping and a plateau watch. */
#ifndef OCKHAM_TRAIN_MONITOR_H
#define OCKHAM_TRAIN_MONITOR_H

#include <ockham/train.h>

typedef struct fit_monitor {
    const char *name;
    size_t offset; /* of the figure in an ock_epoch */
    bool maximize;
    bool validation;
} fit_monitor;

const fit_monitor *monitor_find(const char *name); /* NULL: none of that name */
double monitor_value(const char *name, const ock_epoch *epoch);

/* What is wrong with options that watch a figure, and what would be right; NULL: nothing. */
const char *monitor_problem(const char *name, double min_delta, ock_mode mode);

/* Of a name that is known. */
bool monitor_maximizes(const char *name, ock_mode mode);

/* Whether a value is better than a reference by more than delta; a NaN never is, nor than one. */
bool monitor_improves(bool maximize, double delta, double value, double reference);

#endif
