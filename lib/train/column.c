#include "column.h"
#include "sizes.h"

#include <stdlib.h>

static size_t chunks_of(const column_size *size)
{
    return (size->rows - 1) / size->chunk_rows + 1;
}

ock_status column_create(ock_context *context, const column_size *size, ock_dtype dtype,
                         feed_column *column)
{
    column->values = array_make(size->rows, 4);
    column->tensors = calloc(chunks_of(size), sizeof *column->tensors);
    if (!column->values || !column->tensors)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for the order of %zu rows",
                                  size->rows);
    ock_status status = OCK_OK;
    for (size_t i = 0; i < chunks_of(size) && !status; i++) {
        size_t left = size->rows - i * size->chunk_rows;
        status =
            ock_tensor_create(context, dtype, left < size->chunk_rows ? left : size->chunk_rows, 1,
                              &column->tensors[i]);
    }
    return status;
}

ock_status column_upload(const column_size *size, const feed_column *column)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; column->values && i < chunks_of(size) && !status; i++)
        status = ock_tensor_write(column->tensors[i],
                                  (const char *)column->values + i * size->chunk_rows * 4);
    return status;
}

ock_status column_batch(const column_size *size, size_t first, size_t rows, feed_column *column)
{
    ock_tensor_destroy(column->batch);
    column->batch = NULL;
    if (!column->values)
        return OCK_OK;
    return ock_tensor_view(column->tensors[first / size->chunk_rows], first % size->chunk_rows,
                           rows, &column->batch);
}

void column_free(const column_size *size, feed_column *column)
{
    ock_tensor_destroy(column->batch);
    for (size_t i = 0; column->tensors && i < chunks_of(size); i++)
        ock_tensor_destroy(column->tensors[i]);
    free(column->tensors);
    free(column->values);
}
