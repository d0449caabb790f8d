/* Random draws of one seed: pinned, so that they are the same bits on every platform, and a change
 * is noticed wherever it is made. */
#include <string.h>

#include "checkcl.h"

#define SEED UINT64_C(0x0123456789abcdef)

enum {
    ROWS = 13,
    COLS = 48
};

/* FNV-1a over the values' bits. */
static uint64_t digest(const float *values, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ (bits >> shift & 0xff)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void expect_digest(checkcl *t, int side, uint64_t got, uint64_t pinned)
{
    expect_true(t, got == pinned, "the draws of the %s have digest 0x%016llx, not 0x%016llx",
                side == DEVICE ? "device" : "scalar path", (unsigned long long)got,
                (unsigned long long)pinned);
}

/* A dropout or noise on ones, or noise on zeros. */
static void expect_draws(checkcl *t, const ock_dropout *dropout, const ock_noise *noise,
                         uint64_t pinned)
{
    float value = noise && noise->kind == OCK_GAUSSIAN_NOISE ? 0 : 1;
    pair *x = input(t, ROWS, COLS, uniform(t, ROWS * COLS, value, value));
    pair *y = output(t, ROWS, COLS);
    for (int side = 0; side < SIDES; side++) {
        expect_ok(t, side, "a draw",
                  dropout ? ock_dropout_apply(dropout, x->on[side], y->on[side])
                          : ock_noise_apply(noise, x->on[side], y->on[side]));
        expect_digest(t, side, digest(result(t, y, side), ROWS * COLS), pinned);
    }
}

void check_draws(checkcl *t)
{
    const ock_dropout dropout = {.rate = 0.4f, .seed = SEED, .step = 7, .layer = 3};
    ock_dropout channels = dropout;
    const ock_noise noise = {.stddev = 1, .seed = SEED, .step = 7, .layer = 3};
    ock_noise factors = {OCK_GAUSSIAN_DROPOUT, .rate = 0.3f, .seed = SEED, .step = 7, .layer = 3};
    channels.channels = 6;
    switch (choose(t, 4)) {
    case 0:
        describe(t, "dropout");
        expect_draws(t, &dropout, NULL, UINT64_C(0x70b3daac9e96ad03));
        break;
    case 1:
        describe(t, "dropout of channels");
        expect_draws(t, &channels, NULL, UINT64_C(0xfe20525d73358f85));
        break;
    case 2:
        describe(t, "Gaussian noise");
        expect_draws(t, NULL, &noise, UINT64_C(0x3d75bf0a06a38693));
        break;
    default:
        describe(t, "Gaussian dropout");
        expect_draws(t, NULL, &factors, UINT64_C(0x0422daeeee5e5d7d));
    }
}

/* ---- Initial weights ---- */

static uint64_t weights_of(checkcl *t, int side, ock_model *model)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor w;
        expect_ok(t, side, "ock_model_tensor_at", ock_model_tensor_at(model, i, &w));
        size_t count = ock_tensor_rows(w.tensor) * ock_tensor_cols(w.tensor);
        float *values = uniform(t, count, 0, 0);
        expect_ok(t, side, "ock_tensor_read", ock_tensor_read(w.tensor, values));
        hash = hash * 31 + digest(values, count);
    }
    return hash;
}

void check_draws_weights(checkcl *t)
{
    static const uint64_t pinned[] = {UINT64_C(0xa9e2b553b97dd269), UINT64_C(0x4a2a90a886759a2e)};
    ock_initializer initializer = choose(t, 2) ? OCK_HE_NORMAL : OCK_GLOROT_UNIFORM;
    const ock_dense options = {.initializer = initializer};
    pair *any = totals(t);
    describe(t, "initializer %d", (int)initializer);
    for (int side = 0; side < SIDES; side++) {
        ock_model *model = NULL;
        ock_status status = ock_model_create(ock_tensor_context(any->on[side]), 20, &model);
        if (!status)
            status = ock_model_add_dense(model, 9, OCK_RELU, &options);
        if (!status)
            status = ock_model_add_dense(model, 5, OCK_SOFTMAX, &options);
        if (!status)
            status = ock_model_initialize(model, SEED);
        expect_ok(t, side, "an initialised network", status);
        expect_digest(t, side, weights_of(t, side, model), pinned[initializer]);
        ock_model_destroy(model);
    }
}

