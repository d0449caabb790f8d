/* What a fit makes of its rows: the order, the history, the weights bit for bit. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "reference.h"
#include "suites.h"

/* ---- Learning ---- */

START_TEST(learns_what_can_be_learnt)
{
    bench b = bench_open();
    ock_history history = {0};
    b.fit.epochs = 60;
    ock_model *net = fitted(&b, &b.fit, &history);
    ck_assert_double_lt(history.epochs[0].accuracy, 0.7);
    ock_evaluation means;
    OK(b.context, ock_model_evaluate(net, b.set, &b.fit, &means));
    ck_assert_double_eq(means.accuracy, 1);
    ock_history_clear(&history);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* Rows in the order of a shuffle. */
static samples in_order(const samples *data, const size_t *order, size_t first, size_t rows)
{
    samples batch = samples_create(rows, FEATURES, OUTPUTS);
    for (size_t i = 0; i < rows; i++) {
        size_t row = order[first + i];
        batch.labels[i] = data->labels[row];
        memcpy(batch.x + i * FEATURES, data->x + row * FEATURES, FEATURES * sizeof *batch.x);
        memcpy(batch.targets + i * OUTPUTS, data->targets + row * OUTPUTS,
               OUTPUTS * sizeof *batch.targets);
    }
    return batch;
}

static void expect_epoch(const ock_epoch *epoch, const outcome *train, const outcome *valid)
{
    expect_close(epoch->data_loss, train->data_loss, 1e-5);
    expect_close(epoch->penalty, train->penalty, 1e-6);
    expect_close(epoch->accuracy, train->accuracy, 1e-9);
    expect_close(epoch->val_data_loss, valid->data_loss, 1e-5);
    expect_close(epoch->val_penalty, valid->penalty, 1e-6);
    expect_close(epoch->val_accuracy, valid->accuracy, 1e-9);
    ck_assert_double_eq(epoch->loss, epoch->data_loss + epoch->penalty);
    ck_assert_double_eq(epoch->val_loss, epoch->val_data_loss + epoch->val_penalty);
    ck_assert_double_ge(epoch->seconds * 1e3, epoch->ms_per_step * (double)epoch->steps);
    ck_assert_double_gt(epoch->ms_per_step, 0);
}

/* Training figures are means weighted by the batches' rows, with dropout and the penalties before
 * the steps; validation is without dropout, at the weights of the end. */
START_TEST(history_is_what_plain_operations_give)
{
    bench b = bench_open();
    ock_history history = {0};
    ock_model *net = build(b.context, FEATURES, bench_layers);
    OK(b.context, ock_model_initialize(net, 9));
    reference *exact = reference_create(net, bench_layers, OCK_SOFTMAX_CROSSENTROPY);
    OK(b.context, ock_model_fit(net, b.set, b.set, &b.fit, &history));
    ck_assert_uint_eq(history.count, b.fit.epochs);
    for (uint32_t e = 0; e < b.fit.epochs; e++) {
        size_t order[ROWS];
        outcome train = {0};
        shuffle_rows(order, ROWS, b.fit.seed, e);
        for (size_t first = 0; first < ROWS; first += BATCH) {
            size_t rows = ROWS - first < BATCH ? ROWS - first : BATCH;
            samples batch = in_order(&b.data, order, first, rows);
            outcome step = reference_step(exact, &b.fit, batch.x, batch.targets, rows);
            train.data_loss += step.data_loss * (double)rows / ROWS;
            train.penalty += step.penalty * (double)rows / ROWS;
            train.accuracy += step.accuracy * (double)rows / ROWS;
            samples_free(&batch);
        }
        outcome valid = reference_loss(exact, b.data.x, b.data.targets, ROWS);
        ck_assert_uint_eq(history.epochs[e].epoch, e + 1);
        ck_assert_uint_eq(history.epochs[e].steps, 4);
        expect_epoch(&history.epochs[e], &train, &valid);
    }
    reference_free(exact);
    ock_history_clear(&history);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* A user's own loop over the same rows makes the same weights, bit for bit. */
START_TEST(fit_is_its_train_steps)
{
    bench b = bench_open();
    ock_model *fit = fitted(&b, &b.fit, NULL), *loop = build(b.context, FEATURES, bench_layers);
    for (uint32_t e = 0; e < b.fit.epochs; e++) {
        size_t order[ROWS];
        shuffle_rows(order, ROWS, b.fit.seed, e);
        for (size_t first = 0; first < ROWS; first += BATCH) {
            size_t rows = ROWS - first < BATCH ? ROWS - first : BATCH;
            samples batch = in_order(&b.data, order, first, rows);
            ock_tensor *x = NULL, *y = NULL;
            OK(b.context, ock_tensor_create(b.context, OCK_F32, rows, FEATURES, &x));
            OK(b.context, ock_tensor_create(b.context, OCK_I32, rows, 1, &y));
            OK(b.context, ock_tensor_write(x, batch.x));
            OK(b.context, ock_tensor_write(y, batch.labels));
            OK(b.context, ock_model_train_step(loop, &b.fit, x, y, NULL));
            ock_tensor_destroy(y);
            ock_tensor_destroy(x);
            samples_free(&batch);
        }
    }
    expect_same_weights(fit, loop);
    ock_model_destroy(loop);
    ock_model_destroy(fit);
    bench_close(&b);
}
END_TEST

/* The loss of what predict says, summed here, is the loss that evaluate reports; and 2000 rows are
 * predicted as 50 are. */
START_TEST(predictions_have_the_loss_that_evaluate_reports)
{
    enum {
        TIMES = 40
    };
    bench b = bench_open();
    ock_fit sevens = b.fit;
    sevens.batch_size = 7;
    ock_model *net = fitted(&b, &b.fit, NULL);
    ock_evaluation means;
    OK(b.context, ock_model_evaluate(net, b.set, &sevens, &means));
    ock_tensor *x = NULL, *y = NULL;
    float *inputs = malloc(TIMES * ROWS * FEATURES * sizeof *inputs);
    float *outputs = malloc(TIMES * ROWS * OUTPUTS * sizeof *outputs);
    ck_assert(inputs && outputs);
    for (size_t i = 0; i < TIMES * ROWS * FEATURES; i++)
        inputs[i] = b.data.x[i % (ROWS * FEATURES)];
    OK(b.context, ock_tensor_create(b.context, OCK_F32, TIMES * ROWS, FEATURES, &x));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, TIMES * ROWS, OUTPUTS, &y));
    OK(b.context, ock_tensor_write(x, inputs));
    OK(b.context, ock_model_predict(net, x, y));
    OK(b.context, ock_tensor_read(y, outputs));
    double loss = 0;
    for (size_t i = 0; i < TIMES * ROWS; i++)
        loss -= log((double)outputs[i * OUTPUTS + (size_t)b.data.labels[i % ROWS]]);
    expect_close(means.data_loss, loss / (TIMES * ROWS), 1e-6);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    free(outputs);
    free(inputs);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* ---- Bit for bit ---- */

START_TEST(a_seed_decides_all)
{
    bench b = bench_open();
    ock_history one = {0}, two = {0}, three = {0};
    ock_fit other = b.fit;
    other.seed++;
    ock_model *a = fitted(&b, &b.fit, &one), *same = fitted(&b, &b.fit, &two);
    ock_model *different = fitted(&b, &other, &three);
    expect_same_weights(a, same);
    expect_same_history(&one, &two);
    ck_assert_double_ne(one.epochs[0].loss, three.epochs[0].loss);
    ock_history_clear(&three);
    ock_history_clear(&two);
    ock_history_clear(&one);
    ock_model_destroy(different);
    ock_model_destroy(same);
    ock_model_destroy(a);
    bench_close(&b);
}
END_TEST

/* Its buffers are larger than the batches then. */
START_TEST(what_was_predicted_before_does_not_matter)
{
    bench b = bench_open();
    ock_tensor *x = NULL, *y = NULL;
    ock_model *fresh = fitted(&b, &b.fit, NULL), *used = build(b.context, FEATURES, bench_layers);
    OK(b.context, ock_model_initialize(used, b.fit.seed));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, 3 * BATCH, FEATURES, &x));
    OK(b.context, ock_tensor_create(b.context, OCK_F32, 3 * BATCH, OUTPUTS, &y));
    OK(b.context, ock_model_predict(used, x, y));
    OK(b.context, ock_model_fit(used, b.set, NULL, &b.fit, NULL));
    expect_same_weights(fresh, used);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(used);
    ock_model_destroy(fresh);
    bench_close(&b);
}
END_TEST

