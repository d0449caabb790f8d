#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "evaluate.h"
#include "history.h"
#include "stopping.h"

ock_fit ock_fit_defaults(void)
{
    return (ock_fit){.epochs = 1,
                     .batch_size = 32,
                     .optimizer = ock_adam_defaults(),
                     .loss = OCK_SOFTMAX_CROSSENTROPY,
                     .shuffle = true};
}

typedef struct fit_run {
    ock_model *model;
    const ock_fit *fit;
    const ock_dataset *train, *valid;       /* valid NULL: none */
    ock_dataset *split_train, *split_valid; /* the run's own views */
    batch_feed train_feed, valid_feed;
    ock_tensor *totals;
    ock_tensor **best; /* the best epoch's weights; NULL: none kept yet */
    ock_stopper stopper;
    ock_history *history;
    bool stop;
} fit_run;

/* ---- Checks ---- */

static ock_status check_numbers(const ock_model *model, const ock_fit *fit)
{
    const char *problem = NULL;
    if (fit->epochs < 1 || fit->epochs > INT32_MAX)
        problem = "epochs must be 1..2147483647";
    else if (fit->batch_size < 1)
        problem = "batch_size must be at least 1";
    else if (!(fit->validation_split >= 0 && fit->validation_split < 1))
        problem = "validation_split must be at least 0 and less than 1";
    if (problem)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "%s", problem);
    return OCK_OK;
}

static ock_status check_stopping(const ock_model *model, const ock_fit *fit, bool validates)
{
    const ock_early_stopping *options = &fit->early_stopping;
    if (!options->monitor)
        return OCK_OK;
    const char *problem = stopping_problem(options);
    if (problem)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "early_stopping.%s",
                                  problem);
    const fit_monitor *monitor = monitor_find(options->monitor);
    if (monitor->validation && !validates)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "early_stopping.monitor is %s, but there is neither a validation "
                                  "set nor a validation_split",
                                  monitor->name);
    if (monitor->maximize && fit->loss == OCK_MEAN_SQUARED_ERROR)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "early_stopping.monitor is %s, which the squared error is "
                                  "without",
                                  monitor->name);
    return OCK_OK;
}

static ock_status check_run(const fit_run *run)
{
    const ock_fit *fit = run->fit;
    bool validates = run->valid || fit->validation_split > 0;
    ock_status status = check_numbers(run->model, fit);
    if (!status)
        status = check_dataset(run->model, run->train, "train", fit->loss);
    if (!status && run->valid)
        status = check_dataset(run->model, run->valid, "valid", fit->loss);
    if (!status)
        status = ock_optimizer_check(run->model->context, &fit->optimizer);
    if (!status && fit->augmentation)
        status = ock_augmentation_check(run->model->context, fit->augmentation, run->model->inputs);
    return status ? status : check_stopping(run->model, fit, validates);
}

/* ---- Preparation ---- */

/* The rounding of a fraction such as 0.3f must not cost a row that the decimal would keep. */
static ock_status split(fit_run *run)
{
    size_t rows = ock_dataset_rows(run->train);
    double share = (double)run->fit->validation_split;
    double kept = floor((double)rows * (1 - share + share * FLT_EPSILON / 2));
    size_t first = (size_t)kept;
    if (!first || first >= rows)
        return ock_context_report(run->model->context, OCK_INVALID_ARGUMENT,
                                  "validation_split %g of %zu rows leaves no row for %s", share,
                                  rows, first ? "validation" : "training");
    ock_status status = ock_dataset_view(run->train, 0, first, &run->split_train);
    if (!status)
        status = ock_dataset_view(run->train, first, rows - first, &run->split_valid);
    run->train = run->split_train;
    run->valid = run->split_valid;
    return status;
}

