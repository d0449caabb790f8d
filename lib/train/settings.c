#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "layers.h"
#include "row_weights.h"
#include "standardizer.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- Names ---- */

static const char *const loss_names[] = {
    [OCK_SOFTMAX_CROSSENTROPY] = "softmax_crossentropy",
    [OCK_BINARY_CROSSENTROPY] = "binary_crossentropy",
    [OCK_MEAN_SQUARED_ERROR] = "mean_squared_error",
    NULL,
};

static const char *const optimizer_names[] = {
    [OCK_SGD] = "sgd", [OCK_ADAM] = "adam", [OCK_RMSPROP] = "rmsprop", NULL};

static const char *const mode_names[] = {
    [OCK_MODE_AUTO] = "auto", [OCK_MODE_MIN] = "min", [OCK_MODE_MAX] = "max", NULL};

static const char *const schedule_names[] = {
    [OCK_CONSTANT_RATE] = "constant",
    [OCK_STEP_DECAY] = "step_decay",
    [OCK_EXPONENTIAL_DECAY] = "exponential_decay",
    [OCK_COSINE_DECAY] = "cosine_decay",
    NULL,
};

static const char *const fill_names[] = {
    [OCK_FILL_NEAREST] = "nearest",
    [OCK_FILL_CONSTANT] = "constant",
    [OCK_FILL_REFLECT] = "reflect",
    [OCK_FILL_WRAP] = "wrap",
    NULL,
};

static const char *const zca_names[] = {
    [OCK_ZCA_COVARIANCE] = "covariance", [OCK_ZCA_SINGULAR] = "singular", NULL};

/* ---- Tables ---- */

#define FIELD(record, kind, member)                                                                \
    {                                                                                              \
#member, kind, offsetof(record, member), NULL, false                                       \
    }
#define NAMED(record, member, names)                                                               \
    {                                                                                              \
#member, FIELD_NAME, offsetof(record, member), names, false                                \
    }

static const record_field fit_list[] = {
    FIELD(ock_fit, FIELD_U32, batch_size),
    NAMED(ock_fit, optimizer.kind, optimizer_names),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.learning_rate),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.momentum),
    FIELD(ock_fit, FIELD_BOOL, optimizer.nesterov),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.beta1),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.beta2),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.rho),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.epsilon),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.weight_decay),
    FIELD(ock_fit, FIELD_BOOL, optimizer.decay_kernels_only),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.clip_value),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.clip_norm),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.global_clip_norm),
    FIELD(ock_fit, FIELD_FLOAT, optimizer.ema_momentum),
    NAMED(ock_fit, loss, loss_names),
    FIELD(ock_fit, FIELD_U64, seed),
    FIELD(ock_fit, FIELD_BOOL, shuffle),
    FIELD(ock_fit, FIELD_TEXT, early_stopping.monitor),
    FIELD(ock_fit, FIELD_DOUBLE, early_stopping.min_delta),
    FIELD(ock_fit, FIELD_INT, early_stopping.patience),
    NAMED(ock_fit, early_stopping.mode, mode_names),
    FIELD(ock_fit, FIELD_BOOL, early_stopping.use_baseline),
    FIELD(ock_fit, FIELD_DOUBLE, early_stopping.baseline),
    FIELD(ock_fit, FIELD_BOOL, early_stopping.restore_best_weights),
    FIELD(ock_fit, FIELD_INT, early_stopping.start_from_epoch),
    NAMED(ock_fit, schedule.kind, schedule_names),
    FIELD(ock_fit, FIELD_U64, schedule.decay_steps),
    FIELD(ock_fit, FIELD_FLOAT, schedule.decay_rate),
    FIELD(ock_fit, FIELD_FLOAT, schedule.alpha),
    FIELD(ock_fit, FIELD_U64, schedule.warmup_steps),
    FIELD(ock_fit, FIELD_FLOAT, schedule.warmup_from),
    FIELD(ock_fit, FIELD_TEXT, plateau.monitor),
    FIELD(ock_fit, FIELD_FLOAT, plateau.factor),
    FIELD(ock_fit, FIELD_INT, plateau.patience),
    FIELD(ock_fit, FIELD_INT, plateau.cooldown),
    FIELD(ock_fit, FIELD_DOUBLE, plateau.min_delta),
    NAMED(ock_fit, plateau.mode, mode_names),
    FIELD(ock_fit, FIELD_FLOAT, plateau.min_learning_rate),
    FIELD(ock_fit, FIELD_U32, swa_from_epoch),
    FIELD(ock_fit, FIELD_FLOAT, label_smoothing),
    FIELD(ock_fit, FIELD_FLOAT, mixup_alpha),
};

