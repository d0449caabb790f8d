/* The batches of a data set, in order or shuffled, gathered on the device. */
#ifndef OCKHAM_TRAIN_FEED_H
#define OCKHAM_TRAIN_FEED_H

#include "column.h"
#include "network.h"

/* The samples that a batch is made of. */
typedef struct feed_samples {
    batch_tensor x, y;
    batch_tensor spare;      /* for augmentation and whitening, which go from x to it, or back */
    batch_tensor transforms; /* of augmentation */
    batch_tensor one_hot;    /* of labels that are to be mixed */
} feed_samples;

typedef struct batch_feed {
    const ock_dataset *set;
    const ock_fit *fit; /* NULL: for evaluation, without what training alone does to the samples */
    const ock_standardizer *standardizer; /* of both; NULL: none */
    size_t batch, steps;
    column_size size;
    feed_column order, weights;
    feed_column partners, shares; /* of mixup */
    feed_samples own, partner;
} batch_feed;

/* In batches of fit's size. `fit` must outlive the feed. A feed of zeros may be freed. */
ock_status feed_create(batch_feed *feed, const ock_dataset *set, const ock_fit *fit, bool trains);
void feed_free(batch_feed *feed);

/* Puts the present epoch's order on the device again. */
ock_status feed_upload(const batch_feed *feed);

/* Shuffles and mixes as fit says for an epoch. */
ock_status feed_begin_epoch(batch_feed *feed, uint32_t epoch);

/* Batch `step`, from 0, whose tensors are the feed's, until the next call. */
ock_status feed_batch(batch_feed *feed, size_t step, uint32_t epoch, net_batch *batch);

#endif
