/* One pass of a batch through the plan: forward, the loss, backward with the steps. */
#include <stdlib.h>

#include "network.h"

/* What a pass needs beside the network; fit NULL: without dropout, on running statistics. */
typedef struct net_pass {
    const ock_fit *fit;
    ock_optimizer optimizer; /* the fit's at the step's learning rate */
    bool measures;           /* batches' statistics move the running ones by `momentum` */
    float momentum;
    uint32_t step;
    uint64_t iteration; /* of the optimiser, from 1 */
    size_t nodes;       /* those that run: all, or all but the activation that the loss folds in */
    ock_tensor *totals;
} net_pass;

/* ---- What the loss takes ---- */

const char *loss_name(ock_loss_kind loss)
{
    static const char *const names[] = {
        [OCK_SOFTMAX_CROSSENTROPY] = "OCK_SOFTMAX_CROSSENTROPY",
        [OCK_BINARY_CROSSENTROPY] = "OCK_BINARY_CROSSENTROPY",
        [OCK_MEAN_SQUARED_ERROR] = "OCK_MEAN_SQUARED_ERROR",
    };
    return (size_t)loss < sizeof names / sizeof *names ? names[loss] : NULL;
}

/* Dropout and noise leave values what they are: logits, probabilities. */
static ock_activation last_activation(const ock_model *model, bool *dropped)
{
    size_t i = model->count;
    while (i > 1 && layer_is_random(model->layers[i - 1].kind))
        i--;
    *dropped = i < model->count;
    const net_layer *last = &model->layers[i - 1];
    return last->kind == LAYER_BATCH_NORM ? OCK_LINEAR : last->activation;
}

ock_status loss_folds(const ock_model *model, ock_loss_kind loss, bool *folds)
{
    bool dropped;
    *folds = false;
    if (!model->count)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "the network has no layers; ock_model_add_dense() adds one");
    if (!loss_name(loss))
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "loss %d is not one of ock_loss_kind", (int)loss);
    ock_activation last = last_activation(model, &dropped);
    if (loss == OCK_MEAN_SQUARED_ERROR || last == OCK_LINEAR)
        return OCK_OK;
    ock_activation own = loss == OCK_BINARY_CROSSENTROPY ? OCK_SIGMOID : OCK_SOFTMAX;
    if (last != own)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "loss: %s needs %s or linear as the last activation, not %s",
                                  loss_name(loss), activation_name(own), activation_name(last));
    if (dropped)
        return ock_context_report(
            model->context, OCK_INVALID_ARGUMENT,
            "loss: %s takes %s's logits, so no dropout or noise may follow it", loss_name(loss),
            activation_name(own));
    *folds = true;
    return OCK_OK;
}

static size_t nodes_to_run(const ock_model *model, bool folds)
{
    return model->plan.count - (folds ? 1 : 0);
}

/* ---- Forward ---- */

static ock_dropout node_dropout(const net_node *node, const net_pass *pass)
{
    return (ock_dropout){.rate = node->random->rate,
                         .seed = pass->fit->seed,
                         .step = pass->step,
                         .layer = node->random_layer,
                         .channels = node->random->channels};
}

/* On what a dropout or noise node takes, or on the gradient of what it gave. */
static ock_status apply_random(const net_node *node, const net_pass *pass, const ock_tensor *x,
                               ock_tensor *y)
{
    const net_layer *layer = node->random;
    bool adds = node->kind == LAYER_GAUSSIAN_NOISE;
    if (!adds && node->kind != LAYER_GAUSSIAN_DROPOUT) {
        ock_dropout dropout = node_dropout(node, pass);
        return ock_dropout_apply(&dropout, x, y);
    }
    ock_noise noise = {.kind = adds ? OCK_GAUSSIAN_NOISE : OCK_GAUSSIAN_DROPOUT,
                       .stddev = layer->stddev,
                       .rate = layer->rate,
                       .seed = pass->fit->seed,
                       .step = pass->step,
                       .layer = node->random_layer};
    return ock_noise_apply(&noise, x, y);
}

