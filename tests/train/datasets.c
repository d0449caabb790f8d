/* Samples on the device: batches out of one buffer or several, views, whitening. */
#include <stdlib.h>
#include <string.h>

#include "suites.h"

enum {
    ROWS = 300,
    FEATURES = 5,
    OUTPUTS = 3,
    PICKED = 7
};

/* So small that the rows above take several. */
enum {
    SMALL_BUFFER = 8192
};

static const int32_t picked[PICKED] = {3, 299, 0, 3, 150, 128, 127};

/* Whether a batch of the picked rows is what the host arrays hold there. */
static void expect_batch(const ock_dataset *set, const samples *data, size_t first)
{
    ock_context *context = ock_dataset_context(set);
    bool labels = ock_dataset_has_labels(set);
    size_t width = labels ? 1 : OUTPUTS;
    int32_t rows[PICKED], got[PICKED * OUTPUTS];
    float x[PICKED * FEATURES];
    ock_tensor *indices = NULL, *xs = NULL, *ys = NULL;
    for (size_t i = 0; i < PICKED; i++)
        rows[i] = picked[i] % (int32_t)ock_dataset_rows(set);
    OK(context, ock_tensor_create(context, OCK_I32, PICKED, 1, &indices));
    OK(context, ock_tensor_create(context, OCK_F32, PICKED, FEATURES, &xs));
    OK(context, ock_tensor_create(context, labels ? OCK_I32 : OCK_F32, PICKED, width, &ys));
    OK(context, ock_tensor_write(indices, rows));
    OK(context, ock_dataset_batch(set, indices, xs, ys));
    OK(context, ock_tensor_read(xs, x));
    OK(context, ock_tensor_read(ys, got));
    for (size_t i = 0; i < PICKED; i++) {
        size_t row = first + (size_t)rows[i];
        const void *y =
            labels ? (const void *)&data->labels[row] : (const void *)&data->targets[row * OUTPUTS];
        ck_assert_mem_eq(x + i * FEATURES, data->x + row * FEATURES, FEATURES * sizeof *x);
        ck_assert_mem_eq(got + i * width, y, width * sizeof *got);
    }
    ock_tensor_destroy(ys);
    ock_tensor_destroy(xs);
    ock_tensor_destroy(indices);
}

START_TEST(batches)
{
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    const size_t bounds[] = {0, SMALL_BUFFER};
    for (size_t i = 0; i < 2; i++) {
        ock_context *context = open_device(test_device, bounds[i]);
        ock_dataset *labels = labelled(context, &data), *targets = targeted(context, &data);
        expect_batch(labels, &data, 0);
        expect_batch(targets, &data, 0);
        ck_assert_ptr_eq(ock_dataset_context(labels), context);
        ck_assert_uint_eq(ock_dataset_rows(labels), ROWS);
        ck_assert_uint_eq(ock_dataset_features(labels), FEATURES);
        ck_assert_uint_eq(ock_dataset_outputs(targets), OUTPUTS);
        ck_assert(ock_dataset_has_labels(labels) && !ock_dataset_has_labels(targets));
        ock_dataset_destroy(targets);
        ock_dataset_destroy(labels);
        ock_context_destroy(context);
    }
    samples_free(&data);
}
END_TEST

