/* Standardisation of data sets and batches, with ZCA whitening. Sums over blocks of rows run in
 * double on the host, products on the device. */
#include <math.h>
#include <stdlib.h>

#include "dataset.h"
#include "sizes.h"
#include "standardizer.h"

#if OCK_LAPACK
#include <lapacke.h>
#endif

struct ock_standardizer {
    ock_context *context;
    ock_standardization options;
    size_t features;
    ock_standardize steps; /* but for the whitening */
    ock_tensor *mean;      /* 1 x d; NULL: not asked for */
    ock_tensor *deviation; /* the same */
    ock_tensor *transform; /* d x d; NULL: no whitening */
};

/* Rows taken at a time: enough for an efficient product, few beside the set. */
enum {
    BLOCK_ROWS = 1024
};

void ock_standardizer_destroy(ock_standardizer *standardizer)
{
    if (!standardizer)
        return;
    ock_tensor_destroy(standardizer->mean);
    ock_tensor_destroy(standardizer->deviation);
    ock_tensor_destroy(standardizer->transform);
    free(standardizer);
}

bool standardizer_whitens(const ock_standardizer *standardizer)
{
    return standardizer && standardizer->transform;
}

const ock_standardization *standardizer_options(const ock_standardizer *standardizer)
{
    return &standardizer->options;
}

void standardizer_tensors(const ock_standardizer *standardizer,
                          ock_tensor *tensors[STANDARDIZER_TENSORS])
{
    tensors[0] = standardizer->mean;
    tensors[1] = standardizer->deviation;
    tensors[2] = standardizer->transform;
}

static ock_status check_kept(const ock_standardizer *s)
{
    if (!ock_tensor_is_lost(s->mean) && !ock_tensor_is_lost(s->deviation))
        return OCK_OK;
    return ock_context_report(s->context, OCK_DEVICE_FAILED,
                              "the standardizer was lost with a device; ock_standardizer_fit() "
                              "makes it anew");
}

ock_status standardizer_check(const ock_standardizer *standardizer, ock_context *context,
                              size_t features, const char *name)
{
    if (standardizer->context != context)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "standardizer and %s belong to two contexts", name);
    if (standardizer->features != features)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "standardizer was fitted to %zu features, %s has %zu",
                                  standardizer->features, name, features);
    return check_kept(standardizer);
}

/* ---- Blocks of rows ---- */

/* Takes `rows`, a view of the set's own, and the same rows after `steps`. */
typedef ock_status (*block_visitor)(const ock_standardizer *s, const ock_tensor *standard,
                                    ock_tensor *rows, void *user);

static ock_status visit(const ock_standardizer *s, const ock_standardize *steps, ock_tensor *rows,
                        block_visitor visitor, void *user)
{
    ock_tensor *standard = NULL;
    ock_status status =
        ock_tensor_create(s->context, OCK_F32, ock_tensor_rows(rows), s->features, &standard);
    if (!status)
        status = ock_standardize_apply(steps, rows, standard);
    if (!status)
        status = visitor(s, standard, rows, user);
    ock_tensor_destroy(standard);
    return status;
}

static ock_status for_each_block(const ock_standardizer *s, const ock_standardize *steps,
                                 const ock_dataset *set, block_visitor visitor, void *user)
{
    const dataset_store *store = set->store;
    ock_status status = dataset_check_kept(set);
    if (set->selection)
        return ock_context_report(set->context, OCK_INVALID_ARGUMENT,
                                  "standardizers are fitted and applied to a data set or a view "
                                  "of it, not to a selection of its rows");
    for (size_t row = set->first, end = set->first + set->rows; row < end && !status;) {
        size_t first = row % store->chunk_rows, count = store->chunk_rows - first;
        ock_tensor *rows = NULL;
        if (count > end - row)
            count = end - row;
        if (count > BLOCK_ROWS)
            count = BLOCK_ROWS;
        status = ock_tensor_view(store->x[row / store->chunk_rows], first, count, &rows);
        if (!status)
            status = visit(s, steps, rows, visitor, user);
        ock_tensor_destroy(rows);
        row += count;
    }
    return status;
}

/* ---- Applying ---- */

static ock_status finish_block(const ock_standardizer *s, const ock_tensor *standard,
                               ock_tensor *rows, void *user)
{
    (void)user;
    return s->transform ? ock_matmul(NULL, standard, s->transform, rows)
                        : ock_tensor_copy(standard, rows);
}