static ock_status prepare(fit_run *run)
{
    ock_model *model = run->model;
    const ock_fit *fit = run->fit;
    ock_status status = OCK_OK;
    if (!run->valid && fit->validation_split > 0)
        status = split(run);
    if (!status && fit->early_stopping.monitor)
        status = ock_stopper_init(&run->stopper, &fit->early_stopping);
    if (!status)
        status = feed_create(&run->train_feed, run->train, fit->batch_size, fit->augmentation);
    if (!status && run->valid)
        status = feed_create(&run->valid_feed, run->valid, fit->batch_size, NULL);
    if (!status)
        status = ock_tensor_create(model->context, OCK_F32, 1, OCK_TOTALS_SIZE, &run->totals);
    if (!status)
        status = model_ensure_ready(model, fit->seed);
    if (!status)
        status = plan_reserve(model, run->train_feed.batch, true);
    if (!status && run->valid)
        status = plan_reserve(model, run->valid_feed.batch, true);
    return status;
}

/* ---- The best weights ---- */

static ock_tensor *model_tensor(const ock_model *model, size_t index)
{
    ock_model_tensor found = {0};
    ock_model_tensor_at(model, index, &found);
    return found.tensor;
}

static void free_best(fit_run *run)
{
    for (size_t i = 0; run->best && i < ock_model_tensor_count(run->model); i++)
        ock_tensor_destroy(run->best[i]);
    free(run->best);
}

static ock_status keep_best(fit_run *run)
{
    const ock_model *model = run->model;
    size_t count = ock_model_tensor_count(model);
    ock_status status = OCK_OK;
    if (!run->best && !(run->best = calloc(count ? count : 1, sizeof *run->best)))
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY, "no memory for best weights");
    for (size_t i = 0; i < count && !status; i++) {
        const ock_tensor *weights = model_tensor(model, i);
        if (!run->best[i])
            status = ock_tensor_create(model->context, OCK_F32, ock_tensor_rows(weights),
                                       ock_tensor_cols(weights), &run->best[i]);
        if (!status)
            status = ock_tensor_copy(weights, run->best[i]);
    }
    return status;
}

static ock_status restore_best(fit_run *run)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < ock_model_tensor_count(run->model) && !status; i++)
        status = ock_tensor_copy(run->best[i], model_tensor(run->model, i));
    return status ? status : ock_context_finish(run->model->context);
}

/* ---- An epoch ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static ock_status train_steps(fit_run *run, uint32_t number, uint32_t epoch, uint64_t *steps)
{
    const ock_fit *fit = run->fit;
    batch_feed *feed = &run->train_feed;
    const ock_tensor *x, *y;
    ock_status status = ock_tensor_fill(run->totals, 0);
    if (!status && fit->shuffle)
        status = feed_shuffle(feed, fit->seed, epoch);
    for (*steps = 0; *steps < feed->steps && !run->stop && !status; ++*steps) {
        status = feed_batch(feed, (size_t)*steps, epoch, &x, &y);
        if (!status)
            status = pass_train(run->model, fit, x, y, run->totals);
        if (!status)
            status = ock_context_flush(run->model->context);
        if (!status && fit->on_step)
            run->stop = !fit->on_step(number, *steps + 1, feed->steps, fit->user);
    }
    return status;
}

static ock_status check_finite(const fit_run *run, uint32_t number, const ock_totals *sums)
{
    double rate = (double)run->fit->optimizer.learning_rate;
    if (sums->first_bad)
        return ock_context_report(run->model->context, OCK_DIVERGED,
                                  "epoch %" PRIu32 ", step %" PRIu64 ": the loss is not a finite "
                                  "number; are the data finite, the learning rate (%g) too high?",
                                  number, sums->first_bad, rate);
    if (!isfinite(sums->loss + sums->penalty))
        return ock_context_report(run->model->context, OCK_DIVERGED,
                                  "epoch %" PRIu32 ": the penalty is not a finite number; is the "
                                  "learning rate (%g) too high?",
                                  number, rate);
    return OCK_OK;
}

static ock_status validate(fit_run *run, ock_epoch *epoch)
{
    ock_evaluation valid = {NAN, NAN, NAN, NAN};
    ock_status status = OCK_OK;
    if (run->valid)
        status = evaluate_feed(run->model, &run->valid_feed, run->fit->loss, run->totals, &valid);
    epoch->val_loss = valid.loss;
    epoch->val_data_loss = valid.data_loss;
    epoch->val_penalty = valid.penalty;
    epoch->val_accuracy = valid.accuracy;
    return status;
}

/* Leaves epoch->steps below the feed's where the run was stopped within the epoch. */
static ock_status run_epoch(fit_run *run, ock_epoch *epoch)
{
    double start = now();
    ock_totals sums;
    ock_status status = train_steps(run, epoch->epoch, run->model->epoch++, &epoch->steps);
    if (!status)
        status = ock_totals_read(run->totals, &sums);
    if (!status)
        status = check_finite(run, epoch->epoch, &sums);
    if (status || epoch->steps < run->train_feed.steps)
        return status;
    ock_evaluation means = evaluation_of(&sums, run->fit->loss);
    epoch->loss = means.loss;
    epoch->data_loss = means.data_loss;
    epoch->penalty = means.penalty;
    epoch->accuracy = means.accuracy;
    epoch->ms_per_step = (now() - start) * 1e3 / (double)epoch->steps;
    status = validate(run, epoch);
    epoch->seconds = now() - start;
    return status;
}

