/* The plan: which operations a list of layers becomes, and their memory. */
#include <stdlib.h>

#include "network.h"

/* ---- Tensors of a batch ---- */

ock_status batch_tensor_create(ock_context *context, size_t rows, size_t cols, batch_tensor *tensor)
{
    return ock_tensor_create(context, OCK_F32, rows, cols, &tensor->whole);
}

ock_status batch_tensor_resize(batch_tensor *tensor, size_t rows)
{
    ock_tensor_destroy(tensor->part);
    tensor->part = NULL;
    return tensor->whole ? ock_tensor_view(tensor->whole, 0, rows, &tensor->part) : OCK_OK;
}

void batch_tensor_free(batch_tensor *tensor)
{
    ock_tensor_destroy(tensor->part);
    ock_tensor_destroy(tensor->whole);
    *tensor = (batch_tensor){0};
}

/* ---- Nodes ---- */

/* Whether the backward pass can take the gradient from the output alone, element by element. */
static bool fuses(ock_activation activation)
{
    return activation != OCK_GELU && activation != OCK_SOFTMAX;
}

static net_node *push(net_plan *plan, const net_layer *layer, layer_kind kind, size_t inputs)
{
    net_node *added = &plan->nodes[plan->count++];
    *added = (net_node){.kind = kind, .inputs = inputs, .outputs = layer->outputs};
    return added;
}

static void push_activation(net_plan *plan, const net_layer *layer)
{
    if (layer->activation != OCK_LINEAR)
        push(plan, layer, LAYER_ACTIVATION, layer->outputs)->activation = layer->activation;
}

/* Sets what a node draws random numbers for; NULL or a layer that changes nothing: for nothing. */
static void set_random(net_node *node, const ock_model *model, const net_layer *layer)
{
    if (!layer || !(layer->rate > 0 || layer->stddev > 0))
        return;
    node->random = layer;
    node->random_layer = (uint32_t)(layer - model->layers);
}

static bool has_activity(const net_layer *layer)
{
    return layer->dense.activity.l1 > 0 || layer->dense.activity.l2 > 0;
}

/* Takes the layers from `position` on that one fused product serves: activation, dropout. Returns
 * the position after the last one taken. */
static size_t push_dense(ock_model *model, size_t position)
{
    net_plan *plan = &model->plan;
    net_layer *dense = &model->layers[position];
    const net_layer *end = model->layers + model->count, *next = dense + 1, *dropout = NULL;
    ock_activation activation = dense->activation;

    net_node *added = push(plan, dense, LAYER_DENSE, dense->inputs);
    added->layer = dense;
    if (has_activity(dense)) {
        push_activation(plan, dense);
        plan->nodes[plan->count - 1].activity = &dense->dense.activity;
        return position + 1;
    }
    if (activation == OCK_LINEAR && next < end && next->kind == LAYER_ACTIVATION)
        activation = next++->activation;
    if (next < end && next->kind == LAYER_DROPOUT)
        dropout = next++;
    if (next < end && next->kind == LAYER_DENSE && fuses(activation)) {
        added->activation = activation;
        set_random(added, model, dropout);
        return (size_t)(next - model->layers);
    }
    push_activation(plan, dense);
    return position + 1;
}

static size_t push_layer(ock_model *model, size_t position)
{
    net_plan *plan = &model->plan;
    net_layer *layer = &model->layers[position];
    if (layer->kind == LAYER_DENSE)
        return push_dense(model, position);
    if (layer->kind == LAYER_ACTIVATION) {
        push_activation(plan, layer);
    } else if (layer->kind == LAYER_BATCH_NORM) {
        push(plan, layer, LAYER_BATCH_NORM, layer->inputs)->layer = layer;
    } else if (layer->rate > 0 || layer->stddev > 0) {
        set_random(push(plan, layer, layer->kind, layer->inputs), model, layer);
    }
    return position + 1;
}

static size_t find_first_trained(const net_plan *plan)
{
    size_t i = 0;
    while (i < plan->count && !plan->nodes[i].layer)
        i++;
    return i;
}

