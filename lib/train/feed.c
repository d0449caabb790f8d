#include <stdint.h>
#include <stdlib.h>

#include "feed.h"

/* ---- Order ---- */

static ock_status upload_order(batch_feed *feed)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < feed->chunks && !status; i++)
        status = ock_tensor_write(feed->indices[i], feed->order + i * feed->chunk_rows);
    return status;
}

static void in_order(batch_feed *feed)
{
    for (size_t i = 0; i < feed->rows; i++)
        feed->order[i] = (int32_t)i;
}

/* Fisher and Yates's shuffle. Two words a row: the remainder's bias is below rows / 2^64. */
ock_status feed_shuffle(batch_feed *feed, uint64_t seed, uint32_t epoch)
{
    uint32_t draw[4];
    in_order(feed);
    for (size_t i = feed->rows; i-- > 1;) {
        ock_philox((uint32_t[]){(uint32_t)i, epoch, 0, OCK_PURPOSE_SHUFFLE}, seed, draw);
        size_t j = (size_t)(((uint64_t)draw[0] << 32 | draw[1]) % (i + 1));
        int32_t row = feed->order[i];
        feed->order[i] = feed->order[j];
        feed->order[j] = row;
    }
    return upload_order(feed);
}

/* ---- Lifetime ---- */

/* No batch's indices lie in two tensors. */
static ock_status create_order(batch_feed *feed)
{
    ock_context *context = ock_dataset_context(feed->set);
    size_t most = ock_tensor_max_rows(context, OCK_I32, 1);
    feed->chunk_rows = most / feed->batch * feed->batch;
    if (!feed->chunk_rows)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "the indices of a batch of %zu rows exceed the device's largest "
                                  "buffer",
                                  feed->batch);
    size_t chunks = (feed->rows - 1) / feed->chunk_rows + 1;
    feed->order = malloc(feed->rows * sizeof *feed->order);
    feed->indices = calloc(chunks, sizeof *feed->indices);
    if (!feed->order || !feed->indices)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for the order of %zu rows",
                                  feed->rows);
    feed->chunks = chunks;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < chunks && !status; i++) {
        size_t left = feed->rows - i * feed->chunk_rows;
        status =
            ock_tensor_create(context, OCK_I32, left < feed->chunk_rows ? left : feed->chunk_rows,
                              1, &feed->indices[i]);
    }
    if (status)
        return status;
    in_order(feed);
    return upload_order(feed);
}

static ock_status create_batch(batch_feed *feed)
{
    const ock_dataset *set = feed->set;
    ock_context *context = ock_dataset_context(set);
    bool labels = ock_dataset_has_labels(set);
    size_t features = ock_dataset_features(set);
    ock_status status = ock_tensor_create(context, OCK_F32, feed->batch, features, &feed->x.whole);
    if (!status)
        status = ock_tensor_create(context, labels ? OCK_I32 : OCK_F32, feed->batch,
                                   labels ? 1 : ock_dataset_outputs(set), &feed->y.whole);
    if (!status && feed->augmentation)
        status = ock_tensor_create(context, OCK_F32, feed->batch, features, &feed->augmented.whole);
    return status;
}

ock_status feed_create(batch_feed *feed, const ock_dataset *set, size_t batch,
                       const ock_augmentation *augmentation)
{
    size_t rows = ock_dataset_rows(set);
    if (batch > rows)
        batch = rows;
    *feed = (batch_feed){.set = set,
                         .augmentation = augmentation,
                         .rows = rows,
                         .batch = batch,
                         .steps = (rows - 1) / batch + 1};
    ock_status status = create_order(feed);
    if (!status)
        status = create_batch(feed);
    if (status)
        feed_free(feed);
    return status;
}

void feed_free(batch_feed *feed)
{
    batch_tensor_free(&feed->augmented);
    batch_tensor_free(&feed->y);
    batch_tensor_free(&feed->x);
    for (size_t i = 0; i < feed->chunks; i++)
        ock_tensor_destroy(feed->indices[i]);
    free(feed->indices);
    free(feed->order);
    *feed = (batch_feed){0};
}

/* ---- Batches ---- */

static ock_status resize(batch_feed *feed, size_t rows)
{
    if (feed->x.part && ock_tensor_rows(feed->x.part) == rows)
        return OCK_OK;
    ock_status status = batch_tensor_resize(&feed->y, rows);
    if (!status)
        status = batch_tensor_resize(&feed->augmented, rows);
    return status ? status : batch_tensor_resize(&feed->x, rows);
}

static ock_status gather(batch_feed *feed, const ock_tensor *indices, uint32_t epoch)
{
    ock_status status = ock_dataset_batch(feed->set, indices, feed->x.part, feed->y.part);
    if (!status && feed->augmentation)
        status =
            ock_augment(feed->augmentation, epoch, indices, feed->x.part, feed->augmented.part);
    return status;
}

ock_status feed_batch(batch_feed *feed, size_t step, uint32_t epoch, net_batch *batch)
{
    size_t first = step * feed->batch, left = feed->rows - first;
    size_t rows = left < feed->batch ? left : feed->batch;
    ock_tensor *indices = NULL;
    ock_status status = resize(feed, rows);
    if (!status)
        status = ock_tensor_view(feed->indices[first / feed->chunk_rows], first % feed->chunk_rows,
                                 rows, &indices);
    if (!status)
        status = gather(feed, indices, epoch);
    ock_tensor_destroy(indices);
    *batch = (net_batch){.x = feed->augmentation ? feed->augmented.part : feed->x.part,
                         .y = feed->y.part};
    return status;
}
