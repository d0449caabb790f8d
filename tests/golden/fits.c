#include "vectors/labels.h"
#include "vectors/layers.h"
#include "vectors/training.h"

#include <stdio.h>
#include <string.h>

/* Of one rounding's spread, as in networks.c. */
#define ROUNDINGS 4

typedef struct fit_setup {
    ock_loss_kind loss;
    void (*add_layers)(ock_model *model);
} fit_setup;

static const ock_penalty weight = {.l1 = 0.001f, .l2 = 0.01f};

static void add_softmax(ock_model *model)
{
    ock_dense options = {.kernel = weight};
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_RELU, &options));
    expect_ok(NULL, ock_model_add_dense(model, 3, OCK_SOFTMAX, &options));
}

static void add_binary(ock_model *model)
{
    ock_dense options = {.kernel = weight, .bias = {.l1 = 0.002f, .l2 = 0.005f}};
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_ELU, &options));
    expect_ok(NULL, ock_model_add_dense(model, 2, OCK_SIGMOID, NULL));
}

static void add_normalised(ock_model *model)
{
    ock_dense options = {.kernel = weight, .no_bias = true};
    ock_normalization norm = {.momentum = 0.9f, .epsilon = 1e-3f};
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_LINEAR, &options));
    expect_ok(NULL, ock_model_add_batch_norm(model, &norm));
    expect_ok(NULL, ock_model_add_activation(model, OCK_GELU));
    expect_ok(NULL, ock_model_add_dense(model, 2, OCK_LINEAR, NULL));
}

/* In the order of fit_runs. */
static const fit_setup setups[LENGTH(fit_runs)] = {
    {OCK_SOFTMAX_CROSSENTROPY, add_softmax},
    {OCK_BINARY_CROSSENTROPY, add_binary},
    {OCK_MEAN_SQUARED_ERROR, add_normalised},
};

static const ock_penalty activity = {.l1 = 0.01f, .l2 = 0.02f};

static void add_active(ock_model *model)
{
    ock_dense options = {.activity = activity, .kernel.l2 = 0.01f};
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_RELU, &options));
    options.kernel.l2 = 0;
    expect_ok(NULL, ock_model_add_dense(model, 3, OCK_SOFTMAX, &options));
}

static void add_active_products(ock_model *model)
{
    ock_dense options = {.activity = activity};
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_LINEAR, &options));
    expect_ok(NULL, ock_model_add_activation(model, OCK_TANH));
    expect_ok(NULL, ock_model_add_dense(model, 2, OCK_LINEAR, &options));
}

/* In the order of activity_fits. */
static const fit_setup active_setups[LENGTH(activity_fits)] = {
    {OCK_SOFTMAX_CROSSENTROPY, add_active},
    {OCK_MEAN_SQUARED_ERROR, add_active_products},
};

static void add_two(ock_model *model)
{
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_RELU, NULL));
    expect_ok(NULL, ock_model_add_dense(model, 3, OCK_SOFTMAX, NULL));
}

static void add_choices(ock_model *model)
{
    expect_ok(NULL, ock_model_add_dense(model, 5, OCK_TANH, NULL));
    expect_ok(NULL, ock_model_add_dense(model, 2, OCK_SIGMOID, NULL));
}

/* In the order of label_fits. */
static const fit_setup label_setups[LENGTH(label_fits)] = {
    {OCK_SOFTMAX_CROSSENTROPY, add_two},
    {OCK_SOFTMAX_CROSSENTROPY, add_two},
    {OCK_BINARY_CROSSENTROPY, add_choices},
    {OCK_BINARY_CROSSENTROPY, add_choices},
};

static const golden_tensor *keras_tensor(const golden_fit *run, const char *name)
{
    for (size_t i = 0; i < run->tensor_count; i++)
        if (strcmp(run->tensors[i].name, name) == 0)
            return &run->tensors[i];
    ck_abort_msg("%s: Keras has no %s", run->name, name);
}

