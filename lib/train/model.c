#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "network.h"
#include "sizes.h"

/* ---- Names ---- */

const char *const activation_names[] = {
    [OCK_LINEAR] = "linear", [OCK_RELU] = "relu",       [OCK_LEAKY_RELU] = "leaky_relu",
    [OCK_ELU] = "elu",       [OCK_GELU] = "gelu",       [OCK_SIGMOID] = "sigmoid",
    [OCK_TANH] = "tanh",     [OCK_SOFTMAX] = "softmax", NULL,
};

const char *const initializer_names[] = {
    [OCK_GLOROT_UNIFORM] = "glorot_uniform",
    [OCK_HE_NORMAL] = "he_normal",
    NULL,
};

const char *activation_name(ock_activation activation)
{
    const size_t count = sizeof activation_names / sizeof *activation_names;
    return (size_t)activation < count ? activation_names[activation] : NULL;
}

const char *layer_kind_name(layer_kind kind)
{
    static const char *const names[] = {
        [LAYER_DENSE] = "dense",
        [LAYER_ACTIVATION] = "activation",
        [LAYER_DROPOUT] = "dropout",
        [LAYER_BATCH_NORM] = "batch_norm",
        [LAYER_SPATIAL_DROPOUT] = "spatial_dropout",
        [LAYER_GAUSSIAN_NOISE] = "gaussian_noise",
        [LAYER_GAUSSIAN_DROPOUT] = "gaussian_dropout",
    };
    return names[kind];
}

bool layer_is_random(layer_kind kind)
{
    return kind == LAYER_DROPOUT || kind == LAYER_SPATIAL_DROPOUT || kind == LAYER_GAUSSIAN_NOISE ||
           kind == LAYER_GAUSSIAN_DROPOUT;
}

const char *layer_tensor_name(const net_layer *layer, size_t slot)
{
    static const char *const dense[LAYER_SLOTS] = {"kernel", "bias"};
    static const char *const norm[LAYER_SLOTS] = {"gamma", "beta", "mean", "variance"};
    return layer->kind == LAYER_BATCH_NORM ? norm[slot] : dense[slot];
}

ock_tensor **layer_tensor(net_layer *layer, size_t slot)
{
    return slot < 2 ? &layer->trained[slot].value : &layer->running[slot - 2];
}

/* ---- Lifetime ---- */

ock_status ock_model_create(ock_context *context, size_t inputs, ock_model **model)
{
    if (!model)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "model is NULL");
    *model = NULL;
    if (!context)
        return OCK_INVALID_ARGUMENT;
    if (inputs < 1 || inputs > INT32_MAX)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "inputs is %zu, which is not within 1..2147483647", inputs);
    ock_model *made = calloc(1, sizeof *made);
    if (!made)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a network");
    made->context = context;
    made->inputs = inputs;
    *model = made;
    return OCK_OK;
}

void ock_model_destroy(ock_model *model)
{
    if (!model)
        return;
    model_forget(model);
    model_free_weights(model);
    free(model->layers);
    free(model);
}

/* ---- Adding layers ---- */

static ock_status refuse(ock_model *model, const char *name, double value, const char *range)
{
    return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "%s is %g, which is not %s",
                              name, value, range);
}

static ock_status append(ock_model *model, const net_layer *added)
{
    net_layer *grown = array_grow(model->layers, model->count + 1, sizeof *grown);
    if (!grown)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY, "no memory for layer %zu",
                                  model->count);
    model->layers = grown;
    grown[model->count++] = *added;
    return OCK_OK;
}

static ock_status check_open(ock_model *model)
{
    if (!model)
        return OCK_INVALID_ARGUMENT;
    if (model->ready)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "the network is in use; layers are added before its first use");
    return OCK_OK;
}

static ock_status check_activation(ock_model *model, ock_activation activation)
{
    if (activation_name(activation))
        return OCK_OK;
    return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                              "activation %d is not one of ock_activation", (int)activation);
}