static ock_status end_epoch(fit_run *run, const ock_epoch *epoch)
{
    const ock_fit *fit = run->fit;
    ock_status status = history_append(run->model->context, run->history, epoch);
    if (!status && fit->early_stopping.monitor) {
        double value = monitor_value(monitor_find(fit->early_stopping.monitor), epoch);
        bool best = ock_stopper_update(&run->stopper, (int)epoch->epoch - 1, value);
        run->stop |= run->stopper.stopped;
        if (best && fit->early_stopping.restore_best_weights)
            status = keep_best(run);
    }
    if (!status && fit->on_epoch && !fit->on_epoch(epoch, fit->user))
        run->stop = true;
    return status;
}

static ock_status run_epochs(fit_run *run)
{
    ock_status status = OCK_OK;
    for (uint32_t i = 1; i <= run->fit->epochs && !run->stop && !status; i++) {
        ock_epoch epoch = {.epoch = i};
        status = run_epoch(run, &epoch);
        if (!status && epoch.steps == run->train_feed.steps)
            status = end_epoch(run, &epoch);
    }
    return status;
}

/* ---- The run ---- */

static void finish_history(const fit_run *run, size_t start)
{
    ock_history *history = run->history;
    bool stopping = run->fit->early_stopping.monitor;
    history->stopped_early = stopping && run->stopper.stopped;
    history->best = stopping && run->stopper.best_epoch >= 0
                        ? start + (size_t)run->stopper.best_epoch
                        : history->count;
}

static void run_free(fit_run *run)
{
    free_best(run);
    ock_tensor_destroy(run->totals);
    feed_free(&run->valid_feed);
    feed_free(&run->train_feed);
    ock_dataset_destroy(run->split_valid);
    ock_dataset_destroy(run->split_train);
}

ock_status ock_model_fit(ock_model *model, const ock_dataset *train, const ock_dataset *valid,
                         const ock_fit *fit, ock_history *history)
{
    ock_fit defaults = ock_fit_defaults();
    if (!model)
        return ock_context_report(ock_dataset_context(train), OCK_INVALID_ARGUMENT,
                                  "model is NULL");
    fit_run run = {.model = model,
                   .fit = fit ? fit : &defaults,
                   .train = train,
                   .valid = valid,
                   .history = history};
    size_t start = history ? history->count : 0;
    ock_status status = check_run(&run);
    if (!status)
        status = prepare(&run);
    if (!status)
        status = run_epochs(&run);
    /* A run that diverges has lost its weights, but not the best ones. */
    if (run.best && (!status || status == OCK_DIVERGED)) {
        ock_status restored = restore_best(&run);
        status = restored ? restored : status;
    }
    if (history)
        finish_history(&run, start);
    run_free(&run);
    return status;
}
