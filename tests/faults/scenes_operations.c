#include "scenes.h"

#include <stdio.h>
#include <stdlib.h>

/* A call that fails leaves NULL. Check's own assertions allocate, and so have no place in an act.
 */
void scene_made(stage *s, ock_status status, const void *object)
{
    s->torn = s->torn || !status != (object != NULL);
}

/* ---- Devices and contexts ---- */

static ock_status list_devices(stage *s)
{
    ock_status status = ock_device_list(&s->devices, &s->device_count);
    scene_made(s, status, s->devices);
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
    scene_made(s, status, s->opened);
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

ock_tensor *scene_tensor(stage *s, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    OK(s->context, ock_tensor_create(s->context, dtype, rows, cols, &tensor));
    return s->tensors[s->tensor_count++] = tensor;
}

/* Of the samples' values. */
void scene_tensors(stage *s)
{
    for (int i = 0; i < 6; i++)
        OK(s->context, ock_tensor_write(scene_tensor(s, OCK_F32, BATCH, FEATURES), s->data.x + i));
    OK(s->context, ock_tensor_write(scene_tensor(s, OCK_I32, BATCH, 1), s->data.labels));
}

static ock_status make_tensors(stage *s)
{
    ock_tensor *whole = NULL, *view = NULL;
    ock_status status = ock_tensor_create(s->context, OCK_F32, BATCH, FEATURES, &whole);
    scene_made(s, status, whole);
    THEN(status, ock_tensor_view(whole, 1, 2, &view));
    scene_made(s, status, view);
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

ock_optimizer scene_adam(void)
{
    ock_optimizer adam = ock_adam_defaults();
    adam.ema_momentum = 0.9f;
    return adam;
}

static ock_status take_step(stage *s)
{
    const ock_optimizer adam = scene_adam();
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
    const ock_optimizer adam = scene_adam();
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

const ock_augmentation scene_moves = {.height = 3,
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
    return ock_augment(&scene_moves, 1, s->tensors[6], s->tensors[0], s->tensors[1]);
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
    scene_made(s, status, s->set);
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

void scene_set(stage *s)
{
    OK(s->context, create_labelled(s));
}

static ock_status view_set(stage *s)
{
    ock_status status = ock_dataset_view(s->set, 3, 9, &s->part);
    scene_made(s, status, s->part);
    return status;
}

static ock_status select_rows(stage *s)
{
    const int32_t rows[] = {3, 1, 4, 1, 5, 9, 2, 6};
    ock_status status = ock_dataset_select(s->set, rows, 8, &s->part);
    scene_made(s, status, s->part);
    return status;
}

static const ock_standardization whitening = {.samplewise_center = true,
                                              .featurewise_center = true,
                                              .zca_whitening = OCK_LAPACK,
                                              .zca_epsilon = 1e-3f};

ock_status scene_standardizer(stage *s)
{
    ock_status status = ock_standardizer_fit(s->set, &whitening, &s->standardizer);
    scene_made(s, status, s->standardizer);
    return status;
}

static void prepare_standardizer(stage *s)
{
    scene_set(s);
    OK(s->context, scene_standardizer(s));
    scene_tensors(s);
}

static ock_status standardize_batch(stage *s)
{
    return ock_standardizer_batch(s->standardizer, s->tensors[0], s->tensors[1]);
}

static ock_status standardize_set(stage *s)
{
    return ock_standardizer_apply(s->standardizer, s->set);
}

/* ---- All of them ---- */

const scene operation_scenes[] = {
    {"list the devices", NULL, list_devices, ALONE},
    {"self-test", find_device, test_device_itself, ALONE | SPARES | GOES_ON},
    {"open a context", NULL, open_untuned, ALONE},
    {"open with measurements", NULL, open_cached, ALONE | SPARES},
    {"leave a device", prepare_failover, leave_device, ALONE | ON_OPENCL},
    {"make tensors", NULL, make_tensors, 0},
    {"write a tensor", scene_tensors, write_tensor, 0},
    {"step", scene_tensors, take_step, 0},
    {"fused step", scene_tensors, take_fused_step, 0},
    {"clip by norm", scene_tensors, clip, 0},
    {"add a penalty", scene_tensors, add_penalty, 0},
    {"augment", scene_tensors, augment, GOES_ON},
    {"multiply", scene_tensors, multiply, 0},
    {"data set of labels", NULL, create_labelled, 0},
    {"data set of targets", NULL, create_targeted, 0},
    {"view", scene_set, view_set, 0},
    {"selection", scene_set, select_rows, 0},
    {"fit a standardizer", scene_set, scene_standardizer, 0},
    {"standardize a batch", prepare_standardizer, standardize_batch, 0},
    {"standardize a set", prepare_standardizer, standardize_set, GOES_ON},
};
const size_t operation_scene_count = sizeof operation_scenes / sizeof *operation_scenes;
