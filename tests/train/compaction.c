/* Without its dead units a network puts out the same. Weights and inputs are small whole numbers,
 * so that sums are exact in any order and "the same" means every bit. */
#include <stdlib.h>
#include <string.h>

#include "suites.h"

enum {
    INPUTS = 5,
    HIDDEN = 9,
    MIDDLE = 6,
    OUTPUTS = 3,
    ROWS = 20
};

/* 1/sqrt(variance + epsilon) is 1. */
static const ock_normalization norm = {.momentum = 0.5f, .epsilon = 0.25f};

/* ---- Networks ---- */

/* The values of one tensor, on the host until they are written back. */
typedef struct table {
    ock_tensor *tensor;
    size_t rows, cols;
    float *values;
} table;

static table open_table(const ock_model *net, const char *name)
{
    ock_model_tensor found;
    for (size_t i = 0; i < ock_model_tensor_count(net); i++) {
        OK(NULL, ock_model_tensor_at(net, i, &found));
        if (strcmp(found.name, name) != 0)
            continue;
        table t = {found.tensor, ock_tensor_rows(found.tensor), ock_tensor_cols(found.tensor),
                   NULL};
        t.values = calloc(t.rows * t.cols, sizeof *t.values);
        OK(NULL, ock_tensor_read(t.tensor, t.values));
        return t;
    }
    ck_abort_msg("no tensor %s", name);
}

static void close_table(table *t)
{
    OK(NULL, ock_tensor_write(t->tensor, t->values));
    free(t->values);
}

/* From -3 to 3, without 0. */
static float whole(uint32_t *seed)
{
    float value = floorf(random_unit(seed) * 6) - 3;
    return value < 0 ? value : value + 1;
}

static void fill_whole(ock_model *net)
{
    uint32_t seed = 7;
    OK(NULL, ock_model_initialize(net, 1));
    for (size_t i = 0; i < ock_model_tensor_count(net); i++) {
        ock_model_tensor found;
        OK(NULL, ock_model_tensor_at(net, i, &found));
        table t = open_table(net, found.name);
        for (size_t k = 0; k < t.rows * t.cols; k++)
            t.values[k] = strstr(found.name, "variance") ? 0.75f : whole(&seed);
        close_table(&t);
    }
}

/* Layers 0, 1 (norm), 2 (relu), 3 (dropout), 4 (without a bias), 5. */
static ock_model *whole_network(ock_context *context)
{
    ock_model *net;
    const ock_dense plain = {.kernel = {.l2 = 0.5f}}, no_bias = {.no_bias = true};
    OK(context, ock_model_create(context, INPUTS, &net));
    OK(context, ock_model_add_dense(net, HIDDEN, OCK_LINEAR, &plain));
    OK(context, ock_model_add_batch_norm(net, &norm));
    OK(context, ock_model_add_activation(net, OCK_RELU));
    OK(context, ock_model_add_dropout(net, 0.5f));
    OK(context, ock_model_add_dense(net, MIDDLE, OCK_RELU, &no_bias));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_LINEAR, NULL));
    fill_whole(net);
    return net;
}

static void set_column(ock_model *net, const char *name, size_t col, float value)
{
    table t = open_table(net, name);
    for (size_t i = 0; i < t.rows; i++)
        t.values[i * t.cols + col] = value;
    close_table(&t);
}

static void set_row(ock_model *net, const char *name, size_t row, float value)
{
    table t = open_table(net, name);
    for (size_t j = 0; j < t.cols; j++)
        t.values[row * t.cols + j] = value;
    close_table(&t);
}

static size_t columns(const ock_model *net, const char *name)
{
    table t = open_table(net, name);
    free(t.values);
    return t.cols;
}

/* ---- Outputs ---- */

static void predict(ock_model *net, float y[ROWS][OUTPUTS])
{
    ock_context *context = ock_model_context(net);
    float x[ROWS][INPUTS];
    uint32_t seed = 3;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i / INPUTS][i % INPUTS] = whole(&seed);
    ock_tensor *in, *out;
    OK(context, ock_tensor_create(context, OCK_F32, ROWS, INPUTS, &in));
    OK(context, ock_tensor_create(context, OCK_F32, ROWS, OUTPUTS, &out));
    OK(context, ock_tensor_write(in, x));
    OK(context, ock_model_predict(net, in, out));
    OK(context, ock_tensor_read(out, y));
    ock_tensor_destroy(out);
    ock_tensor_destroy(in);
}