START_TEST(a_second_fit_goes_on)
{
    bench b = bench_open();
    ock_history once = {0}, twice = {0};
    b.fit.epochs = 4;
    ock_model *whole = fitted(&b, &b.fit, &once);
    b.fit.epochs = 2;
    ock_model *halves = fitted(&b, &b.fit, &twice);
    OK(b.context, ock_model_fit(halves, b.set, NULL, &b.fit, &twice));
    expect_same_weights(whole, halves);
    ck_assert_uint_eq(twice.count, 4);
    ck_assert_uint_eq(twice.epochs[3].epoch, 2);
    ck_assert_double_eq(twice.epochs[3].loss, once.epochs[3].loss);
    ock_history_clear(&twice);
    ock_history_clear(&once);
    ock_model_destroy(halves);
    ock_model_destroy(whole);
    bench_close(&b);
}
END_TEST

/* 0.3f is a little more than 0.3, and must not cost the 35th row. */
START_TEST(a_split_is_the_last_rows)
{
    bench b = bench_open();
    ock_history split = {0}, explicit = {0};
    ock_dataset *first = NULL, *last = NULL;
    OK(b.context, ock_dataset_view(b.set, 0, 35, &first));
    OK(b.context, ock_dataset_view(b.set, 35, 15, &last));
    ock_model *given = build(b.context, FEATURES, bench_layers);
    OK(b.context, ock_model_fit(given, first, last, &b.fit, &explicit));
    b.fit.validation_split = 0.3f;
    ock_model *cut = fitted(&b, &b.fit, &split);
    expect_same_weights(cut, given);
    expect_same_history(&split, &explicit);
    ck_assert(isfinite(split.epochs[0].val_loss));
    ock_history_clear(&explicit);
    ock_history_clear(&split);
    ock_model_destroy(cut);
    ock_model_destroy(given);
    ock_dataset_destroy(last);
    ock_dataset_destroy(first);
    bench_close(&b);
}
END_TEST

