/* What becomes of a run whose device fails: its state is put back, or goes on to the next device.
 */
#include "failover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "image.h"
#include "sizes.h"
#include "standardizer.h"

/* ---- The run's inputs ---- */

static bool is_held(const input_copies *inputs, const ock_tensor *tensor)
{
    for (size_t i = 0; i < inputs->count; i++)
        if (inputs->copies[i].tensor == tensor)
            return true;
    return false;
}

static ock_status hold(input_copies *inputs, ock_tensor *tensor)
{
    if (!tensor || is_held(inputs, tensor))
        return OCK_OK;
    ock_context *context = ock_tensor_context(tensor);
    size_t size = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    input_copy *grown = array_grow(inputs->copies, inputs->count + 1, sizeof *grown);
    if (grown)
        inputs->copies = grown;
    void *values = grown ? array_make(size, 4) : NULL;
    if (!values)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "failover: no memory for a copy of the data, of %zu numbers",
                                  size);
    grown[inputs->count++] = (input_copy){tensor, values};
    return ock_tensor_read(tensor, values);
}

/* Views share their set's rows. */
static ock_status hold_set(input_copies *inputs, const ock_dataset *set)
{
    const dataset_store *store = set->store;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < store->chunks && !status; i++) {
        status = hold(inputs, store->x[i]);
        if (!status)
            status = hold(inputs, store->y[i]);
    }
    for (size_t i = 0; set->selection && i < set->selection->chunks && !status; i++)
        status = hold(inputs, set->selection->indices[i]);
    return status;
}

void failover_end(fit_run *run)
{
    for (size_t i = 0; i < run->inputs.count; i++)
        free(run->inputs.copies[i].values);
    free(run->inputs.copies);
    run->inputs = (input_copies){0};
}

ock_status failover_begin(fit_run *run)
{
    input_copies *inputs = &run->inputs;
    ock_tensor *scales[STANDARDIZER_TENSORS] = {NULL};
    if (run->fit.standardizer)
        standardizer_tensors(run->fit.standardizer, scales);
    ock_status status = hold_set(inputs, run->train);
    if (!status && run->valid)
        status = hold_set(inputs, run->valid);
    for (size_t i = 0; i < STANDARDIZER_TENSORS && !status; i++)
        status = hold(inputs, scales[i]);
    if (status)
        failover_end(run);
    return status;
}

/* ---- The run's state ---- */

/* Where there is no image yet the network is as it was; or it had no weights, and shall draw them
 * again. */
static ock_status put_state(fit_run *run)
{
    if (run->image.list.tensors)
        return image_put(run);
    if (!run->had_weights)
        model_free_weights(run->model);
    return OCK_OK;
}

/* ---- On to the next device ---- */

static ock_status restore(fit_run *run)
{
    const input_copies *inputs = &run->inputs;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < inputs->count && !status; i++)
        status = ock_tensor_write(inputs->copies[i].tensor, inputs->copies[i].values);
    if (!status)
        status = feed_upload(&run->train_feed);
    if (!status && run->valid)
        status = feed_upload(&run->valid_feed);
    return status ? status : put_state(run);
}

/* A device that fails while it is given the run's state is left, too. */
static ock_status move(fit_run *run)
{
    ock_status status;
    do
        status = ock_context_failover(run->model->context);
    while (!status && restore(run));
    return status;
}

static ock_status move_on(fit_run *run)
{
    ock_context *context = run->model->context;
    char *why = strdup(ock_context_message(context));
    ock_failover failover = {.from = *ock_context_device(context),
                             .why = why ? why : "there is no memory for the reason"};
    ock_status status = move(run);
    if (!status) {
        run->history->failovers++;
        failover.to = *ock_context_device(context);
        failover.epochs = run->state.epochs;
        if (run->fit.on_failover)
            run->fit.on_failover(&failover, run->fit.user);
    }
    free(why);
    return status;
}

/* ---- After a failure ---- */

static bool is_of_device(ock_status status)
{
    return status == OCK_DEVICE_FAILED || status == OCK_OUT_OF_MEMORY;
}

static void put_back(fit_run *run, ock_status status)
{
    ock_context *context = run->model->context;
    char why[1024]; /* memory may have run out */
    snprintf(why, sizeof why, "%s", ock_context_message(context));
    bool lost = run->model->lost = image_put(run) != OCK_OK;
    ock_context_report(context, status, "%s%s", why,
                       lost ? "; nor could the network be put back: its weights are lost" : "");
}

ock_status recover(fit_run *run, ock_status status)
{
    bool image = run->image.list.tensors;
    if (status == OCK_DIVERGED || (!image && model_is_lost(run->model))) /* as it came */
        return status;
    if (run->inputs.count && is_of_device(status) && !move_on(run))
        return OCK_OK;
    if (image)
        put_back(run, status);
    else
        (void)put_state(run); /* asks nothing of a device */
    return status;
}
