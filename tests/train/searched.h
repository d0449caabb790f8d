/* A search for the rate of the bench's network, that can be stopped or made to fail. */
#ifndef OCKHAM_TESTS_TRAIN_SEARCHED_H
#define OCKHAM_TESTS_TRAIN_SEARCHED_H

#include "bench.h"

extern const double rates[4];

typedef struct searched {
    bench b;
    ock_search_axis axis;
    ock_search_options options;
    ock_search_results results;
    size_t made, steps, stop_step, stop_trials; /* stops: 0: never */
    double broken;                              /* the value for which searched_make() fails */
} searched;

/* In place, since it points to itself. */
void searched_open(searched *s);
void searched_close(searched *s);

ock_status searched_run(searched *s);

/* The search's make(). */
ock_status searched_make(const double *values, ock_context *context, ock_model **model,
                         ock_fit *fit, void *user);

ock_fit fit_of(const searched *s, double rate, uint32_t epochs);
double last_val_loss(const ock_history *history);

#endif
