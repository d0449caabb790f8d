#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "product.h"

#define ALIGNMENT (OCK_PAD * sizeof(float))

/* OpenMP ends the process that asks for more threads than the system gives. */
enum {
    MAX_THREADS = sizeof(void *) < 8 ? 64 : 1024 /* their stacks share the addresses */
};

static void scalar_close(ock_backend *backend)
{
    free(((scalar_backend *)backend)->scratch);
    free(backend);
}

static ock_status scalar_wait(ock_backend *backend)
{
    (void)backend;
    return OCK_OK;
}

static ock_status scalar_allocate(ock_backend *backend, size_t bytes, void **handle)
{
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *handle = rounded < bytes ? NULL : aligned_alloc(ALIGNMENT, rounded);
    if (!*handle)
        return ock_log_report(backend->log, OCK_OUT_OF_MEMORY, "no memory for %zu bytes", bytes);
    memset(*handle, 0, rounded);
    return OCK_OK;
}

static void scalar_release(ock_backend *backend, void *handle)
{
    (void)backend;
    free(handle);
}

static ock_status scalar_write(ock_backend *backend, const void *data, ock_tensor *tensor)
{
    (void)backend;
    size_t bytes = tensor->cols * sizeof(float);
    for (size_t i = 0; i < tensor->rows; i++)
        memcpy(scalar_row(tensor, i), (const char *)data + i * bytes, bytes);
    return OCK_OK;
}

static ock_status scalar_read(ock_backend *backend, const ock_tensor *tensor, void *data)
{
    (void)backend;
    size_t bytes = tensor->cols * sizeof(float);
    for (size_t i = 0; i < tensor->rows; i++)
        memcpy((char *)data + i * bytes, scalar_row(tensor, i), bytes);
    return OCK_OK;
}

ock_status scalar_fill(ock_backend *backend, float value, ock_tensor *y)
{
    (void)backend;
    for (size_t i = 0; i < y->rows; i++) {
        float *row = scalar_row(y, i);
        for (size_t j = 0; j < y->cols; j++)
            row[j] = value;
    }
    return OCK_OK;
}

ock_status scalar_copy(ock_backend *backend, const ock_tensor *x, ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++)
        memcpy(scalar_row(y, i), scalar_row(x, i), x->cols * sizeof(float));
    return OCK_OK;
}

ock_status scalar_blend(ock_backend *backend, float share, const ock_tensor *x, ock_tensor *y)
{
#pragma omp parallel for num_threads(scalar_threads(backend, x->rows * x->cols))
    for (size_t i = 0; i < x->rows; i++) {
        const float *from = scalar_row(x, i);
        float *to = scalar_row(y, i);
        for (size_t j = 0; j < x->cols; j++)
            to[j] += share * (from[j] - to[j]);
    }
    return OCK_OK;
}

static const ock_backend_table scalar_table = {.close = scalar_close,
                                               .finish = scalar_wait,
                                               .flush = scalar_wait,
                                               .allocate = scalar_allocate,
                                               .release = scalar_release,
                                               .write = scalar_write,
                                               .read = scalar_read,
#define SCALAR_ENTRY(name, parameters) .name = scalar_##name,
                                               OCK_BACKEND_OPS(SCALAR_ENTRY)
#undef SCALAR_ENTRY
};

int scalar_default_threads(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

static scalar_kernels best_kernels(void)
{
    scalar_kernels sets[SCALAR_SETS];
    return sets[scalar_kernels_list(sets) - 1];
}

const char *scalar_instructions(void)
{
    return best_kernels().name;
}

ock_status scalar_open(int threads, const ock_backend *head, ock_backend **backend)
{
    size_t wish = (size_t)(threads > 0 ? threads : scalar_default_threads());
    size_t count = scalar_min(wish, MAX_THREADS);
    const size_t scratch_bytes = count * SCALAR_SCRATCH * sizeof(float);
    scalar_backend *scalar = calloc(1, sizeof *scalar);
    *backend = NULL;
    if (!scalar)
        goto no_memory;
    scalar->scratch = aligned_alloc(ALIGNMENT, scratch_bytes);
    if (!scalar->scratch)
        goto no_scratch;
    scalar->base = *head;
    scalar->base.table = &scalar_table;
    ock_memory_add(&scalar->base.memory, scratch_bytes);
    scalar->threads = (int)count;
    scalar->kernels = best_kernels();
    *backend = &scalar->base;
    return OCK_OK;

no_scratch:
    free(scalar);
no_memory:
    return ock_log_report(head->log, OCK_OUT_OF_MEMORY, "no memory for the scalar path");
}
