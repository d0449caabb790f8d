#include "scenes.h"

#include <stdlib.h>
#include <string.h>

/* ---- Networks ---- */

static ock_status build_network(stage *s, ock_model **model)
{
    ock_dense first = {.kernel = {.l1 = 1e-4f, .l2 = 1e-3f, .group_lasso = 1e-3f},
                       .kernel_constraint = {.kind = OCK_MAX_NORM, .max_norm = 1},
                       .initializer = OCK_HE_NORMAL};
    ock_dense second = {.activity = {.l1 = 1e-4f}, .no_bias = true};
    ock_status status = ock_model_create(s->context, FEATURES, model);
    scene_made(s, status, *model);
    THEN(status, ock_model_add_gaussian_noise(*model, 0.01f));
    THEN(status, ock_model_add_dense(*model, WIDTH, OCK_RELU, &first));
    THEN(status, ock_model_add_dropout(*model, 0.1f));
    THEN(status, ock_model_add_batch_norm(*model, NULL));
    THEN(status, ock_model_add_dense(*model, WIDTH, OCK_LINEAR, &second));
    THEN(status, ock_model_add_activation(*model, OCK_GELU));
    THEN(status, ock_model_add_spatial_dropout(*model, 4, 0.1f));
    THEN(status, ock_model_add_gaussian_dropout(*model, 0.1f));
    THEN(status, ock_model_add_dense(*model, CLASSES, OCK_SOFTMAX, NULL));
    return status;
}

static ock_status build_model(stage *s)
{
    ock_status status = build_network(s, &s->made);
    if (status) {
        ock_model_destroy(s->made);
        s->made = NULL;
    }
    return status;
}

static void prepare_layer(stage *s)
{
    OK(s->context, build_network(s, &s->model));
}

static ock_status add_layer(stage *s)
{
    return ock_model_add_dropout(s->model, 0.5f);
}

static void prepare_unready(stage *s)
{
    prepare_layer(s);
    scene_tensors(s);
    scene_tensor(s, OCK_F32, BATCH, CLASSES);
}

static void prepare_model(stage *s)
{
    prepare_unready(s);
    OK(s->context, ock_model_initialize(s->model, 7));
}

static ock_status initialize(stage *s)
{
    return ock_model_initialize(s->model, 8);
}

static ock_status predict(stage *s)
{
    return ock_model_predict(s->model, s->tensors[0], s->tensors[7]);
}

static ock_status train_step(stage *s)
{
    ock_fit fit = ock_fit_defaults();
    fit.optimizer = scene_adam();
    return ock_model_train_step(s->model, &fit, s->tensors[0], s->tensors[6], NULL);
}

static ock_status count_zeros(stage *s)
{
    ock_sparsity sparsity;
    ock_status status = ock_model_sparsity(s->model, 1, 0.1f, &sparsity);
    s->figures[0] = status ? 0 : (double)sparsity.zeros;
    return status;
}

static ock_status compact(stage *s)
{
    ock_status status = ock_model_compact(s->model, 0.35f, &s->made, NULL);
    scene_made(s, status, s->made);
    return status;
}

/* ---- Files ---- */

static ock_status save(stage *s)
{
    return ock_model_save(s->model, s->files.path);
}

/* The file of other weights than the network then has. */
static void prepare_file(stage *s)
{
    prepare_model(s);
    OK(s->context, save(s));
    OK(s->context, ock_model_initialize(s->model, 9));
}

/* Without the list of layers, whose key is another. */
static void prepare_tensors(stage *s)
{
    size_t size;
    prepare_file(s);
    char *bytes = read_file(s->files.path, &size), *key = strstr(bytes + 8, "\"ockham\":");
    ck_assert_ptr_nonnull(key);
    memcpy(key, "\"others\"", 8);
    write_file(s->files.path, bytes, size);
    free(bytes);
}

static ock_status load(stage *s)
{
    return ock_model_load(s->model, s->files.path);
}

static ock_status open_file(stage *s)
{
    ock_status status = ock_model_open(s->context, s->files.path, &s->made);
    scene_made(s, status, s->made);
    return status;
}

/* ---- Training ---- */

static void prepare_fit(stage *s)
{
    scene_set(s);
    OK(s->context, scene_standardizer(s));
    prepare_layer(s);
    OK(s->context, ock_model_initialize(s->model, 7));
}