/* Adds the penalty on a node's output to totals, and its gradient to dy; either may be NULL. */
static ock_status add_activity(const net_node *node, ock_tensor *totals, ock_tensor *dy)
{
    size_t rows = ock_tensor_rows(node->y.part);
    const ock_parameter output = {.value = node->y.part,
                                  .penalty = {.l1 = node->activity->l1 / (float)rows,
                                              .l2 = node->activity->l2 / (float)rows}};
    ock_status status = totals ? ock_penalty_add(&output, rows, totals) : OCK_OK;
    return status || !dy ? status : ock_penalty_gradient(&output, dy);
}

/* The same of the last activation, which the loss took upon itself: its output is made for this
 * alone. gradient is the one at its input. */
static ock_status add_last_activity(const net_node *node, const ock_tensor *input,
                                    ock_tensor *totals, ock_tensor *gradient)
{
    ock_tensor *dx = gradient ? node->dx.part : NULL;
    ock_status status = ock_activation_forward(node->activation, input, node->y.part);
    if (!status && dx)
        status = ock_tensor_fill(dx, 0);
    if (!status)
        status = add_activity(node, totals, dx);
    if (!status && dx)
        status = ock_activation_backward(node->activation, NULL, node->y.part, dx, dx);
    const ock_parameter sum = {.value = dx, .penalty.l2 = 0.5f}; /* whose gradient is dx */
    return status || !dx ? status : ock_penalty_gradient(&sum, gradient);
}

static ock_dense_parameters dense_parameters(const net_layer *layer)
{
    return (ock_dense_parameters){.kernel = layer->trained[0], .bias = layer->trained[1]};
}

ock_batch_norm layer_norm(const net_layer *layer)
{
    return (ock_batch_norm){.gamma = layer->trained[0].value,
                            .beta = layer->trained[1].value,
                            .mean = layer->running[0],
                            .variance = layer->running[1],
                            .momentum = layer->norm.momentum,
                            .epsilon = layer->norm.epsilon};
}

static ock_status node_forward(const net_node *node, const net_pass *pass)
{
    ock_dropout dropout = {0};
    bool drops = pass->fit && node->random;
    if (drops)
        dropout = node_dropout(node, pass);
    switch (node->kind) {
    case LAYER_DENSE: {
        ock_dense_parameters parameters = dense_parameters(node->layer);
        return ock_dense_forward(node->input, &parameters, node->activation,
                                 drops ? &dropout : NULL, node->y.part);
    }
    case LAYER_ACTIVATION:
        return ock_activation_forward(node->activation, node->input, node->y.part);
    case LAYER_BATCH_NORM: {
        ock_batch_norm norm = layer_norm(node->layer);
        if (pass->measures)
            norm.momentum = pass->momentum;
        return ock_batch_norm_forward(&norm, node->input, node->y.part,
                                      pass->fit || pass->measures ? node->saved : NULL);
    }
    case LAYER_DROPOUT:
    case LAYER_SPATIAL_DROPOUT:
    case LAYER_GAUSSIAN_NOISE:
    case LAYER_GAUSSIAN_DROPOUT:
        return apply_random(node, pass, node->input, node->y.part);
    }
    return OCK_INVALID_ARGUMENT;
}

static ock_status forward(ock_model *model, const net_pass *pass, const ock_tensor *x,
                          const ock_tensor **y)
{
    ock_status status = plan_resize(model, ock_tensor_rows(x));
    for (size_t i = 0; i < pass->nodes && !status; i++) {
        net_node *node = &model->plan.nodes[i];
        if (layer_is_random(node->kind) && !pass->fit)
            continue;
        node->input = x;
        status = node_forward(node, pass);
        if (!status && node->activity && !pass->fit && pass->totals)
            status = add_activity(node, pass->totals, NULL);
        x = node->y.part;
    }
    *y = x;
    return status;
}

