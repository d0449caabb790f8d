#include <stdint.h>
#include <stdlib.h>

#include "core/core.h"

enum {
    ELEMENT = 4,
    CACHE_ALIAS = 128
};

/* Rows begin on vector boundaries, and are kept from distances at which a column's elements
 * would all fall into few sets of a cache. */
size_t ock_row_stride(ock_dtype dtype, size_t cols)
{
    if (dtype == OCK_I32)
        return cols;
    size_t stride = (cols + OCK_PAD - 1) / OCK_PAD * OCK_PAD;
    return stride % CACHE_ALIAS ? stride : stride + OCK_PAD;
}

static size_t max_elements(const ock_context *context)
{
    return context->max_allocation / ELEMENT;
}

size_t ock_tensor_max_rows(const ock_context *context, ock_dtype dtype, size_t cols)
{
    if (!context || cols == 0 || cols > INT32_MAX)
        return 0;
    size_t rows = max_elements(context) / ock_row_stride(dtype, cols);
    return rows < INT32_MAX ? rows : INT32_MAX;
}

static ock_status check_shape_of(ock_context *context, const char *call, ock_dtype dtype,
                                 size_t rows, size_t cols)
{
    if (dtype != OCK_F32 && dtype != OCK_I32)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s: dtype must be OCK_F32 or OCK_I32", call);
    if (rows == 0 || cols == 0 || rows > INT32_MAX || cols > INT32_MAX)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s: %zu x %zu: a dimension must be 1..%d", call, rows, cols,
                                  INT32_MAX);
    return OCK_OK;
}

static ock_status check_size(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_status status = check_shape_of(context, "ock_tensor_create", dtype, rows, cols);
    if (status != OCK_OK)
        return status;
    if (rows > ock_tensor_max_rows(context, dtype, cols))
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "ock_tensor_create: %zu x %zu exceeds the largest buffer, "
                                  "%zu bytes",
                                  rows, cols, context->max_allocation);
    return OCK_OK;
}

/* ---- Storages ---- */

static void link_storage(ock_context *context, ock_storage *storage)
{
    storage->next = context->storages;
    if (storage->next)
        storage->next->previous = storage;
    context->storages = storage;
}

static void unlink_storage(ock_context *context, ock_storage *storage)
{
    *(storage->previous ? &storage->previous->next : &context->storages) = storage->next;
    if (storage->next)
        storage->next->previous = storage->previous;
}

ock_status ock_storages_make(const ock_context *context, ock_backend *backend)
{
    ock_status status = OCK_OK;
    ock_storage *made = context->storages;
    while (made && !status) {
        status = backend->table->allocate(backend, made->bytes, &made->successor);
        if (!status)
            made = made->next;
    }
    for (ock_storage *s = context->storages; status && s != made; s = s->next)
        backend->table->release(backend, s->successor);
    return status;
}

/* What the application lends was not counted. */
static void forget_memory(ock_memory *memory, const ock_storage *storage)
{
    if (!storage->root)
        ock_memory_subtract(memory, storage->bytes);
}

void ock_storages_replace(ock_context *context, ock_backend *backend)
{
    for (ock_storage *s = context->storages; s; s = s->next) {
        context->backend->table->release(context->backend, s->handle);
        forget_memory(&context->backend->memory, s);
        ock_memory_add(&backend->memory, s->bytes);
        s->handle = s->successor;
        s->root = NULL;
        s->start = 0;
        s->lost = true;
    }
}

/* ---- Lifetime ---- */

ock_status ock_tensor_create(ock_context *context, ock_dtype dtype, size_t rows, size_t cols,
                             ock_tensor **tensor)
{
    if (tensor)
        *tensor = NULL;
    if (!context || !tensor)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "ock_tensor_create: NULL");
    ock_status status = check_size(context, dtype, rows, cols);
    if (status != OCK_OK)
        return status;
    ock_tensor *made = malloc(sizeof *made);
    ock_storage *storage = malloc(sizeof *storage);
    if (!made || !storage) {
        status = ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a tensor");
        goto fail;
    }
    size_t stride = ock_row_stride(dtype, cols);
    *storage = (ock_storage){.bytes = rows * stride * ELEMENT, .references = 1};
    status = context->backend->table->allocate(context->backend, storage->bytes, &storage->handle);
    if (status != OCK_OK)
        goto fail;
    ock_memory_add(&context->backend->memory, storage->bytes);
    link_storage(context, storage);
    *made = (ock_tensor){context, storage, dtype, rows, cols, stride, 0};
    *tensor = made;
    return OCK_OK;
