#include <stdio.h>
#include <stdlib.h>

#include "recovery.h"

enum {
    OUTPUTS = 3,
    ROWS = 90,
    BATCH = 30
};

/* ---- Runs ---- */

static const spec layers[] = {
    {SPEC_DENSE, .units = 17, .activation = OCK_RELU, .l2 = 1e-3f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

static const ock_augmentation moves = {.height = SIDE,
                                       .width = SIDE,
                                       .channels = 1,
                                       .rotation_range = 20,
                                       .zoom_range = {0.9f, 1.1f},
                                       .horizontal_flip = true,
                                       .seed = 9};

static const float class_weights[OUTPUTS] = {0.5f, 1, 2};

static samples data;
folder files;
char first_device[24], next_device[24];

static void open_fit(bed *b, run_kind kind)
{
    ock_fit *fit = &b->fit;
    *fit = ock_fit_defaults();
    fit->epochs = EPOCHS;
    fit->batch_size = BATCH;
    fit->seed = 5;
    fit->class_weights = class_weights;
    fit->checkpoint = files.path;
    if (kind == PLAIN) {
        fit->shuffle = false;
        return;
    }
    fit->standardizer = b->standardizer;
    fit->augmentation = &moves;
    fit->mixup_alpha = 0.3f;
    fit->early_stopping = (ock_early_stopping){
        .monitor = "val_loss", .patience = EPOCHS, .restore_best_weights = true};
    if (kind == MOVING_AVERAGE)
        fit->optimizer.ema_momentum = 0.8f;
    else
        fit->swa_from_epoch = 2;
}

/* Whole numbers, whose mean is the same on all devices; and a selection beside a view. */
void open_sets(bed *b)
{
    int32_t rows[ROWS * 2 / 3];
    for (int32_t i = 0; i < ROWS * 2 / 3; i++)
        rows[i] = ROWS - 1 - i;
    b->set = labelled(b->context, &data);
    OK(b->context, ock_dataset_select(b->set, rows, ROWS * 2 / 3, &b->train));
    OK(b->context, ock_dataset_view(b->set, 0, ROWS / 3, &b->valid));
    OK(b->context, ock_standardizer_fit(
                       b->set, &(ock_standardization){.featurewise_center = true, .rescale = 0.25f},
                       &b->standardizer));
}

void rebuild(bed *b)
{
    ock_model_destroy(b->net);
    ock_history_clear(&b->history);
    b->net = build(b->context, FEATURES, layers);
    remove(files.path);
}

void renew(bed *b)
{
    rebuild(b);
    OK(b->context, ock_model_initialize(b->net, b->fit.seed));
}

bed open_bed(const char *device, run_kind kind)
{
    bed b = {.live = layer.live()};
    b.context = open_device(device, 0);
    open_sets(&b);
    open_fit(&b, kind);
    renew(&b);
    return b;
}

void close_bed(bed *b)
{
    ock_history_clear(&b->history);
    ock_model_destroy(b->net);
    ock_standardizer_destroy(b->standardizer);
    ock_dataset_destroy(b->valid);
    ock_dataset_destroy(b->train);
    ock_dataset_destroy(b->set);
    ock_context_destroy(b->context);
    ck_assert_uint_eq(layer.live(), b->live);
}

ock_status run(bed *b)
{
    const ock_dataset *valid = b->fit.early_stopping.monitor ? b->valid : NULL;
    return ock_model_fit(b->net, b->train, valid, &b->fit, &b->history);
}

/* ---- What must come of them ---- */

static bool note_epoch(const ock_epoch *epoch, void *user)
{
    expected *e = user;
    bytes *checkpoint = &e->checkpoints[epoch->epoch];
    e->epochs[epoch->epoch] = weights_of(e->net, &e->size);
    checkpoint->data = read_file(files.path, &checkpoint->size);
    return true;
}

static float *resumed_on(const char *device, run_kind kind, const bytes *checkpoint)
{
    bed b = open_bed(device, kind);
    size_t size;
    if (checkpoint->data)
        write_file(files.path, checkpoint->data, checkpoint->size);
    b.fit.resume = true;
    OK(b.context, run(&b));
    float *end = weights_of(b.net, &size);
    close_bed(&b);
    return end;
}

expected expect(run_kind kind, layer_fault fault)
{
    expected e = {0};
    bed b = open_bed(first_device, kind);
    e.net = b.net;
    e.epochs[0] = weights_of(b.net, &e.size);
    b.fit.on_epoch = note_epoch;
    b.fit.user = &e;
    OK(b.context, run(&b));
    e.end = weights_of(b.net, &e.size);
    e.history = b.history;
    b.history = (ock_history){0};
    renew(&b);
    b.fit.on_epoch = NULL;
    fault.position = SIZE_MAX;
    layer.arm(&fault);
    OK(b.context, run(&b));
    e.calls = layer.calls();
    layer.arm(NULL);
    close_bed(&b);
    for (size_t k = 0; k <= EPOCHS; k++) {
        e.on_next[k] = resumed_on(next_device, kind, &e.checkpoints[k]);
        e.on_plain[k] = resumed_on("scalar", kind, &e.checkpoints[k]);
    }
    return e;
}

void expected_free(expected *e)
{
    for (size_t k = 0; k <= EPOCHS; k++) {
        free(e->epochs[k]);
        free(e->on_next[k]);
        free(e->on_plain[k]);
        free(e->checkpoints[k].data);
    }
    free(e->end);
    ock_history_clear(&e->history);
}

void expect_weights(const expected *e, const bed *b, const float *weights)
{
    size_t size;
    float *got = weights_of(b->net, &size);
    ck_assert_uint_eq(size, e->size);
    ck_assert_mem_eq(got, weights, size * sizeof *got);
    free(got);
}

void expect_epochs(const expected *e, const bed *b, size_t epochs)
{
    ck_assert_uint_eq(b->history.count, epochs);
    for (size_t i = 0; i < epochs; i++) {
        ck_assert_double_eq(b->history.epochs[i].loss, e->history.epochs[i].loss);
        ck_assert_uint_eq(b->history.epochs[i].epoch, i + 1);
    }
}

/* ---- Around them ---- */

void open_all(void)
{
    data = samples_create(ROWS, FEATURES, OUTPUTS);
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        data.x[i] = rintf(4 * data.x[i]);
    files = folder_open();
}

void close_all(void)
{
    folder_close(&files);
    samples_free(&data);
}
