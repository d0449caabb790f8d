/* A smaller network of the same kind, without the units that do nothing. */
#include <math.h>
#include <stdlib.h>

#include "network.h"
#include "sizes.h"

/* A layer on the host. `kept` says which of its outputs stay; layers between two dense ones share
 * the first one's. */
typedef struct host_layer {
    float *slots[LAYER_SLOTS]; /* NULL: it has none there */
    bool *kept;
    double *added; /* dense: what constant inputs add to the bias; NULL: nothing */
    size_t next;   /* dense: the dense layer that takes its units; 0: none of them may go */
} host_layer;

typedef struct compaction {
    ock_model *model; /* as it was */
    host_layer *layers;
    float threshold, largest; /* |weight| that may be dropped, that was dropped */
} compaction;

/* ---- Reading ---- */

static ock_status no_memory(const ock_model *model)
{
    return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                              "no memory for a copy of the network's weights");
}

/* Whether a unit can leave the layers between two dense ones without changing the other units. */
static bool acts_by_unit(const net_layer *layer)
{
    switch (layer->kind) {
    case LAYER_DENSE:
    case LAYER_ACTIVATION:
        return layer->activation != OCK_SOFTMAX;
    case LAYER_DROPOUT:
    case LAYER_BATCH_NORM:
    case LAYER_GAUSSIAN_NOISE:
    case LAYER_GAUSSIAN_DROPOUT:
        return true;
    case LAYER_SPATIAL_DROPOUT: /* needs a whole number of positions */
        return false;
    }
    return false;
}

/* The dense layer after the one at `position`; 0 where there is none, or a layer between them
 * mixes the units. */
static size_t find_next(const ock_model *model, size_t position)
{
    for (size_t i = position; i < model->count; i++) {
        if (i > position && model->layers[i].kind == LAYER_DENSE)
            return i;
        if (!acts_by_unit(&model->layers[i]))
            return 0;
    }
    return 0;
}

static ock_status read_layer(compaction *c, size_t position)
{
    net_layer *layer = &c->model->layers[position];
    host_layer *host = &c->layers[position];
    ock_status status = OCK_OK;
    for (size_t slot = 0; slot < LAYER_SLOTS && !status; slot++) {
        size_t rows, cols;
        if (!layer_shape(layer, slot, &rows, &cols))
            continue;
        host->slots[slot] = array_make(size_times(rows, cols), sizeof(float));
        if (!host->slots[slot])
            return no_memory(c->model);
        status = ock_tensor_read(*layer_tensor(layer, slot), host->slots[slot]);
    }
    return status;
}

static ock_status read_model(compaction *c)
{
    const ock_model *model = c->model;
    for (size_t i = 0; i < model->count; i++) {
        host_layer *host = &c->layers[i];
        ock_status status = read_layer(c, i);
        if (status)
            return status;
        if (i > 0 && model->layers[i].kind != LAYER_DENSE) {
            host->kept = c->layers[i - 1].kept;
            continue;
        }
        host->kept = array_make(model->layers[i].outputs, sizeof *host->kept);
        if (!host->kept)
            return no_memory(model);
        for (size_t j = 0; j < model->layers[i].outputs; j++)
            host->kept[j] = true;
        if (model->layers[i].kind == LAYER_DENSE)
            host->next = find_next(model, i);
    }
    return OCK_OK;
}

static void compaction_free(compaction *c)
{
    for (size_t i = 0; c->layers && i < c->model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++)
            free(c->layers[i].slots[slot]);
        free(c->layers[i].added);
        if (i == 0 || c->model->layers[i].kind == LAYER_DENSE)
            free(c->layers[i].kept);
    }
    free(c->layers);
}

/* ---- Which units are dead ---- */

/* The inputs that a layer has left; NULL: all. */
static const bool *inputs_kept(const compaction *c, size_t position)
{
    return position > 0 ? c->layers[position - 1].kept : NULL;
}

/* The largest |weight| into a unit from inputs that are left. NaN counts as too large. */
static float incoming(const compaction *c, size_t position, size_t unit)
{
    const net_layer *layer = &c->model->layers[position];
    const bool *kept = inputs_kept(c, position);
    const float *kernel = c->layers[position].slots[0];
    float largest = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
        float weight = fabsf(kernel[i * layer->outputs + unit]);
        if ((!kept || kept[i]) && !(weight <= largest))
            largest = isnan(weight) ? INFINITY : weight;
    }
    return largest;
}