ock_status ock_standardizer_apply(const ock_standardizer *standardizer, ock_dataset *dataset)
{
    ock_context *context = ock_dataset_context(dataset);
    if (!standardizer || !dataset)
        return ock_context_report(standardizer ? standardizer->context : context,
                                  OCK_INVALID_ARGUMENT, "%s is NULL",
                                  standardizer ? "dataset" : "standardizer");
    ock_status status =
        standardizer_check(standardizer, context, dataset->features, "the data set");
    if (!status)
        status = for_each_block(standardizer, &standardizer->steps, dataset, finish_block, NULL);
    return status ? status : ock_context_finish(context);
}

/* What the product would refuse, before x is overwritten. */
static ock_status check_whitened(const ock_standardizer *s, const ock_tensor *x,
                                 const ock_tensor *y)
{
    const char *problem = NULL;
    if (!x || !y)
        problem = x ? "y is NULL" : "x is NULL";
    else if (ock_tensor_context(y) != s->context)
        problem = "y belongs to another context than the standardizer";
    else if (ock_tensor_dtype(y) != OCK_F32)
        problem = "y must be OCK_F32";
    else if (ock_tensors_overlap(x, y))
        problem = "y may not overlap x where whitening is asked for";
    if (problem)
        return ock_context_report(s->context, OCK_INVALID_ARGUMENT, "%s", problem);
    if (ock_tensor_rows(y) != ock_tensor_rows(x) || ock_tensor_cols(y) != s->features)
        return ock_context_report(s->context, OCK_SHAPE_MISMATCH,
                                  "y is %zu x %zu and must be %zu x %zu", ock_tensor_rows(y),
                                  ock_tensor_cols(y), ock_tensor_rows(x), s->features);
    return OCK_OK;
}

ock_status ock_standardizer_batch(const ock_standardizer *standardizer, ock_tensor *x,
                                  ock_tensor *y)
{
    if (!standardizer)
        return ock_context_report(x ? ock_tensor_context(x) : NULL, OCK_INVALID_ARGUMENT,
                                  "standardizer is NULL");
    ock_status status = check_kept(standardizer);
    if (!status && !standardizer->transform)
        return ock_standardize_apply(&standardizer->steps, x, y);
    if (!status)
        status = check_whitened(standardizer, x, y);
    if (!status)
        status = ock_standardize_apply(&standardizer->steps, x, x);
    return status ? status : ock_matmul(NULL, x, standardizer->transform, y);
}

/* ---- Sums over the set ---- */

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

static ock_status sum_init(block_sum *sum, const ock_standardizer *s, size_t rows)
{
    *sum = (block_sum){.size = size_times(rows, s->features)};
    ock_status status = ock_tensor_create(s->context, OCK_F32, rows, s->features, &sum->part);
    if (status)
        return status;
    sum->host = array_make(sum->size, sizeof *sum->host);
    sum->sum = calloc(sum->size, sizeof *sum->sum);
    if (sum->host && sum->sum)
        return OCK_OK;
    sum_free(sum);
    return ock_context_report(s->context, OCK_OUT_OF_MEMORY,
                              "no memory for the covariance of %zu features", s->features);
}

static ock_status sum_add(block_sum *sum)
{
    ock_status status = ock_tensor_read(sum->part, sum->host);
    for (size_t i = 0; i < sum->size && !status; i++)
        sum->sum[i] += sum->host[i];
    return status;
}

static ock_status add_values(const ock_standardizer *s, const ock_tensor *standard,
                             ock_tensor *rows, void *user)
{
    (void)s, (void)rows;
    block_sum *sum = user;
    ock_status status = ock_reduce(OCK_SUM, OCK_ROWS, standard, sum->part);
    return status ? status : sum_add(sum);
}

static ock_status add_squares(const ock_standardizer *s, const ock_tensor *standard,
                              ock_tensor *rows, void *user)
{
    (void)s, (void)rows;
    block_sum *sum = user;
    ock_status status = ock_reduce(OCK_SQUARE_SUM, OCK_ROWS, standard, sum->part);
    return status ? status : sum_add(sum);
}

/* ---- Means and deviations ---- */

