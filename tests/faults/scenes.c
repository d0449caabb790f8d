#include "scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THEN(status, call)                                                                         \
    do {                                                                                           \
        if (!(status))                                                                             \
            (status) = (call);                                                                     \
    } while (0)

enum {
    BATCH = 8,
    CLASSES = 3,
    FEATURES = 12,
    WIDTH = 8
};

/* A call that fails leaves NULL. Check's own assertions allocate, and so have no place in an act.
 */
static void made(stage *s, ock_status status, const void *object)
{
    s->torn = s->torn || !status != (object != NULL);
}

/* ---- Devices and contexts ---- */

static ock_status list_devices(stage *s)
{
    ock_status status = ock_device_list(&s->devices, &s->device_count);
    made(s, status, s->devices);
    return status;
}

static void find_device(stage *s)
{
    ock_context *context = open_device(s->device, 0);
    s->devices = calloc(1, sizeof *s->devices);
    ck_assert_ptr_nonnull(s->devices);
    *s->devices = *ock_context_device(context);
    s->device_count = 1;
    ock_context_destroy(context);
}

/* Every operation of ops.h, on tensors of its own. */
static ock_status test_device_itself(stage *s)
{
    ock_status status = ock_device_self_test(s->devices, &s->test);
    snprintf(s->message, sizeof s->message, "%s", s->test.message);
    s->test.seconds = 0;
    return status;
}

static ock_status open_wished(stage *s, const char *device, bool untuned)
{
    const ock_context_options options = {.device = device,
                                         .threads = 1,
                                         .untuned = untuned,
                                         .message = s->message,
                                         .message_size = sizeof s->message};
    ock_status status = ock_context_create(&options, &s->opened);
    made(s, status, s->opened);
    return status;
}

static ock_status open_untuned(stage *s)
{
    return open_wished(s, s->device, true);
}

/* With the folder of measurements, which is the stage's and empty; a file there is as good as none,
 * and so is one that cannot be remembered. */
static ock_status open_cached(stage *s)
{
    return open_wished(s, s->device, false);
}

static void prepare_failover(stage *s)
{
    OK(NULL, open_untuned(s));
    OK(s->opened, ock_tensor_create(s->opened, OCK_F32, 4, 4, &s->tensors[0]));
    s->tensor_count = 1;
}

static ock_status leave_device(stage *s)
{
    ock_status status = ock_context_failover(s->opened);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->opened));
    return status;
}

/* ---- Tensors and operations ---- */

static ock_tensor *put(stage *s, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    OK(s->context, ock_tensor_create(s->context, dtype, rows, cols, &tensor));
    return s->tensors[s->tensor_count++] = tensor;
}

/* Of the samples' values. */
static void prepare_tensors(stage *s)
{
    for (int i = 0; i < 6; i++)
        OK(s->context, ock_tensor_write(put(s, OCK_F32, BATCH, FEATURES), s->data.x + i));
    OK(s->context, ock_tensor_write(put(s, OCK_I32, BATCH, 1), s->data.labels));
}

static ock_status make_tensors(stage *s)
{
    ock_tensor *whole = NULL, *view = NULL;
    ock_status status = ock_tensor_create(s->context, OCK_F32, BATCH, FEATURES, &whole);
    made(s, status, whole);
    THEN(status, ock_tensor_view(whole, 1, 2, &view));
    made(s, status, view);
    THEN(status, ock_tensor_read(view, s->figures));
    ock_tensor_destroy(whole);
    ock_tensor_destroy(view);
    return status;
}

static ock_status write_tensor(stage *s)
{
    return ock_tensor_write(s->tensors[0], s->data.x + FEATURES);
}

static ock_parameter parameter_of(const stage *s, ock_constraint_kind kind)
{
    return (ock_parameter){.value = s->tensors[0],
                           .moment1 = s->tensors[1],
                           .moment2 = s->tensors[2],
                           .average = s->tensors[3],
                           .penalty = {.l1 = 1e-3f, .l2 = 1e-2f, .group_lasso = 0.1f},
                           .constraint = {.kind = kind, .max_norm = 0.5f}};
}

