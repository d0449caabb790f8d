/* The known-answer test: each operation on fixed data, on the device and in plain C. The sizes
 * straddle a kernel's tiles; the plain path is itself held to Keras by the test suite. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/core.h"

enum {
    BATCH = 19,
    INPUTS = 37,
    OUTPUTS = 21,
    TENSORS = 12,
    ELEMENTS = 2048
};

/* One operation's run on one context: its tensors, and what it left in those that `keep` took. */
typedef struct bench {
    ock_context *context;
    ock_tensor *tensors[TENSORS];
    size_t count, kept;
    float values[ELEMENTS];
    ock_status status;
} bench;

static ock_tensor *make(bench *b, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    if (b->status == OCK_OK)
        b->status = ock_tensor_create(b->context, dtype, rows, cols, &tensor);
    if (tensor)
        b->tensors[b->count++] = tensor;
    return tensor;
}

/* Values in -1..1, different for each tensor of a run. */
static ock_tensor *random_floats(bench *b, size_t rows, size_t cols)
{
    float data[ELEMENTS];
    uint32_t salt = (uint32_t)b->count, draw[4];
    for (uint32_t i = 0; i < rows * cols; i++) {
        ock_philox((uint32_t[4]){i / 4, salt, 0, 0}, 1, draw);
        data[i] = (float)(draw[i % 4] >> 8) * 0x1p-23f - 1;
    }
    ock_tensor *tensor = make(b, OCK_F32, rows, cols);
    if (tensor)
        b->status = ock_tensor_write(tensor, data);
    return tensor;
}

/* 0, 1, .. limit - 1 over and over, in steps of 5. */
static ock_tensor *integers(bench *b, size_t rows, int32_t limit)
{
    int32_t data[ELEMENTS];
    for (size_t i = 0; i < rows; i++)
        data[i] = (int32_t)(5 * i) % limit;
    ock_tensor *tensor = make(b, OCK_I32, rows, 1);
    if (tensor)
        b->status = ock_tensor_write(tensor, data);
    return tensor;
}

static void keep(bench *b, const ock_tensor *tensor)
{
    size_t count = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    if (b->status == OCK_OK)
        b->status = ock_tensor_read(tensor, b->values + b->kept);
    b->kept += count;
}

static void keep_totals(bench *b, const ock_tensor *totals)
{
    ock_totals t = {0};
    if (b->status == OCK_OK)
        b->status = ock_totals_read(totals, &t);
    float values[] = {(float)t.loss, (float)t.correct, (float)t.penalty, (float)t.rows,
                      (float)t.batches};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        b->values[b->kept++] = values[i];
}

#define TRY(b, call)                                                                               \
    do {                                                                                           \
        if ((b)->status == OCK_OK)                                                                 \
            (b)->status = (call);                                                                  \
    } while (0)

static const ock_dropout dropout = {.rate = 0.25f, .seed = 128, .step = 3, .layer = 1};

static ock_dense_parameters dense(bench *b)
{
    return (ock_dense_parameters){
        .kernel = {.value = random_floats(b, INPUTS, OUTPUTS),
                   .moment1 = random_floats(b, INPUTS, OUTPUTS),
                   .moment2 = make(b, OCK_F32, INPUTS, OUTPUTS),
                   .penalty = {.l1 = 1e-3f, .l2 = 1e-2f}},
        .bias = {.value = random_floats(b, 1, OUTPUTS),
                 .moment1 = random_floats(b, 1, OUTPUTS),
                 .moment2 = make(b, OCK_F32, 1, OUTPUTS)},
    };
}

/* ---- What a training step needs ---- */

static void test_dense_forward(bench *b)
{
    ock_dense_parameters p = dense(b);
    ock_tensor *x = random_floats(b, BATCH, INPUTS), *y = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_dense_forward(x, &p, OCK_RELU, &dropout, y));
    keep(b, y);
}

static void test_dense_backward_input(bench *b)
{
    ock_dense_parameters p = dense(b);
    ock_tensor *dy = random_floats(b, BATCH, OUTPUTS), *y = random_floats(b, BATCH, INPUTS);
    ock_tensor *dx = make(b, OCK_F32, BATCH, INPUTS);
    TRY(b, ock_dropout_apply(&dropout, y, y));
    TRY(b, ock_dense_backward_input(dy, &p, OCK_RELU, &dropout, y, dx));
    keep(b, dx);
}