static void expect_same_outputs(ock_model *a, ock_model *b)
{
    float of_a[ROWS][OUTPUTS], of_b[ROWS][OUTPUTS];
    predict(a, of_a);
    predict(b, of_b);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < OUTPUTS; j++)
            ck_assert_msg(of_a[i][j] == of_b[i][j], "row %zu, output %zu: %g, then %g", i, j,
                          (double)of_a[i][j], (double)of_b[i][j]);
}

static ock_model *compacted(ock_model *net, ock_compaction *report)
{
    ock_model *small;
    OK(ock_model_context(net), ock_model_compact(net, 0, &small, report));
    expect_same_outputs(net, small);
    return small;
}

/* ---- Tests ---- */

START_TEST(nothing_dead)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    ock_compaction report;
    ock_model *small = compacted(net, &report);
    ck_assert_uint_eq(report.units, HIDDEN + MIDDLE);
    ck_assert_uint_eq(report.units_left, HIDDEN + MIDDLE);
    ck_assert_uint_eq(report.parameters_left, report.parameters);
    ck_assert_uint_eq(report.parameters, INPUTS * HIDDEN + HIDDEN + 2 * HIDDEN + HIDDEN * MIDDLE +
                                             MIDDLE * OUTPUTS + OUTPUTS);
    expect_same_weights(net, small);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Nothing in: what the unit puts out is a constant, which goes through norm and ReLU into a bias
 * that the next layer had not got. */
START_TEST(constants_fold)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    ock_compaction report;
    set_column(net, "0.kernel", 2, 0);
    set_column(net, "0.bias", 2, 3);
    set_column(net, "1.mean", 2, 1);
    set_column(net, "1.gamma", 2, 2);
    set_column(net, "1.beta", 2, 1); /* 2 (3 - 1) + 1 = 5 */
    ock_model *small = compacted(net, &report);
    ck_assert_uint_eq(report.units_left, HIDDEN + MIDDLE - 1);
    ck_assert(report.largest_dropped == 0);
    ck_assert_uint_eq(columns(small, "1.variance"), HIDDEN - 1);
    table kernel = open_table(net, "4.kernel"), bias = open_table(small, "4.bias");
    for (size_t j = 0; j < MIDDLE; j++)
        ck_assert_msg(bias.values[j] == 5 * kernel.values[2 * MIDDLE + j], "bias %zu is %g", j,
                      (double)bias.values[j]);
    close_table(&kernel);
    close_table(&bias);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Unit 4 of the first layer leads to unit 1 of the second alone, which leads nowhere; unit 0 of the
 * second hears of unit 5 of the first alone, of which nothing comes but a constant. */
START_TEST(death_spreads)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    ock_compaction report;
    set_row(net, "4.kernel", 4, 0);
    set_column(net, "4.kernel", 0, 0);
    table kernel = open_table(net, "4.kernel");
    kernel.values[4 * MIDDLE + 1] = 2;
    kernel.values[5 * MIDDLE + 0] = 3;
    close_table(&kernel);
    set_row(net, "5.kernel", 1, 0);
    set_column(net, "0.kernel", 5, 0);
    ock_model *small = compacted(net, &report);
    ck_assert_uint_eq(columns(small, "0.kernel"), HIDDEN - 2);
    ck_assert_uint_eq(columns(small, "4.kernel"), MIDDLE - 2);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

START_TEST(one_unit_stays)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    ock_compaction report;
    for (size_t j = 0; j < HIDDEN; j++)
        set_column(net, "0.kernel", j, 0);
    ock_model *small = compacted(net, &report);
    ck_assert_uint_eq(columns(small, "0.kernel"), 1);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Zero columns of the last layer are classes, and a softmax mixes the units before it. */
