#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "network.h"
#include "weights.h"

/* safetensors' own bound on a header. */
enum {
    MOST_HEADER = 100000000
};

/* Nothing is allocated by a size from the file before that size has been held against the
 * file's own. */
typedef struct weight_file {
    ock_context *context;
    const char *path;
    FILE *stream;
    uint64_t data, data_bytes; /* where the tensors begin, and their length */
    cJSON *header, *layers;
} weight_file;

static ock_status bad_file(const weight_file *file, const char *what)
{
    return ock_context_report(file->context, OCK_BAD_FILE, "%s: %s", file->path, what);
}

/* ---- The header ---- */

/* What cannot be read is an error of the file system; what is not there, of the file. */
static ock_status read_bytes(const weight_file *file, void *bytes, size_t count)
{
    errno = 0;
    if (fread(bytes, 1, count, file->stream) == count)
        return OCK_OK;
    if (!ferror(file->stream))
        return bad_file(file, "the file is cut short");
    return ock_context_report(file->context, OCK_FILE_FAILED, "%s: cannot read: %s", file->path,
                              strerror(errno));
}

static ock_status parse_header(weight_file *file, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY,
                                  "%s: no memory for a header of %zu bytes", file->path, length);
    ock_status status = read_bytes(file, text, length);
    text[length] = '\0';
    if (!status)
        file->header = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
    free(text);
    if (!status && !cJSON_IsObject(file->header))
        status = bad_file(file, "the header is not a JSON object");
    if (status)
        return status;
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    const char *layers = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "ockham"));
    file->layers = layers ? cJSON_ParseWithOpts(layers, NULL, true) : NULL;
    if (!cJSON_IsArray(file->layers))
        return bad_file(file, "the metadata has no list of layers under the key ockham");
    return OCK_OK;
}

static ock_status read_header(weight_file *file)
{
    struct stat info;
    if (fstat(fileno(file->stream), &info))
        return ock_context_report(file->context, OCK_FILE_FAILED, "%s: cannot read: %s", file->path,
                                  strerror(errno));
    if (!S_ISREG(info.st_mode))
        return ock_context_report(file->context, OCK_FILE_FAILED, "%s is not a regular file",
                                  file->path);
    unsigned char prefix[LENGTH_BYTES];
    uint64_t length = 0, bytes = (uint64_t)info.st_size;
    ock_status status = read_bytes(file, prefix, LENGTH_BYTES);
    if (status)
        return status;
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        length |= (uint64_t)prefix[i] << (8 * i);
    if (bytes < LENGTH_BYTES || length > bytes - LENGTH_BYTES || length >= SIZE_MAX)
        return bad_file(file, "the header is longer than the file: cut short, or not safetensors");
    if (length > MOST_HEADER)
        return bad_file(file, "the header is longer than 100 MB, which safetensors allows");
    file->data = LENGTH_BYTES + length;
    file->data_bytes = bytes - file->data;
    return parse_header(file, (size_t)length);
}

static void close_file(weight_file *file)
{
    cJSON_Delete(file->layers);
    cJSON_Delete(file->header);
    if (file->stream)
        fclose(file->stream);
}

/* ---- The layers ---- */

/* A number of a layer; false where there is none, or none that a float may hold. */
static bool number(const cJSON *layer, const char *key, float *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(layer, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= (double)FLT_MAX))
        return false;
    *value = (float)item->valuedouble;
    return true;
}

static bool whole(const cJSON *item, uint64_t most, uint64_t *value)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 0x1p53))
        return false;
    *value = (uint64_t)item->valuedouble;
    return *value <= most && (double)*value == item->valuedouble;
}

static bool units_of(const cJSON *layer, size_t *units)
{
    uint64_t value;
    if (!whole(cJSON_GetObjectItemCaseSensitive(layer, "units"), INT32_MAX, &value))
        return false;
    *units = (size_t)value;
    return true;
}

static const char *text_of(const cJSON *layer, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(layer, key));
    return text ? text : "";
}

static bool activation_of(const cJSON *layer, ock_activation *activation)
{
    const char *name = text_of(layer, "activation");
    for (int i = 0; activation_name((ock_activation)i); i++) {
        *activation = (ock_activation)i;
        if (!strcmp(name, activation_name(*activation)))
            return true;
    }
    return false;
}