static void test_dense_backward_weights(bench *b)
{
    ock_optimizer adam = ock_adam_defaults();
    ock_dense_parameters p = dense(b);
    ock_tensor *x = random_floats(b, BATCH, INPUTS), *dy = random_floats(b, BATCH, OUTPUTS);
    ock_tensor *totals = make(b, OCK_F32, 1, OCK_TOTALS_SIZE);
    TRY(b, ock_dense_backward_weights(&adam, 2, x, dy, &p, totals));
    keep(b, p.kernel.value);
    keep(b, p.bias.value);
    keep_totals(b, totals);
}

static void test_loss(bench *b)
{
    ock_tensor *logits = random_floats(b, BATCH, OUTPUTS), *labels = integers(b, BATCH, OUTPUTS);
    ock_tensor *gradient = make(b, OCK_F32, BATCH, OUTPUTS);
    ock_tensor *totals = make(b, OCK_F32, 1, OCK_TOTALS_SIZE);
    TRY(b, ock_loss(NULL, logits, labels, gradient, totals));
    keep(b, gradient);
    keep_totals(b, totals);
}

static void test_gather(bench *b)
{
    ock_tensor *source = random_floats(b, INPUTS, OUTPUTS), *rows = integers(b, BATCH, INPUTS);
    ock_tensor *y = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_gather(source, rows, 0, y));
    keep(b, y);
}

/* ---- The rest ---- */

static void test_matmul(bench *b)
{
    ock_tensor *a = random_floats(b, BATCH, INPUTS), *w = random_floats(b, INPUTS, OUTPUTS);
    ock_tensor *c = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_matmul(NULL, a, w, c));
    keep(b, c);
}

static void test_activation(bench *b)
{
    ock_tensor *x = random_floats(b, BATCH, OUTPUTS), *dy = random_floats(b, BATCH, OUTPUTS);
    ock_tensor *y = make(b, OCK_F32, BATCH, OUTPUTS), *dx = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_activation_forward(OCK_SOFTMAX, x, y));
    TRY(b, ock_activation_backward(OCK_SOFTMAX, NULL, y, dy, dx));
    keep(b, y);
    keep(b, dx);
}

static void test_dropout(bench *b)
{
    ock_tensor *x = random_floats(b, BATCH, OUTPUTS), *y = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_dropout_apply(&dropout, x, y));
    keep(b, y);
}

static void test_noise(bench *b)
{
    const ock_noise noise = {.stddev = 1, .seed = 128, .step = 3, .layer = 1};
    ock_tensor *x = random_floats(b, BATCH, OUTPUTS), *y = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_noise_apply(&noise, x, y));
    keep(b, y);
}

static void test_batch_norm(bench *b)
{
    ock_batch_norm norm = {random_floats(b, 1, OUTPUTS),
                           random_floats(b, 1, OUTPUTS),
                           make(b, OCK_F32, 1, OUTPUTS),
                           make(b, OCK_F32, 1, OUTPUTS),
                           0.9f,
                           1e-3f};
    ock_tensor *x = random_floats(b, BATCH, OUTPUTS), *dy = random_floats(b, BATCH, OUTPUTS);
    ock_tensor *y = make(b, OCK_F32, BATCH, OUTPUTS), *saved = make(b, OCK_F32, 2, OUTPUTS);
    ock_tensor *gradients = make(b, OCK_F32, 2, OUTPUTS);
    TRY(b, ock_batch_norm_forward(&norm, x, y, saved));
    TRY(b, ock_batch_norm_backward(&norm, x, saved, dy, dy, gradients));
    keep(b, y);
    keep(b, norm.variance);
    keep(b, dy);
    keep(b, gradients);
}