START_TEST(views_outlive_their_sets)
{
    ock_context *context = open_device(test_device, SMALL_BUFFER);
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(context, &data), *view = NULL, *inner = NULL;
    OK(context, ock_dataset_view(set, 113, 160, &view));
    ock_dataset_destroy(set);
    OK(context, ock_dataset_view(view, 10, 40, &inner));
    expect_batch(view, &data, 113);
    ock_dataset_destroy(view);
    expect_batch(inner, &data, 123);
    ck_assert_uint_eq(ock_dataset_rows(inner), 40);
    ock_dataset_destroy(inner);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(row_too_large_for_a_buffer)
{
    ock_context *context = open_device(test_device, SMALL_BUFFER);
    samples data = samples_create(2, SMALL_BUFFER, 2);
    ock_arrays arrays = {
        .rows = 2, .features = SMALL_BUFFER, .x = data.x, .outputs = 2, .labels = data.labels};
    ock_dataset *set = NULL;
    REFUSED(context, OCK_OUT_OF_MEMORY, "one row of 8192 features",
            ock_dataset_create(context, &arrays, &set));
    ck_assert_ptr_null(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* ---- Whitening ---- */

/* All rows' features, read back through batches. */
static float *features_of(const ock_dataset *set)
{
    ock_context *context = ock_dataset_context(set);
    size_t rows = ock_dataset_rows(set), features = ock_dataset_features(set);
    float *x = malloc(rows * features * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < rows; i++) {
        ock_tensor *index = NULL, *row = NULL;
        OK(context, ock_tensor_create(context, OCK_I32, 1, 1, &index));
        OK(context, ock_tensor_create(context, OCK_F32, 1, features, &row));
        OK(context, ock_tensor_write(index, &(int32_t){(int32_t)i}));
        OK(context, ock_dataset_batch(set, index, row, NULL));
        OK(context, ock_tensor_read(row, x + i * features));
        ock_tensor_destroy(row);
        ock_tensor_destroy(index);
    }
    return x;
}

/* Feature 1 repeats feature 0 but for a little; the last one is never lit. */
static samples correlated(void)
{
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    for (size_t i = 0; i < ROWS; i++) {
        float *x = data.x + i * FEATURES;
        x[1] = x[0] + 0.1f * x[1];
        x[FEATURES - 1] = 0;
    }
    return data;
}

static double covariance(const float *x, size_t j, size_t k)
{
    double a = 0, b = 0, sum = 0;
    for (size_t i = 0; i < ROWS; i++) {
        a += (double)x[i * FEATURES + j] / ROWS;
        b += (double)x[i * FEATURES + k] / ROWS;
    }
    for (size_t i = 0; i < ROWS; i++)
        sum += ((double)x[i * FEATURES + j] - a) * ((double)x[i * FEATURES + k] - b);
    return sum / ROWS;
}

static ock_standardizer *fit_or_skip(const ock_dataset *set)
{
    ock_standardizer *zca = NULL;
    ock_status status = ock_standardizer_fit(set,
                                             &(ock_standardization){.featurewise_center = true,
                                                                    .zca_whitening = true,
                                                                    .zca_epsilon = 1e-6f},
                                             &zca);
    if (status != OCK_UNSUPPORTED)
        OK(ock_dataset_context(set), status);
    return zca;
}

/* s/(s + epsilon) of each eigenvalue remains: 1 for the lit features (the smallest is near
 * 0.1^2 / 12, so 1e-3 covers epsilon), and 0 for the dark one. */
START_TEST(whitened_features_are_uncorrelated)
{
    ock_context *context = open_device(test_device, SMALL_BUFFER);
    samples data = correlated();
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *zca = fit_or_skip(set);
    if (zca) {
        OK(context, ock_standardizer_apply(zca, set));
        float *x = features_of(set);
        for (size_t j = 0; j < FEATURES; j++)
            for (size_t k = 0; k < FEATURES; k++)
                expect_close(covariance(x, j, k), j == k && j < FEATURES - 1 ? 1.0 : 0.0, 1e-3);
        free(x);
    }
    ock_standardizer_destroy(zca);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* Whitening a set of the rows mean + e_i gives the matrix row by row. Of all that whiten, ZCA's is
 * the symmetric one. */
START_TEST(zca_is_symmetric)
{
    ock_context *context = open_context();
    samples data = correlated();
    ock_dataset *set = labelled(context, &data), *unit = NULL;
    ock_standardizer *zca = fit_or_skip(set);
    float rows[FEATURES * FEATURES];
    for (size_t i = 0; i < FEATURES * FEATURES; i++) {
        double mean = 0;
        for (size_t row = 0; row < ROWS; row++)
            mean += (double)data.x[row * FEATURES + i % FEATURES] / ROWS;
        rows[i] = (float)mean + (i % FEATURES == i / FEATURES);
    }
    OK(context,
       ock_dataset_create(context, &(ock_arrays){.rows = FEATURES, .features = FEATURES, .x = rows},
                          &unit));
    if (zca) {
        OK(context, ock_standardizer_apply(zca, unit));
        float *w = features_of(unit);
        ck_assert_double_gt((double)fabsf(w[1]), 1);
        for (size_t i = 0; i < FEATURES * FEATURES; i++)
            expect_close((double)w[i], (double)w[i % FEATURES * FEATURES + i / FEATURES], 1e-3);
        free(w);
    }
    ock_standardizer_destroy(zca);
    ock_dataset_destroy(unit);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* Of features that are sums of others the covariance has eigenvalues of 0, which rounding moves to
 * either side. */
START_TEST(dependent_features_stay_finite)
{
    ock_context *context = open_context();
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    for (size_t i = 0; i < ROWS; i++) {
        float *x = data.x + i * FEATURES;
        x[0] *= 255;
        x[1] *= 255;
        for (size_t j = 2; j < FEATURES; j++)
            x[j] = x[j - 1] + x[j - 2] / 3;
    }
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *zca = fit_or_skip(set);
    if (zca) {
        OK(context, ock_standardizer_apply(zca, set));
        float *x = features_of(set);
        for (size_t i = 0; i < ROWS * FEATURES; i++)
            ck_assert(isfinite(x[i]));
        free(x);
    }
    ock_standardizer_destroy(zca);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_view_is_whitened_alone)
{
    ock_context *context = open_device(test_device, SMALL_BUFFER);
    samples data = correlated();
    ock_dataset *set = labelled(context, &data), *view = NULL;
    ock_standardizer *zca = fit_or_skip(set);
    OK(context, ock_dataset_view(set, 110, 30, &view));
    if (zca) {
        OK(context, ock_standardizer_apply(zca, view));
        float *x = features_of(set);
        for (size_t i = 0; i < ROWS; i++)
            ck_assert_int_eq(!memcmp(x + i * FEATURES, data.x + i * FEATURES, FEATURES * sizeof *x),
                             i < 110 || i >= 140);
        free(x);
    }
    ock_standardizer_destroy(zca);
    ock_dataset_destroy(view);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(whitening_what_is_not_finite)
{
    ock_context *context = open_context();
    samples data = correlated();
    data.x[7] = NAN;
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *zca = NULL;
    ock_status status = ock_standardizer_fit(set,
                                             &(ock_standardization){.featurewise_center = true,
                                                                    .zca_whitening = true,
                                                                    .zca_epsilon = 1e-6f},
                                             &zca);
    if (status != OCK_UNSUPPORTED)
        REFUSED(context, OCK_INVALID_ARGUMENT, "not finite", status);
    ck_assert_ptr_null(zca);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(statistics_of_what_is_not_finite)
{
    const ock_standardization options[] = {{.featurewise_center = true},
                                           {.channels = 1, .featurewise_std_normalization = true}};
    ock_context *context = open_context();
    samples data = correlated();
    data.x[7] = _i < 2 ? NAN : INFINITY;
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *standardizer = NULL;
    REFUSED(context, OCK_INVALID_ARGUMENT, "no finite mean",
            ock_standardizer_fit(set, &options[_i % 2], &standardizer));
    ck_assert_ptr_null(standardizer);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* x, of which a right call leaves only the standardised values. */
START_TEST(a_refused_batch_is_kept)
{
    ock_context *context = open_context();
    samples data = correlated();
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *zca = fit_or_skip(set);
    ock_tensor *x, *broad;
    float kept[ROWS * FEATURES];
    OK(context, ock_tensor_create(context, OCK_F32, ROWS, FEATURES, &x));
    OK(context, ock_tensor_create(context, OCK_F32, ROWS, FEATURES + 1, &broad));
    OK(context, ock_tensor_write(x, data.x));
    if (zca) {
        REFUSED(context, OCK_SHAPE_MISMATCH, "y is", ock_standardizer_batch(zca, x, broad));
        REFUSED(context, OCK_INVALID_ARGUMENT, "overlap", ock_standardizer_batch(zca, x, x));
        REFUSED(context, OCK_INVALID_ARGUMENT, "y is NULL", ock_standardizer_batch(zca, x, NULL));
        OK(context, ock_tensor_read(x, kept));
        ck_assert_mem_eq(kept, data.x, sizeof kept);
    }
    ock_tensor_destroy(broad);
    ock_tensor_destroy(x);
    ock_standardizer_destroy(zca);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

Suite *datasets_suite(void)
{
    Suite *suite = suite_create("datasets");
    TCase *cases = tcase_create("datasets");
    tcase_add_test(cases, batches);
    tcase_add_test(cases, views_outlive_their_sets);
    tcase_add_test(cases, row_too_large_for_a_buffer);
    tcase_add_test(cases, whitened_features_are_uncorrelated);
    tcase_add_test(cases, zca_is_symmetric);
    tcase_add_test(cases, dependent_features_stay_finite);
    tcase_add_test(cases, a_view_is_whitened_alone);
    tcase_add_test(cases, whitening_what_is_not_finite);
    tcase_add_loop_test(cases, statistics_of_what_is_not_finite, 0, 4);
    tcase_add_test(cases, a_refused_batch_is_kept);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
