#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "checkpoint.h"
#include "evaluate.h"
#include "failover.h"
#include "history.h"
#include "image.h"
#include "monitor.h"
#include "run.h"

ock_fit ock_fit_defaults(void)
{
    return (ock_fit){.epochs = 1,
                     .batch_size = 32,
                     .optimizer = ock_adam_defaults(),
                     .loss = OCK_SOFTMAX_CROSSENTROPY,
                     .shuffle = true};
}

/* ---- Preparation ---- */

/* The rounding of a fraction such as 0.3f must not cost a row that the decimal would keep. */
static ock_status split(fit_run *run)
{
    size_t rows = ock_dataset_rows(run->train);
    double share = (double)run->fit.validation_split;
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

/* What a run begins with. Changes nothing, and so nothing has to be put back after a failure. */
static ock_status begin(fit_run *run)
{
    const ock_model *model = run->model;
    const ock_fit *fit = &run->fit;
    ock_status status = OCK_OK;
    run->had_weights = model->ready;
    if (!run->valid && fit->validation_split > 0)
        status = split(run);
    run->state.learning_rate = fit->optimizer.learning_rate;
    if (!status && fit->early_stopping.monitor)
        status = ock_stopper_init(&run->state.stopper, &fit->early_stopping);
    if (!status && fit->plateau.monitor)
        status = ock_plateau_init(&run->state.plateau, &fit->plateau);
    if (!status && (fit->resume || fit->failover) && model->ready && !model_is_lost(model))
        status = image_take(run);
    return status || !fit->failover ? status : failover_begin(run);
}

/* On the device of the moment. */
static ock_status prepare_here(fit_run *run)
{
    ock_model *model = run->model;
    const ock_fit *fit = &run->fit;
    ock_status status = feed_create(&run->train_feed, run->train, fit, true);
    if (!status && run->valid)
        status = feed_create(&run->valid_feed, run->valid, fit, false);
    if (!status)
        status = ock_tensor_create(model->context, OCK_F32, 1, OCK_TOTALS_SIZE, &run->totals);
    if (!status && fit->checkpoint)
        status = checkpoint_begin(run);
    if (!status)
        status = model_ensure_ready(model, fit->seed);
    if (!status)
        status = plan_reserve(model, run->train_feed.batch, true);
    if (!status && run->valid)
        status = plan_reserve(model, run->valid_feed.batch, true);
    run->renewals = model->renewals;
    return status ? status : image_take(run);
}

/* Takes back what prepare_here() has made; an image stays. */
static void unprepare(fit_run *run)
{
    free(run->settings);
    run->settings = NULL;
    weights_free(&run->state.best);
    weights_free(&run->state.mean);
    weights_free(&run->state.own);
    ock_tensor_destroy(run->totals);
    run->totals = NULL;
    feed_free(&run->valid_feed);
    feed_free(&run->train_feed);
}

/* Another device begins as this one did. */
static ock_status prepare(fit_run *run)
{
    ock_status status = begin(run);
    const fit_state first = run->state;
    bool again = !status;
    while (again && (status = prepare_here(run))) {
        unprepare(run);
        run->state = first;
        run->history->count = run->start;
        again = !recover(run, status);
    }
    return status;
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
    const ock_fit *fit = &run->fit;
    batch_feed *feed = &run->train_feed;
    net_batch batch;
    ock_status status = averages_leave(run);
    if (!status)
        status = ock_tensor_fill(run->totals, 0);
    if (!status)
        status = feed_begin_epoch(feed, epoch);
    for (*steps = 0; *steps < feed->steps && !run->stop && !status; ++*steps) {
        status = feed_batch(feed, (size_t)*steps, epoch, &batch);
        if (!status)
            status = pass_train(run->model, fit, &batch, run->totals);
        if (!status)
            status = ock_context_flush(run->model->context);
        if (!status && fit->on_step)
            run->stop = !fit->on_step(number, *steps + 1, feed->steps, fit->user);
    }
    return status;
}

static ock_status check_finite(const fit_run *run, uint32_t number, const ock_totals *sums)
{
    double rate = (double)run->fit.optimizer.learning_rate;
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
        status = evaluate_feed(run->model, &run->valid_feed, &run->fit, run->totals, &valid);
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
    ock_evaluation means = evaluation_of(&sums, run->fit.loss);
    epoch->loss = means.loss;
    epoch->data_loss = means.data_loss;
    epoch->penalty = means.penalty;
    epoch->accuracy = means.accuracy;
    epoch->learning_rate = (double)run->model->rate;
    epoch->ms_per_step = (now() - start) * 1e3 / (double)epoch->steps;
    status = averages_end_epoch(run, epoch->epoch);
    if (!status)
        status = validate(run, epoch);
    epoch->seconds = now() - start;
    return status;
}

/* Whether the network's weights are to be kept as the best. */
static bool judge(fit_run *run, const ock_epoch *epoch)
{
    const ock_fit *fit = &run->fit;
    fit_state *state = &run->state;
    if (fit->plateau.monitor)
        state->learning_rate = ock_plateau_update(
            &state->plateau, monitor_value(fit->plateau.monitor, epoch), state->learning_rate);
    if (!fit->early_stopping.monitor)
        return false;
    double value = monitor_value(fit->early_stopping.monitor, epoch);
    bool best = ock_stopper_update(&state->stopper, (int)epoch->epoch - 1, value);
    return best && fit->early_stopping.restore_best_weights;
}

/* After which the epoch is completed. A callback that renewed the weights after its last step has
 * left no moments; the next step would make the same. */
static ock_status end_epoch(fit_run *run, const ock_epoch *epoch)
{
    const ock_fit *fit = &run->fit;
    ock_status status = history_append(run->model->context, run->history, epoch);
    if (!status && judge(run, epoch))
        status = weights_keep(run->model, &run->state.best);
    if (!status)
        status = model_ensure_moments(run->model, &fit->optimizer);
    if (!status)
        status = model_ensure_averages(run->model, &fit->optimizer);
    run->state.epochs += !status;
    return status ? status : image_take(run);
}

/* Of a completed epoch, which stays completed. */
static ock_status tell(fit_run *run, const ock_epoch *epoch)
{
    const ock_fit *fit = &run->fit;
    bool keep = fit->checkpoint && !fit->checkpoint_when_stopped;
    ock_status status = keep ? checkpoint_write(run) : OCK_OK;
    if (status)
        return status;
    if (fit->on_epoch && !fit->on_epoch(epoch, fit->user))
        run->stop = true;
    return OCK_OK;
}

/* Of a run that a callback has stopped. */
static ock_status keep_stopped(const fit_run *run)
{
    const ock_fit *fit = &run->fit;
    bool keep = fit->checkpoint && fit->checkpoint_when_stopped && run->image.epochs > run->start;
    return keep ? checkpoint_write(run) : OCK_OK;
}

static bool is_stopped(const fit_run *run)
{
    return run->stop || run->state.stopper.stopped;
}

static ock_status run_epochs(fit_run *run)
{
    ock_status status = OCK_OK;
    while (run->state.epochs < run->fit.epochs && !is_stopped(run) && !status) {
        ock_epoch epoch = {.epoch = run->state.epochs + 1};
        run->fit.optimizer.learning_rate = run->state.learning_rate;
        status = run_epoch(run, &epoch);
        bool whole = !status && epoch.steps == run->train_feed.steps;
        if (whole)
            status = end_epoch(run, &epoch);
        if (status)
            status = recover(run, status);
        else if (whole)
            status = tell(run, &epoch);
    }
    return status || !run->stop ? status : keep_stopped(run);
}

/* ---- The run ---- */

static void finish_history(const fit_run *run)
{
    ock_history *history = run->history;
    bool stopping = run->fit.early_stopping.monitor;
    const ock_stopper *stopper = &run->state.stopper;
    history->stopped_early = stopping && stopper->stopped;
    history->best = stopping && stopper->best_epoch >= 0 ? run->start + (size_t)stopper->best_epoch
                                                         : history->count;
}

/* The best weights, else the averages, else its own. A run that diverges has lost its weights, but
 * not the best ones. */
static ock_status settle_weights(fit_run *run, bool diverged)
{
    const weight_set *best = &run->state.best;
    ock_status status = OCK_OK;
    if (best->tensors)
        status = weights_put(run->model, best);
    else if (!diverged)
        status = averages_enter(run);
    return status ? status : ock_context_finish(run->model->context);
}

/* Ends what the epochs' end left as `status`. Each turn is on a device of its own. */
static ock_status settle(fit_run *run, ock_status status)
{
    if (status && status != OCK_DIVERGED)
        return status;
    ock_status settled;
    while ((settled = settle_weights(run, status)))
        if (recover(run, settled))
            return settled;
    return status;
}

static void run_free(fit_run *run)
{
    unprepare(run);
    failover_end(run);
    image_free(&run->image);
    ock_dataset_destroy(run->split_valid);
    ock_dataset_destroy(run->split_train);
}

ock_status ock_model_fit(ock_model *model, const ock_dataset *train, const ock_dataset *valid,
                         const ock_fit *fit, ock_history *history)
{
    ock_history own = {0}; /* which a checkpoint may need */
    if (!model)
        return ock_context_report(ock_dataset_context(train), OCK_INVALID_ARGUMENT,
                                  "model is NULL");
    fit_run run = {.model = model,
                   .fit = fit ? *fit : ock_fit_defaults(),
                   .train = train,
                   .valid = valid,
                   .history = history ? history : &own};
    run.start = run.history->count;
    ock_status status = check_run(&run);
    if (!status)
        status = prepare(&run);
    if (!status)
        status = settle(&run, run_epochs(&run));
    finish_history(&run);
    run_free(&run);
    ock_history_clear(&own);
    return status;
}
