/* Selections of a data set's rows. */
#include <stdlib.h>

#include "bench.h"
#include "suites.h"

enum {
    SMALL_BUFFER = 1024 /* bytes: a set of several buffers */
};

/* Every row of the set in one batch has these features and labels of the data. */
static void expect_rows(const ock_dataset *set, const samples *data, const int32_t *rows,
                        size_t count)
{
    ock_context *context = ock_dataset_context(set);
    ock_tensor *indices = NULL, *x = NULL, *y = NULL;
    int32_t order[ROWS], labels[ROWS];
    float features[ROWS * FEATURES];
    ck_assert_uint_eq(ock_dataset_rows(set), count);
    for (size_t i = 0; i < count; i++)
        order[i] = (int32_t)(count - 1 - i);
    OK(context, ock_tensor_create(context, OCK_I32, count, 1, &indices));
    OK(context, ock_tensor_create(context, OCK_F32, count, FEATURES, &x));
    OK(context, ock_tensor_create(context, OCK_I32, count, 1, &y));
    OK(context, ock_tensor_write(indices, order));
    OK(context, ock_dataset_batch(set, indices, x, y));
    OK(context, ock_tensor_read(x, features));
    OK(context, ock_tensor_read(y, labels));
    for (size_t i = 0; i < count; i++) {
        size_t row = (size_t)rows[order[i]];
        ck_assert_int_eq(labels[i], data->labels[row]);
        ck_assert_mem_eq(features + i * FEATURES, data->x + row * FEATURES,
                         FEATURES * sizeof *features);
    }
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_tensor_destroy(indices);
}

static ock_dataset *selected(const ock_dataset *from, const int32_t *rows, size_t count)
{
    ock_dataset *made = NULL;
    OK(ock_dataset_context(from), ock_dataset_select(from, rows, count, &made));
    return made;
}

START_TEST(a_selection_has_the_rows_listed)
{
    const size_t buffers[] = {0, SMALL_BUFFER};
    const int32_t rows[] = {41, 0, 49, 7, 7, 30, 12};
    ock_context *context = open_device(test_device, buffers[_i]);
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(context, &data), *view = NULL, *later = NULL;
    ock_dataset *selection = selected(set, rows, 7);
    OK(context, ock_dataset_view(selection, 2, 4, &view));
    ock_dataset *of_view = selected(view, (const int32_t[]){3, 0}, 2);
    OK(context, ock_dataset_view(set, 20, 30, &later));
    ock_dataset *of_later = selected(later, (const int32_t[]){29, 1, 10}, 3);
    ock_dataset_destroy(later);
    ock_dataset_destroy(set);
    expect_rows(selection, &data, rows, 7);
    expect_rows(view, &data, rows + 2, 4);
    ock_dataset_destroy(view);
    ock_dataset_destroy(selection);
    expect_rows(of_view, &data, (const int32_t[]){30, 49}, 2);
    expect_rows(of_later, &data, (const int32_t[]){49, 21, 30}, 3);
    ock_dataset_destroy(of_later);
    ock_dataset_destroy(of_view);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* Longer than the set, and than one buffer of indices. */
START_TEST(a_selection_may_be_longer_than_its_set)
{
    ock_context *context = open_device(test_device, SMALL_BUFFER);
    samples data = samples_create(10, FEATURES, OUTPUTS);
    int32_t rows[ROWS];
    for (int32_t i = 0; i < ROWS; i++)
        rows[i] = i * 7 % 10;
    ock_dataset *set = labelled(context, &data), *selection = selected(set, rows, ROWS);
    for (size_t first = 0; first < ROWS; first += 10) {
        ock_dataset *view = NULL;
        OK(context, ock_dataset_view(selection, first, 10, &view));
        expect_rows(view, &data, rows + first, 10);
        ock_dataset_destroy(view);
    }
    ock_dataset_destroy(selection);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* A fit to a selection of the first rows is one to a view of them. */
START_TEST(a_fit_cannot_tell_a_selection_from_a_view)
{
    bench b = bench_open();
    int32_t rows[ROWS];
    for (int32_t i = 0; i < ROWS; i++)
        rows[i] = i;
    ock_dataset *set = b.set;
    ock_model *whole = fitted(&b, &b.fit, NULL);
    b.set = selected(set, rows, ROWS);
    ock_model *chosen = fitted(&b, &b.fit, NULL);
    expect_same_weights(whole, chosen);
    ock_model_destroy(chosen);
    ock_model_destroy(whole);
    ock_dataset_destroy(set);
    bench_close(&b);
}
END_TEST

START_TEST(refused)
{
    bench b = bench_open();
    const int32_t beyond[] = {3, ROWS}, below[] = {-1};
    ock_dataset *made = b.set;
    ock_standardizer *zca = NULL;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "entry 1 is 50, which is not within 0..49",
            ock_dataset_select(b.set, beyond, 2, &made));
    ck_assert_ptr_null(made);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "entry 0 is -1",
            ock_dataset_select(b.set, below, 1, &made));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "count must be 1..",
            ock_dataset_select(b.set, below, 0, &made));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "rows is NULL",
            ock_dataset_select(b.set, NULL, 1, &made));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "selection is NULL",
            ock_dataset_select(b.set, beyond, 1, NULL));
    ck_assert_int_eq(ock_dataset_select(NULL, beyond, 1, &made), OCK_INVALID_ARGUMENT);
    ock_dataset *selection = selected(b.set, beyond, 1);
    ock_status status = ock_standardizer_fit(selection,
                                             &(ock_standardization){.featurewise_center = true,
                                                                    .zca_whitening = true,
                                                                    .zca_epsilon = 1e-6f},
                                             &zca);
    if (status != OCK_UNSUPPORTED)
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "not to a selection of its rows", status);
    REFUSED(
        b.context, OCK_INVALID_ARGUMENT, "not to a selection of its rows",
        ock_standardizer_fit(selection, &(ock_standardization){.featurewise_center = true}, &zca));
    ck_assert_ptr_null(zca);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "count must be 1..",
            ock_dataset_select(b.set, beyond, (size_t)INT32_MAX + 1, &made));
    ock_dataset_destroy(selection);
    bench_close(&b);
}
END_TEST

Suite *selections_suite(void)
{
    Suite *suite = suite_create("selections");
    TCase *tests = tcase_create("selections");
    tcase_add_loop_test(tests, a_selection_has_the_rows_listed, 0, 2);
    tcase_add_test(tests, a_selection_may_be_longer_than_its_set);
    tcase_add_test(tests, a_fit_cannot_tell_a_selection_from_a_view);
    tcase_add_test(tests, refused);
    suite_add_tcase(suite, tests);
    return suite;
}
