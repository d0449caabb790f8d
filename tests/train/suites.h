#ifndef OCKHAM_TESTS_TRAIN_SUITES_H
#define OCKHAM_TESTS_TRAIN_SUITES_H

#include "support.h"

/* X(name): the file name.c with the function name_suite(). */
#define TRAIN_SUITES(X)                                                                            \
    X(refusals)                                                                                    \
    X(requests)                                                                                    \
    X(datasets)                                                                                    \
    X(selections)                                                                                  \
    X(fits)                                                                                        \
    X(runs)                                                                                        \
    X(steps)                                                                                       \
    X(labels)                                                                                      \
    X(standardized)                                                                                \
    X(plans)                                                                                       \
    X(stopping)                                                                                    \
    X(schedules)                                                                                   \
    X(averages)                                                                                    \
    X(compaction)                                                                                  \
    X(foreign)                                                                                     \
    X(weights)                                                                                     \
    X(resumption)                                                                                  \
    X(checkpoints)                                                                                 \
    X(damage)                                                                                      \
    X(search_space)                                                                                \
    X(searches)                                                                                    \
    X(search_failures)                                                                             \
    X(memory)                                                                                      \
    X(headers)                                                                                     \
    X(trajectory)

#define DECLARE_SUITE(name) Suite *name##_suite(void);
TRAIN_SUITES(DECLARE_SUITE)
#undef DECLARE_SUITE

#endif