START_TEST(some_must_stay)
{
    ock_context *context = open_context();
    ock_model *net, *small;
    ock_compaction report;
    OK(context, ock_model_create(context, INPUTS, &net));
    OK(context, ock_model_add_dense(net, HIDDEN, OCK_SOFTMAX, NULL));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_LINEAR, NULL));
    fill_whole(net);
    set_column(net, "0.kernel", 0, 0);
    set_column(net, "1.kernel", 0, 0);
    OK(context, ock_model_compact(net, 0, &small, &report));
    ck_assert_uint_eq(report.units, 0);
    expect_same_weights(net, small);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* A spatial dropout takes a whole number of positions, which units must not leave; and what comes
 * before the first product are inputs. */
START_TEST(places_whose_units_stay)
{
    ock_context *context = open_context();
    ock_model *net, *small;
    ock_compaction report;
    OK(context, ock_model_create(context, INPUTS, &net));
    OK(context, ock_model_add_batch_norm(net, &norm));
    OK(context, ock_model_add_dense(net, HIDDEN, OCK_RELU, NULL));
    OK(context, ock_model_add_spatial_dropout(net, 3, 0.5f));
    OK(context, ock_model_add_dense(net, MIDDLE, OCK_RELU, NULL));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_LINEAR, NULL));
    fill_whole(net);
    set_column(net, "1.kernel", 2, 0);
    set_column(net, "3.kernel", 4, 0);
    small = compacted(net, &report);
    ck_assert_uint_eq(report.units, MIDDLE);
    ck_assert_uint_eq(report.units_left, MIDDLE - 1);
    ck_assert_uint_eq(columns(small, "0.gamma"), INPUTS);
    ck_assert_uint_eq(columns(small, "1.kernel"), HIDDEN);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Of a unit's weights in or out one is NaN, the others are zeros. */
START_TEST(nan_is_not_nothing)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context), *small;
    ock_compaction report;
    set_row(net, "5.kernel", 3, 0);
    set_column(net, "0.kernel", 6, 0);
    table out = open_table(net, "5.kernel"), in = open_table(net, "0.kernel");
    out.values[3 * OUTPUTS + 1] = NAN;
    in.values[2 * HIDDEN + 6] = NAN;
    close_table(&out);
    close_table(&in);
    OK(context, ock_model_compact(net, 0, &small, &report));
    ck_assert_uint_eq(report.units_left, HIDDEN + MIDDLE);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

START_TEST(threshold_is_told)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context), *small;
    ock_compaction report;
    set_row(net, "5.kernel", 3, 0.25f);
    set_column(net, "0.kernel", 1, -0.125f);
    set_column(net, "0.kernel", 6, NAN);
    OK(context, ock_model_compact(net, 0.125f, &small, &report));
    ck_assert_uint_eq(report.units_left, HIDDEN + MIDDLE - 1);
    ck_assert(report.largest_dropped == 0.125f);
    ock_model_destroy(small);
    OK(context, ock_model_compact(net, 0.25f, &small, NULL));
    ck_assert_uint_eq(columns(small, "4.kernel"), MIDDLE - 1);
    ck_assert_uint_eq(columns(small, "0.kernel"), HIDDEN - 1);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