static void test_reduce(bench *b)
{
    ock_tensor *x = random_floats(b, BATCH, OUTPUTS), *all = make(b, OCK_F32, 1, 1);
    ock_tensor *rows = make(b, OCK_F32, 1, OUTPUTS), *cols = make(b, OCK_F32, BATCH, 1);
    TRY(b, ock_reduce(OCK_ABS_SUM, OCK_ALL, x, all));
    TRY(b, ock_reduce(OCK_MAX, OCK_ROWS, x, rows));
    TRY(b, ock_reduce(OCK_MEAN, OCK_COLS, x, cols));
    keep(b, all);
    keep(b, rows);
    keep(b, cols);
}

static void test_mix(bench *b)
{
    ock_tensor *labels = integers(b, BATCH, OUTPUTS), *share = random_floats(b, BATCH, 1);
    ock_tensor *other = random_floats(b, BATCH, OUTPUTS), *y = make(b, OCK_F32, BATCH, OUTPUTS);
    TRY(b, ock_one_hot(labels, y));
    TRY(b, ock_mix(share, y, other, y));
    keep(b, y);
}

static void test_standardize(bench *b)
{
    ock_tensor *x = random_floats(b, BATCH, INPUTS), *mean = random_floats(b, 1, INPUTS);
    ock_standardize options = {.rescale = 2,
                               .samplewise_center = true,
                               .samplewise_std_normalization = true,
                               .mean = mean};
    TRY(b, ock_standardize_apply(&options, x, x));
    keep(b, x);
}

static void test_augment(bench *b)
{
    ock_augmentation a = {.height = 5,
                          .width = 7,
                          .channels = 1,
                          .rotation_range = 10,
                          .width_shift_range = 0.1f,
                          .height_shift_range = 0.1f,
                          .zoom_range = {0.9f, 1.1f},
                          .elastic_alpha = 3,
                          .elastic_sigma = 1,
                          .seed = 1};
    ock_tensor *x = random_floats(b, BATCH, 35), *y = make(b, OCK_F32, BATCH, 35);
    ock_tensor *rows = integers(b, BATCH, INPUTS);
    TRY(b, ock_augment(&a, 1, rows, x, y));
    keep(b, y);
}

static void test_step(bench *b)
{
    ock_optimizer sgd = {
        .kind = OCK_SGD, .learning_rate = 0.1f, .momentum = 0.9f, .nesterov = true};
    ock_dense_parameters p = dense(b);
    ock_tensor *gradient = random_floats(b, INPUTS, OUTPUTS);
    ock_tensor *totals = make(b, OCK_F32, 1, OCK_TOTALS_SIZE);
    p.kernel.penalty.group_lasso = 1e-2f;
    p.kernel.constraint = (ock_constraint){OCK_MAX_NORM, 2};
    TRY(b, ock_penalty_gradient(&p.kernel, gradient));
    TRY(b, ock_clip_norm(1, &gradient, 1));
    TRY(b, ock_step(&sgd, 1, &p.kernel, gradient, BATCH, totals));
    TRY(b, ock_penalty_add(&p.kernel, BATCH, totals));
    keep(b, p.kernel.value);
    keep_totals(b, totals);
}

/* ---- Comparison ---- */

typedef struct self_test {
    const char *name;
    void (*run)(bench *b);
} self_test;

static const self_test tests[] = {
    {"dense_forward", test_dense_forward},
    {"dense_backward_input", test_dense_backward_input},
    {"dense_backward_weights", test_dense_backward_weights},
    {"loss", test_loss},
    {"gather", test_gather},
    {"matmul", test_matmul},
    {"activation", test_activation},
    {"dropout", test_dropout},
    {"noise", test_noise},
    {"batch_norm", test_batch_norm},
    {"reduce", test_reduce},
    {"mix", test_mix},
    {"standardize", test_standardize},
    {"augment", test_augment},
    {"step", test_step},
};

enum {
    OF_A_STEP = 5,
    ALL = sizeof tests / sizeof *tests
};

_Static_assert(ALL <= (int)OCK_OPERATION_TESTS, "ock_self_test has room for each operation");

/* Sums here have at most 399 terms of at most 1: rounding alone stays under 399 2^-24 of their
 * size, which is 200 ULP, and a wrong kernel is off by far more. */
static const double most_ulps = 800;