#define AUGMENTATION(kind, member)                                                                 \
    {                                                                                              \
        "augmentation." #member, kind, offsetof(ock_augmentation, member), NULL, false             \
    }

static const record_field augmentation_list[] = {
    AUGMENTATION(FIELD_U32, height),
    AUGMENTATION(FIELD_U32, width),
    AUGMENTATION(FIELD_U32, channels),
    AUGMENTATION(FIELD_FLOAT, rotation_range),
    AUGMENTATION(FIELD_FLOAT, width_shift_range),
    AUGMENTATION(FIELD_FLOAT, height_shift_range),
    AUGMENTATION(FIELD_FLOAT, shear_range),
    AUGMENTATION(FIELD_FLOAT, zoom_range[0]),
    AUGMENTATION(FIELD_FLOAT, zoom_range[1]),
    AUGMENTATION(FIELD_BOOL, horizontal_flip),
    AUGMENTATION(FIELD_BOOL, vertical_flip),
    AUGMENTATION(FIELD_FLOAT, channel_shift_range),
    AUGMENTATION(FIELD_FLOAT, brightness_range[0]),
    AUGMENTATION(FIELD_FLOAT, brightness_range[1]),
    AUGMENTATION(FIELD_FLOAT, white),
    {"augmentation.fill_mode", FIELD_NAME, offsetof(ock_augmentation, fill_mode), fill_names,
     false},
    AUGMENTATION(FIELD_FLOAT, cval),
    AUGMENTATION(FIELD_FLOAT, elastic_alpha),
    AUGMENTATION(FIELD_FLOAT, elastic_sigma),
    AUGMENTATION(FIELD_FLOAT, erase_factor),
    AUGMENTATION(FIELD_FLOAT, erase_scale[0]),
    AUGMENTATION(FIELD_FLOAT, erase_scale[1]),
    AUGMENTATION(FIELD_FLOAT, erase_ratio[0]),
    AUGMENTATION(FIELD_FLOAT, erase_ratio[1]),
    AUGMENTATION(FIELD_U32, cutout_size),
    AUGMENTATION(FIELD_FLOAT, erase_value),
    AUGMENTATION(FIELD_U64, seed),
};

#define STANDARDIZATION(kind, member, names)                                                       \
    {                                                                                              \
        "standardizer." #member, kind, offsetof(ock_standardization, member), names, false         \
    }

static const record_field standardization_list[] = {
    STANDARDIZATION(FIELD_SIZE, channels, NULL),
    STANDARDIZATION(FIELD_FLOAT, rescale, NULL),
    STANDARDIZATION(FIELD_BOOL, samplewise_center, NULL),
    STANDARDIZATION(FIELD_BOOL, samplewise_std_normalization, NULL),
    STANDARDIZATION(FIELD_BOOL, featurewise_center, NULL),
    STANDARDIZATION(FIELD_BOOL, featurewise_std_normalization, NULL),
    STANDARDIZATION(FIELD_BOOL, zca_whitening, NULL),
    STANDARDIZATION(FIELD_NAME, zca_form, zca_names),
    STANDARDIZATION(FIELD_FLOAT, zca_epsilon, NULL),
};

static const record_fields fit_fields = {fit_list, COUNT(fit_list)};
static const record_fields augmentation_fields = {augmentation_list, COUNT(augmentation_list)};
static const record_fields standardization_fields = {standardization_list,
                                                     COUNT(standardization_list)};

/* ---- Writing ---- */

static void put_sets(FILE *out, const fit_run *run)
{
    fprintf(out, "{\"rows\":%zu,\"features\":%zu,\"outputs\":%zu,\"labels\":%s",
            ock_dataset_rows(run->train), ock_dataset_features(run->train),
            ock_dataset_outputs(run->train), ock_dataset_has_labels(run->train) ? "true" : "false");
    fprintf(out, ",\"validation_rows\":%zu", run->valid ? ock_dataset_rows(run->valid) : 0);
}