/* ---- Backward ---- */

/* To the input before the weights' step, since it reads the kernel. */
static ock_status dense_backward(const net_plan *plan, size_t position, const net_pass *pass,
                                 ock_tensor **gradient)
{
    const net_node *node = &plan->nodes[position];
    const ock_tensor *dy = *gradient;
    ock_dense_parameters parameters = dense_parameters(node->layer);
    ock_status status = OCK_OK;
    if (position > plan->first_trained) {
        const net_node *before = node - 1;
        bool fused = before->kind == LAYER_DENSE, drops = fused && before->random;
        ock_dropout dropout = drops ? node_dropout(before, pass) : (ock_dropout){0};
        status = ock_dense_backward_input(dy, &parameters, fused ? before->activation : OCK_LINEAR,
                                          drops ? &dropout : NULL, before->y.part, node->dx.part);
        *gradient = node->dx.part;
    }
    if (status)
        return status;
    if (clip_asked(&pass->optimizer))
        return clip_dense_gradients(node, dy);
    return ock_dense_backward_weights(&pass->optimizer, pass->iteration, node->input, dy,
                                      &parameters, pass->totals);
}

static ock_status norm_backward(const net_node *node, const net_pass *pass, ock_tensor *gradient)
{
    const net_layer *layer = node->layer;
    ock_batch_norm norm = layer_norm(layer);
    ock_status status = ock_batch_norm_backward(&norm, node->input, node->saved, gradient, gradient,
                                                node->gradient);
    for (size_t i = 0; i < 2 && !status && !clip_asked(&pass->optimizer); i++)
        status = ock_step(&pass->optimizer, pass->iteration, &layer->trained[i], node->gradients[i],
                          ock_tensor_rows(gradient), NULL);
    return status;
}

/* Turns the gradient at a node's output into the one at its input; a dense node passes on what is
 * already the gradient at the product before it, where that is a dense node. */
static ock_status node_backward(const net_plan *plan, size_t position, const net_pass *pass,
                                ock_tensor **gradient)
{
    const net_node *node = &plan->nodes[position];
    ock_status status = node->activity ? add_activity(node, pass->totals, *gradient) : OCK_OK;
    if (status)
        return status;
    switch (node->kind) {
    case LAYER_DENSE:
        return dense_backward(plan, position, pass, gradient);
    case LAYER_ACTIVATION:
        return ock_activation_backward(node->activation, node->input, node->y.part, *gradient,
                                       *gradient);
    case LAYER_BATCH_NORM:
        return norm_backward(node, pass, *gradient);
    case LAYER_GAUSSIAN_NOISE:
        return OCK_OK;
    case LAYER_DROPOUT:
    case LAYER_SPATIAL_DROPOUT:
    case LAYER_GAUSSIAN_DROPOUT:
        return apply_random(node, pass, *gradient, *gradient);
    }
    return OCK_INVALID_ARGUMENT;
}

static ock_loss_options loss_options(const ock_fit *fit, const net_batch *batch)
{
    return (ock_loss_options){
        .kind = fit->loss, .label_smoothing = fit->label_smoothing, .weights = batch->weights};
}