/* The mean over the rows and, of a channel, over its pixels, in sum->host. */
static ock_status pool(const ock_standardizer *s, block_sum *sum, size_t rows)
{
    size_t channels = s->options.channels ? s->options.channels : s->features;
    for (size_t c = 0; c < channels; c++) {
        double total = 0;
        for (size_t i = c; i < s->features; i += channels)
            total += sum->sum[i];
        total /= (double)rows * (double)(s->features / channels);
        if (!isfinite((float)total))
            return ock_context_report(s->context, OCK_INVALID_ARGUMENT,
                                      "feature %zu has no finite mean or deviation: is a value of "
                                      "the data set not finite?",
                                      c);
        for (size_t i = c; i < s->features; i += channels)
            sum->host[i] = (float)total;
    }
    return OCK_OK;
}

/* A statistic of the set as `steps` leave it. */
static ock_status fit_statistic(const ock_standardizer *s, const ock_standardize *steps,
                                const ock_dataset *set, block_visitor visitor,
                                ock_tensor **statistic)
{
    block_sum sum;
    ock_status status = ock_tensor_create(s->context, OCK_F32, 1, s->features, statistic);
    if (!status)
        status = sum_init(&sum, s, 1);
    if (status)
        return status;
    status = for_each_block(s, steps, set, visitor, &sum);
    if (!status)
        status = pool(s, &sum, set->rows);
    for (size_t i = 0; i < s->features && visitor == add_squares && !status; i++)
        sum.host[i] = sqrtf(sum.host[i]);
    if (!status)
        status = ock_tensor_write(*statistic, sum.host);
    sum_free(&sum);
    return status;
}

/* As Keras, which leaves out what is done row by row. */
static ock_status fit_statistics(ock_standardizer *s, const ock_dataset *set)
{
    const ock_standardization *o = &s->options;
    ock_standardize steps = {.rescale = o->rescale};
    ock_status status = OCK_OK;
    if (o->featurewise_center)
        status = fit_statistic(s, &steps, set, add_values, &s->mean);
    steps.mean = s->mean;
    if (!status && o->featurewise_std_normalization)
        status = fit_statistic(s, &steps, set, add_squares, &s->deviation);
    s->steps = (ock_standardize){
        .rescale = o->rescale,
        .samplewise_center = o->samplewise_center,
        .samplewise_std_normalization = o->samplewise_std_normalization,
        .mean = s->mean,
        .deviation = s->deviation,
    };
    return status;
}

/* ---- Whitening ---- */

#if OCK_LAPACK

static ock_status add_covariance(const ock_standardizer *s, const ock_tensor *standard,
                                 ock_tensor *rows, void *user)
{
    (void)s, (void)rows;
    ock_matmul_options gram = {.transpose_a = true, .alpha = 1};
    block_sum *sum = user;
    ock_status status = ock_matmul(&gram, standard, standard, sum->part);
    return status ? status : sum_add(sum);
}

/* The root of what stands at an eigenvalue of X^T X / n, whose singular value is sqrt(n value).
 * Rounding can leave an eigenvalue a little below 0. */
static double gain_root(const ock_standardizer *s, double value, double rows)
{
    double epsilon = (double)s->options.zca_epsilon;
    value = fmax(value, 0);
    if (s->options.zca_form == OCK_ZCA_COVARIANCE)
        return pow(value + epsilon, -0.25);
    return sqrt(sqrt(rows) / (sqrt(rows * value) + epsilon));
}

/* U diag(g) U^T = V^T V with V = diag(sqrt(g)) U^T. LAPACK's columns are our rows, so `sum` becomes
 * U^T. */
static ock_status decompose(ock_standardizer *s, block_sum *sum, size_t rows)
{
    size_t d = s->features;
    double *values = array_make(d, sizeof *values);
    if (!values)
        return ock_context_report(s->context, OCK_OUT_OF_MEMORY, "no memory for %zu eigenvalues",
                                  d);
    lapack_int info =
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)d, sum->sum, (lapack_int)d, values);
    for (size_t i = 0; i < sum->size && !info; i++)
        sum->host[i] = (float)(sum->sum[i] * gain_root(s, values[i / d], (double)rows));
    free(values);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return ock_context_report(s->context, OCK_OUT_OF_MEMORY,
                                  "no memory for the eigenvalues of %zu features", d);
    if (info)
        return ock_context_report(s->context, OCK_INVALID_ARGUMENT,
                                  "the covariance has no eigenvalues: is a value of the data set "
                                  "not finite? (dsyevd: %d)",
                                  (int)info);
    ock_status status = ock_tensor_write(sum->part, sum->host);
    ock_matmul_options gram = {.transpose_a = true, .alpha = 1};
    return status ? status : ock_matmul(&gram, sum->part, sum->part, s->transform);
}