static ock_model *make_model(ock_context *context, const golden_fit *run, const fit_setup *setup)
{
    ock_model *model = NULL;
    ock_model_tensor t;
    expect_ok(context, ock_model_create(context, FIT_INPUTS, &model));
    setup->add_layers(model);
    expect_ok(context, ock_model_initialize(model, 0));
    ck_assert_uint_eq(ock_model_tensor_count(model), run->tensor_count);
    for (size_t i = 0; i < run->tensor_count; i++) {
        expect_ok(context, ock_model_tensor_at(model, i, &t));
        const golden_tensor *keras = keras_tensor(run, t.name);
        ck_assert_uint_eq(ock_tensor_rows(t.tensor) * ock_tensor_cols(t.tensor), keras->size);
        expect_ok(context, ock_tensor_write(t.tensor, keras->values));
    }
    return model;
}

static void check_weights(ock_model *model, const golden_fit *run)
{
    ock_model_tensor t;
    for (size_t i = 0; i < run->tensor_count; i++) {
        float got[64];
        char name[64];
        expect_ok(NULL, ock_model_tensor_at(model, i, &t));
        const golden_tensor *keras = keras_tensor(run, t.name);
        read_floats(t.tensor, got);
        snprintf(name, sizeof name, "%s, %s", run->name, t.name);
        for (size_t k = 0; k < keras->size; k++)
            expect_near(name, k, got[k], keras->values[keras->size + k],
                        ROUNDINGS * (double)run->weight_spread);
    }
}

static void check_history(const ock_history *history, const golden_fit *run)
{
    ck_assert_uint_eq(history->count, FIT_EPOCHS);
    for (size_t e = 0; e < FIT_EPOCHS; e++) {
        const ock_epoch *epoch = &history->epochs[e];
        const double *keras = run->history[e];
        double bound = ROUNDINGS * ((double)run->loss_spread + UNIT * keras[0]);
        expect_near(run->name, e, epoch->loss, keras[0], bound);
        expect_near(run->name, e, epoch->val_loss, keras[2], bound);
        expect_near(run->name, e, epoch->loss, epoch->data_loss + epoch->penalty, bound);
        expect_near(run->name, e, epoch->val_loss, epoch->val_data_loss + epoch->val_penalty,
                    bound);
        expect_near(run->name, e, epoch->accuracy, keras[1], FLT_EPSILON);
        expect_near(run->name, e, epoch->val_accuracy, keras[3], FLT_EPSILON);
        ck_assert(isnan(keras[1]) == isnan(epoch->accuracy));
    }
}

/* The generator's set: the first rows to train on, the rest for validation. */
static void split(ock_context *context, const golden_fit *run, ock_dataset *parts[3])
{
    ock_arrays arrays = {.rows = FIT_ROWS,
                         .features = FIT_INPUTS,
                         .x = run->x,
                         .outputs = run->outputs,
                         .labels = run->labels,
                         .targets = run->targets,
                         .weights = run->row_weights};
    expect_ok(context, ock_dataset_create(context, &arrays, &parts[0]));
    expect_ok(context, ock_dataset_view(parts[0], 0, FIT_TRAIN, &parts[1]));
    expect_ok(context, ock_dataset_view(parts[0], FIT_TRAIN, FIT_ROWS - FIT_TRAIN, &parts[2]));
}

static void check_fit(ock_context *context, const golden_fit *run, const fit_setup *setup)
{
    ock_model *model = make_model(context, run, setup);
    ock_dataset *parts[3];
    ock_history history = {0};
    ock_fit fit = ock_fit_defaults();
    split(context, run, parts);
    fit.epochs = FIT_EPOCHS;
    fit.batch_size = 4;
    fit.optimizer = run->optimizer;
    fit.loss = setup->loss;
    fit.label_smoothing = run->smoothing;
    fit.class_weights = run->class_weights;
    fit.shuffle = false;
    expect_ok(context, ock_model_fit(model, parts[1], parts[2], &fit, &history));
    check_history(&history, run);
    check_weights(model, run);
    ock_history_clear(&history);
    for (size_t i = 0; i < LENGTH(parts); i++)
        ock_dataset_destroy(parts[i]);
    ock_model_destroy(model);
}

START_TEST(fits)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(fit_runs); i++)
        check_fit(context, &fit_runs[i], &setups[i]);
    for (size_t i = 0; context && i < LENGTH(activity_fits); i++)
        check_fit(context, &activity_fits[i], &active_setups[i]);
    for (size_t i = 0; context && i < LENGTH(label_fits); i++)
        check_fit(context, &label_fits[i], &label_setups[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_fits(void)
{
    TCase *topic = tcase_create("fits");
    tcase_add_loop_test(topic, fits, 0, GOLDEN_DEVICES);
    return topic;
}
