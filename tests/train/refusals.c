/* What is wrong is refused, with words that say what would be right. */
#include <math.h>
#include <stdlib.h>

#include "suites.h"

static const spec softmax_net[] = {
    {SPEC_DENSE, .units = 5, .activation = OCK_RELU},
    {SPEC_DENSE, .units = 3, .activation = OCK_SOFTMAX},
    {0},
};

/* ---- Models ---- */

START_TEST(model_arguments)
{
    ock_context *context = open_context();
    ock_model *model = (ock_model *)&model;
    ck_assert_int_eq(ock_model_create(NULL, 3, &model), OCK_INVALID_ARGUMENT);
    ck_assert_ptr_null(model);
    REFUSED(context, OCK_INVALID_ARGUMENT, "model", ock_model_create(context, 3, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "inputs is 0", ock_model_create(context, 0, &model));
    REFUSED(context, OCK_INVALID_ARGUMENT, "inputs", ock_model_create(context, SIZE_MAX, &model));
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(ock_model_inputs(NULL), 0);
    ck_assert_uint_eq(ock_model_outputs(NULL), 0);
    ck_assert_uint_eq(ock_model_tensor_count(NULL), 0);
    ck_assert_ptr_null(ock_model_context(NULL));
    ck_assert_int_eq(ock_model_initialize(NULL, 1), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_tensor_at(NULL, 0, &(ock_model_tensor){0}), OCK_INVALID_ARGUMENT);
    ock_model_destroy(NULL);
    ock_context_destroy(context);
}
END_TEST

START_TEST(dense_values)
{
    ock_context *context = open_context();
    ock_model *net = NULL;
    OK(context, ock_model_create(context, 4, &net));
    ock_dense negative = {.kernel = {.l1 = -1}}, infinite = {.bias = {.l2 = INFINITY}};
    ock_dense unknown = {.initializer = (ock_initializer)9};
    REFUSED(context, OCK_INVALID_ARGUMENT, "units is 0", ock_model_add_dense(net, 0, 0, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "units is 2.14748e+09",
            ock_model_add_dense(net, (size_t)INT32_MAX + 1, 0, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "activation 99",
            ock_model_add_dense(net, 3, (ock_activation)99, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "kernel.l1 is -1",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    REFUSED(context, OCK_INVALID_ARGUMENT, "bias.l2 is inf",
            ock_model_add_dense(net, 3, OCK_RELU, &infinite));
    REFUSED(context, OCK_INVALID_ARGUMENT, "initializer",
            ock_model_add_dense(net, 3, OCK_RELU, &unknown));
    negative = (ock_dense){.bias = {.group_lasso = -1}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "bias.group_lasso is -1",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    negative = (ock_dense){.activity = {.l2 = -1}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "activity.l2 is -1",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    negative = (ock_dense){.activity = {.l1 = 1, .proximal_l1 = true}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "activity.proximal_l1",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    negative = (ock_dense){.activity = {.group_lasso = 1}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "activity.group_lasso must be 0",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    negative = (ock_dense){.kernel_constraint = {OCK_MAX_NORM, -1}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "kernel_constraint.max_norm is -1",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    negative = (ock_dense){.bias_constraint = {OCK_MAX_NORM, INFINITY}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "bias_constraint.max_norm is inf",
            ock_model_add_dense(net, 3, OCK_RELU, &negative));
    unknown = (ock_dense){.bias_constraint = {.kind = (ock_constraint_kind)7}};
    REFUSED(context, OCK_INVALID_ARGUMENT, "bias_constraint.kind is 7",
            ock_model_add_dense(net, 3, OCK_RELU, &unknown));
    unknown.bias_constraint.kind = (ock_constraint_kind)-1;
    REFUSED(context, OCK_INVALID_ARGUMENT, "bias_constraint.kind is -1",
            ock_model_add_dense(net, 3, OCK_RELU, &unknown));
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

START_TEST(layer_values)
{
    ock_context *context = open_context();
    ock_model *net = NULL;
    OK(context, ock_model_create(context, 4, &net));
    ock_normalization momentum = {.momentum = 1, .epsilon = 1}, epsilon = {.epsilon = 0};

    ck_assert_int_eq(ock_model_add_dense(NULL, 3, OCK_RELU, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_activation(NULL, OCK_RELU), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_dropout(NULL, 0.5f), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_batch_norm(NULL, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_spatial_dropout(NULL, 1, 0.5f), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_gaussian_noise(NULL, 0.5f), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_add_gaussian_dropout(NULL, 0.5f), OCK_INVALID_ARGUMENT);
    REFUSED(context, OCK_INVALID_ARGUMENT, "activation -1",
            ock_model_add_activation(net, (ock_activation)-1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "rate is 1", ock_model_add_dropout(net, 1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "rate is -0.1", ock_model_add_dropout(net, -0.1f));
    REFUSED(context, OCK_INVALID_ARGUMENT, "less than 1", ock_model_add_dropout(net, NAN));
    REFUSED(context, OCK_INVALID_ARGUMENT, "stddev is -1", ock_model_add_gaussian_noise(net, -1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "finite",
            ock_model_add_gaussian_noise(net, (float)INFINITY));
    REFUSED(context, OCK_INVALID_ARGUMENT, "rate is 1", ock_model_add_gaussian_dropout(net, 1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "rate is -1", ock_model_add_spatial_dropout(net, 2, -1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "channels is 0, which is not a divisor",
            ock_model_add_spatial_dropout(net, 0, 0.5f));
    REFUSED(context, OCK_INVALID_ARGUMENT, "channels is 3, which is not a divisor",
            ock_model_add_spatial_dropout(net, 3, 0.5f));
    REFUSED(context, OCK_INVALID_ARGUMENT, "momentum is 1",
            ock_model_add_batch_norm(net, &momentum));
    REFUSED(context, OCK_INVALID_ARGUMENT, "epsilon is 0", ock_model_add_batch_norm(net, &epsilon));
    momentum.momentum = -0.5f, epsilon.epsilon = INFINITY;
    REFUSED(context, OCK_INVALID_ARGUMENT, "momentum is -0.5",
            ock_model_add_batch_norm(net, &momentum));
    REFUSED(context, OCK_INVALID_ARGUMENT, "epsilon is inf",
            ock_model_add_batch_norm(net, &epsilon));
    ck_assert_uint_eq(ock_model_outputs(net), 4);
    REFUSED(context, OCK_INVALID_ARGUMENT, "no layers", ock_model_initialize(net, 1));

    OK(context, ock_model_add_dense(net, 3, OCK_RELU, NULL));
    ock_model_tensor tensor;
    REFUSED(context, OCK_INVALID_ARGUMENT, "no weights", ock_model_tensor_at(net, 0, &tensor));
    OK(context, ock_model_initialize(net, 1));
    REFUSED(context, OCK_INVALID_ARGUMENT, "in use", ock_model_add_dropout(net, 0.5f));
    REFUSED(context, OCK_INVALID_ARGUMENT, "2 tensors", ock_model_tensor_at(net, 2, &tensor));
    REFUSED(context, OCK_INVALID_ARGUMENT, "tensor is NULL", ock_model_tensor_at(net, 0, NULL));
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

START_TEST(weights_too_large)
{
    ock_context *context = open_device(test_device, 1 << 16);
    ock_model *net = NULL;
    OK(context, ock_model_create(context, 1000, &net));
    OK(context, ock_model_add_dense(net, 4, OCK_RELU, NULL));
    OK(context, ock_model_add_dense(net, 1000000, OCK_RELU, NULL));
    ck_assert_int_eq(ock_model_initialize(net, 1), OCK_OUT_OF_MEMORY);
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_model_destroy(net);
    ock_context_destroy(context);
}
END_TEST

/* Rows written too early would be read as inputs. */
static void expect_no_overlap(ock_context *context)
{
    const spec square[] = {{SPEC_DENSE, .units = 4}, {0}};
    ock_model *net = build(context, 4, square);
    ock_tensor *rows = NULL, *upper = NULL, *lower = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, 3, 4, &rows));
    OK(context, ock_tensor_view(rows, 0, 2, &upper));
    OK(context, ock_tensor_view(rows, 1, 2, &lower));
    REFUSED(context, OCK_INVALID_ARGUMENT, "overlap", ock_model_predict(net, upper, lower));
    REFUSED(context, OCK_INVALID_ARGUMENT, "overlap", ock_model_predict(net, rows, rows));
    ock_tensor_destroy(lower);
    ock_tensor_destroy(upper);
    ock_tensor_destroy(rows);
    ock_model_destroy(net);
}

START_TEST(predict_arguments)
{
    ock_context *context = open_context(), *elsewhere = open_device("scalar", 0);
    ock_model *net = build(context, 4, softmax_net);
    ock_tensor *x = NULL, *y = NULL, *narrow = NULL, *labels = NULL, *stranger = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, 2, 4, &x));
    OK(context, ock_tensor_create(context, OCK_F32, 2, 3, &y));
    OK(context, ock_tensor_create(context, OCK_F32, 1, 3, &narrow));
    OK(context, ock_tensor_create(context, OCK_I32, 2, 3, &labels));
    OK(elsewhere, ock_tensor_create(elsewhere, OCK_F32, 2, 4, &stranger));
    ck_assert_int_eq(ock_model_predict(NULL, x, y), OCK_INVALID_ARGUMENT);
    REFUSED(context, OCK_INVALID_ARGUMENT, "x is NULL", ock_model_predict(net, NULL, y));
    REFUSED(context, OCK_INVALID_ARGUMENT, "y is NULL", ock_model_predict(net, x, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "x belongs", ock_model_predict(net, stranger, y));
    REFUSED(context, OCK_INVALID_ARGUMENT, "OCK_F32", ock_model_predict(net, x, labels));
    REFUSED(context, OCK_SHAPE_MISMATCH, "4 inputs", ock_model_predict(net, y, y));
    REFUSED(context, OCK_SHAPE_MISMATCH, "3 outputs", ock_model_predict(net, x, x));
    REFUSED(context, OCK_SHAPE_MISMATCH, "2 rows", ock_model_predict(net, x, narrow));
    expect_no_overlap(context);
    ock_tensor_destroy(stranger);
    ock_tensor_destroy(labels);
    ock_tensor_destroy(narrow);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(net);
    ock_context_destroy(elsewhere);
    ock_context_destroy(context);
}
END_TEST

/* ---- Data sets ---- */

START_TEST(dataset_arguments)
{
    ock_context *context = open_context();
    float x[6] = {0}, targets[6] = {0};
    int32_t labels[3] = {0, 1, 0};
    ock_dataset *set = (ock_dataset *)x;
    const ock_arrays good = {.rows = 3, .features = 2, .x = x, .outputs = 2, .labels = labels};
    ock_arrays bad = good;

    ck_assert_int_eq(ock_dataset_create(NULL, &good, &set), OCK_INVALID_ARGUMENT);
    ck_assert_ptr_null(set);
    REFUSED(context, OCK_INVALID_ARGUMENT, "dataset", ock_dataset_create(context, &good, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "arrays", ock_dataset_create(context, NULL, &set));
    bad.x = NULL;
    REFUSED(context, OCK_INVALID_ARGUMENT, "arrays.x", ock_dataset_create(context, &bad, &set));
    bad = good, bad.rows = 0;
    REFUSED(context, OCK_INVALID_ARGUMENT, "rows", ock_dataset_create(context, &bad, &set));
    bad.rows = (size_t)INT32_MAX + 1;
    REFUSED(context, OCK_INVALID_ARGUMENT, "rows", ock_dataset_create(context, &bad, &set));
    bad = good, bad.features = 0;
    REFUSED(context, OCK_INVALID_ARGUMENT, "features", ock_dataset_create(context, &bad, &set));
    bad.features = (size_t)INT32_MAX + 1;
    REFUSED(context, OCK_INVALID_ARGUMENT, "features", ock_dataset_create(context, &bad, &set));
    bad = good, bad.outputs = 0;
    REFUSED(context, OCK_INVALID_ARGUMENT, "outputs", ock_dataset_create(context, &bad, &set));
    bad.outputs = (size_t)INT32_MAX + 1;
    REFUSED(context, OCK_INVALID_ARGUMENT, "outputs", ock_dataset_create(context, &bad, &set));
    bad = good, bad.targets = targets;
    REFUSED(context, OCK_INVALID_ARGUMENT, "one of them", ock_dataset_create(context, &bad, &set));
    labels[2] = 2;
    REFUSED(context, OCK_INVALID_ARGUMENT, "row 2 is 2, which is not within 0..1",
            ock_dataset_create(context, &good, &set));
    labels[2] = -1;
    REFUSED(context, OCK_INVALID_ARGUMENT, "row 2 is -1", ock_dataset_create(context, &good, &set));
    ck_assert_ptr_null(set);
    ock_context_destroy(context);
}
END_TEST

/* A y that does not fit leaves x as it was, too. */
static void expect_y_first(ock_context *context, const ock_dataset *set, const ock_tensor *indices)
{
    float kept[2];
    ock_tensor *x = NULL, *tall = NULL, *floats = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, 1, 2, &x));
    OK(context, ock_tensor_create(context, OCK_I32, 2, 1, &tall));
    OK(context, ock_tensor_create(context, OCK_F32, 1, 1, &floats));
    OK(context, ock_tensor_fill(x, 7));
    REFUSED(context, OCK_SHAPE_MISMATCH, "y is 2 x 1", ock_dataset_batch(set, indices, x, tall));
    REFUSED(context, OCK_INVALID_ARGUMENT, "y: must be OCK_I32",
            ock_dataset_batch(set, indices, x, floats));
    OK(context, ock_tensor_read(x, kept));
    ck_assert(kept[0] == 7 && kept[1] == 7);
    ock_tensor_destroy(floats);
    ock_tensor_destroy(tall);
    ock_tensor_destroy(x);
}

START_TEST(view_and_batch_arguments)
{
    ock_context *context = open_context();
    samples data = samples_create(6, 2, 2);
    ock_dataset *set = labelled(context, &data), *view = set, *bare = NULL;
    ck_assert_int_eq(ock_dataset_view(NULL, 0, 1, &view), OCK_INVALID_ARGUMENT);
    ck_assert_ptr_null(view);
    REFUSED(context, OCK_INVALID_ARGUMENT, "view", ock_dataset_view(set, 0, 1, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "rows", ock_dataset_view(set, 0, 0, &view));
    REFUSED(context, OCK_SHAPE_MISMATCH, "6 rows", ock_dataset_view(set, 4, 3, &view));
    REFUSED(context, OCK_SHAPE_MISMATCH, "6 rows", ock_dataset_view(set, 1, SIZE_MAX, &view));
    REFUSED(context, OCK_SHAPE_MISMATCH, "1 rows from row 7 of a data set of 6 rows",
            ock_dataset_view(set, 7, 1, &view));
    const ock_arrays inputs = {.rows = 6, .features = 2, .x = data.x};
    OK(context, ock_dataset_create(context, &inputs, &bare));
    ock_tensor *indices = NULL, *x = NULL, *y = NULL;
    OK(context, ock_tensor_create(context, OCK_I32, 1, 1, &indices));
    OK(context, ock_tensor_create(context, OCK_F32, 1, 2, &x));
    OK(context, ock_tensor_create(context, OCK_I32, 1, 1, &y));
    ck_assert_int_eq(ock_dataset_batch(NULL, indices, x, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_dataset_batch(bare, NULL, x, NULL), OCK_INVALID_ARGUMENT);
    REFUSED(context, OCK_INVALID_ARGUMENT, "neither", ock_dataset_batch(bare, indices, x, y));
    OK(context, ock_dataset_batch(bare, indices, x, NULL));
    expect_y_first(context, set, indices);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_tensor_destroy(indices);
    ock_dataset_destroy(bare);
    ock_dataset_destroy(set);
    ock_dataset_destroy(NULL);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* ---- Fits ---- */

static ock_status fit(ock_model *net, const ock_dataset *set, ock_fit changed)
{
    ock_history history = {0};
    ock_status status = ock_model_fit(net, set, NULL, &changed, &history);
    ck_assert_uint_eq(history.count, 0);
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_history_clear(&history);
    return status;
}

#define FIT_REFUSED(words, ...)                                                                    \
    do {                                                                                           \
        ock_fit options = ock_fit_defaults();                                                      \
        __VA_ARGS__;                                                                               \
        REFUSED(context, OCK_INVALID_ARGUMENT, words, fit(net, set, options));                     \
    } while (0)

START_TEST(fit_values)
{
    ock_context *context = open_context();
    samples data = samples_create(10, 4, 3);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, 4, softmax_net);
    FIT_REFUSED("epochs", options.epochs = 0);
    FIT_REFUSED("epochs", options.epochs = (uint32_t)INT32_MAX + 1);
    FIT_REFUSED("batch_size", options.batch_size = 0);
    FIT_REFUSED("loss 9", options.loss = (ock_loss_kind)9);
    FIT_REFUSED("validation_split", options.validation_split = 1);
    FIT_REFUSED("validation_split", options.validation_split = -0.1f);
    FIT_REFUSED("validation_split", options.validation_split = NAN);
    FIT_REFUSED("no row for training", options.validation_split = 0.95f);
    FIT_REFUSED("no row for validation", options.validation_split = 1e-30f);
    FIT_REFUSED("learning_rate", options.optimizer.learning_rate = -1);
    FIT_REFUSED("nesterov", options.optimizer = ock_sgd_defaults(),
                options.optimizer.nesterov = true);
    FIT_REFUSED("rotation_range is 181",
                options.augmentation = (&(ock_augmentation){2, 2, 1, .rotation_range = 181}));
    FIT_REFUSED("monitor", options.early_stopping.monitor = "val_los");
    FIT_REFUSED("validation_split", options.early_stopping.monitor = "val_loss");
    FIT_REFUSED("min_delta", options.early_stopping.monitor = "loss",
                options.early_stopping.min_delta = -1);
    FIT_REFUSED("patience", options.early_stopping.monitor = "loss",
                options.early_stopping.patience = -1);
    FIT_REFUSED("start_from_epoch", options.early_stopping.monitor = "loss",
                options.early_stopping.start_from_epoch = -1);
    FIT_REFUSED("mode", options.early_stopping.monitor = "loss",
                options.early_stopping.mode = (ock_mode)7);
    FIT_REFUSED("baseline", options.early_stopping.monitor = "loss",
                options.early_stopping.use_baseline = true,
                options.early_stopping.baseline = (double)NAN);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(optimizer_values)
{
    ock_context *context = open_context();
    samples data = samples_create(10, 4, 3);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, 4, softmax_net), *untouched = build(context, 4, softmax_net);
    OK(context, ock_model_initialize(net, 0));
    OK(context, ock_model_initialize(untouched, 0));
    const float rates[] = {-1e-3f, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        ock_fit options = ock_fit_defaults();
        options.optimizer.learning_rate = rates[i];
        REFUSED(context, OCK_INVALID_ARGUMENT, "learning_rate",
                ock_model_fit(net, set, NULL, &options, NULL));
    }
    expect_same_weights(net, untouched);
    ock_model_destroy(untouched);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(fit_arguments)
{
    ock_context *context = open_context(), *elsewhere = open_device("scalar", 0);
    samples data = samples_create(10, 4, 3), wide = samples_create(10, 5, 3);
    samples more = samples_create(10, 4, 5);
    ock_dataset *set = labelled(context, &data), *features = labelled(context, &wide);
    ock_dataset *outputs = labelled(context, &more), *stranger = labelled(elsewhere, &data);
    ock_dataset *bare = NULL;
    const ock_arrays inputs = {.rows = 10, .features = 4, .x = data.x};
    OK(context, ock_dataset_create(context, &inputs, &bare));
    ock_model *net = build(context, 4, softmax_net), *empty = NULL;
    OK(context, ock_model_create(context, 4, &empty));

    REFUSED(context, OCK_INVALID_ARGUMENT, "model is NULL",
            ock_model_fit(NULL, set, NULL, NULL, NULL));
    ck_assert_int_eq(ock_model_fit(NULL, NULL, NULL, NULL, NULL), OCK_INVALID_ARGUMENT);
    REFUSED(context, OCK_INVALID_ARGUMENT, "train is NULL",
            ock_model_fit(net, NULL, set, NULL, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "no layers",
            ock_model_fit(empty, set, NULL, NULL, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "train belongs",
            ock_model_fit(net, stranger, NULL, NULL, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "neither labels nor targets",
            ock_model_fit(net, bare, NULL, NULL, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "train has 5 features",
            ock_model_fit(net, features, NULL, NULL, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "train has 5 outputs",
            ock_model_fit(net, outputs, NULL, NULL, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "valid has 5 features",
            ock_model_fit(net, set, features, NULL, NULL));

    ock_evaluation means;
    const ock_fit fit = ock_fit_defaults();
    ock_fit batchless = fit;
    batchless.batch_size = 0;
    REFUSED(context, OCK_INVALID_ARGUMENT, "model is NULL",
            ock_model_evaluate(NULL, set, &fit, &means));
    REFUSED(context, OCK_INVALID_ARGUMENT, "dataset is NULL",
            ock_model_evaluate(net, NULL, &fit, &means));
    REFUSED(context, OCK_INVALID_ARGUMENT, "batch_size",
            ock_model_evaluate(net, set, &batchless, &means));
    REFUSED(context, OCK_INVALID_ARGUMENT, "evaluation is NULL",
            ock_model_evaluate(net, set, &fit, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "dataset has 5 outputs",
            ock_model_evaluate(net, outputs, &fit, &means));

    ock_model_destroy(empty);
    ock_model_destroy(net);
    ock_dataset_destroy(bare);
    ock_dataset_destroy(stranger);
    ock_dataset_destroy(outputs);
    ock_dataset_destroy(features);
    ock_dataset_destroy(set);
    samples_free(&more);
    samples_free(&wide);
    samples_free(&data);
    ock_context_destroy(elsewhere);
    ock_context_destroy(context);
}
END_TEST

/* Which last activation goes with which loss, and which loss with labels. */
START_TEST(losses_and_networks)
{
    ock_context *context = open_context();
    samples data = samples_create(10, 4, 3);
    ock_dataset *labels = labelled(context, &data), *targets = targeted(context, &data);
    const struct {
        ock_loss_kind loss;
        ock_activation last;
        float dropout;
        bool labels;
        const char *words; /* NULL: allowed */
    } cases[] = {
        {OCK_SOFTMAX_CROSSENTROPY, OCK_SOFTMAX, 0, true, NULL},
        {OCK_SOFTMAX_CROSSENTROPY, OCK_SOFTMAX, 0, false, NULL},
        {OCK_SOFTMAX_CROSSENTROPY, OCK_LINEAR, 0.5f, true, NULL},
        {OCK_SOFTMAX_CROSSENTROPY, OCK_RELU, 0, true, "softmax or linear"},
        {OCK_SOFTMAX_CROSSENTROPY, OCK_SOFTMAX, 0.5f, true, "no dropout"},
        {OCK_BINARY_CROSSENTROPY, OCK_SIGMOID, 0, false, NULL},
        {OCK_BINARY_CROSSENTROPY, OCK_LINEAR, 0, false, NULL},
        {OCK_BINARY_CROSSENTROPY, OCK_SOFTMAX, 0, false, "sigmoid or linear"},
        {OCK_BINARY_CROSSENTROPY, OCK_SIGMOID, 0, true, "needs targets"},
        {OCK_MEAN_SQUARED_ERROR, OCK_TANH, 0.5f, false, NULL},
        {OCK_MEAN_SQUARED_ERROR, OCK_SOFTMAX, 0, false, NULL},
        {OCK_MEAN_SQUARED_ERROR, OCK_LINEAR, 0, true, "needs targets"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const spec layers[] = {
            {SPEC_DENSE, .units = 3, .activation = cases[i].last},
            {cases[i].dropout > 0 ? SPEC_DROPOUT : SPEC_END, .rate = cases[i].dropout},
            {0}};
        ock_model *net = build(context, 4, layers);
        ock_fit options = ock_fit_defaults();
        options.loss = cases[i].loss;
        ock_status status =
            ock_model_fit(net, cases[i].labels ? labels : targets, NULL, &options, NULL);
        if (cases[i].words)
            REFUSED(context, OCK_INVALID_ARGUMENT, cases[i].words, status);
        else
            OK(context, status);
        ock_model_destroy(net);
    }
    ock_dataset_destroy(targets);
    ock_dataset_destroy(labels);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

Suite *refusals_suite(void)
{
    Suite *suite = suite_create("refusals");
    TCase *cases = tcase_create("refusals");
    tcase_add_test(cases, model_arguments);
    tcase_add_test(cases, dense_values);
    tcase_add_test(cases, layer_values);
    tcase_add_test(cases, weights_too_large);
    tcase_add_test(cases, predict_arguments);
    tcase_add_test(cases, dataset_arguments);
    tcase_add_test(cases, view_and_batch_arguments);
    tcase_add_test(cases, fit_values);
    tcase_add_test(cases, optimizer_values);
    tcase_add_test(cases, fit_arguments);
    tcase_add_test(cases, losses_and_networks);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
