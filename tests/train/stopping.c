/* Early stopping: the rules of keras.callbacks.EarlyStopping, and the best weights back. */
#include <stdlib.h>

#include "suites.h"

/* ---- The rules ---- */

typedef struct stop_case {
    ock_early_stopping options;
    double values[8];
    int count;
    int stops; /* the epoch, from 0; -1: never */
    int best;
} stop_case;

static const stop_case stop_cases[] = {
    {{"loss", .patience = 2}, {3, 2, 2.5, 2.1}, 4, 3, 1},
    {{"loss", .patience = 2}, {3, 2, 2.5, 1.9, 2, 2}, 6, 5, 3},
    {{"val_accuracy", .patience = 1}, {0.5, 0.7, 0.6}, 3, 2, 1},
    {{"val_acc", .patience = 1}, {0.5, 0.5}, 2, 1, 0},
    {{"accuracy", .patience = 1, .mode = OCK_MODE_MIN}, {0.5, 0.4, 0.3}, 3, -1, 2},
    {{"penalty", .patience = 1, .mode = OCK_MODE_MAX}, {1, 2, 1}, 3, 2, 1},
    /* no patience: the second epoch is the first that may stop */
    {{"loss", .patience = 0}, {3, 3}, 2, 1, 0},
    {{"loss", .patience = 0}, {(double)NAN, 3, 3}, 3, 2, 1},
    /* an improvement of min_delta or less is none */
    {{"loss", .patience = 2, .min_delta = 0.5}, {3, 2.5, 2.75}, 3, 2, 0},
    {{"loss", .patience = 2, .min_delta = 0.5}, {3, 2.25, 2.5, 1.5}, 4, -1, 3},
    /* below the baseline only does `wait` begin anew */
    {{"loss", .patience = 2, .use_baseline = true, .baseline = 1}, {3, 2.5, 2.4, 2.4}, 4, 3, 2},
    {{"loss", .patience = 2, .use_baseline = true, .baseline = 1}, {3, 0.5, 0.6, 0.7}, 4, 3, 1},
    {{"loss", .patience = 1, .start_from_epoch = 2}, {1, 2, 3, 2.5, 2.5}, 5, 4, 3},
    /* unlike in Keras, a NaN is never the best */
    {{"loss", .patience = 3}, {(double)NAN, 2, 1}, 3, -1, 2},
    {{"loss", .patience = 1}, {2, (double)NAN}, 2, 1, 0},
    {{"loss", .patience = 2}, {(double)NAN, (double)NAN}, 2, 1, -1},
};

START_TEST(stops_as_keras_does)
{
    const stop_case *c = &stop_cases[_i];
    ock_stopper stopper;
    ck_assert_int_eq(ock_stopper_init(&stopper, &c->options), OCK_OK);
    int stops = -1;
    for (int epoch = 0; epoch < c->count && stops < 0; epoch++) {
        bool best = ock_stopper_update(&stopper, epoch, c->values[epoch]);
        ck_assert_int_eq(best, stopper.best_epoch == epoch);
        stops = stopper.stopped ? epoch : -1;
    }
    ck_assert_int_eq(stops, c->stops);
    ck_assert_int_eq(stopper.best_epoch, c->best);
    if (c->best >= 0)
        ck_assert_double_eq(stopper.best, c->values[c->best]);
}
END_TEST

