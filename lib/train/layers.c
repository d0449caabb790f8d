#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "layers.h"

/* ---- What the list has of each kind ---- */

#define AT(member) offsetof(net_layer, member)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const constraint_names[] = {
    [OCK_UNCONSTRAINED] = "none",
    [OCK_MAX_NORM] = "max_norm",
    [OCK_NON_NEGATIVE] = "non_negative",
    [OCK_UNIT_NORM] = "unit_norm",
    NULL,
};

static const record_field dense_list[] = {
    {"activation", FIELD_NAME, AT(activation), activation_names, false},
    {"units", FIELD_SIZE, AT(outputs), NULL, false},
    {"bias", FIELD_NOT, AT(dense.no_bias), NULL, false},
    {"initializer", FIELD_NAME, AT(dense.initializer), initializer_names, false},
    {"kernel_l1", FIELD_FLOAT, AT(dense.kernel.l1), NULL, false},
    {"kernel_l2", FIELD_FLOAT, AT(dense.kernel.l2), NULL, false},
    {"bias_l1", FIELD_FLOAT, AT(dense.bias.l1), NULL, false},
    {"bias_l2", FIELD_FLOAT, AT(dense.bias.l2), NULL, false},
    {"kernel_proximal_l1", FIELD_BOOL, AT(dense.kernel.proximal_l1), NULL, true},
    {"kernel_group_lasso", FIELD_FLOAT, AT(dense.kernel.group_lasso), NULL, true},
    {"bias_proximal_l1", FIELD_BOOL, AT(dense.bias.proximal_l1), NULL, true},
    {"bias_group_lasso", FIELD_FLOAT, AT(dense.bias.group_lasso), NULL, true},
    {"activity_l1", FIELD_FLOAT, AT(dense.activity.l1), NULL, true},
    {"activity_l2", FIELD_FLOAT, AT(dense.activity.l2), NULL, true},
    {"kernel_constraint", FIELD_NAME, AT(dense.kernel_constraint.kind), constraint_names, true},
    {"kernel_max_norm", FIELD_FLOAT, AT(dense.kernel_constraint.max_norm), NULL, true},
    {"bias_constraint", FIELD_NAME, AT(dense.bias_constraint.kind), constraint_names, true},
    {"bias_max_norm", FIELD_FLOAT, AT(dense.bias_constraint.max_norm), NULL, true},
};

static const record_field activation_list[] = {
    {"activation", FIELD_NAME, AT(activation), activation_names, false},
};

static const record_field dropout_list[] = {
    {"rate", FIELD_FLOAT, AT(rate), NULL, false},
};

static const record_field spatial_list[] = {
    {"channels", FIELD_U32, AT(channels), NULL, false},
    {"rate", FIELD_FLOAT, AT(rate), NULL, false},
};

static const record_field noise_list[] = {
    {"stddev", FIELD_FLOAT, AT(stddev), NULL, false},
};

static const record_field norm_list[] = {
    {"momentum", FIELD_FLOAT, AT(norm.momentum), NULL, false},
    {"epsilon", FIELD_FLOAT, AT(norm.epsilon), NULL, false},
};

static const record_fields kinds[] = {
    [LAYER_DENSE] = {dense_list, COUNT(dense_list)},
    [LAYER_ACTIVATION] = {activation_list, COUNT(activation_list)},
    [LAYER_DROPOUT] = {dropout_list, COUNT(dropout_list)},
    [LAYER_BATCH_NORM] = {norm_list, COUNT(norm_list)},
    [LAYER_SPATIAL_DROPOUT] = {spatial_list, COUNT(spatial_list)},
    [LAYER_GAUSSIAN_NOISE] = {noise_list, COUNT(noise_list)},
    [LAYER_GAUSSIAN_DROPOUT] = {dropout_list, COUNT(dropout_list)},
};

