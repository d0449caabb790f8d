#ifndef OCKHAM_TRAIN_EARLY_STOPPING_H
#define OCKHAM_TRAIN_EARLY_STOPPING_H

#include <ockham/train.h>

/* What is wrong with the options, and what would be right; NULL: nothing. */
const char *stopping_problem(const ock_early_stopping *options);

#endif