START_TEST(sparsity_is_counted)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    ock_sparsity all, some;
    OK(context, ock_model_sparsity(net, 0, 0, &all));
    ck_assert_uint_eq(all.weights, INPUTS * HIDDEN);
    ck_assert_uint_eq(all.units, HIDDEN);
    ck_assert_uint_eq(all.dead, 0);
    set_column(net, "0.kernel", 1, -0.125f);
    set_column(net, "0.kernel", 6, NAN);
    OK(context, ock_model_sparsity(net, 0, 0.125f, &some));
    ck_assert_uint_eq(some.dead, 1);
    ck_assert(some.zeros >= INPUTS && some.zeros <= INPUTS * (HIDDEN - 1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "layer 1 is not", ock_model_sparsity(net, 1, 0, &some));
    REFUSED(context, OCK_INVALID_ARGUMENT, "layer 99", ock_model_sparsity(net, 99, 0, &some));
    REFUSED(context, OCK_INVALID_ARGUMENT, "threshold is -1",
            ock_model_sparsity(net, 0, -1, &some));
    REFUSED(context, OCK_INVALID_ARGUMENT, "threshold is inf",
            ock_model_sparsity(net, 0, INFINITY, &some));
    REFUSED(context, OCK_INVALID_ARGUMENT, "sparsity is", ock_model_sparsity(net, 0, 0, NULL));
    ck_assert_int_eq(ock_model_sparsity(NULL, 0, 0, &some), OCK_INVALID_ARGUMENT);
    ck_assert_uint_eq(some.weights, 0);
    ock_model_destroy(net);
    OK(context, ock_model_create(context, INPUTS, &net));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_LINEAR, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "no weights yet", ock_model_sparsity(net, 0, 0, &some));
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* The smaller network has the settings of the larger, and trains. */
START_TEST(goes_on_training)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context);
    samples data = samples_create(ROWS, INPUTS, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_evaluation before, after;
    set_column(net, "0.kernel", 2, 0);
    ock_model *small = compacted(net, NULL);
    OK(context, ock_model_evaluate(net, set, NULL, &before));
    OK(context, ock_model_evaluate(small, set, NULL, &after));
    ck_assert(before.penalty > 0 && before.penalty == after.penalty);
    ck_assert_msg(before.accuracy == after.accuracy, "%g, then %g", before.accuracy,
                  after.accuracy);
    OK(context, ock_model_fit(small, set, NULL, NULL, NULL));
    ock_model_destroy(small);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Biases and norms stay vectors, which the decay leaves out, and kept units their settings. */
START_TEST(trains_as_the_larger_one_does)
{
    ock_context *context = open_context();
    samples data = samples_create(ROWS, INPUTS, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_fit fit = ock_fit_defaults();
    fit.epochs = 3;
    fit.optimizer.weight_decay = 1;
    fit.optimizer.decay_kernels_only = true;
    fit.optimizer.clip_norm = _i ? 1.0f : 0;
    ock_model *net = whole_network(context), *small = compacted(net, NULL);
    OK(context, ock_model_fit(net, set, NULL, &fit, NULL));
    OK(context, ock_model_fit(small, set, NULL, &fit, NULL));
    expect_same_weights(net, small);
    ock_model_destroy(small);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(refusals)
{
    ock_context *context = open_context();
    ock_model *net = whole_network(context), *small = net;
    REFUSED(context, OCK_INVALID_ARGUMENT, "threshold is -1, which is not a finite number from 0",
            ock_model_compact(net, -1, &small, NULL));
    ck_assert_ptr_null(small);
    REFUSED(context, OCK_INVALID_ARGUMENT, "threshold", ock_model_compact(net, NAN, &small, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "threshold is inf",
            ock_model_compact(net, INFINITY, &small, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "compacted is NULL",
            ock_model_compact(net, 0, NULL, NULL));
    ck_assert_int_eq(ock_model_compact(NULL, 0, &small, NULL), OCK_INVALID_ARGUMENT);
    ock_model_destroy(net);
    OK(context, ock_model_create(context, INPUTS, &net));
    REFUSED(context, OCK_INVALID_ARGUMENT, "no layers", ock_model_compact(net, 0, &small, NULL));
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

Suite *compaction_suite(void)
{
    Suite *suite = suite_create("compaction");
    TCase *cases = tcase_create("compaction");
    tcase_add_test(cases, nothing_dead);
    tcase_add_test(cases, constants_fold);
    tcase_add_test(cases, death_spreads);
    tcase_add_test(cases, one_unit_stays);
    tcase_add_test(cases, some_must_stay);
    tcase_add_test(cases, places_whose_units_stay);
    tcase_add_test(cases, nan_is_not_nothing);
    tcase_add_test(cases, threshold_is_told);
    tcase_add_test(cases, sparsity_is_counted);
    tcase_add_test(cases, goes_on_training);
    tcase_add_loop_test(cases, trains_as_the_larger_one_does, 0, 2);
    tcase_add_test(cases, refusals);
    suite_add_tcase(suite, cases);
    return suite;
}