static void put_class_weights(FILE *out, const fit_run *run)
{
    char name[48];
    const record_field field = {name, FIELD_FLOAT, 0, NULL, false};
    for (size_t i = 0; run->fit.class_weights && i < class_count(run->train); i++) {
        snprintf(name, sizeof name, "class_weights[%zu]", i);
        fields_put(out, ",", &(record_fields){&field, 1}, &run->fit.class_weights[i]);
    }
}

char *settings_text(const fit_run *run)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    put_sets(out, run);
    fields_put(out, ",", &fit_fields, &run->fit);
    put_class_weights(out, run);
    if (run->fit.augmentation)
        fields_put(out, ",", &augmentation_fields, run->fit.augmentation);
    if (run->fit.standardizer)
        fields_put(out, ",", &standardization_fields, standardizer_options(run->fit.standardizer));
    fputc('}', out);
    return close_text(out, &text);
}

/* ---- Comparing ---- */

/* The name of the first member that is in one alone, or of another value; NULL: none. */
static const char *difference(const cJSON *a, const cJSON *b)
{
    for (const cJSON *item = a->child; item; item = item->next)
        if (!cJSON_Compare(item, cJSON_GetObjectItemCaseSensitive(b, item->string), true))
            return item->string;
    for (const cJSON *item = b->child; item; item = item->next)
        if (!cJSON_HasObjectItem(a, item->string))
            return item->string;
    return NULL;
}

static const char *words(const cJSON *item, char text[32])
{
    if (!item || cJSON_IsNull(item))
        return "not set";
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item) ? "true" : "false";
    if (cJSON_IsNumber(item)) {
        snprintf(text, 32, "%.9g", item->valuedouble);
        return text;
    }
    const char *string = cJSON_GetStringValue(item);
    if (!string || !strstr(string, "0x"))
        return string ? string : "something else";
    snprintf(text, 32, "%.17g", strtod(string, NULL));
    return text;
}

static ock_status compare(const fit_run *run, const char *where, const cJSON *there,
                          const cJSON *here)
{
    const char *name = difference(here, there);
    char first[32], second[32];
    if (!name)
        return OCK_OK;
    return ock_context_report(run->model->context, OCK_INVALID_ARGUMENT,
                              "%s: %s%s is %s in the checkpoint and %s here; a run is resumed with "
                              "the same settings, and "
                              "one with others begins anew in another checkpoint",
                              run->fit.checkpoint, where, name,
                              words(cJSON_GetObjectItemCaseSensitive(there, name), first),
                              words(cJSON_GetObjectItemCaseSensitive(here, name), second));
}

/* The lists are of one length. */
static ock_status compare_layers(const fit_run *run, const cJSON *there, const cJSON *here)
{
    ock_status status = OCK_OK;
    const cJSON *a = there->child, *b = here->child;
    for (size_t i = 0; a && b && !status; i++, a = a->next, b = b->next) {
        char where[48];
        snprintf(where, sizeof where, "layer %zu: ", i - 1);
        status = compare(run, i ? where : "the input's ", a, b);
    }
    return status;
}

typedef ock_status (*comparison)(const fit_run *run, const cJSON *there, const cJSON *here);

static ock_status compare_settings(const fit_run *run, const cJSON *there, const cJSON *here)
{
    return compare(run, "", there, here);
}

/* What the file has under `key` beside `text`. */
static ock_status compare_text(const fit_run *run, const tensor_file *file, const char *key,
                               const char *text, comparison compares)
{
    cJSON *there, *here = NULL;
    ock_status status = tensor_file_metadata(file, key, &there);
    if (status)
        return status;
    if (!text || json_parse(text, strlen(text), &here))
        status = ock_context_report(file->context, OCK_OUT_OF_MEMORY,
                                    "%s: no memory to compare the %s", file->path, key);
    else if (!there || (there->type & 0xFF) != (here->type & 0xFF))
        status = ock_context_report(file->context, OCK_BAD_FILE,
                                    "%s: the metadata has no %s, so it is not a checkpoint",
                                    file->path, key);
    else
        status = compares(run, there, here);
    cJSON_Delete(here);
    cJSON_Delete(there);
    return status;
}

ock_status settings_check(const fit_run *run, const tensor_file *file)
{
    ock_status status = compare_text(run, file, "settings", run->settings, compare_settings);
    char *layers = layers_text(run->model);
    if (!status)
        status = compare_text(run, file, "ockham", layers, compare_layers);
    free(layers);
    return status;
}