/* A layer becomes two nodes at most. */
ock_status plan_create(ock_model *model)
{
    net_plan *plan = &model->plan;
    plan->nodes = calloc(2 * model->count, sizeof *plan->nodes);
    if (!plan->nodes)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                  "no memory for the plan of %zu layers", model->count);
    for (size_t position = 0; position < model->count;)
        position = push_layer(model, position);
    plan->first_trained = find_first_trained(plan);
    return OCK_OK;
}

/* ---- Memory ---- */

static void plan_release(net_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        net_node *node = &plan->nodes[i];
        batch_tensor_free(&node->y);
        batch_tensor_free(&node->dx);
        ock_tensor_destroy(node->gradients[0]);
        ock_tensor_destroy(node->gradients[1]);
        ock_tensor_destroy(node->gradient);
        ock_tensor_destroy(node->saved);
        node->gradients[0] = node->gradients[1] = node->gradient = node->saved = NULL;
    }
    batch_tensor_free(&plan->gradient);
    plan->capacity = plan->rows = 0;
    plan->training = false;
}

void plan_free(net_plan *plan)
{
    plan_release(plan);
    free(plan->nodes);
    *plan = (net_plan){0};
}

static ock_status reserve_norm(ock_context *context, net_node *node)
{
    ock_status status = ock_tensor_create(context, OCK_F32, 2, node->outputs, &node->saved);
    if (!status)
        status = ock_tensor_create(context, OCK_F32, 2, node->outputs, &node->gradient);
    for (size_t i = 0; i < 2 && !status; i++)
        status = ock_tensor_view(node->gradient, i, 1, &node->gradients[i]);
    return status;
}

/* The gradient at a node's input replaces the one at its output, which replaced the one after it:
 * that one's memory is free again. */
static ock_status reserve_gradients(ock_model *model, size_t rows)
{
    net_plan *plan = &model->plan;
    const batch_tensor *latest = &plan->gradient, *spare = NULL;
    ock_status status =
        batch_tensor_create(model->context, rows, ock_model_outputs(model), &plan->gradient);
    for (size_t i = plan->count; i-- > plan->first_trained + 1 && !status;) {
        net_node *node = &plan->nodes[i];
        if (node->kind != LAYER_DENSE)
            continue;
        if (spare && ock_tensor_cols(spare->whole) == node->inputs)
            status = ock_tensor_view(spare->whole, 0, rows, &node->dx.whole);
        else
            status = batch_tensor_create(model->context, rows, node->inputs, &node->dx);
        spare = latest;
        latest = &node->dx;
    }
    return status;
}

static ock_status reserve_node(ock_model *model, net_node *node, size_t rows, bool training)
{
    ock_status status = batch_tensor_create(model->context, rows, node->outputs, &node->y);
    if (!status && training && node->kind == LAYER_BATCH_NORM)
        status = reserve_norm(model->context, node);
    if (!status && training && node->kind == LAYER_ACTIVATION && node->activity)
        status = batch_tensor_create(model->context, rows, node->outputs, &node->dx);
    return status;
}

ock_status plan_reserve(ock_model *model, size_t rows, bool training)
{
    net_plan *plan = &model->plan;
    if (rows <= plan->capacity && (plan->training || !training))
        return OCK_OK;
    if (rows < plan->capacity)
        rows = plan->capacity;
    training = training || plan->training;
    plan_release(plan);
    ock_status status = OCK_OK;
    for (size_t i = 0; i < plan->count && !status; i++)
        status = reserve_node(model, &plan->nodes[i], rows, training);
    if (!status && training)
        status = reserve_gradients(model, rows);
    if (status) {
        plan_release(plan);
        return status;
    }
    plan->capacity = rows;
    plan->training = training;
    return OCK_OK;
}

ock_status plan_resize(ock_model *model, size_t rows)
{
    net_plan *plan = &model->plan;
    if (rows == plan->rows)
        return OCK_OK;
    plan->rows = 0;
    ock_status status = batch_tensor_resize(&plan->gradient, rows);
    for (size_t i = 0; i < plan->count && !status; i++) {
        status = batch_tensor_resize(&plan->nodes[i].y, rows);
        if (!status)
            status = batch_tensor_resize(&plan->nodes[i].dx, rows);
    }
    if (!status)
        plan->rows = rows;
    return status;
}