/* ---- Shuffles ---- */

enum {
    SHUFFLED = 8,
    EPOCHS = 3
};

/* Trains w of y = w, by w = (w + target)/2 for one row at a time, from 0: without a rounding, so
 * that w's binary digits are the targets in the order in which the rows were visited. */
static ock_status visit(ock_context *context, const float *targets, float *w)
{
    static const float ones[SHUFFLED] = {1, 1, 1, 1, 1, 1, 1, 1};
    ock_arrays arrays = {
        .rows = SHUFFLED, .features = 1, .x = ones, .outputs = 1, .targets = targets};
    ock_fit fit = ock_fit_defaults();
    ock_dataset *set = NULL;
    ock_model *model = NULL;
    ock_model_tensor weight;
    fit.optimizer = ock_sgd_defaults();
    fit.optimizer.learning_rate = 0.25f;
    fit.loss = OCK_MEAN_SQUARED_ERROR;
    fit.batch_size = 1;
    fit.epochs = EPOCHS;
    fit.seed = SEED;
    *w = 0;
    ock_status status = ock_dataset_create(context, &arrays, &set);
    if (!status)
        status = ock_model_create(context, 1, &model);
    if (!status)
        status = ock_model_add_dense(model, 1, OCK_LINEAR, &(ock_dense){.no_bias = true});
    if (!status)
        status = ock_model_initialize(model, SEED);
    if (!status)
        status = ock_model_tensor_at(model, 0, &weight);
    if (!status)
        status = ock_tensor_write(weight.tensor, w);
    if (!status)
        status = ock_model_fit(model, set, NULL, &fit, NULL);
    if (!status)
        status = ock_tensor_read(weight.tensor, w);
    ock_model_destroy(model);
    ock_dataset_destroy(set);
    return status;
}

/* The order of the three epochs, from one bit of the row's number at a time. */
void check_draws_shuffle(checkcl *t)
{
    static const uint32_t pinned[] = {0x59a38e, 0xf0992d, 0x9ce8c9};
    unsigned bit = choose(t, 3);
    float targets[SHUFFLED];
    pair *any = totals(t);
    describe(t, "bit %u of the rows", bit);
    for (unsigned i = 0; i < SHUFFLED; i++)
        targets[i] = (float)(i >> bit & 1);
    for (int side = 0; side < SIDES; side++) {
        float w = 0;
        expect_ok(t, side, "a fit", visit(ock_tensor_context(any->on[side]), targets, &w));
        uint32_t got = (uint32_t)(w * 0x1p24f); /* the last row visited is the highest bit */
        expect_true(t, got == pinned[bit], "the %s visits 0x%06x, not 0x%06x",
                    side == DEVICE ? "device" : "scalar path", got, pinned[bit]);
    }
}

/* ---- Pictures ---- */

static const ock_augmentation moves = {.height = 6,
                                       .width = 8,
                                       .channels = 1,
                                       .rotation_range = 30,
                                       .width_shift_range = 0.2f,
                                       .height_shift_range = 0.3f,
                                       .shear_range = 20,
                                       .zoom_range = {0.7f, 1.2f},
                                       .horizontal_flip = true,
                                       .vertical_flip = true,
                                       .channel_shift_range = 0.5f,
                                       .brightness_range = {0.5f, 1.5f},
                                       .white = 1,
                                       .elastic_alpha = 2,
                                       .elastic_sigma = 1,
                                       .erase_factor = 0.6f,
                                       .erase_scale = {0.02f, 0.4f},
                                       .erase_ratio = {0.3f, 3.33f},
                                       .cutout_size = 3,
                                       .seed = SEED};

