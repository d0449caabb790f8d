/* Averages of weights, exponential and of epochs' ends: what they are, and whose figures are whose.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "suites.h"

enum {
    EPOCHS = 5,
    STEPS = (ROWS + BATCH - 1) / BATCH
};

static const float momentum = 0.75f;
static const double unit = 0x1p-24;

/* ---- Weights as a run goes ---- */

typedef struct journal {
    ock_model *net;
    size_t size; /* of the weights */
    float *steps[EPOCHS * STEPS], *ends[EPOCHS];
    size_t step_count, end_count;
    size_t stop_at;  /* the step, from 1, that is the last; 0: none */
    size_t renew_at; /* the epoch, from 1, whose end draws new weights; 0: none */
} journal;

static bool note_step(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    journal *notes = user;
    (void)epoch, (void)step, (void)steps;
    notes->steps[notes->step_count++] = weights_of(notes->net, &notes->size);
    return notes->step_count != notes->stop_at;
}

static bool note_epoch(const ock_epoch *epoch, void *user)
{
    journal *notes = user;
    notes->ends[notes->end_count++] = weights_of(notes->net, &notes->size);
    if (epoch->epoch == notes->renew_at)
        OK(ock_model_context(notes->net), ock_model_initialize(notes->net, 99));
    return true;
}

/* A fit whose weights are noted after each step and at each epoch's end, as callbacks find them. */
static void run(const bench *b, const spec *layers, ock_fit fit, journal *notes,
                ock_history *history)
{
    fit.epochs = EPOCHS;
    fit.on_step = note_step;
    fit.on_epoch = note_epoch;
    fit.user = notes;
    notes->net = build(b->context, FEATURES, layers);
    OK(b->context, ock_model_fit(notes->net, b->set, b->set, &fit, history));
}

static void forget(journal *notes)
{
    for (size_t i = 0; i < notes->step_count; i++)
        free(notes->steps[i]);
    for (size_t i = 0; i < notes->end_count; i++)
        free(notes->ends[i]);
    ock_model_destroy(notes->net);
}

/* ---- Expectations ---- */

static void expect_same(const float *got, const float *expected, size_t size)
{
    ck_assert_msg(!memcmp(got, expected, size * sizeof *got), "the weights are others");
}

static void expect_within(const float *got, const double *expected, size_t size, double roundings)
{
    for (size_t i = 0; i < size; i++)
        expect_close((double)got[i], expected[i], roundings * unit * 4);
}

/* Whether two runs have trained alike, whatever stood in for the weights in between. */
static void expect_same_training(const journal *a, const ock_history *of_a, const journal *b,
                                 const ock_history *of_b)
{
    ck_assert_uint_eq(a->step_count, b->step_count);
    ck_assert_uint_eq(of_a->count, of_b->count);
    for (size_t i = 0; i < a->step_count; i++)
        expect_same(a->steps[i], b->steps[i], a->size);
    for (size_t e = 0; e < of_a->count; e++)
        ck_assert_double_eq(of_a->epochs[e].loss, of_b->epochs[e].loss);
}

/* The network is at the weights that the last epoch's validation judged. */
static void expect_validated(const bench *b, const journal *notes, const ock_history *history)
{
    ock_evaluation means;
    OK(b->context, ock_model_evaluate(notes->net, b->set, &b->fit, &means));
    ck_assert_double_eq(means.loss, history->epochs[history->count - 1].val_loss);
}

static void expect_final(const journal *notes, const float *expected)
{
    size_t size;
    float *weights = weights_of(notes->net, &size);
    expect_same(weights, expected, size);
    free(weights);
}

/* ---- Exponential moving averages ---- */

