#include "checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fields.h"
#include "history.h"
#include "image.h"
#include "layers.h"
#include "settings.h"

enum {
    VERSION = 1
};

/* ---- Tables ---- */

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define FIELD(record, name, kind, member)                                                          \
    {                                                                                              \
        name, kind, offsetof(record, member), NULL, false                                          \
    }

/* As an image has them, and the network. */
static const record_field image_counts_list[] = {
    FIELD(run_image, "step", FIELD_U64, step),
    FIELD(run_image, "first_step", FIELD_U64, first_step),
    FIELD(run_image, "epochs_begun", FIELD_U32, epoch),
};

static const record_field counts_list[] = {
    FIELD(ock_model, "step", FIELD_U64, step),
    FIELD(ock_model, "first_step", FIELD_U64, first_step),
    FIELD(ock_model, "epochs_begun", FIELD_U32, epoch),
};

static const record_field stopper_list[] = {
    FIELD(ock_stopper, "best", FIELD_DOUBLE, best),
    FIELD(ock_stopper, "best_epoch", FIELD_INT, best_epoch),
    FIELD(ock_stopper, "wait", FIELD_INT, wait),
    FIELD(ock_stopper, "stopped", FIELD_BOOL, stopped),
};

static const record_field plateau_list[] = {
    FIELD(ock_plateau_state, "best", FIELD_DOUBLE, best),
    FIELD(ock_plateau_state, "wait", FIELD_INT, wait),
    FIELD(ock_plateau_state, "cooldown", FIELD_INT, cooldown),
};

static const record_field run_list[] = {
    FIELD(fit_state, "epochs", FIELD_U32, epochs),
    FIELD(fit_state, "learning_rate", FIELD_FLOAT, learning_rate),
    FIELD(fit_state, "averaged", FIELD_U32, averaged),
    FIELD(fit_state, "averages_in_use", FIELD_BOOL, averages_in_use),
};

static const record_field epoch_list[] = {
    FIELD(ock_epoch, "epoch", FIELD_U32, epoch),
    FIELD(ock_epoch, "steps", FIELD_U64, steps),
    FIELD(ock_epoch, "loss", FIELD_DOUBLE, loss),
    FIELD(ock_epoch, "data_loss", FIELD_DOUBLE, data_loss),
    FIELD(ock_epoch, "penalty", FIELD_DOUBLE, penalty),
    FIELD(ock_epoch, "accuracy", FIELD_DOUBLE, accuracy),
    FIELD(ock_epoch, "val_loss", FIELD_DOUBLE, val_loss),
    FIELD(ock_epoch, "val_data_loss", FIELD_DOUBLE, val_data_loss),
    FIELD(ock_epoch, "val_penalty", FIELD_DOUBLE, val_penalty),
    FIELD(ock_epoch, "val_accuracy", FIELD_DOUBLE, val_accuracy),
    FIELD(ock_epoch, "learning_rate", FIELD_DOUBLE, learning_rate),
    FIELD(ock_epoch, "seconds", FIELD_DOUBLE, seconds),
    FIELD(ock_epoch, "ms_per_step", FIELD_DOUBLE, ms_per_step),
};

static const record_fields image_counts_fields = {image_counts_list, COUNT(image_counts_list)};
static const record_fields counts_fields = {counts_list, COUNT(counts_list)};
static const record_fields stopper_fields = {stopper_list, COUNT(stopper_list)};
static const record_fields plateau_fields = {plateau_list, COUNT(plateau_list)};
static const record_fields run_fields = {run_list, COUNT(run_list)};
static const record_fields epoch_fields = {epoch_list, COUNT(epoch_list)};

/* ---- Writing ---- */