static double ulps_between(float got, float expected)
{
    double error = fabs((double)got - (double)expected);
    if (got == expected)
        return 0;
    return isfinite(error) ? error / ldexp(1, ilogb(fmax(1, fabs((double)expected))) - 23)
                           : (double)INFINITY;
}

static ock_status run_one(bench *b, const self_test *test, ock_self_test *result)
{
    test->run(b);
    if (b->status != OCK_OK && !*result->message)
        snprintf(result->message, sizeof result->message, "%s: %s", test->name,
                 ock_context_message(b->context));
    while (b->count > 0)
        ock_tensor_destroy(b->tensors[--b->count]);
    return b->status;
}

/* Of all elements the one that is farthest off is told. */
static ock_status compare(const bench *got, const bench *expected, ock_operation_test *operation,
                          ock_self_test *result)
{
    size_t worst = 0;
    for (size_t i = 0; i < expected->kept; i++) {
        double ulps = ulps_between(got->values[i], expected->values[i]);
        if (ulps > operation->ulps) {
            operation->ulps = ulps;
            worst = i;
        }
    }
    if (operation->ulps <= most_ulps)
        return OCK_OK;
    if (!*result->message)
        snprintf(result->message, sizeof result->message, "%s: element %zu is %g and should be %g",
                 operation->name, worst, (double)got->values[worst],
                 (double)expected->values[worst]);
    return OCK_SELF_TEST_FAILED;
}

static ock_status run_on_both(const self_test *test, bench *pair, ock_operation_test *operation,
                              ock_self_test *result)
{
    ock_status status = run_one(&pair[0], test, result);
    if (status == OCK_OK)
        status = run_one(&pair[1], test, result);
    return status == OCK_OK ? compare(&pair[0], &pair[1], operation, result) : status;
}

/* Goes on after wrong numbers, and not after an error, which the next one would meet as well. */
static ock_status run_tests(ock_context *context, ock_context *plain, size_t count, bench *pair,
                            ock_self_test *result)
{
    ock_status all = OCK_OK;
    for (size_t i = 0; i < count && (all == OCK_OK || all == OCK_SELF_TEST_FAILED); i++) {
        ock_operation_test *operation = &result->operations[result->run++];
        operation->name = tests[i].name;
        pair[0] = (bench){.context = context};
        pair[1] = (bench){.context = plain};
        operation->status = run_on_both(&tests[i], pair, operation, result);
        result->passed += operation->status == OCK_OK;
        if (operation->status != OCK_OK)
            all = operation->status;
    }
    return all;
}

ock_status ock_self_test_run(ock_context *context, bool all, ock_self_test *result)
{
    ock_log log = {0};
    ock_context *plain = NULL;
    ock_context_options options = {.threads = 1, .untuned = true};
    ock_device scalar = ock_scalar_device();
    bench *pair = calloc(2, sizeof *pair);
    ock_status status =
        pair ? ock_context_open(&scalar, NULL, &options, &log, &plain) : OCK_OUT_OF_MEMORY;
    bool untuned = context->backend->untuned;
    context->backend->untuned = true;
    if (status == OCK_OK)
        status = run_tests(context, plain, all ? ALL : OF_A_STEP, pair, result);
    else
        snprintf(result->message, sizeof result->message, "no memory for the self-test");
    context->backend->untuned = untuned;
    ock_context_destroy(plain);
    ock_log_clear(&log);
    free(pair);
    return status;
}

ock_status ock_device_self_test(const ock_device *device, ock_self_test *result)
{
    if (!device || !result)
        return OCK_INVALID_ARGUMENT;
    *result = (ock_self_test){0};
    double start = ock_seconds_now();
    ock_log log = {0};
    ock_context *context = NULL;
    ock_context_options options = ock_context_defaults();
    ock_status status = ock_context_open(device, NULL, &options, &log, &context);
    if (status == OCK_OK)
        status = ock_self_test_run(context, true, result);
    else
        snprintf(result->message, sizeof result->message, "%s", ock_log_text(&log));
    ock_context_destroy(context);
    ock_log_clear(&log);
    result->seconds = ock_seconds_now() - start;
    return status;
}
