/* Weights, moments, and what a first use makes of a network. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "run.h"
#include "sizes.h"

/* ---- Tensors ---- */

bool layer_shape(const net_layer *layer, size_t slot, size_t *rows, size_t *cols)
{
    bool kernel = layer->kind == LAYER_DENSE && slot == 0;
    *rows = kernel ? layer->inputs : 1;
    *cols = layer->outputs;
    return kernel || (layer->kind == LAYER_DENSE && slot == 1 && !layer->dense.no_bias) ||
           layer->kind == LAYER_BATCH_NORM;
}

void model_free_weights(ock_model *model)
{
    plan_free(&model->plan);
    model->ready = false;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++) {
            ock_tensor **tensor = layer_tensor(&model->layers[i], slot);
            ock_tensor_destroy(*tensor);
            *tensor = NULL;
        }
    }
}

ock_status model_allocate(ock_model *model)
{
    if (model->ready)
        return OCK_OK;
    if (!model->count)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "the network has no layers; ock_model_add_dense() adds one");
    ock_status status = OCK_OK;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS && !status; slot++) {
            size_t rows, cols;
            if (layer_shape(&model->layers[i], slot, &rows, &cols))
                status = ock_tensor_create(model->context, OCK_F32, rows, cols,
                                           layer_tensor(&model->layers[i], slot));
        }
    }
    if (!status)
        status = plan_create(model);
    if (status)
        model_free_weights(model);
    else
        model->ready = true;
    return status;
}

/* ---- Drawing ---- */

/* The inverse of the normal distribution's function between -2 and 2, to seven digits
 * (Wichura 1988, algorithm AS 241, PPND7). */
static double normal_quantile(double p)
{
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
    }
    double r = sqrt(-log(q < 0 ? p : 1 - p)) - 1.6;
    double z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
               ((0.12021132975 * r + 0.73700164250) * r + 1.0);
    return q < 0 ? -z : z;
}

static float draw_weight(const net_layer *layer, uint32_t word)
{
    double fan_in = (double)layer->inputs, fan_out = (double)layer->outputs;
    if (layer->dense.initializer == OCK_GLOROT_UNIFORM) {
        double u = (double)(word >> 8) * 0x1p-24;
        return (float)((2 * u - 1) * sqrt(6 / (fan_in + fan_out)));
    }
    /* Cut at two, a normal distribution loses part of its deviation: Keras makes up for it. */
    const double cut = 0.022750131948179195, kept_deviation = 0.87962566103423978;
    double u = ((double)word + 0.5) * 0x1p-32;
    return (float)(normal_quantile(cut + u * (1 - 2 * cut)) * sqrt(2 / fan_in) / kept_deviation);
}

static ock_status draw_kernel(ock_model *model, uint32_t position, uint64_t seed)
{
    const net_layer *layer = &model->layers[position];
    size_t count = layer->inputs * layer->outputs;
    float *weights = array_make(count, sizeof *weights);
    if (!weights)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                  "no memory to draw %zu weights", count);
    uint32_t draw[4];
    for (size_t e = 0; e < count; e++) {
        if (e % 4 == 0)
            ock_philox((uint32_t[]){(uint32_t)(e / 4), 0, position, OCK_PURPOSE_WEIGHTS}, seed,
                       draw);
        weights[e] = draw_weight(layer, draw[e % 4]);
    }
    ock_status status = ock_tensor_write(layer->trained[0].value, weights);
    free(weights);
    return status;
}

/* Keras's values: zeros, but for gamma and the running variance. */
static ock_status set_vectors(const net_layer *layer)
{
    bool norm = layer->kind == LAYER_BATCH_NORM;
    ock_tensor *const zeros[] = {layer->trained[1].value, layer->running[0]};
    ock_tensor *const ones[] = {norm ? layer->trained[0].value : NULL, layer->running[1]};
    ock_status status = OCK_OK;
    for (size_t i = 0; i < 2; i++) {
        if (zeros[i] && !status)
            status = ock_tensor_fill(zeros[i], 0);
        if (ones[i] && !status)
            status = ock_tensor_fill(ones[i], 1);
    }
    return status;
}

static ock_status draw_weights(ock_model *model, uint64_t seed)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < model->count && !status; i++) {
        if (model->layers[i].kind == LAYER_DENSE)
            status = draw_kernel(model, (uint32_t)i, seed);
        if (!status)
            status = set_vectors(&model->layers[i]);
    }
    return status ? status : ock_context_finish(model->context);
}

ock_status ock_model_initialize(ock_model *model, uint64_t seed)
{
    if (!model)
        return OCK_INVALID_ARGUMENT;
    weight_set before = {0};
    bool first_use = !model->ready;
    ock_status status = model_allocate(model);
    if (!status && !first_use)
        status = weights_keep(model, &before);
    if (!status && (status = draw_weights(model, seed)))
        (void)weights_put(model, &before);
    if (!status)
        model_forget(model);
    else if (first_use)
        model_free_weights(model);
    weights_free(&before);
    return status;
}