static ock_optimizer averaged_adam(void)
{
    ock_optimizer adam = ock_adam_defaults();
    adam.ema_momentum = 0.9f;
    return adam;
}

static ock_status take_step(stage *s)
{
    const ock_optimizer adam = averaged_adam();
    const ock_parameter parameter = parameter_of(s, OCK_MAX_NORM);
    ock_tensor *totals = NULL;
    ock_status status = ock_tensor_create(s->context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals);
    THEN(status, ock_step(&adam, 2, &parameter, s->tensors[4], BATCH, totals));
    ock_tensor_destroy(totals);
    return status;
}

/* The product of x' and dy takes its step on the way. */
static ock_status take_fused_step(stage *s)
{
    const ock_optimizer adam = averaged_adam();
    ock_tensor *totals = NULL, *x = NULL, *dy = NULL;
    ock_dense_parameters layer = {.kernel = parameter_of(s, OCK_UNIT_NORM)};
    ock_status status = ock_tensor_create(s->context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals);
    THEN(status, ock_tensor_create(s->context, OCK_F32, 5, BATCH, &x));
    THEN(status, ock_tensor_view(s->tensors[4], 0, 5, &dy));
    THEN(status, ock_dense_backward_weights(&adam, 2, x, dy, &layer, totals));
    ock_tensor_destroy(dy);
    ock_tensor_destroy(x);
    ock_tensor_destroy(totals);
    return status;
}

static ock_status clip(stage *s)
{
    return ock_clip_norm(0.5f, s->tensors, 3);
}

static ock_status add_penalty(stage *s)
{
    ock_tensor *totals = NULL;
    const ock_parameter parameter = parameter_of(s, OCK_UNCONSTRAINED);
    ock_totals sums = {0};
    ock_status status = ock_tensor_create(s->context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals);
    THEN(status, ock_penalty_add(&parameter, BATCH, totals));
    THEN(status, ock_totals_read(totals, &sums));
    if (!status)
        s->figures[0] = sums.penalty;
    ock_tensor_destroy(totals);
    return status;
}

static const ock_augmentation moves = {.height = 3,
                                       .width = 4,
                                       .channels = 1,
                                       .rotation_range = 20,
                                       .zoom_range = {0.9f, 1.1f},
                                       .brightness_range = {0.9f, 1.1f},
                                       .white = 1,
                                       .elastic_alpha = 1,
                                       .elastic_sigma = 1,
                                       .erase_factor = 0.5f,
                                       .erase_scale = {0.1f, 0.4f},
                                       .erase_ratio = {0.5f, 2},
                                       .seed = 3};

static ock_status augment(stage *s)
{
    return ock_augment(&moves, 1, s->tensors[6], s->tensors[0], s->tensors[1]);
}

static ock_status multiply(stage *s)
{
    ock_tensor *c = NULL;
    const ock_matmul_options transposed = {.transpose_b = true, .alpha = 1};
    ock_status status = ock_tensor_create(s->context, OCK_F32, BATCH, BATCH, &c);
    THEN(status, ock_matmul(&transposed, s->tensors[0], s->tensors[1], c));
    ock_tensor_destroy(c);
    return status;
}

/* ---- Data sets ---- */

static const float weights[24] = {1, 2, 1, 1, 0, 1, 1, 1, 3, 1, 1, 1,
                                  1, 2, 1, 1, 0, 1, 1, 1, 3, 1, 1, 1};

static ock_status make_set(stage *s, const int32_t *labels, const float *targets)
{
    const ock_arrays arrays = {.rows = s->data.rows,
                               .features = FEATURES,
                               .x = s->data.x,
                               .outputs = CLASSES,
                               .labels = labels,
                               .targets = targets,
                               .weights = weights};
    ock_status status = ock_dataset_create(s->context, &arrays, &s->set);
    made(s, status, s->set);
    return status;
}

static ock_status create_labelled(stage *s)
{
    return make_set(s, s->data.labels, NULL);
}

static ock_status create_targeted(stage *s)
{
    return make_set(s, NULL, s->data.targets);
}

static void prepare_set(stage *s)
{
    OK(s->context, create_labelled(s));
}

static ock_status view_set(stage *s)
{
    ock_status status = ock_dataset_view(s->set, 3, 9, &s->part);
    made(s, status, s->part);
    return status;
}

