/* The state of a run on the host: what a checkpoint writes, and what a failure in the next epoch
 * goes back to. */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "layers.h"
#include "sizes.h"

/* ---- The tensors ---- */

/* What there is beside the weights, each of a weight's shape. */
typedef enum state_kind {
    MOMENT1,
    MOMENT2,
    AVERAGE,
    OWN,
    MEAN,
    BEST,
    KINDS
} state_kind;

static const char *const kind_names[KINDS] = {"moment1", "moment2", "average",
                                              "own",     "mean",    "best"};

static void append(tensor_list *list, const char *kind, const file_tensor *weights,
                   ock_tensor *tensor)
{
    if (!tensor)
        return;
    file_tensor *next = &list->tensors[list->count++];
    *next = *weights;
    next->tensor = tensor;
    snprintf(next->name, sizeof next->name, "%s.%.31s", kind, weights->name);
}

/* Whatever there is of a weight; `index` counts as ock_model_tensor_at() does. */
static ock_tensor *tensor_of(const fit_run *run, state_kind kind, const ock_parameter *parameter,
                             size_t index)
{
    const fit_state *state = &run->state;
    switch (kind) {
    case MOMENT1:
        return parameter->moment1;
    case MOMENT2:
        return parameter->moment2;
    case AVERAGE:
        return parameter->average;
    case OWN:
        return state->averages_in_use ? state->own.tensors[index] : NULL;
    case MEAN:
        return state->averaged ? state->mean.tensors[index] : NULL;
    case BEST:
        return state->best.tensors ? state->best.tensors[index] : NULL;
    case KINDS:
        break;
    }
    return NULL;
}

/* The weights are in the order of layers_tensors(), which is that of the layers. */
static void append_kind(tensor_list *list, const fit_run *run, state_kind kind,
                        const file_tensor *weights)
{
    static const ock_parameter none;
    const ock_model *model = run->model;
    size_t index = 0;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++) {
            net_layer *layer = &model->layers[i];
            if (!*layer_tensor(layer, slot))
                continue;
            const ock_parameter *parameter = slot < 2 ? &layer->trained[slot] : &none;
            append(list, kind_names[kind], &weights[index], tensor_of(run, kind, parameter, index));
            index++;
        }
    }
}

ock_status run_tensors(const fit_run *run, tensor_list *list)
{
    file_tensor *weights;
    size_t count;
    *list = (tensor_list){0};
    ock_status status = layers_tensors(run->model, &weights, &count);
    if (status)
        return status;
    *list = (tensor_list){calloc(count + 1, (1 + KINDS) * sizeof *list->tensors), count};
    if (list->tensors) {
        memcpy(list->tensors, weights, count * sizeof *weights);
        for (int kind = 0; kind < KINDS; kind++)
            append_kind(list, run, (state_kind)kind, weights);
    }
    free(weights);
    if (!list->tensors)
        return ock_context_report(run->model->context, OCK_OUT_OF_MEMORY,
                                  "no memory for a list of tensors");
    return OCK_OK;
}

/* ---- Taking ---- */

void image_free(run_image *image)
{
    free(image->values);
    free(image->list.tensors);
    *image = (run_image){0};
}

static ock_status read_tensors(ock_context *context, run_image *image)
{
    tensor_list *list = &image->list;
    size_t size = 0;
    for (size_t i = 0; i < list->count; i++)
        size += list->tensors[i].rows * list->tensors[i].cols;
    float *next = image->values = array_make(size ? size : 1, sizeof *next);
    if (!next)
        return ock_context_report(context, OCK_OUT_OF_MEMORY,
                                  "no memory for a copy of the run's %zu numbers", size);
    ock_status status = OCK_OK;
    for (size_t i = 0; i < list->count && !status; i++) {
        file_tensor *tensor = &list->tensors[i];
        status = ock_tensor_read(tensor->tensor, next);
        tensor->values = next;
        next += tensor->rows * tensor->cols;
    }
    return status;
}

ock_status image_take(fit_run *run)
{
    const ock_model *model = run->model;
    run_image taken = {.state = run->state,
                       .epochs = run->history->count,
                       .step = model->step,
                       .first_step = model->first_step,
                       .epoch = model->epoch,
                       .rate = model->rate,
                       .releases = model->releases,
                       .moments = model->moments,
                       .moments_kind = model->moments_kind,
                       .averages = model->averages};
    ock_status status = run_tensors(run, &taken.list);
    if (!status)
        status = read_tensors(model->context, &taken);
    if (status) {
        image_free(&taken);
        return status;
    }
    image_free(&run->image);
    run->image = taken;
    return OCK_OK;
}

/* ---- Putting back ---- */

/* Sets of weights stay, whatever they have come to hold; but there were no best ones before the
 * first were kept. */
static void put_state(fit_run *run)
{
    const fit_state since = run->state, *before = &run->image.state;
    run->state = *before;
    run->state.own = since.own;
    run->state.mean = since.mean;
    run->state.best = since.best;
    if (!before->best.tensors)
        weights_free(&run->state.best);
    run->history->count = run->image.epochs;
}

static ock_status put_counts(fit_run *run)
{
    run_image *image = &run->image;
    ock_model *model = run->model;
    bool same = image->releases == model->releases;
    ock_status status = model_set_moments(model, image->moments, image->moments_kind);
    if (!status)
        status = model_set_averages(model, image->averages);
    model->step = image->step;
    model->first_step = image->first_step;
    model->epoch = image->epoch;
    model->rate = image->rate;
    run->renewals = model->renewals;
    if (same) /* only what was made since has gone here */
        image->releases = model->releases;
    return status;
}

/* The same tensors as then, which takes no memory where that is what has run out, unless a callback
 * renewed the network or took steps by another optimiser. */
static ock_status write_tensors(const fit_run *run)
{
    const tensor_list *from = &run->image.list;
    bool same = run->image.releases == run->model->releases;
    tensor_list others = {0};
    ock_status status = same ? OCK_OK : run_tensors(run, &others);
    const file_tensor *to = same ? from->tensors : others.tensors;
    for (size_t i = 0; i < from->count && !status; i++)
        status = ock_tensor_write(to[i].tensor, from->tensors[i].values);
    free(others.tensors);
    return status ? status : ock_context_finish(run->model->context);
}

ock_status image_put(fit_run *run)
{
    (void)ock_context_finish(run->model->context); /* what has failed is known by now */
    put_state(run);
    ock_status status = put_counts(run);
    return status ? status : write_tensors(run);
}
