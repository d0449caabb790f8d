#ifndef OCKHAM_TRAIN_SCHEDULE_H
#define OCKHAM_TRAIN_SCHEDULE_H

#include <ockham/train.h>

/* What is wrong with the options, and what would be right; NULL: nothing. */
const char *schedule_problem(const ock_schedule *schedule);
const char *plateau_problem(const ock_plateau *options);

#endif
