/* Every operation of ops.h and augment.h, and transfers. */
#include "sweep.h"

enum {
    BATCH = 19,
    INPUTS = 37,
    OUTPUTS = 21,
    SIDE = 6
};

/* ---- Tensors ---- */

static void play_transfers(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, INPUTS), *y = stage_floats(s, BATCH, INPUTS);
    ock_tensor *copy = stage_tensor(s, OCK_F32, BATCH, INPUTS), *view = NULL;
    TRY(s, ock_tensor_copy(x, copy));
    TRY(s, ock_tensor_blend(0.25f, y, copy));
    TRY(s, ock_tensor_view(copy, 3, 5, &view));
    if (view)
        s->tensors[s->count++] = view;
    TRY(s, ock_tensor_fill(view, 7));
    stage_keep(s, copy);
}

/* The last flush waits for the first, and finds no end of it by looking. */
static void play_flushes(stage *s)
{
    enum {
        FLUSHES = 9
    };
    ock_tensor *x = stage_floats(s, BATCH, INPUTS);
    for (int i = 0; i < FLUSHES; i++) {
        TRY(s, ock_tensor_fill(x, (float)i));
        TRY(s, ock_context_flush(s->context));
    }
    stage_keep(s, x);
}

/* ---- Products ---- */

static void play_matmul(stage *s)
{
    const ock_matmul_options both = {
        .transpose_a = true, .transpose_b = true, .alpha = 0.5f, .beta = 2};
    ock_tensor *a = stage_floats(s, BATCH, INPUTS), *b = stage_floats(s, INPUTS, OUTPUTS);
    ock_tensor *c = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *at = stage_floats(s, INPUTS, BATCH), *bt = stage_floats(s, OUTPUTS, INPUTS);
    TRY(s, ock_matmul(NULL, a, b, c));
    TRY(s, ock_matmul(&both, at, bt, c));
    stage_keep(s, c);
}

static ock_dense_parameters dense(stage *s)
{
    return (ock_dense_parameters){
        .kernel = {.value = stage_floats(s, INPUTS, OUTPUTS),
                   .moment1 = stage_floats(s, INPUTS, OUTPUTS),
                   .moment2 = stage_tensor(s, OCK_F32, INPUTS, OUTPUTS),
                   .average = stage_tensor(s, OCK_F32, INPUTS, OUTPUTS),
                   .penalty = {.l1 = 1e-3f, .l2 = 1e-2f}},
        .bias = {.value = stage_floats(s, 1, OUTPUTS),
                 .moment1 = stage_floats(s, 1, OUTPUTS),
                 .moment2 = stage_tensor(s, OCK_F32, 1, OUTPUTS),
                 .average = stage_tensor(s, OCK_F32, 1, OUTPUTS)},
    };
}

static const ock_dropout dropout = {.rate = 0.25f, .seed = 128, .step = 3, .layer = 1};

static void play_dense_forward(stage *s)
{
    ock_dense_parameters p = dense(s);
    ock_tensor *x = stage_floats(s, BATCH, INPUTS), *y = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    TRY(s, ock_dense_forward(x, &p, OCK_RELU, &dropout, y));
    stage_keep(s, y);
}

static void play_dense_backward_input(stage *s)
{
    ock_dense_parameters p = dense(s);
    ock_tensor *dy = stage_floats(s, BATCH, OUTPUTS), *y = stage_floats(s, BATCH, INPUTS);
    ock_tensor *dx = stage_tensor(s, OCK_F32, BATCH, INPUTS);
    TRY(s, ock_dropout_apply(&dropout, y, y));
    TRY(s, ock_dense_backward_input(dy, &p, OCK_RELU, &dropout, y, dx));
    stage_keep(s, dx);
}