static ock_status select_rows(stage *s)
{
    const int32_t rows[] = {3, 1, 4, 1, 5, 9, 2, 6};
    ock_status status = ock_dataset_select(s->set, rows, 8, &s->part);
    made(s, status, s->part);
    return status;
}

static const ock_standardization whitening = {.samplewise_center = true,
                                              .featurewise_center = true,
                                              .zca_whitening = true,
                                              .zca_epsilon = 1e-3f};

static ock_status fit_standardizer(stage *s)
{
    ock_status status = ock_standardizer_fit(s->set, &whitening, &s->standardizer);
    made(s, status, s->standardizer);
    return status;
}

static void prepare_standardizer(stage *s)
{
    prepare_set(s);
    OK(s->context, fit_standardizer(s));
    prepare_tensors(s);
}

static ock_status standardize_batch(stage *s)
{
    return ock_standardizer_batch(s->standardizer, s->tensors[0], s->tensors[1]);
}

static ock_status standardize_set(stage *s)
{
    return ock_standardizer_apply(s->standardizer, s->set);
}

/* ---- Networks ---- */

static ock_status build_network(stage *s, ock_model **model)
{
    ock_dense first = {.kernel = {.l1 = 1e-4f, .l2 = 1e-3f, .group_lasso = 1e-3f},
                       .kernel_constraint = {.kind = OCK_MAX_NORM, .max_norm = 1},
                       .initializer = OCK_HE_NORMAL};
    ock_dense second = {.activity = {.l1 = 1e-4f}, .no_bias = true};
    ock_status status = ock_model_create(s->context, FEATURES, model);
    made(s, status, *model);
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
    prepare_tensors(s);
    put(s, OCK_F32, BATCH, CLASSES);
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
    fit.optimizer = averaged_adam();
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
    made(s, status, s->made);
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

static ock_status load(stage *s)
{
    return ock_model_load(s->model, s->files.path);
}

static ock_status open_file(stage *s)
{
    ock_status status = ock_model_open(s->context, s->files.path, &s->made);
    made(s, status, s->made);
    return status;
}

/* ---- Training ---- */

static void prepare_fit(stage *s)
{
    prepare_set(s);
    OK(s->context, fit_standardizer(s));
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
    fit.augmentation = &moves;
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
    fit.optimizer = averaged_adam();
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

const scene scenes[] = {
    {"list the devices", NULL, list_devices, ALONE},
    {"self-test", find_device, test_device_itself, ALONE | SPARES | GOES_ON},
    {"open a context", NULL, open_untuned, ALONE},
    {"open with measurements", NULL, open_cached, ALONE | SPARES},
    {"leave a device", prepare_failover, leave_device, ALONE | ON_OPENCL},
    {"make tensors", NULL, make_tensors, 0},
    {"write a tensor", prepare_tensors, write_tensor, 0},
    {"step", prepare_tensors, take_step, 0},
    {"fused step", prepare_tensors, take_fused_step, 0},
    {"clip by norm", prepare_tensors, clip, 0},
    {"add a penalty", prepare_tensors, add_penalty, 0},
    {"augment", prepare_tensors, augment, GOES_ON},
    {"multiply", prepare_tensors, multiply, 0},
    {"data set of labels", NULL, create_labelled, 0},
    {"data set of targets", NULL, create_targeted, 0},
    {"view", prepare_set, view_set, 0},
    {"selection", prepare_set, select_rows, 0},
    {"fit a standardizer", prepare_set, fit_standardizer, 0},
    {"standardize a batch", prepare_standardizer, standardize_batch, 0},
    {"standardize a set", prepare_standardizer, standardize_set, GOES_ON},
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
    {"open a file", prepare_file, open_file, 0},
    {"fit", prepare_fit, fit_averaged, GOES_ON},
    {"fit with SWA", prepare_fit, fit_swa, GOES_ON},
    {"resume", prepare_resumption, fit_swa, GOES_ON},
    {"evaluate", prepare_fit, evaluate, 0},
    {"search", prepare_set, search, GOES_ON},
};
const size_t scene_count = sizeof scenes / sizeof *scenes;