static bool dense_of(const cJSON *layer, ock_dense *dense)
{
    const char *initializer = text_of(layer, "initializer");
    const cJSON *bias = cJSON_GetObjectItemCaseSensitive(layer, "bias");
    bool he_normal = !strcmp(initializer, initializer_name(OCK_HE_NORMAL));
    dense->initializer = he_normal ? OCK_HE_NORMAL : OCK_GLOROT_UNIFORM;
    dense->no_bias = cJSON_IsFalse(bias);
    return (he_normal || !strcmp(initializer, initializer_name(OCK_GLOROT_UNIFORM))) &&
           cJSON_IsBool(bias) && number(layer, "kernel_l1", &dense->kernel.l1) &&
           number(layer, "kernel_l2", &dense->kernel.l2) &&
           number(layer, "bias_l1", &dense->bias.l1) && number(layer, "bias_l2", &dense->bias.l2);
}

/* Values that are there but out of range are refused by what the user would call. */
static ock_status add_layer(ock_model *model, const cJSON *layer)
{
    const char *kind = text_of(layer, "layer");
    ock_activation activation;
    ock_normalization norm;
    ock_dense dense;
    size_t units;
    float rate;
    if (!strcmp(kind, layer_kind_name(LAYER_DENSE)) && units_of(layer, &units) &&
        activation_of(layer, &activation) && dense_of(layer, &dense))
        return ock_model_add_dense(model, units, activation, &dense);
    if (!strcmp(kind, layer_kind_name(LAYER_ACTIVATION)) && activation_of(layer, &activation))
        return ock_model_add_activation(model, activation);
    if (!strcmp(kind, layer_kind_name(LAYER_DROPOUT)) && number(layer, "rate", &rate))
        return ock_model_add_dropout(model, rate);
    if (!strcmp(kind, layer_kind_name(LAYER_BATCH_NORM)) &&
        number(layer, "momentum", &norm.momentum) && number(layer, "epsilon", &norm.epsilon))
        return ock_model_add_batch_norm(model, &norm);
    return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                              "not a layer of this version, or without one of its options");
}

static ock_status make_layers(const weight_file *file, ock_model **model)
{
    const cJSON *layer = cJSON_GetArrayItem(file->layers, 0);
    size_t inputs;
    *model = NULL;
    if (strcmp(text_of(layer, "layer"), "input") || !units_of(layer, &inputs) || !layer->next)
        return bad_file(file, "the list of layers is empty, or does not begin with the input");
    ock_status status = ock_model_create(file->context, inputs, model);
    for (layer = layer->next; layer && !status; layer = layer->next)
        status = add_layer(*model, layer);
    if (status != OCK_INVALID_ARGUMENT)
        return status;
    return ock_context_report(file->context, OCK_BAD_FILE, "%s: layer %zu of the list: %s",
                              file->path, *model ? (*model)->count : 0,
                              ock_context_message(file->context));
}

/* ---- The tensors ---- */

typedef struct weight_entry {
    char name[32];
    uint64_t begin, bytes;
} weight_entry;

/* Vectors have one dimension in the file. */
static bool has_shape(const cJSON *shape, size_t rows, size_t cols, bool kernel)
{
    uint64_t value;
    const cJSON *last = cJSON_GetArrayItem(shape, kernel);
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) != 1 + kernel)
        return false;
    if (kernel && (!whole(cJSON_GetArrayItem(shape, 0), rows, &value) || value != rows))
        return false;
    return whole(last, cols, &value) && value == cols;
}

/* Finds the tensor that a layer has in a slot; bytes is 0 where it has none there. */
static ock_status find_entry(const weight_file *file, const ock_model *model, size_t position,
                             size_t slot, weight_entry *entry)
{
    const net_layer *layer = &model->layers[position];
    size_t rows, cols;
    uint64_t end;
    *entry = (weight_entry){0};
    if (!layer_shape(layer, slot, &rows, &cols))
        return OCK_OK;
    snprintf(entry->name, sizeof entry->name, "%zu.%s", position, layer_tensor_name(layer, slot));
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(file->header, entry->name);
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    const char *problem = NULL;
    if (!item)
        problem = "is missing";
    else if (strcmp(text_of(item, "dtype"), "F32"))
        problem = "is not of dtype F32";
    else if (!has_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), rows, cols,
                        layer->kind == LAYER_DENSE && !slot))
        problem = "has not the shape that the list of layers gives it";
    else if (cJSON_GetArraySize(offsets) != 2 || rows > file->data_bytes / 4 / cols ||
             !whole(cJSON_GetArrayItem(offsets, 0), file->data_bytes, &entry->begin) ||
             !whole(cJSON_GetArrayItem(offsets, 1), file->data_bytes, &end) || end < entry->begin ||
             end - entry->begin != (uint64_t)rows * cols * 4)
        problem = "does not lie within the file: cut short, or wrong data_offsets";
    entry->bytes = (uint64_t)rows * cols * 4;
    if (problem)
        return ock_context_report(file->context, OCK_BAD_FILE, "%s: tensor %s %s", file->path,
                                  entry->name, problem);
    return OCK_OK;
}