ock_status pass_train(ock_model *model, const ock_fit *fit, const net_batch *batch,
                      ock_tensor *totals)
{
    const net_plan *plan = &model->plan;
    const ock_tensor *prediction;
    bool folds;
    ock_status status = loss_folds(model, fit->loss, &folds);
    /* Here rather than once a fit: a callback may have loaded weights. */
    if (!status)
        status = model_ensure_moments(model, &fit->optimizer);
    if (!status)
        status = model_ensure_averages(model, &fit->optimizer);
    if (!status && clip_asked(&fit->optimizer))
        status = clip_reserve(&model->plan);
    if (status)
        return status;
    net_pass pass = {.fit = fit,
                     .optimizer = fit->optimizer,
                     .step = (uint32_t)(model->step + 1),
                     .iteration = model->step - model->first_step + 1,
                     .nodes = nodes_to_run(model, folds),
                     .totals = totals};
    pass.optimizer.learning_rate = model->rate =
        ock_schedule_rate(&fit->schedule, fit->optimizer.learning_rate, pass.iteration - 1);
    status = forward(model, &pass, batch->x, &prediction);
    const ock_loss_options options = loss_options(fit, batch);
    ock_tensor *gradient = plan->gradient.part;
    if (!status)
        status = ock_loss(&options, prediction, batch->y, gradient, totals);
    if (!status && folds && plan->nodes[pass.nodes].activity)
        status = add_last_activity(&plan->nodes[pass.nodes], prediction, totals, gradient);
    for (size_t i = pass.nodes; i-- > plan->first_trained && !status;)
        status = node_backward(plan, i, &pass, &gradient);
    if (!status && clip_asked(&fit->optimizer))
        status = clip_and_step(plan, &(clip_step){model->context, &pass.optimizer, pass.iteration,
                                                  ock_tensor_rows(batch->x), totals});
    if (!status)
        model->step++;
    return status;
}

/* ---- Without training ---- */

ock_status pass_loss(ock_model *model, const ock_fit *fit, const net_batch *batch,
                     ock_tensor *totals)
{
    const ock_tensor *prediction;
    bool folds;
    ock_status status = loss_folds(model, fit->loss, &folds);
    if (status)
        return status;
    const ock_loss_options options = loss_options(fit, batch);
    net_pass pass = {.nodes = nodes_to_run(model, folds), .totals = totals};
    const net_node *last = &model->plan.nodes[model->plan.count - 1];
    status = forward(model, &pass, batch->x, &prediction);
    if (!status && folds && last->activity)
        status = add_last_activity(last, prediction, totals, NULL);
    return status ? status : ock_loss(&options, prediction, batch->y, NULL, totals);
}

ock_status pass_measure(ock_model *model, const ock_tensor *x, float momentum)
{
    const ock_tensor *prediction;
    net_pass pass = {.measures = true, .momentum = momentum, .nodes = nodes_to_run(model, false)};
    return forward(model, &pass, x, &prediction);
}

/* ---- What users call ---- */

static ock_status check_batch(const ock_model *model, const ock_tensor *x, const ock_tensor *y)
{
    ock_context *context = ock_model_context(model);
    if (!model || !x || !y)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL",
                                  !model ? "model"
                                  : !x   ? "x"
                                         : "y");
    if (ock_tensor_context(x) != context || ock_tensor_context(y) != context)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s belongs to another context than the network",
                                  ock_tensor_context(x) != context ? "x" : "y");
    if (ock_tensor_dtype(x) != OCK_F32)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "x must be OCK_F32");
    if (ock_tensor_cols(x) != model->inputs)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "x has %zu columns, the network takes %zu inputs",
                                  ock_tensor_cols(x), model->inputs);
    if (ock_tensor_rows(x) != ock_tensor_rows(y))
        return ock_context_report(context, OCK_SHAPE_MISMATCH, "x has %zu rows, y has %zu",
                                  ock_tensor_rows(x), ock_tensor_rows(y));
    return OCK_OK;
}

/* Rows predicted at a time, so that what lies between the layers stays small. */
enum {
    PREDICT_ROWS = 1024
};

static ock_status predict_rows(ock_model *model, const ock_tensor *x, ock_tensor *y, size_t first,
                               size_t rows)
{
    ock_tensor *from = NULL, *to = NULL;
    const ock_tensor *prediction;
    net_pass pass = {.nodes = nodes_to_run(model, false)};
    ock_status status = ock_tensor_view(x, first, rows, &from);
    if (!status)
        status = ock_tensor_view(y, first, rows, &to);
    if (!status)
        status = forward(model, &pass, from, &prediction);
    if (!status)
        status = ock_tensor_copy(prediction, to);
    ock_tensor_destroy(to);
    ock_tensor_destroy(from);
    return status;
}

