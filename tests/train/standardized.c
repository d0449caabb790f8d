/* Fits that standardise their batches, beside fits to sets that already are. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "files.h"
#include "suites.h"

enum {
    TRAINED = 40, /* the rest validate */
    WHITENS = 3   /* the kinds from here on */
};

static const ock_standardization kinds[] = {
    {.rescale = 0.5f, .samplewise_std_normalization = true},
    {.channels = 2, .featurewise_std_normalization = true},
    {.samplewise_center = true, .featurewise_center = true},
    {.zca_whitening = true, .zca_epsilon = 1e-3f},
    {.zca_whitening = true, .zca_form = OCK_ZCA_SINGULAR, .zca_epsilon = 1, .rescale = 3},
};

enum {
    KINDS = sizeof kinds / sizeof *kinds
};

static const ock_augmentation moves = {.height = 4,
                                       .width = 2,
                                       .channels = 1,
                                       .rotation_range = 20,
                                       .horizontal_flip = true,
                                       .channel_shift_range = 0.3f,
                                       .elastic_alpha = 2,
                                       .elastic_sigma = 1,
                                       .seed = 3};

static const spec layers[] = {
    {SPEC_DENSE, .units = 12, .activation = OCK_RELU},
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

/* NULL: the build cannot whiten. */
static ock_standardizer *standardizer_of(const bench *b, const ock_standardization *kind)
{
    ock_standardizer *made = NULL;
    ock_status status = ock_standardizer_fit(b->set, kind, &made);
    if (status != OCK_UNSUPPORTED)
        OK(b->context, status);
    return made;
}

static ock_tensor *tensor(const bench *b, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *made = NULL;
    OK(b->context, ock_tensor_create(b->context, dtype, rows, cols, &made));
    return made;
}

/* What becomes of rows [first, first + count) in the first epoch. */
static void prepare(const bench *b, size_t first, size_t count, float *out)
{
    int32_t rows[ROWS];
    ock_tensor *indices = tensor(b, OCK_I32, count, 1);
    ock_tensor *x = tensor(b, OCK_F32, count, FEATURES), *y = tensor(b, OCK_F32, count, FEATURES);
    for (size_t i = 0; i < count; i++)
        rows[i] = (int32_t)(first + i);
    OK(b->context, ock_tensor_write(indices, rows));
    OK(b->context, ock_tensor_write(x, &b->data.x[first * FEATURES]));
    if (b->fit.augmentation && first < TRAINED) {
        OK(b->context, ock_augment(b->fit.augmentation, 0, indices, x, y));
        OK(b->context, ock_tensor_copy(y, x));
    }
    OK(b->context, ock_standardizer_batch(b->fit.standardizer, x, y));
    OK(b->context, ock_tensor_read(y, &out[first * FEATURES]));
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_tensor_destroy(indices);
}

/* The set in the batches of a fit that does not shuffle: a product's rounding may depend on how
 * many rows it has. */
static samples prepared(const bench *b)
{
    samples out = samples_create(ROWS, FEATURES, OUTPUTS);
    size_t batch = b->fit.batch_size;
    for (size_t first = 0; first < TRAINED; first += batch)
        prepare(b, first, first + batch < TRAINED ? batch : TRAINED - first, out.x);
    prepare(b, TRAINED, ROWS - TRAINED, out.x);
    return out;
}

static ock_evaluation validated(const bench *b, ock_model *net, const ock_dataset *set,
                                const ock_fit *fit)
{
    ock_dataset *view = NULL;
    ock_evaluation means;
    OK(b->context, ock_dataset_view(set, TRAINED, ROWS - TRAINED, &view));
    OK(b->context, ock_model_evaluate(net, view, fit, &means));
    ock_dataset_destroy(view);
    return means;
}

/* The fit of the bench is one to `ready` that neither standardises nor augments, bit for bit. */
static void expect_same_fit(const bench *b, const ock_dataset *ready)
{
    ock_fit fit = b->fit;
    ock_model *first = build(b->context, FEATURES, layers);
    ock_model *second = build(b->context, FEATURES, layers);
    ock_history one = {0}, two = {0};
    fit.standardizer = NULL;
    fit.augmentation = NULL;
    OK(b->context, ock_model_fit(first, b->set, NULL, &b->fit, &one));
    OK(b->context, ock_model_fit(second, ready, NULL, &fit, &two));
    expect_same_weights(first, second);
    expect_same_history(&one, &two);
    ock_evaluation means = validated(b, first, b->set, &b->fit);
    ck_assert_double_eq(means.loss, one.epochs[one.count - 1].val_loss);
    ck_assert_double_eq(means.loss, validated(b, second, ready, &fit).loss);
    ck_assert_double_ne(means.loss, validated(b, second, b->set, &fit).loss);
    ock_history_clear(&two);
    ock_history_clear(&one);
    ock_model_destroy(second);
    ock_model_destroy(first);
}

/* NULL: skip. */
static ock_standardizer *open_kind(bench *b, int kind)
{
    *b = bench_open();
    ock_standardizer *made = standardizer_of(b, &kinds[kind]);
    b->fit.validation_split = 0.2f;
    b->fit.standardizer = made;
    return made;
}

static void close_kind(bench *b, ock_standardizer *standardizer)
{
    ock_standardizer_destroy(standardizer);
    bench_close(b);
}

/* ---- Beside prepared sets ---- */

/* Norms' statistics are taken anew, from standardised batches as well. */
START_TEST(each_batch_is_standardised)
{
    bench b;
    ock_standardizer *standardizer = open_kind(&b, _i);
    if (standardizer) {
        b.fit.shuffle = false;
        b.fit.swa_from_epoch = 2;
        samples data = prepared(&b);
        ock_dataset *ready = labelled(b.context, &data);
        expect_same_fit(&b, ready);
        ock_dataset_destroy(ready);
        samples_free(&data);
    }
    close_kind(&b, standardizer);
}
END_TEST

/* As ImageDataGenerator does it, in this order. */
START_TEST(augmentation_comes_before)
{
    bench b;
    ock_standardizer *standardizer = open_kind(&b, _i);
    if (standardizer) {
        b.fit.shuffle = false;
        b.fit.epochs = 1;
        b.fit.augmentation = &moves;
        samples data = prepared(&b);
        ock_dataset *ready = labelled(b.context, &data);
        expect_same_fit(&b, ready);
        ock_dataset_destroy(ready);
        samples_free(&data);
    }
    close_kind(&b, standardizer);
}
END_TEST

/* Row by row, so that it matters; the partners' rows are prepared like the rows'. */
START_TEST(mixup_comes_after)
{
    bench b;
    ock_standardizer *standardizer = open_kind(&b, _i);
    b.fit.shuffle = false;
    b.fit.epochs = 1;
    b.fit.augmentation = &moves;
    b.fit.mixup_alpha = 0.4f;
    samples data = prepared(&b);
    ock_dataset *ready = labelled(b.context, &data);
    expect_same_fit(&b, ready);
    ock_dataset_destroy(ready);
    samples_free(&data);
    close_kind(&b, standardizer);
}
END_TEST

/* Only the scalar path promises a row's product the same bits in a batch as in a block. */
START_TEST(a_set_may_be_standardised_in_its_place)
{
    bench b;
    bool comparable = _i < WHITENS || !strcmp(test_device, "scalar");
    ock_standardizer *standardizer = open_kind(&b, _i);
    if (standardizer && comparable) {
        ock_dataset *ready = labelled(b.context, &b.data);
        OK(b.context, ock_standardizer_apply(b.fit.standardizer, ready));
        expect_same_fit(&b, ready);
        ock_dataset_destroy(ready);
    }
    close_kind(&b, standardizer);
}
END_TEST

/* ---- Checkpoints ---- */

static const ock_standardization whitens = {.zca_whitening = true, .zca_epsilon = 1e-6f};
static const ock_standardization scales = {
    .samplewise_center = true, .featurewise_center = true, .zca_epsilon = 1e-6f};

#define SCALES(X)                                                                                  \
    X(scales, channels, 2)                                                                         \
    X(scales, rescale, 2)                                                                          \
    X(scales, samplewise_center, false)                                                            \
    X(scales, samplewise_std_normalization, true)                                                  \
    X(scales, featurewise_center, false)                                                           \
    X(scales, featurewise_std_normalization, true)                                                 \
    X(scales, zca_whitening, true)                                                                 \
    X(whitens, zca_form, OCK_ZCA_SINGULAR)                                                         \
    X(whitens, zca_epsilon, 1)

static void expect_other(bench *b, const ock_standardization *saved_with,
                         const ock_standardization *other, const char *words)
{
    folder files = folder_open();
    ock_fit fit = b->fit;
    ock_standardizer *first = standardizer_of(b, saved_with), *second = standardizer_of(b, other);
    fit.checkpoint = files.path;
    fit.standardizer = first;
    ock_model *net = fitted(b, &fit, NULL);
    fit.resume = true;
    fit.standardizer = second;
    if (first && second)
        REFUSED(b->context, OCK_INVALID_ARGUMENT, words,
                ock_model_fit(net, b->set, NULL, &fit, NULL));
    fit.standardizer = NULL;
    if (first)
        REFUSED(b->context, OCK_INVALID_ARGUMENT,
                "standardizer.channels is 0 in the checkpoint and not",
                ock_model_fit(net, b->set, NULL, &fit, NULL));
    ock_model_destroy(net);
    ock_standardizer_destroy(second);
    ock_standardizer_destroy(first);
    folder_close(&files);
}

START_TEST(a_run_goes_on_with_the_same_options_alone)
{
    bench b = bench_open();
#define EXPECT_OTHER(base, member, value)                                                          \
    {                                                                                              \
        ock_standardization other = base;                                                          \
        other.member = value;                                                                      \
        expect_other(&b, &base, &other, "standardizer." #member " is ");                           \
    }
    SCALES(EXPECT_OTHER)
#undef EXPECT_OTHER
    bench_close(&b);
}
END_TEST

/* ---- Refusals ---- */

START_TEST(zca_arguments)
{
    ock_context *context = open_context(), *elsewhere = open_device("scalar", 0);
    samples data = samples_create(6, 2, 2), wide = samples_create(6, 3, 2);
    samples widest = samples_create(1, 32767, 2);
    ock_dataset *set = labelled(context, &data), *other = labelled(context, &wide);
    ock_dataset *broad = labelled(context, &widest);
    ock_dataset *stranger = labelled(elsewhere, &data);
    ock_standardizer *zca = (ock_standardizer *)&data;
    ck_assert_int_eq(ock_standardizer_fit(NULL, &whitens, &zca), OCK_INVALID_ARGUMENT);
    ck_assert_ptr_null(zca);
    REFUSED(context, OCK_INVALID_ARGUMENT, "standardizer is NULL",
            ock_standardizer_fit(set, &whitens, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "epsilon is 0",
            ock_standardizer_fit(
                set, &(ock_standardization){.zca_whitening = true, .zca_epsilon = 0}, &zca));
    REFUSED(context, OCK_INVALID_ARGUMENT, "epsilon",
            ock_standardizer_fit(
                set, &(ock_standardization){.zca_whitening = true, .zca_epsilon = NAN}, &zca));
    ck_assert_int_eq(ock_standardizer_apply(NULL, NULL), OCK_INVALID_ARGUMENT);
    REFUSED(context, OCK_INVALID_ARGUMENT, "standardizer is NULL",
            ock_standardizer_apply(NULL, set));
    ock_status status = ock_standardizer_fit(set, &whitens, &zca);
    if (status == OCK_UNSUPPORTED) {
        ck_assert_ptr_nonnull(strstr(ock_context_message(context), "LAPACK"));
    } else {
        OK(context, status);
        REFUSED(context, OCK_SHAPE_MISMATCH, "2 features", ock_standardizer_apply(zca, other));
        REFUSED(elsewhere, OCK_INVALID_ARGUMENT, "two contexts",
                ock_standardizer_apply(zca, stranger));
        ock_standardizer_destroy(zca);
        REFUSED(context, OCK_UNSUPPORTED, "32766", ock_standardizer_fit(broad, &whitens, &zca));
    }
    ock_standardizer_destroy(zca);
    ock_standardizer_destroy(NULL);
    ock_dataset_destroy(stranger);
    ock_dataset_destroy(broad);
    ock_dataset_destroy(other);
    ock_dataset_destroy(set);
    samples_free(&widest);
    samples_free(&wide);
    samples_free(&data);
    ock_context_destroy(elsewhere);
    ock_context_destroy(context);
}
END_TEST

/* Before a buffer is made: rows of 100 floats take 448 bytes. */
START_TEST(whitening_beyond_the_largest_buffer)
{
    ock_context *context = open_device(test_device, 1 << 13);
    samples data = samples_create(6, 100, 2);
    ock_dataset *set = labelled(context, &data);
    ock_standardizer *zca = NULL;
    ock_memory before = {0}, after = {0};
    OK(context, ock_context_memory(context, &before));
    ock_status status = ock_standardizer_fit(set, &whitens, &zca);
    if (status != OCK_UNSUPPORTED)
        REFUSED(context, OCK_OUT_OF_MEMORY,
                "ZCA whitening of 100 features needs a matrix of as many rows; the device's "
                "largest buffer holds 18",
                status);
    OK(context, ock_context_memory(context, &after));
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert_ptr_null(zca);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

START_TEST(strange_standardizers_are_refused)
{
    bench b, elsewhere;
    ock_standardizer *standardizer = open_kind(&b, 0);
    ock_standardizer *stranger = open_kind(&elsewhere, 0);
    samples wide = samples_create(ROWS, FEATURES + 1, OUTPUTS);
    ock_dataset *set = labelled(b.context, &wide);
    ock_model *net = build(b.context, FEATURES + 1, layers);
    ock_evaluation means;
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "fitted to 8 features, the network has 9",
            ock_model_fit(net, set, NULL, &b.fit, NULL));
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "fitted to 8 features, the network has 9",
            ock_model_evaluate(net, set, &b.fit, &means));
    ock_model_destroy(net);
    net = build(b.context, FEATURES, layers);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "two contexts",
            ock_model_fit(net, b.set, NULL, &elsewhere.fit, NULL));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "two contexts",
            ock_model_evaluate(net, b.set, &elsewhere.fit, &means));
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&wide);
    close_kind(&elsewhere, stranger);
    close_kind(&b, standardizer);
}
END_TEST

Suite *standardized_suite(void)
{
    Suite *suite = suite_create("standardized");
    TCase *cases = tcase_create("standardized");
    tcase_add_loop_test(cases, each_batch_is_standardised, 0, KINDS);
    tcase_add_loop_test(cases, augmentation_comes_before, 0, KINDS);
    tcase_add_loop_test(cases, mixup_comes_after, 0, WHITENS);
    tcase_add_loop_test(cases, a_set_may_be_standardised_in_its_place, 0, KINDS);
    tcase_add_test(cases, a_run_goes_on_with_the_same_options_alone);
    tcase_add_test(cases, zca_arguments);
    tcase_add_test(cases, whitening_beyond_the_largest_buffer);
    tcase_add_test(cases, strange_standardizers_are_refused);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    return suite;
}