static const float class_weights[CLASSES] = {1, 0.5f, 2};

/* All that a fit can have, but the averages. */
static ock_fit everything(const stage *s)
{
    ock_fit fit = ock_fit_defaults();
    fit.epochs = 2;
    fit.batch_size = BATCH;
    fit.validation_split = 0.3f;
    fit.early_stopping =
        (ock_early_stopping){.monitor = "val_loss", .patience = 2, .restore_best_weights = true};
    fit.plateau = ock_plateau_defaults();
    fit.plateau.monitor = "loss";
    fit.label_smoothing = 0.1f;
    fit.class_weights = class_weights;
    fit.mixup_alpha = 0.3f;
    fit.augmentation = &scene_moves;
    fit.standardizer = s->standardizer;
    fit.checkpoint = s->files.path;
    fit.resume = true;
    return fit;
}

static ock_status run_fit(stage *s, const ock_fit *fit)
{
    ock_history_clear(&s->history);
    return ock_model_fit(s->model, s->set, NULL, fit, &s->history);
}

static ock_status fit_averaged(stage *s)
{
    ock_fit fit = everything(s);
    fit.optimizer = scene_adam();
    fit.optimizer.global_clip_norm = 1;
    return run_fit(s, &fit);
}

static ock_status fit_swa(stage *s)
{
    ock_fit fit = everything(s);
    fit.swa_from_epoch = 1;
    return run_fit(s, &fit);
}

/* A file of one epoch, with which the network begins anew. */
static void prepare_resumption(stage *s)
{
    prepare_fit(s);
    ock_fit fit = everything(s);
    fit.swa_from_epoch = 1;
    fit.epochs = 1;
    OK(s->context, run_fit(s, &fit));
    ock_history_clear(&s->history);
    OK(s->context, ock_model_initialize(s->model, 7));
}

static ock_status evaluate(stage *s)
{
    ock_evaluation found = {0};
    ock_fit fit = everything(s);
    ock_status status = ock_model_evaluate(s->model, s->set, &fit, &found);
    s->figures[0] = found.loss;
    s->figures[1] = found.accuracy;
    return status;
}

/* ---- A search ---- */

static ock_status make_network(const double *values, ock_context *context, ock_model **model,
                               ock_fit *fit, void *user)
{
    (void)user;
    fit->batch_size = BATCH;
    fit->optimizer.learning_rate = (float)values[0];
    ock_status status = ock_model_create(context, FEATURES, model);
    THEN(status, ock_model_add_dense(*model, CLASSES, OCK_SOFTMAX, NULL));
    if (status) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    return status;
}

static ock_status search(stage *s)
{
    const ock_search_axis axis = {
        .name = "rate", .kind = OCK_AXIS_LOG_UNIFORM, .low = 1e-3, .high = 1e-1};
    ock_search_options options = ock_search_defaults();
    options.axes = &axis;
    options.axis_count = 1;
    options.points = 2;
    options.validation_split = 0;
    options.folds = 2;
    options.halving = 2;
    options.epochs = 2;
    options.make = make_network;
    return ock_search(s->set, NULL, &options, &s->results);
}

/* ---- All of them ---- */

const scene network_scenes[] = {
    {"build a network", NULL, build_model, 0},
    {"add a layer", prepare_layer, add_layer, 0},
    {"first weights", prepare_unready, initialize, 0},
    {"new weights", prepare_model, initialize, 0},
    {"predict", prepare_model, predict, 0},
    {"training step", prepare_model, train_step, GOES_ON},
    {"sparsity", prepare_model, count_zeros, 0},
    {"compact", prepare_model, compact, 0},
    {"save", prepare_model, save, 0},
    {"load", prepare_file, load, 0},
    {"load tensors alone", prepare_tensors, load, 0},
    {"open a file", prepare_file, open_file, 0},
    {"fit", prepare_fit, fit_averaged, GOES_ON},
    {"fit with SWA", prepare_fit, fit_swa, GOES_ON},
    {"resume", prepare_resumption, fit_swa, GOES_ON},
    {"evaluate", prepare_fit, evaluate, 0},
    {"search", scene_set, search, GOES_ON},
};
const size_t network_scene_count = sizeof network_scenes / sizeof *network_scenes;
