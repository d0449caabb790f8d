/* How a data set keeps its rows: for whitening, which rewrites them. */
#ifndef OCKHAM_TRAIN_DATASET_H
#define OCKHAM_TRAIN_DATASET_H

#include "network.h"

/* The memory that a set and its views share: rows [k chunk_rows, ...) lie in x[k] and y[k]. */
typedef struct dataset_store {
    unsigned references;
    size_t chunk_rows, chunks;
    ock_tensor **x, **y; /* y NULL: a set to predict on */
    float *weights;      /* of each row, on the host, where feeds multiply them; NULL: all 1 */
    int32_t *classes;    /* of each row, for class weights; -1: none */
} dataset_store;

/* The store's row of each row of a selection and its views, in tensors of chunk_rows rows. */
typedef struct dataset_selection {
    unsigned references;
    int32_t *rows;
    ock_tensor **indices;
    size_t chunks;
    batch_tensor looked_up; /* a batch's rows in the store */
    size_t capacity;        /* of it */
} dataset_selection;

struct ock_dataset {
    ock_context *context;
    dataset_store *store;
    dataset_selection *selection; /* NULL: rows follow each other in the store */
    size_t first, rows;           /* of the selection, else of the store */
    size_t features, outputs;
    bool labels;
};

/* Refuses a set that was lost with a device. */
ock_status dataset_check_kept(const ock_dataset *set);

#endif
