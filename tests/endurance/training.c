#include "training.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SIDE = 8,
    PIXELS = SIDE * SIDE,
    CLASSES = 10,
    BATCH = 32,
    ROWS = TRAINING_STEPS * BATCH - 5, /* the last batch is a short one */
    VALID_ROWS = 333
};

/* All that one run makes; what is NULL was not made. */
typedef struct objects {
    ock_context *context;
    ock_dataset *train, *valid;
    ock_standardizer *standardizer;
    ock_model *model, *copy;
} objects;

#define TRY(call)                                                                                  \
    do {                                                                                           \
        ock_status status_ = (call);                                                               \
        if (status_)                                                                               \
            return status_;                                                                        \
    } while (0)

static uint32_t next_word(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* Each class lights pixels of its own, beneath noise. */
static ock_status make_set(ock_context *context, size_t rows, uint32_t state, ock_dataset **set)
{
    float *x = malloc(rows * PIXELS * sizeof *x);
    int32_t *labels = malloc(rows * sizeof *labels);
    ock_status status = OCK_OUT_OF_MEMORY;
    for (size_t i = 0; x && labels && i < rows; i++) {
        labels[i] = (int32_t)(next_word(&state) % CLASSES);
        for (size_t j = 0; j < PIXELS; j++)
            x[i * PIXELS + j] = (float)(next_word(&state) >> 8) * 0x1p-24f +
                                (float)(j % CLASSES == (size_t)labels[i]) * 0.25f;
    }
    const ock_arrays arrays = {
        .rows = rows, .features = PIXELS, .x = x, .outputs = CLASSES, .labels = labels};
    if (x && labels)
        status = ock_dataset_create(context, &arrays, set);
    free(labels);
    free(x);
    return status;
}

static ock_status make_model(objects *o)
{
    const ock_dense wide = {.kernel = {.l1 = 1e-5f, .l2 = 1e-4f},
                            .kernel_constraint = {.kind = OCK_MAX_NORM, .max_norm = 3}};
    const ock_dense narrow = {.kernel = {.group_lasso = 1e-4f, .l1 = 1e-5f, .proximal_l1 = true},
                              .activity = {.l2 = 1e-4f}};
    TRY(ock_model_create(o->context, PIXELS, &o->model));
    TRY(ock_model_add_gaussian_noise(o->model, 0.05f));
    TRY(ock_model_add_dense(o->model, 72, OCK_RELU, &wide));
    TRY(ock_model_add_dropout(o->model, 0.25f));
    TRY(ock_model_add_dense(o->model, 40, OCK_LINEAR, &narrow));
    TRY(ock_model_add_batch_norm(o->model, NULL));
    TRY(ock_model_add_activation(o->model, OCK_RELU));
    TRY(ock_model_add_gaussian_dropout(o->model, 0.1f));
    return ock_model_add_dense(o->model, CLASSES, OCK_SOFTMAX, NULL);
}

static ock_status make(objects *o, training *t)
{
    const ock_standardization centred = {.featurewise_center = true,
                                         .samplewise_std_normalization = true};
    const ock_context_options options = {.device = t->device,
                                         .threads = t->threads,
                                         .untuned = true,
                                         .message = t->message,
                                         .message_size = sizeof t->message};
    TRY(ock_context_create(&options, &o->context));
    TRY(make_set(o->context, ROWS, 1, &o->train));
    TRY(make_set(o->context, VALID_ROWS, 2, &o->valid));
    TRY(ock_standardizer_fit(o->train, &centred, &o->standardizer));
    return make_model(o);
}

static ock_status fit(objects *o, const training *t)
{
    static const float class_weights[CLASSES] = {1, 2, 1, 1, 1, 1, 1, 1, 1, 1};
    const ock_augmentation pictures = {.height = SIDE,
                                       .width = SIDE,
                                       .channels = 1,
                                       .rotation_range = 10,
                                       .zoom_range = {0.9f, 1.1f},
                                       .erase_factor = 0.25f,
                                       .erase_scale = {0.02f, 0.2f},
                                       .erase_ratio = {0.3f, 3.33f},
                                       .seed = t->seed};
    ock_fit fit = ock_fit_defaults();
    fit.epochs = t->epochs;
    fit.batch_size = BATCH;
    fit.seed = t->seed;
    fit.optimizer = ock_adamw_defaults();
    fit.optimizer.ema_momentum = 0.99f;
    fit.augmentation = &pictures;
    fit.standardizer = o->standardizer;
    fit.mixup_alpha = 0.2f;
    fit.label_smoothing = 0.1f;
    fit.class_weights = class_weights;
    fit.early_stopping = (ock_early_stopping){
        .monitor = "val_loss", .patience = INT32_MAX, .restore_best_weights = true};
    fit.on_epoch = t->on_epoch;
    fit.user = t->user;
    return ock_model_fit(o->model, o->train, o->valid, &fit, NULL);
}

/* FNV-1a of all tensors' bits, which differs where a bit does. */
static ock_status digest(const ock_model *model, uint64_t *sum)
{
    *sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor at;
        TRY(ock_model_tensor_at(model, i, &at));
        size_t bytes = ock_tensor_rows(at.tensor) * ock_tensor_cols(at.tensor) * sizeof(float);
        unsigned char *values = malloc(bytes);
        ock_status status = values ? ock_tensor_read(at.tensor, values) : OCK_OUT_OF_MEMORY;
        for (size_t j = 0; j < bytes && !status; j++)
            *sum = (*sum ^ values[j]) * 0x100000001b3;
        free(values);
        TRY(status);
    }
    return OCK_OK;
}

/* What is read back predicts what was saved. */
static ock_status save_and_open(objects *o, const training *t)
{
    ock_fit options = ock_fit_defaults();
    ock_evaluation saved, opened;
    options.standardizer = o->standardizer;
    TRY(ock_model_save(o->model, t->file));
    TRY(ock_model_open(o->context, t->file, &o->copy));
    TRY(ock_model_evaluate(o->model, o->valid, &options, &saved));
    TRY(ock_model_evaluate(o->copy, o->valid, &options, &opened));
    if (saved.data_loss < opened.data_loss || saved.data_loss > opened.data_loss)
        return ock_context_report(o->context, OCK_BAD_FILE, "%s: another network", t->file);
    return OCK_OK;
}

static ock_status run(objects *o, training *t)
{
    TRY(make(o, t));
    TRY(fit(o, t));
    if (t->file)
        TRY(save_and_open(o, t));
    return digest(o->model, &t->digest);
}

ock_status training_run(training *t)
{
    objects o = {0};
    ock_status status = run(&o, t);
    if (o.context)
        snprintf(t->message, sizeof t->message, "%s", ock_context_message(o.context));
    ock_model_destroy(o.copy);
    ock_model_destroy(o.model);
    ock_standardizer_destroy(o.standardizer);
    ock_dataset_destroy(o.valid);
    ock_dataset_destroy(o.train);
    ock_context_destroy(o.context);
    return status;
}
