#include "feed.h"

#include <stdint.h>
#include <stdlib.h>

#include "row_weights.h"
#include "standardizer.h"

/* ---- Epochs ---- */

static void in_order(batch_feed *feed)
{
    int32_t *order = feed->order.values;
    for (size_t i = 0; i < feed->size.rows; i++)
        order[i] = (int32_t)i;
}

/* Fisher and Yates's shuffle. Two words a row: the remainder's bias is below rows / 2^64. */
static void shuffle(batch_feed *feed, uint64_t seed, uint32_t epoch)
{
    int32_t *order = feed->order.values;
    uint32_t draw[4];
    in_order(feed);
    for (size_t i = feed->size.rows; i-- > 1;) {
        ock_philox((uint32_t[]){(uint32_t)i, epoch, 0, OCK_PURPOSE_SHUFFLE}, seed, draw);
        size_t j = (size_t)(((uint64_t)draw[0] << 32 | draw[1]) % (i + 1));
        int32_t row = order[i];
        order[i] = order[j];
        order[j] = row;
    }
}

static void pair_up(batch_feed *feed, uint32_t epoch)
{
    const ock_fit *fit = feed->fit;
    const int32_t *order = feed->order.values;
    int32_t *partners = feed->partners.values;
    float *shares = feed->shares.values;
    for (size_t i = 0; i < feed->size.rows; i++) {
        ock_mixup mixup = ock_mixup_draw(fit->mixup_alpha, fit->seed, epoch, (uint32_t)order[i],
                                         (uint32_t)feed->size.rows);
        partners[i] = (int32_t)mixup.partner;
        shares[i] = mixup.share;
    }
}

static void weigh(batch_feed *feed)
{
    const float *of_classes = feed->fit ? feed->fit->class_weights : NULL;
    const int32_t *order = feed->order.values, *partners = feed->partners.values;
    const float *shares = feed->shares.values;
    float *weights = feed->weights.values;
    for (size_t i = 0; i < feed->size.rows; i++) {
        weights[i] = row_weight(feed->set, of_classes, (size_t)order[i]);
        if (partners)
            weights[i] = shares[i] * weights[i] +
                         (1 - shares[i]) * row_weight(feed->set, of_classes, (size_t)partners[i]);
    }
}

ock_status feed_upload(const batch_feed *feed)
{
    ock_status status = column_upload(&feed->size, &feed->order);
    if (!status)
        status = column_upload(&feed->size, &feed->weights);
    if (!status)
        status = column_upload(&feed->size, &feed->partners);
    return status ? status : column_upload(&feed->size, &feed->shares);
}

ock_status feed_begin_epoch(batch_feed *feed, uint32_t epoch)
{
    const ock_fit *fit = feed->fit;
    if (!fit->shuffle && !feed->partners.values)
        return OCK_OK;
    if (fit->shuffle)
        shuffle(feed, fit->seed, epoch);
    if (feed->partners.values)
        pair_up(feed, epoch);
    if (feed->weights.values)
        weigh(feed);
    return feed_upload(feed);
}

/* ---- Lifetime ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ock_status create_columns(batch_feed *feed, bool mixes)
{
    ock_context *context = ock_dataset_context(feed->set);
    size_t most =
        least(ock_tensor_max_rows(context, OCK_I32, 1), ock_tensor_max_rows(context, OCK_F32, 1));
    feed->size.chunk_rows = most / feed->batch * feed->batch;
    if (!feed->size.chunk_rows)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "the indices of a batch of %zu rows exceed the device's largest "
                                  "buffer",
                                  feed->batch);
    ock_status status = column_create(context, &feed->size, OCK_I32, &feed->order);
    if (!status && has_weights(feed->set, feed->fit ? feed->fit->class_weights : NULL))
        status = column_create(context, &feed->size, OCK_F32, &feed->weights);
    if (!status && mixes)
        status = column_create(context, &feed->size, OCK_I32, &feed->partners);
    if (!status && mixes)
        status = column_create(context, &feed->size, OCK_F32, &feed->shares);
    if (status)
        return status;
    in_order(feed);
    if (feed->weights.values && !mixes)
        weigh(feed);
    return mixes ? OCK_OK : feed_upload(feed);
}

static bool augments(const batch_feed *feed)
{
    return feed->fit && feed->fit->augmentation;
}

static ock_status samples_create(const batch_feed *feed, bool mixes, feed_samples *samples)
{
    const ock_dataset *set = feed->set;
    ock_context *context = ock_dataset_context(set);
    bool labels = ock_dataset_has_labels(set);
    size_t features = ock_dataset_features(set), outputs = ock_dataset_outputs(set);
    ock_status status =
        ock_tensor_create(context, OCK_F32, feed->batch, features, &samples->x.whole);
    if (!status)
        status = ock_tensor_create(context, labels ? OCK_I32 : OCK_F32, feed->batch,
                                   labels ? 1 : outputs, &samples->y.whole);
    if (!status && labels && mixes)
        status = batch_tensor_create(context, feed->batch, outputs, &samples->one_hot);
    if (!status && (augments(feed) || standardizer_whitens(feed->standardizer)))
        status = batch_tensor_create(context, feed->batch, features, &samples->spare);
    if (!status && augments(feed))
        status =
            batch_tensor_create(context, feed->batch, OCK_TRANSFORM_SIZE, &samples->transforms);
    return status;
}

ock_status feed_create(batch_feed *feed, const ock_dataset *set, const ock_fit *fit, bool trains)
{
    size_t rows = ock_dataset_rows(set), batch = least(fit->batch_size, rows);
    bool mixes = trains && fit->mixup_alpha > 0;
    *feed = (batch_feed){.set = set,
                         .fit = trains ? fit : NULL,
                         .standardizer = fit->standardizer,
                         .size.rows = rows,
                         .batch = batch,
                         .steps = (rows - 1) / batch + 1};
    ock_status status = create_columns(feed, mixes);
    if (!status)
        status = samples_create(feed, mixes, &feed->own);
    if (!status && mixes)
        status = samples_create(feed, mixes, &feed->partner);
    if (status)
        feed_free(feed);
    return status;
}

static void samples_free(feed_samples *samples)
{
    batch_tensor_free(&samples->one_hot);
    batch_tensor_free(&samples->transforms);
    batch_tensor_free(&samples->spare);
    batch_tensor_free(&samples->y);
    batch_tensor_free(&samples->x);
}

void feed_free(batch_feed *feed)
{
    samples_free(&feed->partner);
    samples_free(&feed->own);
    column_free(&feed->size, &feed->shares);
    column_free(&feed->size, &feed->partners);
    column_free(&feed->size, &feed->weights);
    column_free(&feed->size, &feed->order);
    *feed = (batch_feed){0};
}

/* ---- Batches ---- */