START_TEST(moving_averages_follow_the_weights)
{
    bench b = bench_open();
    journal plain = {0}, averaged = {0};
    ock_history without = {0}, with = {0};
    run(&b, bench_layers, b.fit, &plain, &without);
    b.fit.optimizer.ema_momentum = momentum;
    run(&b, bench_layers, b.fit, &averaged, &with);
    expect_same_training(&averaged, &with, &plain, &without);
    double average[4096];
    ck_assert_uint_le(plain.size, 4096);
    for (size_t step = 0; step < EPOCHS * STEPS; step++) {
        double kept = step ? (double)momentum : 0;
        for (size_t i = 0; i < plain.size; i++)
            average[i] = kept * (step ? average[i] : 0) + (1 - kept) * (double)plain.steps[step][i];
        /* three roundings a step of weights below 4, of which each step keeps a share */
        if (step % STEPS == STEPS - 1)
            expect_within(averaged.ends[step / STEPS], average, plain.size,
                          3 / (1 - (double)momentum));
    }
    expect_final(&averaged, averaged.ends[EPOCHS - 1]);
    expect_validated(&b, &averaged, &with);
    ock_history_clear(&with);
    ock_history_clear(&without);
    forget(&averaged);
    forget(&plain);
    bench_close(&b);
}
END_TEST

START_TEST(a_run_that_stops_within_an_epoch_ends_with_averages)
{
    bench b = bench_open();
    b.fit.optimizer.ema_momentum = momentum;
    journal stopped = {.stop_at = STEPS + 2}, whole = {0};
    run(&b, bench_layers, b.fit, &stopped, NULL);
    ock_fit fit = b.fit;
    size_t size;
    float *final = weights_of(stopped.net, &size);
    whole.net = build(b.context, FEATURES, bench_layers);
    whole.stop_at = STEPS + 2;
    fit.epochs = EPOCHS;
    fit.on_step = note_step;
    fit.user = &whole;
    OK(b.context, ock_model_fit(whole.net, b.set, NULL, &fit, NULL));
    double average[4096];
    for (size_t step = 0; step < whole.step_count; step++)
        for (size_t i = 0; i < size; i++)
            average[i] = step ? (double)momentum * average[i] +
                                    (1 - (double)momentum) * (double)whole.steps[step][i]
                              : (double)whole.steps[0][i];
    expect_within(final, average, size, 3 / (1 - (double)momentum));
    free(final);
    forget(&whole);
    forget(&stopped);
    bench_close(&b);
}
END_TEST

/* Before the first step with an ema_momentum, where there were others. */
START_TEST(averages_begin_as_the_weights)
{
    bench b = bench_open();
    b.fit.epochs = 1;
    b.fit.batch_size = ROWS;
    journal notes = {.net = fitted(&b, &b.fit, NULL)};
    for (int again = 0; again < 2; again++) {
        size_t size;
        double average[4096];
        float *before = weights_of(notes.net, &size);
        b.fit.optimizer.ema_momentum = momentum;
        b.fit.on_step = note_step;
        b.fit.user = &notes;
        OK(b.context, ock_model_fit(notes.net, b.set, NULL, &b.fit, NULL));
        for (size_t i = 0; i < size; i++)
            average[i] = (double)momentum * (double)before[i] +
                         (1 - (double)momentum) * (double)notes.steps[again][i];
        float *after = weights_of(notes.net, &size);
        expect_within(after, average, size, 3);
        free(after);
        free(before);
        /* a fit without them forgets them */
        b.fit.optimizer.ema_momentum = 0;
        b.fit.on_step = NULL;
        OK(b.context, ock_model_fit(notes.net, b.set, NULL, &b.fit, NULL));
    }
    forget(&notes);
    bench_close(&b);
}
END_TEST