fail:
    free(storage);
    free(made);
    return status;
}

static ock_status check_loan(ock_context *context, const ock_loan *loan, ock_dtype dtype,
                             size_t rows, size_t cols)
{
    const char *call = "ock_opencl_tensor_create";
    ock_status status = check_shape_of(context, call, dtype, rows, cols);
    if (status != OCK_OK)
        return status;
    size_t stride = ock_row_stride(dtype, cols), held = loan->bytes / ELEMENT;
    if (loan->stride != stride)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s: a stride of %zu elements: rows of %zu need %zu", call,
                                  loan->stride, cols, stride);
    if (dtype == OCK_F32 && loan->offset % OCK_PAD != 0)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s: an offset of %zu elements: floats need a multiple of %d",
                                  call, loan->offset, OCK_PAD);
    if (loan->offset > held || rows > (held - loan->offset) / stride)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s: %zu rows of %zu elements from element %zu on: the buffer "
                                  "has %zu elements",
                                  call, rows, stride, loan->offset, held);
    return OCK_OK;
}

ock_status ock_tensor_borrow(ock_context *context, const ock_loan *loan, ock_dtype dtype,
                             size_t rows, size_t cols, ock_tensor **tensor)
{
    ock_status status = check_loan(context, loan, dtype, rows, cols);
    if (status != OCK_OK)
        return status;
    ock_tensor *made = malloc(sizeof *made);
    ock_storage *storage = malloc(sizeof *storage);
    if (!made || !storage) {
        free(storage);
        free(made);
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a tensor");
    }
    *storage = (ock_storage){.handle = loan->handle,
                             .bytes = (loan->offset + rows * loan->stride) * ELEMENT,
                             .references = 1,
                             .root = loan->root,
                             .start = loan->start};
    link_storage(context, storage);
    *made = (ock_tensor){context, storage, dtype, rows, cols, loan->stride, loan->offset};
    *tensor = made;
    return OCK_OK;
}

ock_status ock_tensor_view(const ock_tensor *tensor, size_t first, size_t rows, ock_tensor **view)
{
    if (view)
        *view = NULL;
    if (!tensor || !view || rows == 0)
        return ock_context_report(tensor ? tensor->context : NULL, OCK_INVALID_ARGUMENT,
                                  "ock_tensor_view: NULL, or no rows");
    if (first > tensor->rows || rows > tensor->rows - first)
        return ock_context_report(tensor->context, OCK_SHAPE_MISMATCH,
                                  "ock_tensor_view: %zu rows from row %zu of %zu", rows, first,
                                  tensor->rows);
    ock_tensor *made = malloc(sizeof *made);
    if (!made)
        return ock_context_report(tensor->context, OCK_OUT_OF_MEMORY, "no memory for a view");
    *made = *tensor;
    made->rows = rows;
    made->offset += first * tensor->stride;
    made->storage->references++;
    *view = made;
    return OCK_OK;
}

void ock_tensor_destroy(ock_tensor *tensor)
{
    if (!tensor)
        return;
    ock_storage *storage = tensor->storage;
    if (--storage->references == 0) {
        ock_backend *backend = tensor->context->backend;
        backend->table->release(backend, storage->handle);
        forget_memory(&backend->memory, storage);
        unlink_storage(tensor->context, storage);
        free(storage);
    }
    free(tensor);
}

/* ---- Reading ---- */

ock_context *ock_tensor_context(const ock_tensor *tensor)
{
    return tensor ? tensor->context : NULL;
}

ock_dtype ock_tensor_dtype(const ock_tensor *tensor)
{
    return tensor ? tensor->dtype : OCK_F32;
}

size_t ock_tensor_rows(const ock_tensor *tensor)
{
    return tensor ? tensor->rows : 0;
}