/* 3000 rows of 64 bytes do not go into 8 KiB, nor do 3000 indices of 4; and batches of 30 do not
 * divide what does. */
START_TEST(several_buffers_train_as_one)
{
    enum {
        MANY = 3000,
        SMALL_BUFFER = 8192
    };
    samples data = samples_create(MANY, FEATURES, OUTPUTS);
    ock_history histories[2] = {{0}, {0}};
    ock_context *contexts[2];
    ock_model *nets[2];
    for (int i = 0; i < 2; i++) {
        contexts[i] = open_device(test_device, i ? SMALL_BUFFER : 0);
        ock_dataset *set = labelled(contexts[i], &data);
        ock_fit fit = ock_fit_defaults();
        fit.epochs = 2;
        fit.batch_size = 30;
        fit.validation_split = 0.1f;
        nets[i] = build(contexts[i], FEATURES, bench_layers);
        OK(contexts[i], ock_model_fit(nets[i], set, NULL, &fit, &histories[i]));
        ock_dataset_destroy(set);
    }
    expect_same_weights(nets[0], nets[1]);
    expect_same_history(&histories[0], &histories[1]);
    for (int i = 0; i < 2; i++) {
        ock_history_clear(&histories[i]);
        ock_model_destroy(nets[i]);
        ock_context_destroy(contexts[i]);
    }
    samples_free(&data);
}
END_TEST