START_TEST(averages_in_a_loop_of_ones_own)
{
    bench b = bench_open();
    b.fit.optimizer.ema_momentum = momentum;
    b.fit.epochs = 1;
    b.fit.batch_size = ROWS;
    b.fit.shuffle = false;
    ock_model *fit = fitted(&b, &b.fit, NULL), *loop = build(b.context, FEATURES, bench_layers);
    ock_tensor *x = NULL, *y = NULL;
    OK(b.context, ock_tensor_create(b.context, OCK_F32, ROWS, FEATURES, &x));
    OK(b.context, ock_tensor_create(b.context, OCK_I32, ROWS, 1, &y));
    OK(b.context, ock_tensor_write(x, b.data.x));
    OK(b.context, ock_tensor_write(y, b.data.labels));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "no averages", ock_model_use_averages(loop));
    ck_assert_int_eq(ock_model_use_averages(NULL), OCK_INVALID_ARGUMENT);
    OK(b.context, ock_model_train_step(loop, &b.fit, x, y, NULL));
    OK(b.context, ock_model_use_averages(loop));
    expect_same_weights(fit, loop);
    OK(b.context, ock_model_fit(fit, b.set, NULL, &b.fit, NULL));
    OK(b.context, ock_model_train_step(loop, &b.fit, x, y, NULL));
    OK(b.context, ock_model_use_averages(loop));
    expect_same_weights(fit, loop);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(loop);
    ock_model_destroy(fit);
    bench_close(&b);
}
END_TEST

/* ---- Stochastic weight averaging ---- */