START_TEST(options_that_are_wrong)
{
    ock_stopper stopper;
    const ock_early_stopping wrong[] = {
        {.monitor = NULL},
        {.monitor = "los"},
        {.monitor = "loss", .patience = -1},
        {.monitor = "loss", .min_delta = -0.1},
        {.monitor = "loss", .min_delta = (double)NAN},
        {.monitor = "loss", .min_delta = (double)INFINITY},
        {.monitor = "loss", .start_from_epoch = -1},
        {.monitor = "loss", .mode = (ock_mode)3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(ock_stopper_init(&stopper, &wrong[i]), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_stopper_init(NULL, &wrong[0]), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_stopper_init(&stopper, NULL), OCK_INVALID_ARGUMENT);
    ck_assert(!ock_stopper_update(NULL, 0, 1));
}
END_TEST

/* ---- In a fit ---- */

enum {
    FEATURES = 6,
    OUTPUTS = 3
};

static const spec layers[] = {
    {SPEC_DENSE, .units = 24, .activation = OCK_RELU},
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

/* Twelve rows with labels that mean nothing are soon learnt by heart, to the loss of others. */
static ock_model *overfit(ock_context *context, uint32_t epochs, bool stopping,
                          ock_history *history)
{
    samples data = samples_create(36, FEATURES, OUTPUTS);
    for (size_t i = 0; i < data.rows; i++)
        data.labels[i] = (int32_t)(i * i % OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, FEATURES, layers);
    ock_fit fit = ock_fit_defaults();
    fit.epochs = epochs;
    fit.batch_size = 5;
    fit.validation_split = 2.f / 3;
    fit.optimizer.learning_rate = 0.02f;
    if (stopping)
        fit.early_stopping = (ock_early_stopping){
            .monitor = "val_loss", .patience = 3, .restore_best_weights = true};
    OK(context, ock_model_fit(net, set, NULL, &fit, history));
    ock_dataset_destroy(set);
    samples_free(&data);
    return net;
}

START_TEST(best_weights_come_back)
{
    ock_context *context = open_context();
    ock_history history = {0}, again = {0};
    ock_model *stopped = overfit(context, 200, true, &history);
    ck_assert(history.stopped_early);
    ck_assert_uint_eq(history.best + 4, history.count);
    for (size_t i = 0; i < history.count; i++)
        ck_assert_double_ge(history.epochs[i].val_loss, history.epochs[history.best].val_loss);
    ock_model *shorter = overfit(context, (uint32_t)history.best + 1, false, &again);
    ck_assert(!again.stopped_early);
    ck_assert_uint_eq(again.best, again.count);
    expect_same_weights(stopped, shorter);
    ock_history_clear(&again);
    ock_history_clear(&history);
    ock_model_destroy(shorter);
    ock_model_destroy(stopped);
    ock_context_destroy(context);
}
END_TEST

/* As in Keras, also where the run ends before patience does. */
START_TEST(best_weights_come_back_at_the_end)
{
    ock_context *context = open_context();
    ock_history history = {0};
    ock_model *stopped = overfit(context, 200, true, &history);
    uint32_t best = (uint32_t)history.best + 1;
    ock_history_clear(&history);
    ock_model *ended = overfit(context, best + 1, true, &history);
    ck_assert(!history.stopped_early);
    ck_assert_uint_eq(history.count, best + 1);
    expect_same_weights(stopped, ended);
    ock_history_clear(&history);
    ock_model_destroy(ended);
    ock_model_destroy(stopped);
    ock_context_destroy(context);
}
END_TEST

/* A rate at which the squared error grows until it overflows: the first epoch was the best. */
START_TEST(best_weights_survive_divergence)
{
    ock_context *context = open_context();
    samples data = samples_create(8, 4, 2);
    ock_dataset *set = targeted(context, &data);
    const spec line[] = {{SPEC_DENSE, .units = 2}, {0}};
    ock_model *diverged = build(context, 4, line), *first = build(context, 4, line);
    ock_history history = {0};
    ock_fit fit = ock_fit_defaults();
    fit.loss = OCK_MEAN_SQUARED_ERROR;
    fit.optimizer = ock_sgd_defaults();
    fit.optimizer.learning_rate = 1e4f;
    fit.batch_size = 8;
    OK(context, ock_model_fit(first, set, NULL, &fit, NULL));
    fit.epochs = 100;
    fit.early_stopping =
        (ock_early_stopping){.monitor = "loss", .patience = 200, .restore_best_weights = true};
    REFUSED(context, OCK_DIVERGED, "step 1", ock_model_fit(diverged, set, NULL, &fit, &history));
    ck_assert_uint_gt(history.count, 1);
    ck_assert_uint_eq(history.best, 0);
    expect_same_weights(first, diverged);
    ock_history_clear(&history);
    ock_model_destroy(first);
    ock_model_destroy(diverged);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(monitors_that_cannot_be)
{
    ock_context *context = open_context();
    samples data = samples_create(8, 4, 2);
    ock_dataset *set = targeted(context, &data);
    const spec line[] = {{SPEC_DENSE, .units = 2}, {0}};
    ock_model *net = build(context, 4, line);
    ock_fit fit = ock_fit_defaults();
    fit.loss = OCK_MEAN_SQUARED_ERROR;
    fit.early_stopping.monitor = "accuracy";
    REFUSED(context, OCK_INVALID_ARGUMENT, "squared error",
            ock_model_fit(net, set, NULL, &fit, NULL));
    fit.early_stopping.monitor = "val_loss";
    OK(context, ock_model_fit(net, set, set, &fit, NULL));
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

Suite *stopping_suite(void)
{
    Suite *suite = suite_create("stopping");
    TCase *cases = tcase_create("stopping");
    tcase_add_loop_test(cases, stops_as_keras_does, 0, sizeof stop_cases / sizeof *stop_cases);
    tcase_add_test(cases, options_that_are_wrong);
    tcase_add_test(cases, best_weights_come_back);
    tcase_add_test(cases, best_weights_come_back_at_the_end);
    tcase_add_test(cases, best_weights_survive_divergence);
    tcase_add_test(cases, monitors_that_cannot_be);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
