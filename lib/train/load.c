#include <stdlib.h>

#include "layers.h"

/* ---- Opening ---- */

/* No memory is asked for before the file was seen to hold as much. A checkpoint, which alone has a
 * digest, has other tensors after the weights. */
static ock_status check_tensors(const tensor_file *file, const ock_model *model)
{
    file_tensor *tensors;
    size_t count;
    ock_status status = layers_tensors(model, &tensors, &count);
    if (status)
        return status;
    status = tensor_file_check(file, tensors, count, !file->digest);
    free(tensors);
    return status;
}

static ock_status read_tensors(const tensor_file *file, ock_model *model)
{
    file_tensor *tensors;
    size_t count;
    ock_status status = model_allocate(model);
    if (!status)
        status = layers_tensors(model, &tensors, &count);
    if (status)
        return status;
    for (size_t i = 0; i < count && !status; i++)
        status = tensor_file_read(file, &tensors[i]);
    free(tensors);
    return status ? status : ock_context_finish(model->context);
}

ock_status layers_open(const tensor_file *file, const ock_model *like, ock_model **model)
{
    ock_status status = layers_make(file, like, model);
    if (!status)
        status = check_tensors(file, *model);
    if (!status)
        status = read_tensors(file, *model);
    if (status) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    return status;
}

static ock_status open_path(ock_context *context, const char *path, const ock_model *like,
                            ock_model **model)
{
    tensor_file file;
    ock_status status = tensor_file_open(context, path, &file);
    if (status)
        return status;
    status = layers_open(&file, like, model);
    tensor_file_close(&file);
    return status;
}

ock_status ock_model_open(ock_context *context, const char *path, ock_model **model)
{
    if (model)
        *model = NULL;
    if (!context || !path || !model)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL",
                                  !context ? "context"
                                  : !path  ? "path"
                                           : "model");
    return open_path(context, path, NULL, model);
}

/* ---- Loading into a network ---- */

static bool same_layer(const net_layer *a, const net_layer *b)
{
    return a->kind == b->kind && a->inputs == b->inputs && a->outputs == b->outputs &&
           a->activation == b->activation && a->dense.no_bias == b->dense.no_bias &&
           !(a->norm.epsilon < b->norm.epsilon || a->norm.epsilon > b->norm.epsilon);
}

/* Rates, penalties and batch norm's momentum may differ: they are of the training, not of what was
 * trained. */
ock_status layers_check_same(const ock_model *model, const ock_model *read, const char *path)
{
    if (model->count != read->count)
        return ock_context_report(model->context, OCK_SHAPE_MISMATCH,
                                  "%s has %zu layers, the network has %zu", path, read->count,
                                  model->count);
    for (size_t i = 0; i < model->count; i++) {
        const net_layer *here = &model->layers[i], *there = &read->layers[i];
        if (!same_layer(here, there))
            return ock_context_report(
                model->context, OCK_SHAPE_MISMATCH,
                "%s: layer %zu is %s, %zu to %zu, %s; the network's is %s, %zu to %zu, %s%s", path,
                i, layer_kind_name(there->kind), there->inputs, there->outputs,
                activation_name(there->activation), layer_kind_name(here->kind), here->inputs,
                here->outputs, activation_name(here->activation),
                here->dense.no_bias != there->dense.no_bias ? ", and one has no bias"
                : here->kind == LAYER_BATCH_NORM            ? ", or of another epsilon"
                                                            : "");
    }
    return OCK_OK;
}

/* By exchange, once no device can fail any more. */
ock_status layers_take_weights(ock_model *model, ock_model *read)
{
    bool first_use = !model->ready;
    ock_status status = model_allocate(model);
    ock_model_tensor source, target;
    if (!status)
        status = ock_context_finish(model->context);
    for (size_t i = 0, count = ock_model_tensor_count(read); i < count && !status; i++) {
        status = ock_model_tensor_at(read, i, &source);
        if (!status)
            status = ock_model_tensor_at(model, i, &target);
        if (!status)
            status = ock_tensor_swap(source.tensor, target.tensor);
    }
    if (status && first_use)
        model_free_weights(model);
    return status;
}

ock_status ock_model_load(ock_model *model, const char *path)
{
    if (!model || !path)
        return ock_context_report(ock_model_context(model), OCK_INVALID_ARGUMENT, "%s is NULL",
                                  model ? "path" : "model");
    ock_model *read;
    ock_status status = open_path(model->context, path, model, &read);
    if (status)
        return status;
    status = layers_check_same(model, read, path);
    if (!status)
        status = layers_take_weights(model, read);
    if (!status)
        model_forget(model);
    ock_model_destroy(read);
    return status;
}