ock_status ock_model_predict(ock_model *model, const ock_tensor *x, ock_tensor *y)
{
    ock_status status = check_batch(model, x, y);
    if (status)
        return status;
    size_t rows = ock_tensor_rows(x), outputs = ock_model_outputs(model);
    if (ock_tensor_dtype(y) != OCK_F32)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "y must be OCK_F32");
    if (ock_tensor_cols(y) != outputs)
        return ock_context_report(model->context, OCK_SHAPE_MISMATCH,
                                  "y has %zu columns, the network has %zu outputs",
                                  ock_tensor_cols(y), outputs);
    if (ock_tensors_overlap(x, y))
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "y may not overlap x");
    status = model_ensure_ready(model, 0);
    if (!status)
        status = plan_reserve(model, rows < PREDICT_ROWS ? rows : PREDICT_ROWS, false);
    for (size_t first = 0; first < rows && !status; first += PREDICT_ROWS) {
        size_t left = rows - first;
        status = predict_rows(model, x, y, first, left < PREDICT_ROWS ? left : PREDICT_ROWS);
    }
    return status;
}

static ock_status check_totals(const ock_model *model, const ock_tensor *x, const ock_tensor *y,
                               const ock_tensor *totals)
{
    if (ock_tensor_context(totals) != model->context || ock_tensor_dtype(totals) != OCK_F32 ||
        ock_tensors_overlap(totals, x) || ock_tensors_overlap(totals, y))
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "totals must be OCK_F32, of the network's context, and apart "
                                  "from x and y");
    if (ock_tensor_rows(totals) != 1 || ock_tensor_cols(totals) != OCK_TOTALS_SIZE)
        return ock_context_report(model->context, OCK_SHAPE_MISMATCH,
                                  "totals is %zu x %zu and must be 1 x %d", ock_tensor_rows(totals),
                                  ock_tensor_cols(totals), OCK_TOTALS_SIZE);
    return OCK_OK;
}

/* All that a step would refuse, before it has changed anything. */
static ock_status check_step(const ock_model *model, const ock_fit *fit, const ock_tensor *x,
                             const ock_tensor *y, const ock_tensor *totals)
{
    bool folds, labels = ock_tensor_dtype(y) == OCK_I32;
    size_t outputs = labels ? 1 : ock_model_outputs(model);
    ock_status status = check_batch(model, x, y);
    if (!status)
        status = loss_folds(model, fit->loss, &folds);
    if (status)
        return status;
    if (labels && fit->loss != OCK_SOFTMAX_CROSSENTROPY)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "y has labels, which OCK_SOFTMAX_CROSSENTROPY takes; %s needs "
                                  "targets",
                                  loss_name(fit->loss));
    if (ock_tensor_cols(y) != outputs)
        return ock_context_report(model->context, OCK_SHAPE_MISMATCH,
                                  "y has %zu columns and must have %zu", ock_tensor_cols(y),
                                  outputs);
    status = check_settings(model, fit);
    return status || !totals ? status : check_totals(model, x, y, totals);
}

ock_status ock_model_train_step(ock_model *model, const ock_fit *fit, const ock_tensor *x,
                                const ock_tensor *y, ock_tensor *totals)
{
    ock_fit defaults = ock_fit_defaults();
    if (!fit)
        fit = &defaults;
    ock_status status = check_step(model, fit, x, y, totals);
    if (!status)
        status = model_ensure_ready(model, fit->seed);
    if (!status)
        status = plan_reserve(model, ock_tensor_rows(x), true);
    return status ? status : pass_train(model, fit, &(net_batch){.x = x, .y = y}, totals);
}
