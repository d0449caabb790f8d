/* What data sets, standardizers and selections answer and refuse, argument by argument. */
#include <stdlib.h>

#include "bench.h"
#include "suites.h"

static ock_tensor *tensor(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *made = NULL;
    OK(context, ock_tensor_create(context, dtype, rows, cols, &made));
    return made;
}

START_TEST(nothing_has_nothing)
{
    ck_assert_ptr_null(ock_dataset_context(NULL));
    ck_assert_uint_eq(ock_dataset_rows(NULL), 0);
    ck_assert_uint_eq(ock_dataset_features(NULL), 0);
    ck_assert_uint_eq(ock_dataset_outputs(NULL), 0);
    ck_assert(!ock_dataset_has_labels(NULL));
    ock_history_clear(NULL);
}
END_TEST

/* ---- Batches ---- */

/* Whatever is wrong with y, x stays as it was; so it does where the indices are missing. */
START_TEST(batches_that_cannot_be)
{
    bench b = bench_open();
    ock_context *elsewhere = open_device("scalar", 0);
    float kept[FEATURES];
    samples narrow = samples_create(ROWS, OUTPUTS, OUTPUTS);
    ock_dataset *targets = targeted(b.context, &b.data), *square = targeted(b.context, &narrow);
    ock_dataset *selection = NULL;
    ock_tensor *indices = tensor(b.context, OCK_I32, 1, 1),
               *x = tensor(b.context, OCK_F32, 1, FEATURES);
    ock_tensor *stranger = tensor(elsewhere, OCK_I32, 1, 1),
               *both = tensor(b.context, OCK_F32, 1, OUTPUTS);
    ock_tensor *labels = tensor(b.context, OCK_I32, 1, OUTPUTS);
    const int32_t row = 3;
    OK(b.context, ock_tensor_write(indices, &row));
    OK(b.context, ock_tensor_fill(x, 7));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "y: belongs to another context than the data set",
            ock_dataset_batch(b.set, indices, x, stranger));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "y: must be OCK_F32, for targets",
            ock_dataset_batch(targets, indices, x, labels));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "y: may not overlap x or indices",
            ock_dataset_batch(b.set, indices, x, indices));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "y: may not overlap x or indices",
            ock_dataset_batch(square, indices, both, both));
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "y is 1 x 8 and must be 1 x 3",
            ock_dataset_batch(targets, indices, both, x));
    OK(b.context, ock_dataset_select(b.set, &row, 1, &selection));
    for (int i = 0; i < 2; i++) {
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "indices is NULL",
                ock_dataset_batch(selection, NULL, x, NULL));
        OK(b.context, ock_tensor_read(x, kept));
        ck_assert(i || kept[0] == 7);
        OK(b.context, ock_tensor_write(indices, &(int32_t){0}));
        OK(b.context, ock_dataset_batch(selection, indices, x, NULL));
    }
    OK(b.context, ock_tensor_read(x, kept));
    ck_assert_mem_eq(kept, &b.data.x[row * FEATURES], sizeof kept);
    ock_dataset_destroy(selection);
    ock_tensor_destroy(labels);
    ock_tensor_destroy(both);
    ock_tensor_destroy(stranger);
    ock_tensor_destroy(x);
    ock_tensor_destroy(indices);
    ock_dataset_destroy(square);
    ock_dataset_destroy(targets);
    samples_free(&narrow);
    ock_context_destroy(elsewhere);
    bench_close(&b);
}
END_TEST

/* ---- Standardizers ---- */

#define FIT_REFUSED(status, words, ...)                                                            \
    do {                                                                                           \
        ock_standardizer *made = (ock_standardizer *)&b;                                           \
        REFUSED(b.context, status, words,                                                          \
                ock_standardizer_fit(b.set, &(ock_standardization){__VA_ARGS__}, &made));          \
        ck_assert_ptr_null(made);                                                                  \
    } while (0)