static int by_beginning(const void *left, const void *right)
{
    const weight_entry *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static ock_status list_entries(const weight_file *file, const ock_model *model,
                               weight_entry *entries, size_t *count)
{
    ock_status status = OCK_OK;
    *count = 0;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS && !status; slot++) {
            status = find_entry(file, model, i, slot, &entries[*count]);
            *count += entries[*count].bytes > 0;
        }
    }
    return status;
}

/* Whatever their order, the tensors fill the file without a gap or an overlap. */
static ock_status check_entries(const weight_file *file, const ock_model *model)
{
    size_t count;
    uint64_t end = 0;
    weight_entry *entries = calloc(model->count + 1, LAYER_SLOTS * sizeof *entries);
    if (!entries)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY,
                                  "%s: no memory for a list of tensors", file->path);
    ock_status status = list_entries(file, model, entries, &count);
    if (!status)
        qsort(entries, count, sizeof *entries, by_beginning);
    for (size_t i = 0; i < count && !status; end += entries[i++].bytes)
        if (entries[i].begin != end)
            status = ock_context_report(file->context, OCK_BAD_FILE,
                                        "%s: tensor %s does not begin where the one before ends",
                                        file->path, entries[i].name);
    free(entries);
    if (!status && (end != file->data_bytes ||
                    count + 1 != (size_t)cJSON_GetArraySize(file->header))) /* the metadata */
        status = bad_file(file, "the file holds more than the tensors of its layers");
    return status;
}

static ock_status read_tensor(const weight_file *file, const weight_entry *entry,
                              ock_tensor *tensor)
{
    if (fseeko(file->stream, (off_t)(file->data + entry->begin), SEEK_SET))
        return ock_context_report(file->context, OCK_FILE_FAILED, "%s: cannot read: %s", file->path,
                                  strerror(errno));
    float *values = malloc((size_t)entry->bytes);
    if (!values)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY, "%s: no memory for tensor %s",
                                  file->path, entry->name);
    ock_status status = read_bytes(file, values, (size_t)entry->bytes);
    if (!status) {
        swap_little_endian(values, (size_t)entry->bytes / 4);
        status = ock_tensor_write(tensor, values);
    }
    free(values);
    return status;
}

static ock_status read_tensors(const weight_file *file, ock_model *model)
{
    ock_status status = model_allocate(model);
    for (size_t i = 0; i < model->count; i++) {
        for (size_t slot = 0; slot < LAYER_SLOTS && !status; slot++) {
            weight_entry entry;
            status = find_entry(file, model, i, slot, &entry);
            if (!status && entry.bytes)
                status = read_tensor(file, &entry, *layer_tensor(&model->layers[i], slot));
        }
    }
    return status;
}

/* ---- Opening ---- */

/* A pipe that nobody writes to is not waited for, but refused by its kind. */
static FILE *open_stream(const char *path)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *stream = file < 0 ? NULL : fdopen(file, "rb");
    if (file >= 0 && !stream)
        close(file);
    return stream;
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
    weight_file file = {.context = context, .path = path, .stream = open_stream(path)};
    if (!file.stream)
        return ock_context_report(context, OCK_FILE_FAILED, "%s: cannot open: %s", path,
                                  strerror(errno));
    ock_model *made = NULL;
    ock_status status = read_header(&file);
    if (!status)
        status = make_layers(&file, &made);
    if (!status)
        status = check_entries(&file, made);
    if (!status)
        status = read_tensors(&file, made);
    if (!status)
        status = ock_context_finish(context);
    close_file(&file);
    if (status) {
        ock_model_destroy(made);
        return status;
    }
    *model = made;
    return OCK_OK;
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
static ock_status check_same(const ock_model *model, const ock_model *read, const char *path)
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

static ock_status take_weights(ock_model *model, const ock_model *read)
{
    bool first_use = !model->ready;
    ock_status status = model_allocate(model);
    ock_model_tensor source, target;
    for (size_t i = 0, count = ock_model_tensor_count(read); i < count && !status; i++) {
        status = ock_model_tensor_at(read, i, &source);
        if (!status)
            status = ock_model_tensor_at(model, i, &target);
        if (!status)
            status = ock_tensor_copy(source.tensor, target.tensor);
    }
    if (!status)
        status = ock_context_finish(model->context);
    if (status && first_use)
        model_free_weights(model);
    return status;
}

ock_status ock_model_load(ock_model *model, const char *path)
{
    if (!model)
        return OCK_INVALID_ARGUMENT;
    ock_model *read;
    ock_status status = ock_model_open(model->context, path, &read);
    if (status)
        return status;
    status = check_same(model, read, path);
    if (!status)
        status = take_weights(model, read);
    if (!status)
        model_forget(model);
    ock_model_destroy(read);
    return status;
}