static void play_dense_backward_weights(stage *s)
{
    ock_optimizer adam = ock_adam_defaults();
    ock_dense_parameters p = dense(s);
    ock_tensor *x = stage_floats(s, BATCH, INPUTS), *dy = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *totals = stage_tensor(s, OCK_F32, 1, OCK_TOTALS_SIZE);
    adam.ema_momentum = 0.9f;
    p.kernel.penalty.group_lasso = 1e-2f;
    p.kernel.constraint = (ock_constraint){OCK_MAX_NORM, 2};
    TRY(s, ock_dense_backward_weights(&adam, 2, x, dy, &p, totals));
    stage_keep(s, p.kernel.value);
    stage_keep(s, p.bias.value);
    stage_keep_totals(s, totals);
}

/* ---- Layers ---- */

static void play_activation(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, OUTPUTS), *dy = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    ock_tensor *dx = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    for (ock_activation f = OCK_LINEAR; f <= OCK_SOFTMAX; f++) {
        TRY(s, ock_activation_forward(f, x, y));
        TRY(s, ock_activation_backward(f, x, y, dy, dx));
    }
    stage_keep(s, y);
    stage_keep(s, dx);
}

static void play_dropout_and_noise(stage *s)
{
    const ock_noise noise = {.stddev = 1, .seed = 128, .step = 3, .layer = 1};
    ock_tensor *x = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    TRY(s, ock_dropout_apply(&dropout, x, y));
    TRY(s, ock_noise_apply(&noise, y, x));
    stage_keep(s, x);
}

static void play_batch_norm(stage *s)
{
    ock_batch_norm norm = {stage_floats(s, 1, OUTPUTS),
                           stage_floats(s, 1, OUTPUTS),
                           stage_tensor(s, OCK_F32, 1, OUTPUTS),
                           stage_tensor(s, OCK_F32, 1, OUTPUTS),
                           0.9f,
                           1e-3f};
    ock_tensor *x = stage_floats(s, BATCH, OUTPUTS), *dy = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    ock_tensor *saved = stage_tensor(s, OCK_F32, 2, OUTPUTS);
    ock_tensor *gradients = stage_tensor(s, OCK_F32, 2, OUTPUTS);
    TRY(s, ock_batch_norm_forward(&norm, x, y, saved));
    TRY(s, ock_batch_norm_backward(&norm, x, saved, dy, dy, gradients));
    TRY(s, ock_batch_norm_forward(&norm, x, y, NULL));
    stage_keep(s, y);
    stage_keep(s, dy);
    stage_keep(s, gradients);
}

static void play_loss(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, OUTPUTS), *labels = stage_integers(s, BATCH, OUTPUTS);
    ock_tensor *targets = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *gradient = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    ock_tensor *totals = stage_tensor(s, OCK_F32, 1, OCK_TOTALS_SIZE);
    const ock_loss_options squared = {.kind = OCK_MEAN_SQUARED_ERROR};
    TRY(s, ock_loss(NULL, x, labels, gradient, totals));
    TRY(s, ock_one_hot(labels, targets));
    TRY(s, ock_loss(NULL, x, targets, gradient, totals));
    TRY(s, ock_loss(&squared, x, targets, gradient, totals));
    stage_keep(s, gradient);
    stage_keep_totals(s, totals);
}

static void play_reduce(stage *s)
{
    ock_tensor *x = stage_floats(s, 2 * INPUTS, OUTPUTS), *all = stage_tensor(s, OCK_F32, 1, 1);
    ock_tensor *rows = stage_tensor(s, OCK_F32, 1, OUTPUTS);
    ock_tensor *cols = stage_tensor(s, OCK_F32, 2 * INPUTS, 1);
    TRY(s, ock_reduce(OCK_ABS_SUM, OCK_ALL, x, all));
    TRY(s, ock_reduce(OCK_MAX, OCK_ROWS, x, rows));
    TRY(s, ock_reduce(OCK_MEAN, OCK_COLS, x, cols));
    stage_keep(s, all);
    stage_keep(s, rows);
    stage_keep(s, cols);
}

/* ---- Batches ---- */

static void play_batches(stage *s)
{
    ock_tensor *source = stage_floats(s, INPUTS, OUTPUTS), *rows = stage_integers(s, BATCH, INPUTS);
    ock_tensor *share = stage_floats(s, BATCH, 1), *other = stage_floats(s, BATCH, OUTPUTS);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, OUTPUTS);
    TRY(s, ock_gather(source, rows, 0, y));
    TRY(s, ock_mix(share, y, other, y));
    stage_keep(s, y);
}

