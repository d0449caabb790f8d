/* How a data set keeps its rows: for whitening, which rewrites them. */
#ifndef OCKHAM_TRAIN_DATASET_H
#define OCKHAM_TRAIN_DATASET_H

#include <ockham/data.h>

/* The memory that a set and its views share: rows [k chunk_rows, ...) lie in x[k] and y[k]. */
typedef struct dataset_store {
    unsigned references;
    size_t chunk_rows, chunks;
    ock_tensor **x, **y; /* y NULL: a set to predict on */
} dataset_store;

struct ock_dataset {
    ock_context *context;
    dataset_store *store;
    size_t first, rows; /* of the store */
    size_t features, outputs;
    bool labels;
};

#endif
