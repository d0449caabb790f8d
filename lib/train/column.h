/* A value for each row of a set, in an epoch's order: on the host, and on the device. */
#ifndef OCKHAM_TRAIN_COLUMN_H
#define OCKHAM_TRAIN_COLUMN_H

#include <ockham/tensor.h>

/* How a column is cut into tensors: chunk_rows is a multiple of the batch, so that no batch lies in
 * two of them. */
typedef struct column_size {
    size_t rows, chunk_rows;
} column_size;

typedef struct feed_column {
    void *values; /* int32_t or float; NULL: there is no such column */
    ock_tensor **tensors;
    ock_tensor *batch; /* a view of the batch's rows */
} feed_column;

/* A column of zeros may be uploaded, cut and freed, and stays one. */
ock_status column_create(ock_context *context, const column_size *size, ock_dtype dtype,
                         feed_column *column);
ock_status column_upload(const column_size *size, const feed_column *column);
ock_status column_batch(const column_size *size, size_t first, size_t rows, feed_column *column);
void column_free(const column_size *size, feed_column *column);

#endif