/* Weights of each layer come from the words that model.h names, on every device. */
START_TEST(initial_weights)
{
    enum {
        INPUTS = 50,
        UNITS = 40
    };
    bench b = bench_open();
    ock_model *net = NULL;
    float w[INPUTS * UNITS], v[UNITS * UNITS];
    ock_model_tensor tensor;
    OK(b.context, ock_model_create(b.context, INPUTS, &net));
    OK(b.context, ock_model_add_dense(net, UNITS, OCK_RELU, NULL));
    OK(b.context, ock_model_add_dropout(net, 0.5f));
    OK(b.context,
       ock_model_add_dense(net, UNITS, OCK_RELU, &(ock_dense){.initializer = OCK_HE_NORMAL}));
    OK(b.context, ock_model_initialize(net, 77));
    OK(b.context, ock_model_tensor_at(net, 0, &tensor));
    ck_assert_str_eq(tensor.name, "0.kernel");
    OK(b.context, ock_tensor_read(tensor.tensor, w));
    OK(b.context, ock_model_tensor_at(net, 2, &tensor));
    ck_assert_str_eq(tensor.name, "2.kernel");
    OK(b.context, ock_tensor_read(tensor.tensor, v));
    for (uint32_t e = 0; e < INPUTS * UNITS; e++) {
        uint32_t draw[4];
        ock_philox((uint32_t[]){e / 4, 0, 0, OCK_PURPOSE_WEIGHTS}, 77, draw);
        double u = (double)draw[e % 4] * 0x1p-32;
        expect_close((double)w[e], (2 * u - 1) * sqrt(6.0 / (INPUTS + UNITS)), 1e-7);
    }
    /* four standard errors of the deviation; cut at two of the uncut distribution's */
    double square = 0, most = 0, deviation = sqrt(2.0 / UNITS);
    for (size_t e = 0; e < UNITS * UNITS; e++) {
        square += (double)(v[e] * v[e]) / (UNITS * UNITS);
        most = fmax(most, (double)fabsf(v[e]));
    }
    expect_close(sqrt(square) / deviation, 1.0, 4 / sqrt(2.0 * UNITS * UNITS));
    expect_close(most / deviation, 2 / 0.8796, 0.05);
    ck_assert_double_lt(most / deviation, 2 / 0.8796);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* There is room for the weights, and none for what a layer puts out for a batch. */
START_TEST(a_fit_that_cannot_begin_draws_no_weights)
{
    static const spec wide[] = {{SPEC_DENSE, .units = 400, .activation = OCK_RELU},
                                {SPEC_DENSE, .units = 3, .activation = OCK_SOFTMAX},
                                {0}};
    samples data = samples_create(100, 4, 3);
    ock_context *context = open_device(test_device, 32768);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, 4, wide);
    ock_fit fit = ock_fit_defaults();
    REFUSED(context, OCK_OUT_OF_MEMORY, "largest buffer",
            ock_model_fit(net, set, NULL, &fit, NULL));
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    fit.batch_size = 10;
    fit.seed = 9;
    OK(context, ock_model_fit(net, set, NULL, &fit, NULL));
    ock_model *other = build(context, 4, wide);
    OK(context, ock_model_fit(other, set, NULL, &fit, NULL));
    expect_same_weights(net, other);
    ock_model_destroy(other);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    ock_context_destroy(context);
    samples_free(&data);
}
END_TEST

Suite *fits_suite(void)
{
    Suite *suite = suite_create("fits");
    TCase *cases = tcase_create("fits");
    tcase_add_test(cases, learns_what_can_be_learnt);
    tcase_add_test(cases, history_is_what_plain_operations_give);
    tcase_add_test(cases, fit_is_its_train_steps);
    tcase_add_test(cases, predictions_have_the_loss_that_evaluate_reports);
    tcase_add_test(cases, a_seed_decides_all);
    tcase_add_test(cases, what_was_predicted_before_does_not_matter);
    tcase_add_test(cases, a_second_fit_goes_on);
    tcase_add_test(cases, a_split_is_the_last_rows);
    tcase_add_test(cases, several_buffers_train_as_one);
    tcase_add_test(cases, initial_weights);
    tcase_add_test(cases, a_fit_that_cannot_begin_draws_no_weights);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