static const spec normed[] = {
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DENSE, .units = 12, .activation = OCK_TANH, .l2 = 1e-3f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

START_TEST(means_of_the_ends_of_epochs)
{
    const uint32_t from = 2;
    bench b = bench_open();
    journal plain = {0}, averaged = {0};
    ock_history without = {0}, with = {0};
    run(&b, bench_layers, b.fit, &plain, &without);
    b.fit.swa_from_epoch = from;
    run(&b, bench_layers, b.fit, &averaged, &with);
    expect_same_training(&averaged, &with, &plain, &without);
    expect_same(averaged.ends[0], plain.ends[0], plain.size);
    ck_assert_double_eq(with.epochs[0].val_loss, without.epochs[0].val_loss);
    for (size_t last = from - 1; last < EPOCHS; last++) {
        double mean[4096] = {0};
        for (size_t e = from - 1; e <= last; e++)
            for (size_t i = 0; i < plain.size; i++)
                mean[i] += (double)plain.ends[e][i] / (double)(last - from + 2);
        expect_within(averaged.ends[last], mean, plain.size, 3 * EPOCHS);
    }
    ck_assert_double_ne(with.epochs[EPOCHS - 1].val_loss, without.epochs[EPOCHS - 1].val_loss);
    expect_final(&averaged, averaged.ends[EPOCHS - 1]);
    expect_validated(&b, &averaged, &with);
    ock_history_clear(&with);
    ock_history_clear(&without);
    forget(&averaged);
    forget(&plain);
    bench_close(&b);
}
END_TEST

/* Of a first layer they are those of the data's batches: their means and variances, by rows. */
static void expect_statistics(const bench *b, const float *weights, uint32_t epoch)
{
    const float *means = weights + 2 * FEATURES, *variances = weights + 3 * FEATURES;
    size_t order[ROWS];
    shuffle_rows(order, ROWS, b->fit.seed, epoch);
    for (size_t col = 0; col < FEATURES; col++) {
        double mean = 0, variance = 0;
        for (size_t first = 0; first < ROWS; first += BATCH) {
            size_t rows = ROWS - first < BATCH ? ROWS - first : BATCH;
            double sum = 0, squares = 0;
            for (size_t i = 0; i < rows; i++) {
                double x = (double)b->data.x[order[first + i] * FEATURES + col];
                sum += x;
                squares += x * x;
            }
            mean += sum / ROWS;
            variance += (squares - sum * sum / (double)rows) / ROWS;
        }
        /* sums of BATCH roundings of values below 4 and of their squares */
        expect_close((double)means[col], mean, 2 * BATCH * 4 * unit);
        expect_close((double)variances[col], variance, 2 * BATCH * 16 * unit);
    }
}

START_TEST(running_statistics_are_taken_anew)
{
    bench b = bench_open();
    journal plain = {0}, averaged = {0};
    ock_history without = {0}, with = {0};
    run(&b, normed, b.fit, &plain, &without);
    b.fit.swa_from_epoch = 3;
    run(&b, normed, b.fit, &averaged, &with);
    expect_same_training(&averaged, &with, &plain, &without);
    for (uint32_t e = 2; e < EPOCHS; e++)
        expect_statistics(&b, averaged.ends[e], e);
    expect_final(&averaged, averaged.ends[EPOCHS - 1]);
    expect_validated(&b, &averaged, &with);
    ock_history_clear(&with);
    ock_history_clear(&without);
    forget(&averaged);
    forget(&plain);
    bench_close(&b);
}
END_TEST

/* The mean is of the new weights' epochs alone, and they are trained on. */
START_TEST(renewed_weights_begin_new_averages)
{
    bench b = bench_open();
    journal plain = {.renew_at = 3}, averaged = {.renew_at = 3};
    ock_history without = {0}, with = {0};
    run(&b, normed, b.fit, &plain, &without);
    b.fit.swa_from_epoch = 2;
    run(&b, normed, b.fit, &averaged, &with);
    expect_same_training(&averaged, &with, &plain, &without);
    /* but for the statistics, the mean of one is that one */
    size_t statistics = 4 * FEATURES;
    expect_same(averaged.ends[3] + statistics, plain.ends[3] + statistics, plain.size - statistics);
    ock_history_clear(&with);
    ock_history_clear(&without);
    forget(&averaged);
    forget(&plain);
    bench_close(&b);
}
END_TEST

/* ---- With early stopping ---- */

/* What comes back is what the best epoch's validation judged: that epoch's averages. */
START_TEST(best_averages_come_back)
{
    bench b = bench_open();
    for (int moving = 0; moving < 2; moving++) {
        journal notes = {0};
        ock_history history = {0};
        ock_fit fit = b.fit;
        if (moving)
            fit.optimizer.ema_momentum = momentum;
        else
            fit.swa_from_epoch = 1;
        /* the loss falls here: the largest is the first epoch's */
        fit.early_stopping = (ock_early_stopping){.monitor = "val_loss",
                                                  .mode = OCK_MODE_MAX,
                                                  .patience = EPOCHS,
                                                  .min_delta = 1e-3,
                                                  .restore_best_weights = true};
        run(&b, normed, fit, &notes, &history);
        ck_assert_uint_eq(history.count, EPOCHS);
        ck_assert_uint_lt(history.best, EPOCHS - 1);
        expect_final(&notes, notes.ends[history.best]);
        ock_evaluation means;
        OK(b.context, ock_model_evaluate(notes.net, b.set, &b.fit, &means));
        ck_assert_double_eq(means.loss, history.epochs[history.best].val_loss);
        ock_history_clear(&history);
        forget(&notes);
    }
    bench_close(&b);
}
END_TEST

START_TEST(averages_that_cannot_be)
{
    bench b = bench_open();
    ock_model *net = build(b.context, FEATURES, bench_layers);
    b.fit.swa_from_epoch = 4;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "swa_from_epoch is 4, which is not within 0..3",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    b.fit.swa_from_epoch = 1;
    b.fit.optimizer.ema_momentum = momentum;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "swa_from_epoch must be 0 where",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

Suite *averages_suite(void)
{
    Suite *suite = suite_create("averages");
    TCase *cases = tcase_create("averages");
    tcase_add_test(cases, moving_averages_follow_the_weights);
    tcase_add_test(cases, a_run_that_stops_within_an_epoch_ends_with_averages);
    tcase_add_test(cases, averages_begin_as_the_weights);
    tcase_add_test(cases, averages_in_a_loop_of_ones_own);
    tcase_add_test(cases, means_of_the_ends_of_epochs);
    tcase_add_test(cases, running_statistics_are_taken_anew);
    tcase_add_test(cases, renewed_weights_begin_new_averages);
    tcase_add_test(cases, best_averages_come_back);
    tcase_add_test(cases, averages_that_cannot_be);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