/* of: "kernel", "bias" or "activity", the field of ock_dense. */
static ock_status check_penalty(ock_model *model, const ock_penalty *penalty, const char *of)
{
    const struct {
        const char *name;
        float value;
    } numbers[] = {{"l1", penalty->l1}, {"l2", penalty->l2}, {"group_lasso", penalty->group_lasso}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s.%s", of, numbers[i].name);
        if (!(numbers[i].value >= 0) || !isfinite(numbers[i].value))
            return refuse(model, name, (double)numbers[i].value, "a finite number from 0 up");
    }
    return OCK_OK;
}

static ock_status check_constraint(ock_model *model, const ock_constraint *constraint,
                                   const char *of)
{
    char name[32];
    bool known = (int)constraint->kind >= OCK_UNCONSTRAINED && constraint->kind <= OCK_UNIT_NORM;
    snprintf(name, sizeof name, "%s_constraint.%s", of, known ? "max_norm" : "kind");
    if (!known)
        return refuse(model, name, (int)constraint->kind, "one of ock_constraint_kind");
    bool bounded = constraint->max_norm > 0 && isfinite(constraint->max_norm);
    if (constraint->kind == OCK_MAX_NORM && !bounded)
        return refuse(model, name, (double)constraint->max_norm, "a finite number above 0");
    return OCK_OK;
}

static ock_status check_dense(ock_model *model, const ock_dense *dense)
{
    ock_status status = check_penalty(model, &dense->kernel, "kernel");
    if (!status)
        status = check_penalty(model, &dense->bias, "bias");
    if (!status)
        status = check_penalty(model, &dense->activity, "activity");
    if (!status && (dense->activity.proximal_l1 || dense->activity.group_lasso > 0))
        status = ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                    "activity.proximal_l1 and activity.group_lasso must be 0: they "
                                    "are of weights");
    if (!status)
        status = check_constraint(model, &dense->kernel_constraint, "kernel");
    if (!status)
        status = check_constraint(model, &dense->bias_constraint, "bias");
    if (!status && dense->initializer != OCK_GLOROT_UNIFORM && dense->initializer != OCK_HE_NORMAL)
        status = refuse(model, "initializer", dense->initializer, "one of ock_initializer");
    return status;
}

ock_status ock_model_add_dense(ock_model *model, size_t units, ock_activation activation,
                               const ock_dense *options)
{
    net_layer added = {.kind = LAYER_DENSE, .outputs = units, .activation = activation};
    ock_status status = check_open(model);
    if (status)
        return status;
    added.inputs = ock_model_outputs(model);
    if (options)
        added.dense = *options;
    if (units < 1 || units > INT32_MAX)
        return refuse(model, "units", (double)units, "within 1..2147483647");
    status = check_activation(model, activation);
    if (!status)
        status = check_dense(model, &added.dense);
    if (status)
        return status;
    added.trained[0].penalty = added.dense.kernel;
    added.trained[0].constraint = added.dense.kernel_constraint;
    added.trained[1].penalty = added.dense.bias;
    added.trained[1].constraint = added.dense.bias_constraint;
    added.trained[1].vector = true;
    return append(model, &added);
}

ock_status ock_model_add_activation(ock_model *model, ock_activation activation)
{
    ock_status status = check_open(model);
    if (!status)
        status = check_activation(model, activation);
    if (status)
        return status;
    size_t width = ock_model_outputs(model);
    return append(model, &(net_layer){.kind = LAYER_ACTIVATION,
                                      .inputs = width,
                                      .outputs = width,
                                      .activation = activation});
}