static ock_status fit_transform(ock_standardizer *s, const ock_dataset *set)
{
    block_sum sum;
    ock_standardize steps = s->steps;
    steps.samplewise_center = steps.samplewise_std_normalization = false;
    ock_status status =
        ock_tensor_create(s->context, OCK_F32, s->features, s->features, &s->transform);
    if (!status)
        status = sum_init(&sum, s, s->features);
    if (status)
        return status;
    status = for_each_block(s, &steps, set, add_covariance, &sum);
    for (size_t i = 0; i < sum.size; i++)
        sum.sum[i] /= (double)set->rows;
    if (!status)
        status = decompose(s, &sum, set->rows);
    sum_free(&sum);
    return status;
}

#else

static ock_status fit_transform(ock_standardizer *s, const ock_dataset *set)
{
    (void)s, (void)set;
    return OCK_UNSUPPORTED;
}

#endif

/* ---- Fitting ---- */

/* dsyevd()'s workspace of 1 + 6 d + 2 d^2 numbers is counted in 32 bits. */
enum {
    MOST_FEATURES = 32766
};

static ock_status check_whitening(ock_context *context, const ock_standardization *o,
                                  size_t features)
{
    size_t most_rows = ock_tensor_max_rows(context, OCK_F32, features);
    if (o->zca_form != OCK_ZCA_COVARIANCE && o->zca_form != OCK_ZCA_SINGULAR)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "zca_form is %d and must be OCK_ZCA_COVARIANCE or _SINGULAR",
                                  (int)o->zca_form);
    if (!(o->zca_epsilon > 0) || !isfinite(o->zca_epsilon))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "zca_epsilon is %g and must be finite and above 0",
                                  (double)o->zca_epsilon);
    if (!OCK_LAPACK)
        return ock_context_report(context, OCK_UNSUPPORTED,
                                  "ZCA needs LAPACK; rebuild with -Dlapack=enabled");
    if (features > MOST_FEATURES)
        return ock_context_report(context, OCK_UNSUPPORTED,
                                  "ZCA whitening of %zu features; LAPACK serves up to %d", features,
                                  MOST_FEATURES);
    if (features > most_rows)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "ZCA whitening of %zu features needs a matrix of as many rows; "
                                  "the device's largest buffer holds %zu of them",
                                  features, most_rows);
    return OCK_OK;
}

static ock_status check_options(ock_context *context, const ock_standardization *o, size_t features)
{
    if (o->channels && features % o->channels)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "channels is %zu and must divide the %zu features", o->channels,
                                  features);
    if (!isfinite(o->rescale))
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "rescale is %g and must be finite",
                                  (double)o->rescale);
    return o->zca_whitening ? check_whitening(context, o, features) : OCK_OK;
}

/* With what one option brings with it, or overrides, as in Keras. */
static ock_standardization completed(const ock_standardization *options)
{
    ock_standardization o = *options;
    o.samplewise_center |= o.samplewise_std_normalization;
    o.featurewise_center |= o.featurewise_std_normalization || o.zca_whitening;
    o.featurewise_std_normalization &= !o.zca_whitening;
    if (!o.zca_whitening) {
        o.zca_form = OCK_ZCA_COVARIANCE;
        o.zca_epsilon = 0;
    }
    return o;
}

ock_status ock_standardizer_fit(const ock_dataset *dataset, const ock_standardization *options,
                                ock_standardizer **standardizer)
{
    ock_context *context = ock_dataset_context(dataset);
    if (!standardizer)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "standardizer is NULL");
    *standardizer = NULL;
    if (!dataset)
        return OCK_INVALID_ARGUMENT;
    if (!options)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "options is NULL");
    ock_status status = check_options(context, options, dataset->features);
    if (status)
        return status;
    ock_standardizer *made = calloc(1, sizeof *made);
    if (!made)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a standardizer");
    made->context = context;
    made->options = completed(options);
    made->features = dataset->features;
    status = fit_statistics(made, dataset);
    if (!status && options->zca_whitening)
        status = fit_transform(made, dataset);
    if (!status)
        status = ock_context_finish(context);
    if (status)
        ock_standardizer_destroy(made);
    else
        *standardizer = made;
    return status;
}