static char *state_text(const fit_run *run)
{
    const run_image *image = &run->image;
    const fit_state *state = &image->state;
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fprintf(out, "{\"version\":%d", VERSION);
    fields_put(out, ",", &image_counts_fields, image);
    fields_put(out, ",", &run_fields, state);
    fprintf(out, ",\"best_kept\":%s", state->best.tensors ? "true" : "false");
    fields_put(out, ",\"early_stopping\":{", &stopper_fields, &state->stopper);
    fields_put(out, "},\"plateau\":{", &plateau_fields, &state->plateau);
    fputs("},\"history\":[", out);
    for (size_t i = run->start; i < image->epochs; i++) {
        fields_put(out, i > run->start ? ",{" : "{", &epoch_fields, &run->history->epochs[i]);
        fputc('}', out);
    }
    fputs("]}", out);
    return close_text(out, &text);
}

ock_status checkpoint_write(const fit_run *run)
{
    const tensor_list *list = &run->image.list;
    char *layers = layers_text(run->model), *state = state_text(run);
    const file_text texts[] = {{"ockham", layers}, {"settings", run->settings}, {"state", state}};
    const safetensors content = {.texts = texts,
                                 .text_count = COUNT(texts),
                                 .tensors = list->tensors,
                                 .count = list->count,
                                 .digest = true};
    ock_status status = safetensors_write(run->model->context, run->fit.checkpoint, &content);
    free(state);
    free(layers);
    return status;
}

/* ---- Reading ---- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool take_epochs(const cJSON *epochs, ock_history *history)
{
    const int count = cJSON_GetArraySize(epochs);
    if (!cJSON_IsArray(epochs) || count < 1)
        return false;
    for (const cJSON *item = epochs->child; item; item = item->next) {
        ock_epoch epoch;
        if (!fields_take(item, &epoch_fields, &epoch) || epoch.epoch != history->count + 1)
            return false;
        history->epochs[history->count++] = epoch;
    }
    return true;
}

static bool is_within(int count, uint32_t most)
{
    return count >= 0 && (uint32_t)count <= most;
}

/* Whether each is within what a run can have come to. */
static bool is_possible(const fit_run *staged)
{
    const ock_model *model = staged->model;
    const fit_state *state = &staged->state;
    const ock_stopper *stopper = &state->stopper;
    return model->first_step <= model->step && state->epochs == staged->history->count &&
           state->learning_rate >= 0 && state->averaged <= state->epochs &&
           stopper->best_epoch >= -1 && stopper->best_epoch < (int)state->epochs &&
           is_within(stopper->wait, state->epochs) &&
           is_within(state->plateau.wait, state->epochs) &&
           is_within(state->plateau.cooldown, (uint32_t)state->plateau.options.cooldown);
}

static bool take_state(const cJSON *item, fit_run *staged)
{
    fit_state *state = &staged->state;
    return fields_take(item, &counts_fields, staged->model) &&
           fields_take(item, &run_fields, state) &&
           fields_take(member(item, "early_stopping"), &stopper_fields, &state->stopper) &&
           fields_take(member(item, "plateau"), &plateau_fields, &state->plateau) &&
           take_epochs(member(item, "history"), staged->history) && is_possible(staged);
}

/* Tensors for all that the file should have. */
static ock_status make_tensors(fit_run *staged, bool best)
{
    ock_model *model = staged->model;
    fit_state *state = &staged->state;
    ock_status status = model_ensure_averages(model, &staged->fit.optimizer);
    if (!status && state->averages_in_use)
        status = weights_keep(model, &state->own);
    if (!status && state->averaged)
        status = weights_keep(model, &state->mean);
    if (!status && best)
        status = weights_keep(model, &state->best);
    return status;
}

static ock_status read_state(const tensor_file *file, const cJSON *item, fit_run *staged)
{
    uint64_t version;
    if (!json_whole(member(item, "version"), UINT32_MAX, &version))
        return tensor_file_bad(file, "the metadata has no state, so it is not a checkpoint");
    if (version != VERSION)
        return tensor_file_bad(file, "the checkpoint is of another version than 1");
    size_t count = (size_t)cJSON_GetArraySize(member(item, "history"));
    staged->history->epochs = calloc(count + 1, sizeof *staged->history->epochs);
    if (!staged->history->epochs)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY, "%s: no memory for the history",
                                  file->path);
    /* before the counts, of which it changes one */
    ock_status status = model_ensure_moments(staged->model, &staged->fit.optimizer);
    if (!status && !take_state(item, staged))
        status = tensor_file_bad(file, "the state is not one that a run can be in");
    return status ? status : make_tensors(staged, cJSON_IsTrue(member(item, "best_kept")));
}