size_t ock_tensor_cols(const ock_tensor *tensor)
{
    return tensor ? tensor->cols : 0;
}

bool ock_tensor_is_lost(const ock_tensor *tensor)
{
    return tensor && tensor->storage->lost;
}

static const void *root_of(const ock_storage *storage)
{
    return storage->root ? storage->root : storage->handle;
}

/* An application's buffer may be lent as several tensors, and its parts as well. */
bool ock_tensors_overlap(const ock_tensor *a, const ock_tensor *b)
{
    if (!a || !b || root_of(a->storage) != root_of(b->storage))
        return false;
    size_t a_first = a->storage->start + a->offset, b_first = b->storage->start + b->offset;
    return a_first < b_first + b->rows * b->stride && b_first < a_first + a->rows * a->stride;
}

/* ---- Transfers ---- */

static ock_status no_data(const ock_tensor *tensor, const char *call)
{
    return ock_context_report(ock_tensor_context(tensor), OCK_INVALID_ARGUMENT, "%s: NULL", call);
}

ock_status ock_tensor_write(ock_tensor *tensor, const void *data)
{
    if (!tensor || !data)
        return no_data(tensor, "ock_tensor_write");
    ock_backend *backend = tensor->context->backend;
    ock_status status = backend->table->write(backend, data, tensor);
    if (status == OCK_OK)
        tensor->storage->lost = false;
    return status;
}

ock_status ock_tensor_read(const ock_tensor *tensor, void *data)
{
    if (!tensor || !data)
        return no_data(tensor, "ock_tensor_read");
    ock_backend *backend = tensor->context->backend;
    return backend->table->read(backend, tensor, data);
}

ock_status ock_tensor_fill(ock_tensor *tensor, float value)
{
    check c = check_begin("ock_tensor_fill");
    check_tensor(&c, "tensor", tensor, OCK_F32);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_status status = c.context->backend->table->fill(c.context->backend, value, tensor);
    if (status == OCK_OK)
        tensor->storage->lost = false;
    return status;
}

static void check_alike(check *c, const ock_tensor *source, const ock_tensor *target,
                        ock_dtype dtype)
{
    check_tensor(c, "source", source, dtype);
    check_tensor(c, "target", target, dtype);
    if (source && target && (source->rows != target->rows || source->cols != target->cols))
        check_fail(c, OCK_SHAPE_MISMATCH, "source is %zu x %zu and target %zu x %zu", source->rows,
                   source->cols, target->rows, target->cols);
    check_apart(c, "target", target, "source", source);
}

ock_status ock_tensor_copy(const ock_tensor *source, ock_tensor *target)
{
    check c = check_begin("ock_tensor_copy");
    check_alike(&c, source, target, source ? source->dtype : OCK_F32);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_status status = c.context->backend->table->copy(c.context->backend, source, target);
    if (status == OCK_OK)
        target->storage->lost = source->storage->lost;
    return status;
}

ock_status ock_tensor_blend(float share, const ock_tensor *source, ock_tensor *target)
{
    check c = check_begin("ock_tensor_blend");
    check_alike(&c, source, target, OCK_F32);
    check_range(&c, "share", (double)share, 0, 1);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return c.context->backend->table->blend(c.context->backend, share, source, target);
}

static bool is_whole(const ock_tensor *tensor)
{
    return tensor && !tensor->storage->root &&
           tensor->rows * tensor->stride * ELEMENT == tensor->storage->bytes;
}

ock_status ock_tensor_swap(ock_tensor *a, ock_tensor *b)
{
    check c = check_begin("ock_tensor_swap");
    check_alike(&c, a, b, a ? a->dtype : OCK_F32);
    check_true(&c, is_whole(a) && is_whole(b),
               "a view of fewer rows, or in a buffer of the application's, stays where it is");
    if (check_end(&c) != OCK_OK)
        return c.status;
    const ock_storage was = *a->storage;
    a->storage->handle = b->storage->handle;
    a->storage->lost = b->storage->lost;
    b->storage->handle = was.handle;
    b->storage->lost = was.lost;
    return OCK_OK;
}