/* So narrow a Gaussian is the pixel alone, and a displacement is the word drawn. */
static const ock_augmentation displaced = {.height = 6,
                                           .width = 8,
                                           .channels = 1,
                                           .elastic_alpha = 1,
                                           .elastic_sigma = 0.1f,
                                           .seed = SEED};

static int32_t *numbers(checkcl *t, size_t count)
{
    int32_t *values = integers(t, count, 0, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = (int32_t)(i * i * 1000);
    return values;
}

static void expect_transforms(checkcl *t, pair *indices)
{
    pair *y = output(t, ROWS, OCK_TRANSFORM_SIZE);
    for (int side = 0; side < SIDES; side++) {
        expect_ok(t, side, "ock_augment_draw",
                  ock_augment_draw(&moves, 5, indices->on[side], y->on[side]));
        expect_digest(t, side, digest(result(t, y, side), ROWS * OCK_TRANSFORM_SIZE),
                      UINT64_C(0x822a4d48369e6f2e));
    }
}

static void expect_displacements(checkcl *t, pair *indices)
{
    float *steps = uniform(t, ROWS * COLS, 0, 0);
    for (size_t i = 0; i < ROWS * COLS; i++)
        steps[i] = (float)(i % COLS);
    pair *x = input(t, ROWS, COLS, steps), *y = output(t, ROWS, COLS);
    for (int side = 0; side < SIDES; side++) {
        expect_ok(t, side, "ock_augment",
                  ock_augment(&displaced, 5, indices->on[side], x->on[side], y->on[side]));
        expect_digest(t, side, digest(result(t, y, side), ROWS * COLS),
                      UINT64_C(0xd966ee12bb27bd40));
    }
}

void check_draws_pictures(checkcl *t)
{
    pair *indices = input_i32(t, ROWS, 1, numbers(t, ROWS));
    bool elastic = choose(t, 2);
    describe(t, "%s", elastic ? "elastic displacements" : "transforms");
    if (elastic)
        expect_displacements(t, indices);
    else
        expect_transforms(t, indices);
}

/* A sample's picture is the same in a whole batch and in any other, wherever it stands. */
void check_draws_batches(checkcl *t)
{
    size_t rows = 1 + choose(t, 40), some = 1 + choose(t, (unsigned)rows);
    int32_t *index = integers(t, rows, 0, INT32_MAX), *turned = integers(t, some, 0, 0);
    float *pictures = uniform(t, rows * COLS, 0, 1), *others = uniform(t, some * COLS, 0, 0);
    describe(t, "%zu pictures of %zu, the last first", some, rows);
    for (size_t i = 0; i < some; i++) {
        turned[i] = index[rows - 1 - i];
        memcpy(&others[i * COLS], &pictures[(rows - 1 - i) * COLS], COLS * sizeof *others);
    }
    pair *all = input_i32(t, rows, 1, index), *few = input_i32(t, some, 1, turned);
    pair *x = input(t, rows, COLS, pictures), *y = output(t, rows, COLS);
    pair *x2 = input(t, some, COLS, others), *y2 = output(t, some, COLS);
    ON_BOTH(t, ock_augment(&moves, 5, all->on[side], x->on[side], y->on[side]));
    ON_BOTH(t, ock_augment(&moves, 5, few->on[side], x2->on[side], y2->on[side]));
    for (int side = 0; side < SIDES; side++) {
        const float *whole = result(t, y, side), *part = result(t, y2, side);
        for (size_t i = 0; i < some; i++)
            expect_true(
                t, !memcmp(&part[i * COLS], &whole[(rows - 1 - i) * COLS], COLS * sizeof *part),
                "%s: picture %zu is another as number %zu of %zu",
                side == DEVICE ? "device" : "scalar path", rows - 1 - i, i, some);
    }
}
