/* Data sets, networks and fits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sweep.h"

enum {
    ROWS = 40,
    BATCH = 16,
    FEATURES = 12,
    CLASSES = 5
};

static const char net_file[] = "net.safetensors", run_file[] = "run.safetensors";

/* ---- Parts ---- */

static ock_dataset *make_data(stage *s)
{
    static float x[ROWS * FEATURES];
    static int32_t labels[ROWS];
    uint32_t draw[4];
    for (uint32_t i = 0; i < ROWS * FEATURES; i++) {
        ock_philox((uint32_t[4]){i, 0, 0, 0}, 2, draw);
        x[i] = (float)(draw[0] >> 8) * 0x1p-23f - 1;
    }
    for (int32_t i = 0; i < ROWS; i++)
        labels[i] = i % CLASSES;
    const ock_arrays arrays = {
        .rows = ROWS, .features = FEATURES, .x = x, .outputs = CLASSES, .labels = labels};
    ock_dataset *data = NULL;
    TRY(s, ock_dataset_create(s->context, &arrays, &data));
    return data;
}

static ock_model *make_net(stage *s, uint64_t seed)
{
    const ock_dense dense = {.kernel = {.l2 = 1e-4f}};
    ock_model *net = NULL;
    TRY(s, ock_model_create(s->context, FEATURES, &net));
    TRY(s, ock_model_add_dense(net, 10, OCK_RELU, &dense));
    TRY(s, ock_model_add_dropout(net, 0.25f));
    TRY(s, ock_model_add_batch_norm(net, NULL));
    TRY(s, ock_model_add_dense(net, CLASSES, OCK_SOFTMAX, NULL));
    TRY(s, ock_model_initialize(net, seed));
    return net;
}

static void keep_weights(stage *s, const ock_model *net)
{
    ock_model_tensor tensor = {0};
    for (size_t i = 0; s->status == OCK_OK && i < ock_model_tensor_count(net); i++) {
        TRY(s, ock_model_tensor_at(net, i, &tensor));
        stage_keep(s, tensor.tensor);
    }
}

static ock_fit fit_options(void)
{
    ock_fit fit = ock_fit_defaults();
    fit.epochs = 2;
    fit.batch_size = BATCH;
    fit.seed = 3;
    return fit;
}

/* ---- Data ---- */

static void play_data(stage *s)
{
    static const int32_t rows[] = {3, 1, 4, 1, 5};
    ock_dataset *data = make_data(s), *view = NULL, *selection = NULL;
    ock_tensor *indices = stage_integers(s, 4, 5);
    ock_tensor *x = stage_tensor(s, OCK_F32, 4, FEATURES), *y = stage_tensor(s, OCK_I32, 4, 1);
    ock_tensor *hot = stage_tensor(s, OCK_F32, 4, CLASSES);
    TRY(s, ock_dataset_select(data, rows, 5, &selection));
    TRY(s, ock_dataset_view(data, 10, 20, &view));
    TRY(s, ock_dataset_batch(selection, indices, x, y));
    stage_keep(s, x);
    TRY(s, ock_one_hot(y, hot));
    stage_keep(s, hot);
    TRY(s, ock_dataset_batch(view, indices, x, NULL));
    stage_keep(s, x);
    ock_dataset_destroy(selection);
    ock_dataset_destroy(view);
    ock_dataset_destroy(data);
}

static void play_standardizer(stage *s)
{
    const ock_standardization options = {.samplewise_center = true,
                                         .featurewise_center = true,
                                         .featurewise_std_normalization = true};
    ock_dataset *data = make_data(s);
    ock_standardizer *standardizer = NULL;
    ock_tensor *x = stage_floats(s, BATCH, FEATURES);
    TRY(s, ock_standardizer_fit(data, &options, &standardizer));
    TRY(s, ock_standardizer_batch(standardizer, x, x));
    stage_keep(s, x);
    TRY(s, ock_standardizer_apply(standardizer, data));
    ock_standardizer_destroy(standardizer);
    ock_dataset_destroy(data);
}

/* ---- Networks ---- */

static void play_train_step(stage *s)
{
    ock_model *net = make_net(s, 1);
    ock_fit fit = fit_options();
    ock_tensor *x = stage_floats(s, BATCH, FEATURES), *y = stage_integers(s, BATCH, CLASSES);
    ock_tensor *totals = stage_tensor(s, OCK_F32, 1, OCK_TOTALS_SIZE);
    TRY(s, ock_model_train_step(net, &fit, x, y, totals));
    TRY(s, ock_context_flush(s->context));
    stage_keep_totals(s, totals);
    keep_weights(s, net);
    ock_model_destroy(net);
}

static void play_fit(stage *s)
{
    ock_dataset *data = make_data(s);
    ock_model *net = make_net(s, 1);
    ock_fit fit = fit_options();
    fit.validation_split = 0.25f;
    fit.early_stopping =
        (ock_early_stopping){.monitor = "val_loss", .patience = 9, .restore_best_weights = true};
    fit.swa_from_epoch = 2;
    ock_history history = {0};
    TRY(s, ock_model_fit(net, data, NULL, &fit, &history));
    stage_keep_value(s, s->status == OCK_OK ? history.epochs[1].val_loss : 0);
    keep_weights(s, net);
    ock_history_clear(&history);
    ock_model_destroy(net);
    ock_dataset_destroy(data);
}