/* Its tensors are lost together, and renewed together. */
static const ock_tensor *first_tensor(const ock_model *model)
{
    const ock_tensor *first = NULL;
    for (size_t i = 0; i < model->count && !first; i++)
        first = model->layers[i].trained[0].value;
    return first;
}

bool model_is_lost(const ock_model *model)
{
    return model->lost || ock_tensor_is_lost(first_tensor(model));
}

static ock_status check_kept(const ock_model *model)
{
    if (!model_is_lost(model))
        return OCK_OK;
    return ock_context_report(model->context, OCK_DEVICE_FAILED,
                              "the network's weights were lost with a device; ock_model_load() or "
                              "ock_model_initialize() renews them");
}

ock_status model_ensure_ready(ock_model *model, uint64_t seed)
{
    return model->ready ? check_kept(model) : ock_model_initialize(model, seed);
}

/* ---- Moments ---- */

static void free_moments(ock_model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < 2; k++) {
            ock_parameter *parameter = &model->layers[i].trained[k];
            ock_tensor_destroy(parameter->moment1);
            ock_tensor_destroy(parameter->moment2);
            parameter->moment1 = parameter->moment2 = NULL;
        }
    }
    model->releases += model->moments != 0;
    model->moments = 0;
}

static void free_averages(ock_model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < 2; k++) {
            ock_parameter *parameter = &model->layers[i].trained[k];
            ock_tensor_destroy(parameter->average);
            parameter->average = NULL;
        }
    }
    model->releases += model->averages;
    model->averages = false;
}

void model_forget(ock_model *model)
{
    free_moments(model);
    free_averages(model);
    model->renewals++;
    model->lost = false;
    model->step = model->first_step = 0;
    model->epoch = 0;
}

static ock_status make_moments(ock_parameter *parameter, unsigned needed)
{
    const ock_tensor *value = parameter->value;
    ock_tensor **const moments[] = {&parameter->moment1, &parameter->moment2};
    ock_status status = OCK_OK;
    for (unsigned i = 0; value && i < 2 && !status; i++)
        if (needed & 1u << i)
            status = ock_tensor_create(ock_tensor_context(value), OCK_F32, ock_tensor_rows(value),
                                       ock_tensor_cols(value), moments[i]);
    return status;
}

static unsigned moments_of(const ock_optimizer *optimizer)
{
    unsigned first = optimizer->kind == OCK_ADAM || optimizer->momentum != 0;
    unsigned second = optimizer->kind != OCK_SGD;
    return first | second << 1;
}

ock_status model_set_moments(ock_model *model, unsigned needed, ock_optimizer_kind kind)
{
    if (needed == model->moments && (!needed || kind == model->moments_kind))
        return OCK_OK;
    free_moments(model);
    model->first_step = model->step;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < model->count && !status; i++)
        for (size_t k = 0; k < 2 && !status; k++)
            status = make_moments(&model->layers[i].trained[k], needed);
    if (status)
        free_moments(model);
    else
        model->moments = needed;
    model->moments_kind = kind;
    return status;
}

ock_status model_ensure_moments(ock_model *model, const ock_optimizer *optimizer)
{
    return model_set_moments(model, moments_of(optimizer), optimizer->kind);
}

/* ---- Averages ---- */

static ock_status make_average(ock_parameter *parameter)
{
    const ock_tensor *value = parameter->value;
    if (!value)
        return OCK_OK;
    ock_status status =
        ock_tensor_create(ock_tensor_context(value), OCK_F32, ock_tensor_rows(value),
                          ock_tensor_cols(value), &parameter->average);
    return status ? status : ock_tensor_copy(value, parameter->average);
}

ock_status model_set_averages(ock_model *model, bool needed)
{
    if (needed == model->averages)
        return OCK_OK;
    free_averages(model);
    ock_status status = OCK_OK;
    for (size_t i = 0; needed && i < model->count && !status; i++)
        for (size_t k = 0; k < 2 && !status; k++)
            status = make_average(&model->layers[i].trained[k]);
    if (status)
        free_averages(model);
    else
        model->averages = needed;
    return status;
}

ock_status model_ensure_averages(ock_model *model, const ock_optimizer *optimizer)
{
    return model_set_averages(model, optimizer->ema_momentum > 0);
}

ock_status model_use_averages(ock_model *model)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < 2 && !status; k++) {
            const ock_parameter *parameter = &model->layers[i].trained[k];
            if (parameter->average)
                status = ock_tensor_copy(parameter->average, parameter->value);
        }
    }
    return status;
}

ock_status ock_model_use_averages(ock_model *model)
{
    if (!model)
        return OCK_INVALID_ARGUMENT;
    if (check_kept(model))
        return OCK_DEVICE_FAILED;
    if (!model->averages)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "the network has no averages: no step had an ema_momentum");
    return model_use_averages(model);
}