static void play_standardize(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, OUTPUTS);
    ock_standardize options = {.rescale = 2,
                               .samplewise_center = true,
                               .samplewise_std_normalization = true,
                               .mean = stage_floats(s, 1, OUTPUTS)};
    TRY(s, ock_standardize_apply(&options, x, x));
    stage_keep(s, x);
}

static void play_augment(stage *s)
{
    const ock_augmentation a = {.height = SIDE,
                                .width = SIDE,
                                .channels = 1,
                                .rotation_range = 10,
                                .width_shift_range = 0.1f,
                                .zoom_range = {0.9f, 1.1f},
                                .channel_shift_range = 0.1f,
                                .brightness_range = {0.5f, 1.5f},
                                .white = 1,
                                .elastic_alpha = 3,
                                .elastic_sigma = 1,
                                .erase_factor = 0.5f,
                                .erase_scale = {0.02f, 0.4f},
                                .erase_ratio = {0.3f, 3.33f},
                                .seed = 1};
    ock_tensor *x = stage_floats(s, BATCH, SIDE * SIDE);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, SIDE * SIDE);
    ock_tensor *rows = stage_integers(s, BATCH, INPUTS);
    TRY(s, ock_augment(&a, 1, rows, x, y));
    stage_keep(s, y);
}

/* ---- Steps ---- */

static void play_step(stage *s)
{
    const ock_optimizer sgd = {
        .kind = OCK_SGD, .learning_rate = 0.1f, .momentum = 0.9f, .nesterov = true};
    ock_dense_parameters p = dense(s);
    ock_tensor *gradient = stage_floats(s, INPUTS, OUTPUTS);
    ock_tensor *totals = stage_tensor(s, OCK_F32, 1, OCK_TOTALS_SIZE);
    p.kernel.penalty.group_lasso = 1e-2f;
    p.kernel.constraint = (ock_constraint){OCK_UNIT_NORM, 0};
    TRY(s, ock_penalty_gradient(&p.kernel, gradient));
    TRY(s, ock_clip_norm(1, &gradient, 1));
    TRY(s, ock_step(&sgd, 1, &p.kernel, gradient, BATCH, totals));
    TRY(s, ock_penalty_add(&p.kernel, BATCH, totals));
    stage_keep(s, p.kernel.value);
    stage_keep_totals(s, totals);
}

static void play_fma_chains(stage *s)
{
    ock_tensor *x = stage_floats(s, BATCH, INPUTS);
    TRY(s, ock_fma_chains(0.5f, 0.25f, 9, x));
    stage_keep(s, x);
}

const scenario operation_scenes[] = {
    {.name = "transfers", .play = play_transfers, .stride = 1},
    {.name = "slow device",
     .play = play_flushes,
     .slow = true,
     .entry = "clWaitForEvents",
     .stride = 1},
    {.name = "matmul", .play = play_matmul, .stride = 1},
    {.name = "dense_forward", .play = play_dense_forward, .stride = 1},
    {.name = "dense_backward_input", .play = play_dense_backward_input, .stride = 1},
    {.name = "dense_backward_weights", .play = play_dense_backward_weights, .stride = 1},
    {.name = "activation", .play = play_activation, .stride = 1},
    {.name = "dropout, noise", .play = play_dropout_and_noise, .stride = 1},
    {.name = "batch_norm", .play = play_batch_norm, .stride = 1},
    {.name = "loss, one_hot", .play = play_loss, .stride = 1},
    {.name = "reduce", .play = play_reduce, .stride = 1},
    {.name = "gather, mix", .play = play_batches, .stride = 1},
    {.name = "standardize", .play = play_standardize, .stride = 1},
    {.name = "augment", .play = play_augment, .stride = 1},
    {.name = "step", .play = play_step, .stride = 1},
    {.name = "fma_chains", .play = play_fma_chains, .stride = 1},
    {0}};
