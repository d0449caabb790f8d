/* The batches of a data set, in order or shuffled, gathered on the device. */
#ifndef OCKHAM_TRAIN_FEED_H
#define OCKHAM_TRAIN_FEED_H

#include "network.h"

typedef struct batch_feed {
    const ock_dataset *set;
    const ock_augmentation *augmentation; /* NULL: none */
    size_t rows, batch, steps;
    int32_t *order;       /* on the host, for shuffling */
    ock_tensor **indices; /* the same on the device, in as many tensors as it takes */
    size_t chunk_rows, chunks;
    batch_tensor x, augmented, y;
} batch_feed;

/* A feed of zeros may be freed. */
ock_status feed_create(batch_feed *feed, const ock_dataset *set, size_t batch,
                       const ock_augmentation *augmentation);
void feed_free(batch_feed *feed);

/* Puts the rows into the order of this seed and epoch. */
ock_status feed_shuffle(batch_feed *feed, uint64_t seed, uint32_t epoch);

/* Batch `step`, from 0, whose tensors are the feed's, until the next call. */
ock_status feed_batch(batch_feed *feed, size_t step, uint32_t epoch, net_batch *batch);

#endif