static ock_status read_tensors(const tensor_file *file, const fit_run *staged)
{
    tensor_list list;
    ock_status status = run_tensors(staged, &list);
    if (status)
        return status;
    status = tensor_file_check(file, list.tensors, list.count, true);
    for (size_t i = 0; i < list.count && !status; i++)
        status = tensor_file_read(file, &list.tensors[i]);
    free(list.tensors);
    return status ? status : ock_context_finish(file->context);
}

/* Into `staged`, whose network is made for it, so that nothing is taken over before all is read. */
static ock_status read_run(const fit_run *run, const tensor_file *file, fit_run *staged)
{
    cJSON *state;
    ock_status status = tensor_file_metadata(file, "state", &state);
    if (!status && !file->digest)
        status = tensor_file_bad(file, "the file has no digest, so it is not a checkpoint; a fit "
                                       "writes them to its checkpoint");
    if (!status)
        status = layers_open(file, NULL, &staged->model);
    if (!status)
        status = layers_check_same(run->model, staged->model, file->path);
    if (!status)
        status = settings_check(run, file);
    if (!status)
        status = read_state(file, state, staged);
    if (!status)
        status = read_tensors(file, staged);
    cJSON_Delete(state);
    return status;
}

/* ---- Going on ---- */

/* Moments and averages change owners. */
static void take_moments(ock_model *model, ock_model *from)
{
    model_forget(model);
    for (size_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < 2; k++) {
            ock_parameter *to = &model->layers[i].trained[k];
            ock_parameter *source = &from->layers[i].trained[k];
            to->moment1 = source->moment1;
            to->moment2 = source->moment2;
            to->average = source->average;
            source->moment1 = source->moment2 = source->average = NULL;
        }
    }
    model->moments = from->moments;
    model->moments_kind = from->moments_kind;
    model->averages = from->averages;
    model->step = from->step;
    model->first_step = from->first_step;
    model->epoch = from->epoch;
}

static ock_status take_run(fit_run *run, fit_run *staged)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < staged->history->count && !status; i++)
        status = history_append(run->model->context, run->history, &staged->history->epochs[i]);
    if (!status)
        status = layers_take_weights(run->model, staged->model);
    if (status) {
        run->history->count = run->start;
        return status;
    }
    take_moments(run->model, staged->model);
    run->state = staged->state;
    staged->state = (fit_state){0};
    return OCK_OK;
}

static ock_status resume(fit_run *run, const tensor_file *file)
{
    ock_history history = {0};
    fit_run staged = {.fit = run->fit, .history = &history, .state = run->state};
    ock_status status = read_run(run, file, &staged);
    if (!status)
        status = take_run(run, &staged);
    weights_free(&staged.state.best);
    weights_free(&staged.state.mean);
    weights_free(&staged.state.own);
    ock_history_clear(&history);
    ock_model_destroy(staged.model);
    return status;
}

ock_status checkpoint_begin(fit_run *run)
{
    ock_context *context = run->model->context;
    const char *path = run->fit.checkpoint;
    struct stat about;
    tensor_file file;
    run->settings = settings_text(run);
    if (!run->settings)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a checkpoint");
    if (!run->fit.resume)
        return OCK_OK;
    if (stat(path, &about))
        return errno == ENOENT ? OCK_OK
                               : ock_context_report(context, OCK_FILE_FAILED, "%s: cannot open: %s",
                                                    path, strerror(errno));
    ock_status status = tensor_file_open(context, path, &file);
    if (!status)
        status = resume(run, &file);
    tensor_file_close(&file);
    return status;
}

ock_status checkpoint_check(ock_context *context, const ock_fit *fit)
{
    if (fit->checkpoint ? !*fit->checkpoint : fit->resume)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "checkpoint is %s",
                                  fit->checkpoint ? "empty" : "NULL, but resume needs one");
    return fit->checkpoint ? safetensors_probe(context, fit->checkpoint) : OCK_OK;
}
