/* ZCA whitening. Sums over blocks of rows run in double on the host, products on the device. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "dataset.h"

#if OCK_LAPACK
#include <lapacke.h>
#endif

struct ock_zca {
    ock_context *context;
    size_t features;
    ock_tensor *mean;      /* 1 x d */
    ock_tensor *transform; /* d x d */
};

/* Rows taken at a time: enough for an efficient product, few beside the set. */
enum {
    BLOCK_ROWS = 1024
};

void ock_zca_destroy(ock_zca *zca)
{
    if (!zca)
        return;
    ock_tensor_destroy(zca->mean);
    ock_tensor_destroy(zca->transform);
    free(zca);
}

/* ---- Blocks of rows ---- */

/* Takes `rows`, a view of the set's own, and the same rows less the mean. */
typedef ock_status (*block_visitor)(const ock_zca *zca, const ock_tensor *centred, ock_tensor *rows,
                                    void *user);

/* Subtracts the mean as a product: a column of ones times the mean has it in every row. */
static ock_status centre(const ock_zca *zca, const ock_tensor *rows, ock_tensor *centred)
{
    ock_matmul_options subtract = {.alpha = -1, .beta = 1};
    ock_tensor *ones = NULL;
    ock_status status = ock_tensor_create(zca->context, OCK_F32, ock_tensor_rows(rows), 1, &ones);
    if (!status)
        status = ock_tensor_fill(ones, 1);
    if (!status)
        status = ock_tensor_copy(rows, centred);
    if (!status)
        status = ock_matmul(&subtract, ones, zca->mean, centred);
    ock_tensor_destroy(ones);
    return status;
}

static ock_status visit(const ock_zca *zca, const ock_tensor *chunk, size_t first, size_t count,
                        block_visitor visitor, void *user)
{
    ock_tensor *rows = NULL, *centred = NULL;
    ock_status status = ock_tensor_view(chunk, first, count, &rows);
    if (!status)
        status = ock_tensor_create(zca->context, OCK_F32, count, zca->features, &centred);
    if (!status)
        status = centre(zca, rows, centred);
    if (!status)
        status = visitor(zca, centred, rows, user);
    ock_tensor_destroy(centred);
    ock_tensor_destroy(rows);
    return status;
}

static ock_status for_each_block(const ock_zca *zca, const ock_dataset *set, block_visitor visitor,
                                 void *user)
{
    const dataset_store *store = set->store;
    ock_status status = OCK_OK;
    if (set->selection)
        return ock_context_report(set->context, OCK_INVALID_ARGUMENT,
                                  "a selection of rows cannot be whitened; whiten its set");
    for (size_t row = set->first, end = set->first + set->rows; row < end && !status;) {
        size_t first = row % store->chunk_rows, count = store->chunk_rows - first;
        if (count > end - row)
            count = end - row;
        if (count > BLOCK_ROWS)
            count = BLOCK_ROWS;
        status = visit(zca, store->x[row / store->chunk_rows], first, count, visitor, user);
        row += count;
    }
    return status;
}

/* ---- Applying ---- */

static ock_status whiten(const ock_zca *zca, const ock_tensor *centred, ock_tensor *rows,
                         void *user)
{
    (void)user;
    return ock_matmul(NULL, centred, zca->transform, rows);
}

ock_status ock_zca_apply(const ock_zca *zca, ock_dataset *dataset)
{
    ock_context *context = ock_dataset_context(dataset);
    if (!zca || !dataset)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL",
                                  zca ? "dataset" : "zca");
    if (zca->context != context)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "zca and dataset belong to two contexts");
    if (zca->features != dataset->features)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "zca was fitted to %zu features, the data set has %zu",
                                  zca->features, dataset->features);
    ock_status status = for_each_block(zca, dataset, whiten, NULL);
    return status ? status : ock_context_finish(context);
}

/* ---- Fitting ---- */

#if OCK_LAPACK

/* A d x d or 1 x d sum: `part` is one block's share on the device, `host` the same read back. */
typedef struct block_sum {
    ock_tensor *part;
    float *host;
    double *sum;
    size_t size;
} block_sum;

static void sum_free(block_sum *sum)
{
    ock_tensor_destroy(sum->part);
    free(sum->host);
    free(sum->sum);
}

static ock_status sum_init(block_sum *sum, const ock_zca *zca, size_t rows)
{
    *sum = (block_sum){.size = rows * zca->features};
    ock_status status = ock_tensor_create(zca->context, OCK_F32, rows, zca->features, &sum->part);
    if (status)
        return status;
    sum->host = malloc(sum->size * sizeof *sum->host);
    sum->sum = calloc(sum->size, sizeof *sum->sum);
    if (sum->host && sum->sum)
        return OCK_OK;
    sum_free(sum);
    return ock_context_report(zca->context, OCK_OUT_OF_MEMORY,
                              "no memory for the covariance of %zu features", zca->features);
}

static ock_status sum_add(block_sum *sum)
{
    ock_status status = ock_tensor_read(sum->part, sum->host);
    for (size_t i = 0; i < sum->size && !status; i++)
        sum->sum[i] += sum->host[i];
    return status;
}

