/* A small set, a small network with all that training has, and a fit of three epochs. */
#ifndef OCKHAM_TESTS_TRAIN_BENCH_H
#define OCKHAM_TESTS_TRAIN_BENCH_H

#include "support.h"

enum {
    ROWS = 50,
    FEATURES = 8,
    OUTPUTS = 3,
    BATCH = 16
};

extern const spec bench_layers[5];

typedef struct bench {
    ock_context *context;
    samples data;
    ock_dataset *set;
    ock_fit fit;
} bench;

bench bench_open(void);
void bench_close(bench *b);

/* A network of bench_layers after a fit to the set. */
ock_model *fitted(const bench *b, const ock_fit *fit, ock_history *history);

#endif