/* The same out of a unit, to units that are left. */
static float outgoing(const compaction *c, size_t position, size_t unit)
{
    size_t next = c->layers[position].next, outputs = c->model->layers[next].outputs;
    const float *row = c->layers[next].slots[0] + unit * outputs;
    float largest = 0;
    for (size_t j = 0; j < outputs; j++) {
        float weight = fabsf(row[j]);
        if (c->layers[next].kept[j] && !(weight <= largest))
            largest = isnan(weight) ? INFINITY : weight;
    }
    return largest;
}

/* A layer keeps one unit at least. */
static bool mark_layer(compaction *c, size_t position)
{
    const net_layer *layer = &c->model->layers[position];
    bool *kept = c->layers[position].kept, changed = false;
    size_t left = 0;
    for (size_t j = 0; j < layer->outputs; j++)
        left += kept[j];
    for (size_t j = 0; j < layer->outputs && left > 1; j++) {
        if (!kept[j])
            continue;
        float weight = fminf(incoming(c, position, j), outgoing(c, position, j));
        if (weight > c->threshold)
            continue;
        c->largest = fmaxf(c->largest, weight);
        kept[j] = false;
        changed = true;
        left--;
    }
    return changed;
}

/* A unit that goes may leave others without a way in or out. */
static void mark(compaction *c)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < c->model->count; i++)
            if (c->layers[i].next)
                changed |= mark_layer(c, i);
    }
}

/* ---- What dead units leave behind ---- */

static ock_status step_through(net_layer *layer, ock_tensor *row)
{
    if (layer->kind == LAYER_BATCH_NORM) {
        ock_batch_norm norm = layer_norm(layer);
        return ock_batch_norm_forward(&norm, row, row, NULL);
    }
    bool activates = layer->kind == LAYER_DENSE || layer->kind == LAYER_ACTIVATION;
    return activates ? ock_activation_forward(layer->activation, row, row) : OCK_OK;
}

/* What the next dense layer would see of units that no input reaches: their biases, taken through
 * the layers between. */
static ock_status constants_of(compaction *c, size_t position, float *constants)
{
    ock_model *model = c->model;
    const net_layer *dense = &model->layers[position];
    const host_layer *host = &c->layers[position];
    ock_tensor *row = NULL;
    for (size_t j = 0; j < dense->outputs; j++)
        constants[j] =
            (host->slots[1] ? host->slots[1][j] : 0) + (host->added ? (float)host->added[j] : 0);
    ock_status status = ock_tensor_create(model->context, OCK_F32, 1, dense->outputs, &row);
    if (!status)
        status = ock_tensor_write(row, constants);
    for (size_t i = position; i < host->next && !status; i++)
        status = step_through(&model->layers[i], row);
    if (!status)
        status = ock_tensor_read(row, constants);
    ock_tensor_destroy(row);
    return status;
}

/* Units that went because nothing came in are constants, which the next bias takes over. Those that
 * went because nothing went out have no effect either way. */
static ock_status fold(compaction *c, size_t position)
{
    const host_layer *host = &c->layers[position];
    host_layer *next = &c->layers[host->next];
    size_t units = c->model->layers[position].outputs;
    size_t outputs = c->model->layers[host->next].outputs;
    float *constants = array_make(units, sizeof *constants);
    next->added = calloc(outputs, sizeof *next->added);
    ock_status status =
        constants && next->added ? constants_of(c, position, constants) : no_memory(c->model);
    for (size_t j = 0; j < units && !status; j++) {
        if (host->kept[j] || incoming(c, position, j) > c->threshold)
            continue;
        for (size_t k = 0; k < outputs; k++)
            next->added[k] += (double)constants[j] * (double)next->slots[0][j * outputs + k];
    }
    free(constants);
    return status;
}

/* ---- The smaller network ---- */

static size_t count_kept(const bool *kept, size_t count)
{
    size_t left = 0;
    for (size_t j = 0; j < count; j++)
        left += !kept || kept[j];
    return left;
}

/* A dense layer's bias takes over what was folded; one without a bias gets it then. */
static ock_status add_folded(const compaction *c, size_t position, net_layer *layer)
{
    host_layer *host = &c->layers[position];
    size_t outputs = c->model->layers[position].outputs;
    bool adds = false;
    for (size_t j = 0; host->added && j < outputs; j++)
        adds |= host->added[j] != 0;
    if (!adds)
        return OCK_OK;
    if (!host->slots[1])
        host->slots[1] = calloc(outputs, sizeof(float));
    if (!host->slots[1])
        return no_memory(c->model);
    for (size_t j = 0; j < outputs; j++)
        host->slots[1][j] = (float)((double)host->slots[1][j] + host->added[j]);
    layer->dense.no_bias = false;
    return OCK_OK;
}