/* Values that are there but out of range are refused by what the user would call. */
static ock_status add_layer(ock_model *model, const net_layer *layer)
{
    switch (layer->kind) {
    case LAYER_DENSE:
        return ock_model_add_dense(model, layer->outputs, layer->activation, &layer->dense);
    case LAYER_ACTIVATION:
        return ock_model_add_activation(model, layer->activation);
    case LAYER_DROPOUT:
        return ock_model_add_dropout(model, layer->rate);
    case LAYER_BATCH_NORM:
        return ock_model_add_batch_norm(model, &layer->norm);
    case LAYER_SPATIAL_DROPOUT:
        return ock_model_add_spatial_dropout(model, layer->channels, layer->rate);
    case LAYER_GAUSSIAN_NOISE:
        return ock_model_add_gaussian_noise(model, layer->stddev);
    case LAYER_GAUSSIAN_DROPOUT:
        return ock_model_add_gaussian_dropout(model, layer->rate);
    }
    return OCK_INVALID_ARGUMENT;
}

/* ---- Writing ---- */

char *layers_text(const ock_model *model)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fprintf(out, "[{\"layer\":\"input\",\"units\":%zu}", model->inputs);
    for (size_t i = 0; i < model->count; i++) {
        const net_layer *layer = &model->layers[i];
        fprintf(out, ",{\"layer\":\"%s\"", layer_kind_name(layer->kind));
        fields_put(out, ",", &kinds[layer->kind], layer);
        fputc('}', out);
    }
    fputc(']', out);
    return close_text(out, &text);
}

/* ---- Reading ---- */

static ock_status take_layer(ock_model *model, const cJSON *item)
{
    const char *name = json_text(item, "layer");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        net_layer layer = {.kind = (layer_kind)i};
        if (!strcmp(name, layer_kind_name(layer.kind)) && fields_take(item, &kinds[i], &layer))
            return add_layer(model, &layer);
    }
    return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                              "not a layer of this version, or without one of its options");
}

static ock_status take_layers(const tensor_file *file, const cJSON *layers, ock_model **model)
{
    const cJSON *item = cJSON_GetArrayItem(layers, 0);
    uint64_t inputs;
    if (!cJSON_IsArray(layers))
        return tensor_file_bad(file, "the metadata has no list of layers under the key ockham; "
                                     "tensors alone can be loaded into a network that is there");
    if (strcmp(json_text(item, "layer"), "input") || !item->next ||
        !json_whole(cJSON_GetObjectItemCaseSensitive(item, "units"), INT32_MAX, &inputs))
        return tensor_file_bad(file,
                               "the list of layers is empty, or does not begin with the input");
    ock_status status = ock_model_create(file->context, (size_t)inputs, model);
    for (item = item->next; item && !status; item = item->next)
        status = take_layer(*model, item);
    if (status != OCK_INVALID_ARGUMENT)
        return status;
    return ock_context_report(file->context, OCK_BAD_FILE, "%s: layer %zu of the list: %s",
                              file->path, *model ? (*model)->count : 0,
                              ock_context_message(file->context));
}

static ock_status list_of(const tensor_file *file, const ock_model *like, cJSON **layers)
{
    if (!like || tensor_file_knows(file, "ockham"))
        return tensor_file_metadata(file, "ockham", layers);
    char *text = layers_text(like);
    ock_status status = text ? json_parse(text, strlen(text), layers) : OCK_OUT_OF_MEMORY;
    free(text);
    if (status)
        ock_context_report(file->context, status, "no memory for a list of layers");
    return status;
}

ock_status layers_make(const tensor_file *file, const ock_model *like, ock_model **model)
{
    cJSON *layers = NULL;
    *model = NULL;
    ock_status status = list_of(file, like, &layers);
    if (!status)
        status = take_layers(file, layers, model);
    cJSON_Delete(layers);
    return status;
}

/* ---- Tensors ---- */

ock_status layers_tensors(const ock_model *model, file_tensor **tensors, size_t *count)
{
    file_tensor *list = calloc(model->count + 1, LAYER_SLOTS * sizeof *list);
    if (!list)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                  "no memory for a list of tensors");
    *tensors = list;
    *count = 0;
    for (size_t i = 0; i < model->count; i++) {
        net_layer *layer = &model->layers[i];
        for (size_t slot = 0; slot < LAYER_SLOTS; slot++) {
            file_tensor *next = &list[*count];
            if (!layer_shape(layer, slot, &next->rows, &next->cols))
                continue;
            snprintf(next->name, sizeof next->name, "%zu.%s", i, layer_tensor_name(layer, slot));
            next->vector = layer->kind != LAYER_DENSE || slot;
            next->tensor = *layer_tensor(layer, slot);
            ++*count;
        }
    }
    return OCK_OK;
}