/* A layer of random numbers, whose other fields are 0 unless it is of that kind. */
static ock_status add_random(ock_model *model, net_layer added)
{
    ock_status status = check_open(model);
    if (status)
        return status;
    size_t width = added.inputs = added.outputs = ock_model_outputs(model);
    if (!(added.rate >= 0 && added.rate < 1))
        return refuse(model, "rate", (double)added.rate, "at least 0 and less than 1");
    if (!(added.stddev >= 0) || !isfinite(added.stddev))
        return refuse(model, "stddev", (double)added.stddev, "a finite number from 0 up");
    if (added.kind == LAYER_SPATIAL_DROPOUT && (!added.channels || width % added.channels))
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "channels is %u, which is not a divisor of the layer's width, "
                                  "%zu",
                                  (unsigned)added.channels, width);
    return append(model, &added);
}

ock_status ock_model_add_dropout(ock_model *model, float rate)
{
    return add_random(model, (net_layer){.kind = LAYER_DROPOUT, .rate = rate});
}

ock_status ock_model_add_spatial_dropout(ock_model *model, uint32_t channels, float rate)
{
    return add_random(
        model, (net_layer){.kind = LAYER_SPATIAL_DROPOUT, .channels = channels, .rate = rate});
}

ock_status ock_model_add_gaussian_noise(ock_model *model, float stddev)
{
    return add_random(model, (net_layer){.kind = LAYER_GAUSSIAN_NOISE, .stddev = stddev});
}

ock_status ock_model_add_gaussian_dropout(ock_model *model, float rate)
{
    return add_random(model, (net_layer){.kind = LAYER_GAUSSIAN_DROPOUT, .rate = rate});
}

ock_normalization ock_normalization_defaults(void)
{
    return (ock_normalization){.momentum = 0.99f, .epsilon = 1e-3f};
}

ock_status ock_model_add_batch_norm(ock_model *model, const ock_normalization *options)
{
    ock_normalization norm = options ? *options : ock_normalization_defaults();
    ock_status status = check_open(model);
    if (status)
        return status;
    if (!(norm.momentum >= 0 && norm.momentum < 1))
        return refuse(model, "momentum", (double)norm.momentum, "at least 0 and less than 1");
    if (!(norm.epsilon > 0) || !isfinite(norm.epsilon))
        return refuse(model, "epsilon", (double)norm.epsilon, "a finite number greater than 0");
    size_t width = ock_model_outputs(model);
    return append(model, &(net_layer){.kind = LAYER_BATCH_NORM,
                                      .inputs = width,
                                      .outputs = width,
                                      .norm = norm,
                                      .trained = {{.vector = true}, {.vector = true}}});
}

/* ---- Reading ---- */

ock_context *ock_model_context(const ock_model *model)
{
    return model ? model->context : NULL;
}

size_t ock_model_inputs(const ock_model *model)
{
    return model ? model->inputs : 0;
}

size_t ock_model_outputs(const ock_model *model)
{
    if (!model)
        return 0;
    return model->count ? model->layers[model->count - 1].outputs : model->inputs;
}

size_t ock_model_tensor_count(const ock_model *model)
{
    size_t count = 0;
    for (size_t i = 0; model && model->ready && i < model->count; i++)
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++)
            count += *layer_tensor(&model->layers[i], slot) != NULL;
    return count;
}

ock_status ock_model_tensor_at(const ock_model *model, size_t index, ock_model_tensor *tensor)
{
    if (!model || !tensor)
        return ock_context_report(ock_model_context(model), OCK_INVALID_ARGUMENT, "%s is NULL",
                                  model ? "tensor" : "model");
    if (!model->ready)
        return ock_context_report(
            model->context, OCK_INVALID_ARGUMENT,
            "the network has no weights yet; ock_model_initialize() draws them");
    size_t left = index;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++) {
            ock_tensor *found = *layer_tensor(&model->layers[i], slot);
            if (!found || left--)
                continue;
            tensor->tensor = found;
            tensor->trained = slot < 2;
            snprintf(tensor->name, sizeof tensor->name, "%zu.%s", i,
                     layer_tensor_name(&model->layers[i], slot));
            return OCK_OK;
        }
    }
    return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                              "index is %zu, the network has %zu tensors", index,
                              ock_model_tensor_count(model));
}