START_TEST(standardizations_that_cannot_be)
{
    bench b = bench_open();
    ock_standardizer *none = (ock_standardizer *)&b;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "options is NULL",
            ock_standardizer_fit(b.set, NULL, &none));
    ck_assert_ptr_null(none);
    FIT_REFUSED(OCK_SHAPE_MISMATCH, "channels is 3 and must divide the 8 features", .channels = 3);
    FIT_REFUSED(OCK_INVALID_ARGUMENT, "rescale is inf and must be finite", .rescale = INFINITY);
    FIT_REFUSED(OCK_INVALID_ARGUMENT, "rescale is nan and must be finite", .rescale = NAN);
    FIT_REFUSED(OCK_INVALID_ARGUMENT, "zca_form is 2 and must be", .zca_whitening = true,
                .zca_epsilon = 1, .zca_form = (ock_zca_form)2);
    FIT_REFUSED(OCK_INVALID_ARGUMENT, "zca_form is -1 and must be", .zca_whitening = true,
                .zca_epsilon = 1, .zca_form = (ock_zca_form)-1);
    FIT_REFUSED(OCK_INVALID_ARGUMENT, "zca_epsilon is inf and must be finite",
                .zca_whitening = true, .zca_epsilon = INFINITY);
    bench_close(&b);
}
END_TEST

static void expect_kept(const bench *b, const ock_tensor *x)
{
    float kept[ROWS * FEATURES];
    OK(b->context, ock_tensor_read(x, kept));
    ck_assert_mem_eq(kept, b->data.x, sizeof kept);
}

/* x would be overwritten on the way to y. */
START_TEST(whitened_batches_that_cannot_be)
{
    bench b = bench_open();
    ock_context *elsewhere = open_device("scalar", 0);
    ock_standardizer *zca = NULL;
    ock_status status = ock_standardizer_fit(
        b.set, &(ock_standardization){.zca_whitening = true, .zca_epsilon = 1e-3f}, &zca);
    ock_tensor *x = tensor(b.context, OCK_F32, ROWS, FEATURES);
    ock_tensor *stranger = tensor(elsewhere, OCK_F32, ROWS, FEATURES);
    ock_tensor *whole = tensor(b.context, OCK_I32, ROWS, FEATURES);
    ock_tensor *low = tensor(b.context, OCK_F32, ROWS - 1, FEATURES);
    OK(b.context, ock_tensor_write(x, b.data.x));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "standardizer is NULL",
            ock_standardizer_batch(NULL, x, x));
    ck_assert_int_eq(ock_standardizer_batch(NULL, NULL, NULL), OCK_INVALID_ARGUMENT);
    if (status != OCK_UNSUPPORTED) {
        OK(b.context, status);
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "x is NULL", ock_standardizer_batch(zca, NULL, x));
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "y belongs to another context",
                ock_standardizer_batch(zca, x, stranger));
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "y must be OCK_F32",
                ock_standardizer_batch(zca, x, whole));
        REFUSED(b.context, OCK_SHAPE_MISMATCH, "y is 49 x 8 and must be 50 x 8",
                ock_standardizer_batch(zca, x, low));
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "dataset is NULL",
                ock_standardizer_apply(zca, NULL));
        expect_kept(&b, x);
    }
    ock_tensor_destroy(low);
    ock_tensor_destroy(whole);
    ock_tensor_destroy(stranger);
    ock_tensor_destroy(x);
    ock_standardizer_destroy(zca);
    ock_context_destroy(elsewhere);
    bench_close(&b);
}
END_TEST

/* Each value is finite, and so is each mean, but not the products: what is whitened is told from
 * what cannot be. */
START_TEST(covariances_without_eigenvalues)
{
    bench b = bench_open();
    ock_standardizer *zca = NULL;
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        b.data.x[i] *= 1e25f;
    ock_dataset *huge = labelled(b.context, &b.data);
    ock_status status = ock_standardizer_fit(
        huge, &(ock_standardization){.zca_whitening = true, .zca_epsilon = 1e-3f}, &zca);
    if (status != OCK_UNSUPPORTED)
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "the covariance has no eigenvalues", status);
    ck_assert_ptr_null(zca);
    ock_dataset_destroy(huge);
    bench_close(&b);
}
END_TEST

Suite *requests_suite(void)
{
    Suite *suite = suite_create("requests");
    TCase *cases = tcase_create("requests");
    tcase_add_test(cases, nothing_has_nothing);
    tcase_add_test(cases, batches_that_cannot_be);
    tcase_add_test(cases, standardizations_that_cannot_be);
    tcase_add_test(cases, whitened_batches_that_cannot_be);
    tcase_add_test(cases, covariances_without_eigenvalues);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