static ock_status add_mean(const ock_zca *zca, const ock_tensor *centred, ock_tensor *rows,
                           void *user)
{
    (void)zca, (void)rows;
    block_sum *sum = user;
    ock_status status = ock_reduce(OCK_SUM, OCK_ROWS, centred, sum->part);
    return status ? status : sum_add(sum);
}

static ock_status add_covariance(const ock_zca *zca, const ock_tensor *centred, ock_tensor *rows,
                                 void *user)
{
    (void)zca, (void)rows;
    ock_matmul_options gram = {.transpose_a = true, .alpha = 1};
    block_sum *sum = user;
    ock_status status = ock_matmul(&gram, centred, centred, sum->part);
    return status ? status : sum_add(sum);
}

/* While the mean is still the zeros it was made of, centred rows are the rows themselves. */
static ock_status fit_mean(ock_zca *zca, const ock_dataset *set)
{
    block_sum sum;
    ock_status status = sum_init(&sum, zca, 1);
    if (status)
        return status;
    status = for_each_block(zca, set, add_mean, &sum);
    for (size_t i = 0; i < sum.size; i++)
        sum.host[i] = (float)(sum.sum[i] / (double)set->rows);
    if (!status)
        status = ock_tensor_write(zca->mean, sum.host);
    sum_free(&sum);
    return status;
}

/* U diag(1/sqrt(s + epsilon)) U^T = V^T V with V = diag((s + epsilon)^-1/4) U^T. Rounding can
 * leave an eigenvalue a little below 0. LAPACK's columns are our rows, so `sum` becomes U^T. */
static ock_status decompose(ock_zca *zca, block_sum *sum, double epsilon)
{
    size_t d = zca->features;
    double *values = malloc(d * sizeof *values);
    if (!values)
        return ock_context_report(zca->context, OCK_OUT_OF_MEMORY, "no memory for %zu eigenvalues",
                                  d);
    lapack_int info =
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)d, sum->sum, (lapack_int)d, values);
    for (size_t i = 0; i < sum->size && !info; i++)
        sum->host[i] = (float)(sum->sum[i] * pow(fmax(values[i / d], 0) + epsilon, -0.25));
    free(values);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return ock_context_report(zca->context, OCK_OUT_OF_MEMORY,
                                  "no memory for the eigenvalues of %zu features", d);
    if (info)
        return ock_context_report(zca->context, OCK_INVALID_ARGUMENT,
                                  "the covariance has no eigenvalues: is a value of the data set "
                                  "not finite? (dsyevd: %d)",
                                  (int)info);
    ock_status status = ock_tensor_write(sum->part, sum->host);
    ock_matmul_options gram = {.transpose_a = true, .alpha = 1};
    return status ? status : ock_matmul(&gram, sum->part, sum->part, zca->transform);
}

static ock_status fit_transform(ock_zca *zca, const ock_dataset *set, double epsilon)
{
    block_sum sum;
    ock_status status = sum_init(&sum, zca, zca->features);
    if (status)
        return status;
    status = for_each_block(zca, set, add_covariance, &sum);
    for (size_t i = 0; i < sum.size; i++)
        sum.sum[i] /= (double)set->rows;
    if (!status)
        status = decompose(zca, &sum, epsilon);
    sum_free(&sum);
    return status;
}

/* dsyevd()'s workspace of 1 + 6 d + 2 d^2 numbers is counted in 32 bits. */
enum {
    MOST_FEATURES = 32766
};

static ock_status fit(ock_zca *zca, const ock_dataset *set, float epsilon)
{
    size_t d = zca->features;
    if (d > MOST_FEATURES)
        return ock_context_report(zca->context, OCK_UNSUPPORTED,
                                  "ZCA whitening of %zu features; LAPACK serves up to %d", d,
                                  MOST_FEATURES);
    ock_status status = ock_tensor_create(zca->context, OCK_F32, 1, d, &zca->mean);
    if (!status)
        status = ock_tensor_create(zca->context, OCK_F32, d, d, &zca->transform);
    if (!status)
        status = fit_mean(zca, set);
    if (!status)
        status = fit_transform(zca, set, (double)epsilon);
    return status ? status : ock_context_finish(zca->context);
}

#else

static ock_status fit(ock_zca *zca, const ock_dataset *set, float epsilon)
{
    (void)set, (void)epsilon;
    return ock_context_report(zca->context, OCK_UNSUPPORTED,
                              "ZCA whitening needs LAPACK, which this build is without");
}

#endif

ock_status ock_zca_fit(const ock_dataset *dataset, float epsilon, ock_zca **zca)
{
    ock_context *context = ock_dataset_context(dataset);
    if (!zca)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "zca is NULL");
    *zca = NULL;
    if (!dataset)
        return OCK_INVALID_ARGUMENT;
    if (!(epsilon > 0) || !isfinite(epsilon))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "epsilon is %g, which is not greater than 0", (double)epsilon);
    ock_zca *made = calloc(1, sizeof *made);
    if (!made)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for whitening");
    made->context = context;
    made->features = dataset->features;
    ock_status status = fit(made, dataset, epsilon);
    if (status) {
        ock_zca_destroy(made);
        return status;
    }
    *zca = made;
    return OCK_OK;
}