static ock_status samples_resize(feed_samples *samples, size_t rows)
{
    if (samples->x.part && ock_tensor_rows(samples->x.part) == rows)
        return OCK_OK;
    ock_status status = batch_tensor_resize(&samples->y, rows);
    if (!status)
        status = batch_tensor_resize(&samples->one_hot, rows);
    if (!status)
        status = batch_tensor_resize(&samples->transforms, rows);
    if (!status)
        status = batch_tensor_resize(&samples->spare, rows);
    return status ? status : batch_tensor_resize(&samples->x, rows);
}

/* What goes out of place goes from x to spare and back again. */
static ock_tensor *inputs_of(const batch_feed *feed, const feed_samples *samples)
{
    bool moved = augments(feed) != standardizer_whitens(feed->standardizer);
    return moved ? samples->spare.part : samples->x.part;
}

static ock_tensor *targets_of(const feed_samples *samples)
{
    return samples->one_hot.part ? samples->one_hot.part : samples->y.part;
}

static ock_status augment(const batch_feed *feed, const ock_tensor *indices, uint32_t epoch,
                          const feed_samples *samples)
{
    const ock_augmentation *augmentation = feed->fit->augmentation;
    ock_tensor *transforms = samples->transforms.part;
    ock_status status = ock_augment_draw(augmentation, epoch, indices, transforms);
    return status ? status
                  : ock_augment_apply(augmentation, epoch, indices, transforms, samples->x.part,
                                      samples->spare.part);
}

static ock_status standardize(const batch_feed *feed, const feed_samples *samples)
{
    ock_tensor *x = augments(feed) ? samples->spare.part : samples->x.part;
    return ock_standardizer_batch(feed->standardizer, x, inputs_of(feed, samples));
}

static ock_status gather(const batch_feed *feed, const ock_tensor *indices, uint32_t epoch,
                         feed_samples *samples)
{
    ock_status status = samples_resize(samples, ock_tensor_rows(indices));
    if (!status)
        status = ock_dataset_batch(feed->set, indices, samples->x.part, samples->y.part);
    if (!status && augments(feed))
        status = augment(feed, indices, epoch, samples);
    if (!status && feed->standardizer)
        status = standardize(feed, samples);
    if (!status && samples->one_hot.part)
        status = ock_one_hot(samples->y.part, samples->one_hot.part);
    return status;
}

static ock_status mix(batch_feed *feed, uint32_t epoch)
{
    const ock_tensor *share = feed->shares.batch;
    ock_tensor *x = inputs_of(feed, &feed->own), *y = targets_of(&feed->own);
    ock_status status = gather(feed, feed->partners.batch, epoch, &feed->partner);
    if (!status)
        status = ock_mix(share, x, inputs_of(feed, &feed->partner), x);
    return status ? status : ock_mix(share, y, targets_of(&feed->partner), y);
}

static ock_status columns_batch(batch_feed *feed, size_t first, size_t rows)
{
    ock_status status = column_batch(&feed->size, first, rows, &feed->order);
    if (!status)
        status = column_batch(&feed->size, first, rows, &feed->weights);
    if (!status)
        status = column_batch(&feed->size, first, rows, &feed->partners);
    return status ? status : column_batch(&feed->size, first, rows, &feed->shares);
}

ock_status feed_batch(batch_feed *feed, size_t step, uint32_t epoch, net_batch *batch)
{
    size_t first = step * feed->batch, rows = least(feed->batch, feed->size.rows - first);
    ock_status status = columns_batch(feed, first, rows);
    if (!status)
        status = gather(feed, feed->order.batch, epoch, &feed->own);
    if (!status && feed->partners.values)
        status = mix(feed, epoch);
    *batch = (net_batch){.x = inputs_of(feed, &feed->own),
                         .y = targets_of(&feed->own),
                         .weights = feed->weights.batch};
    return status;
}
