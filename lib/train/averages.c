/* Averages of the weights over a run, and the network's own weights behind them: exponential moving
 * averages, which the steps keep, and stochastic weight averaging, which is a mean of the weights
 * at epochs' ends. */
#include "run.h"

/* ---- Whose weights the network has ---- */

static void notice_renewal(fit_run *run)
{
    if (run->renewals == run->model->renewals)
        return;
    run->renewals = run->model->renewals;
    run->state.averages_in_use = false;
    run->state.averaged = 0;
}

ock_status averages_enter(fit_run *run)
{
    fit_state *state = &run->state;
    notice_renewal(run);
    bool moving = run->fit.optimizer.ema_momentum > 0;
    if (state->averages_in_use || (!moving && !state->averaged))
        return OCK_OK;
    ock_status status = weights_keep(run->model, &state->own);
    if (!status)
        status = moving ? model_use_averages(run->model) : weights_put(run->model, &state->mean);
    state->averages_in_use = !status;
    return status;
}

ock_status averages_leave(fit_run *run)
{
    fit_state *state = &run->state;
    notice_renewal(run);
    if (!state->averages_in_use)
        return OCK_OK;
    state->averages_in_use = false;
    return weights_put(run->model, &state->own);
}

/* ---- Stochastic weight averaging (Izmailov et al. 2018) ---- */

static bool has_norms(const ock_model *model)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->layers[i].kind == LAYER_BATCH_NORM)
            return true;
    return false;
}

/* No mean of running statistics is that of the mean weights. A momentum of the share of the rows
 * seen before makes the running statistics the mean over all batches. */
static ock_status measure_norms(fit_run *run)
{
    batch_feed *feed = &run->train_feed;
    net_batch batch;
    ock_status status = OCK_OK;
    size_t seen = 0;
    for (size_t step = 0; step < feed->steps && !status; step++) {
        status = feed_batch(feed, step, run->model->epoch - 1, &batch);
        if (status)
            break;
        size_t rows = ock_tensor_rows(batch.x);
        status = pass_measure(run->model, batch.x, (float)((double)seen / (double)(seen + rows)));
        seen += rows;
        if (!status)
            status = ock_context_flush(run->model->context);
    }
    return status;
}

static ock_status add_to_mean(fit_run *run)
{
    fit_state *state = &run->state;
    notice_renewal(run);
    ock_status status =
        state->averaged ? weights_blend(run->model, 1 / (float)(state->averaged + 1), &state->mean)
                        : weights_keep(run->model, &state->mean);
    if (!status)
        state->averaged++;
    return status;
}

ock_status averages_end_epoch(fit_run *run, uint32_t epoch)
{
    bool adds = run->fit.swa_from_epoch && epoch >= run->fit.swa_from_epoch;
    ock_status status = adds ? add_to_mean(run) : OCK_OK;
    if (!status)
        status = averages_enter(run);
    if (status || !adds || !has_norms(run->model))
        return status;
    status = measure_norms(run);
    return status ? status : weights_keep(run->model, &run->state.mean);
}
