/* What a fit needs of early stopping beside ock_stopper. */
#ifndef OCKHAM_TRAIN_STOPPING_H
#define OCKHAM_TRAIN_STOPPING_H

#include <ockham/train.h>

typedef struct fit_monitor {
    const char *name;
    size_t offset; /* of the figure in an ock_epoch */
    bool maximize;
    bool validation;
} fit_monitor;

const fit_monitor *monitor_find(const char *name); /* NULL: none of that name */
double monitor_value(const fit_monitor *monitor, const ock_epoch *epoch);

/* What is wrong with the options, and what would be right; NULL: nothing. */
const char *stopping_problem(const ock_early_stopping *options);

#endif