/* All that a fit can do to its batches, unfused steps, and a checkpoint. */
static void play_fit_with_all(stage *s)
{
    static const float class_weights[CLASSES] = {1, 2, 1, 1, 1};
    const ock_augmentation pictures = {
        .height = 3, .width = 4, .channels = 1, .rotation_range = 15, .erase_factor = 0};
    const ock_standardization scales = {.featurewise_center = true};
    ock_dataset *data = make_data(s);
    ock_standardizer *standardizer = NULL;
    ock_model *net = make_net(s, 1);
    TRY(s, ock_standardizer_fit(data, &scales, &standardizer));
    ock_fit fit = fit_options();
    fit.augmentation = &pictures;
    fit.standardizer = standardizer;
    fit.mixup_alpha = 0.2f;
    fit.class_weights = class_weights;
    fit.label_smoothing = 0.1f;
    fit.optimizer.clip_norm = 1;
    fit.optimizer.ema_momentum = 0.9f;
    fit.checkpoint = run_file;
    TRY(s, ock_model_fit(net, data, NULL, &fit, NULL));
    keep_weights(s, net);
    ock_model_destroy(net);
    ock_standardizer_destroy(standardizer);
    ock_dataset_destroy(data);
    remove(run_file);
}

static void play_resume(stage *s)
{
    ock_dataset *data = make_data(s);
    ock_fit fit = fit_options();
    fit.checkpoint = run_file;
    fit.resume = true;
    for (fit.epochs = 1; fit.epochs <= 2; fit.epochs++) {
        ock_model *net = make_net(s, 1);
        TRY(s, ock_model_fit(net, data, NULL, &fit, NULL));
        keep_weights(s, net);
        ock_model_destroy(net);
    }
    ock_dataset_destroy(data);
    remove(run_file);
}

static void play_evaluate(stage *s)
{
    ock_dataset *data = make_data(s);
    ock_model *net = make_net(s, 1);
    ock_evaluation evaluation = {0};
    TRY(s, ock_model_evaluate(net, data, NULL, &evaluation));
    stage_keep_value(s, evaluation.loss);
    stage_keep_value(s, evaluation.accuracy);
    ock_model_destroy(net);
    ock_dataset_destroy(data);
}

static void play_predict(stage *s)
{
    ock_model *net = make_net(s, 1);
    ock_tensor *x = stage_floats(s, BATCH, FEATURES);
    ock_tensor *y = stage_tensor(s, OCK_F32, BATCH, CLASSES);
    TRY(s, ock_model_predict(net, x, y));
    stage_keep(s, y);
    ock_model_destroy(net);
}

/* ---- Files ---- */

static size_t read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, size, file) : 0;
    if (file)
        fclose(file);
    return length;
}

/* A save that fails leaves the file as it was. */
static void play_save(stage *s)
{
    enum {
        MOST = 1 << 16
    };
    static char before[MOST], after[MOST];
    ock_model *net = make_net(s, 1), *opened = NULL;
    size_t length = read_file(net_file, before, MOST);
    TRY(s, ock_model_save(net, net_file));
    if (s->status != OCK_OK &&
        (read_file(net_file, after, MOST) != length || memcmp(before, after, length) != 0))
        s->broken = "the file was changed by a save that failed";
    TRY(s, ock_model_open(s->context, net_file, &opened));
    keep_weights(s, opened);
    ock_model_destroy(opened);
    ock_model_destroy(net);
}

/* A load that fails leaves the network as it was. */
static void play_load(stage *s)
{
    ock_model *net = make_net(s, 1), *other = make_net(s, 2);
    TRY(s, ock_model_save(net, net_file));
    size_t first = s->kept;
    keep_weights(s, other);
    size_t count = s->kept - first;
    bool ready = s->status == OCK_OK;
    TRY(s, ock_model_load(other, net_file));
    if (ready && s->status != OCK_OK) {
        stage again = {.context = s->context};
        stage_calm(s);
        keep_weights(&again, other);
        if (again.status != OCK_OK || again.kept != count ||
            memcmp(again.values, s->values + first, count * sizeof *s->values) != 0)
            s->broken = "the network was changed by a load that failed";
    }
    keep_weights(s, other);
    ock_model_destroy(other);
    ock_model_destroy(net);
}

static void play_compact(stage *s)
{
    ock_model *net = make_net(s, 1), *compacted = NULL;
    ock_sparsity sparsity = {0};
    TRY(s, ock_model_sparsity(net, 0, 0.1f, &sparsity));
    stage_keep_value(s, (double)sparsity.zeros);
    TRY(s, ock_model_compact(net, 0.1f, &compacted, NULL));
    keep_weights(s, compacted);
    ock_model_destroy(compacted);
    ock_model_destroy(net);
}

const scenario training_scenes[] = {
    {.name = "data set", .play = play_data, .stride = 3},
    {.name = "standardizer", .play = play_standardizer, .stride = 3},
    {.name = "training step", .play = play_train_step, .stride = 5},
    {.name = "fit", .play = play_fit, .stride = 23, .all_stride = 3},
    {.name = "fit with all", .play = play_fit_with_all, .stride = 31, .all_stride = 5},
    {.name = "resume", .play = play_resume, .stride = 23, .all_stride = 3},
    {.name = "evaluate", .play = play_evaluate, .stride = 5},
    {.name = "predict", .play = play_predict, .stride = 3},
    {.name = "save, open", .play = play_save, .stride = 3},
    {.name = "load", .play = play_load, .stride = 3},
    {.name = "compact", .play = play_compact, .stride = 3},
    {0}};