/* The same layers, of the widths that are left. */
static ock_status make_layers(const compaction *c, ock_model *made)
{
    const ock_model *model = c->model;
    ock_status status = OCK_OK;
    made->layers = array_make(model->count, sizeof *made->layers);
    if (!made->layers)
        return no_memory(model);
    for (size_t i = 0; i < model->count && !status; i++) {
        const net_layer *old = &model->layers[i];
        net_layer *layer = &made->layers[made->count++];
        *layer = *old;
        layer->inputs = count_kept(inputs_kept(c, i), old->inputs);
        layer->outputs = count_kept(c->layers[i].kept, old->outputs);
        for (size_t k = 0; k < 2; k++) {
            layer->running[k] = NULL;
            layer->trained[k] = (ock_parameter){.penalty = old->trained[k].penalty,
                                                .constraint = old->trained[k].constraint,
                                                .vector = old->trained[k].vector};
        }
        status = add_folded(c, i, layer);
    }
    return status ? status : model_allocate(made);
}

static ock_status write_kept(const compaction *c, size_t position, size_t slot, ock_tensor *tensor)
{
    const net_layer *old = &c->model->layers[position];
    const host_layer *host = &c->layers[position];
    const bool *rows = inputs_kept(c, position);
    size_t inputs, outputs, count = 0;
    float *values =
        array_make(size_times(ock_tensor_rows(tensor), ock_tensor_cols(tensor)), sizeof *values);
    if (!values)
        return no_memory(c->model);
    layer_shape(old, slot, &inputs, &outputs);
    bool kernel = old->kind == LAYER_DENSE && slot == 0;
    for (size_t i = 0; i < inputs; i++)
        for (size_t j = 0; j < outputs; j++)
            if ((!kernel || !rows || rows[i]) && host->kept[j])
                values[count++] = host->slots[slot][i * outputs + j];
    ock_status status = ock_tensor_write(tensor, values);
    free(values);
    return status;
}

static ock_status make_model(const compaction *c, ock_model **compacted)
{
    ock_model *made;
    ock_status status = ock_model_create(c->model->context, c->model->inputs, &made);
    if (status)
        return status;
    status = make_layers(c, made);
    for (size_t i = 0; i < made->count && !status; i++)
        for (size_t slot = 0; slot < LAYER_SLOTS && !status; slot++) {
            ock_tensor *tensor = *layer_tensor(&made->layers[i], slot);
            status = tensor ? write_kept(c, i, slot, tensor) : OCK_OK;
        }
    if (!status)
        status = ock_context_finish(made->context);
    if (status) {
        ock_model_destroy(made);
        return status;
    }
    *compacted = made;
    return OCK_OK;
}

/* ---- The report ---- */

static void count_units(const compaction *c, ock_compaction *report)
{
    for (size_t i = 0; i < c->model->count; i++) {
        size_t outputs = c->model->layers[i].outputs;
        if (!c->layers[i].next)
            continue;
        report->units += outputs;
        report->units_left += count_kept(c->layers[i].kept, outputs);
    }
}

static size_t count_parameters(const ock_model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->count; i++)
        for (size_t slot = 0; slot < 2; slot++) {
            const ock_tensor *tensor = *layer_tensor(&model->layers[i], slot);
            count += ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
        }
    return count;
}

static ock_status compact(compaction *c, ock_model **compacted)
{
    ock_status status = read_model(c);
    if (status)
        return status;
    mark(c);
    for (size_t i = 0; i < c->model->count && !status; i++)
        if (c->layers[i].next)
            status = fold(c, i);
    return status ? status : make_model(c, compacted);
}

ock_status ock_model_compact(ock_model *model, float threshold, ock_model **compacted,
                             ock_compaction *report)
{
    ock_context *context = ock_model_context(model);
    if (compacted)
        *compacted = NULL;
    if (report)
        *report = (ock_compaction){0};
    if (!model || !compacted)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL",
                                  model ? "compacted" : "model");
    if (!(threshold >= 0) || !isfinite(threshold))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "threshold is %g, which is not a finite number from 0 up",
                                  (double)threshold);
    ock_status status = model_ensure_ready(model, 0);
    if (status)
        return status;
    compaction c = {.model = model, .threshold = threshold};
    c.layers = calloc(model->count, sizeof *c.layers);
    status = c.layers ? compact(&c, compacted) : no_memory(model);
    if (!status && report) {
        count_units(&c, report);
        report->parameters = count_parameters(model);
        report->parameters_left = count_parameters(*compacted);
        report->largest_dropped = c.largest;
    }
    compaction_free(&c);
    return status;
}
