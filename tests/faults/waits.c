/* Training waits for the device at the end of an epoch, and never within one, nor allocates there.
 * Counted by the layer that the environment's OPENCL_LAYERS names, on any OpenCL device; where
 * there is none, exits 77.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "../train/support.h"
#include "find_layer.h"

enum {
    SIDE = 10,
    PIXELS = SIDE * SIDE,
    WIDTH = 100,
    CLASSES = 10,
    BATCH = 128,
    MOST_STEPS = 100
};

/* The study's layers, with all that its rows have. */
static const spec study[] = {
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l1 = 1e-5f, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU, .l2 = 1e-4f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
    {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
    {SPEC_DENSE, .units = CLASSES, .activation = OCK_SOFTMAX},
    {0}};

static const size_t lengths[] = {3, 20, MOST_STEPS}; /* of an epoch, in steps */
enum {
    LENGTHS = sizeof lengths / sizeof *lengths
};

/* ---- Opened once: OpenCL survives no fork, and one process runs all tests ---- */

static ock_context *context;
static samples data;
static ock_dataset *set;

static layer_counts take(void)
{
    layer_counts counts;
    layer.take(&counts);
    return counts;
}

/* All that is done to samples on their way, and steps that wait for all gradients. */
static const ock_augmentation pictures = {.height = SIDE,
                                          .width = SIDE,
                                          .channels = 1,
                                          .rotation_range = 15,
                                          .brightness_range = {0.5f, 1.5f},
                                          .white = 1,
                                          .elastic_alpha = 3,
                                          .elastic_sigma = 1,
                                          .erase_factor = 0.5f,
                                          .erase_scale = {0.02f, 0.4f},
                                          .erase_ratio = {0.3f, 3.33f}};
static ock_standardizer *standardizer;
static const float class_weights[CLASSES] = {1, 2, 1, 1, 1, 1, 1, 1, 1, 1};

static void use_all(ock_fit *fit)
{
    fit->augmentation = &pictures;
    fit->standardizer = standardizer;
    fit->mixup_alpha = 0.2f;
    fit->class_weights = class_weights;
    fit->label_smoothing = 0.1f;
    fit->optimizer.clip_norm = 1;
    fit->optimizer.ema_momentum = 0.9f;
}

/* Every other row of the first ones, twice. */
static ock_dataset *open_rows(size_t rows)
{
    ock_dataset *selection = NULL;
    int32_t *list = malloc(rows * sizeof *list);
    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < rows; i++)
        list[i] = (int32_t)(2 * i % rows);
    OK(context, ock_dataset_select(set, list, rows, &selection));
    free(list);
    return selection;
}

typedef enum fit_kind {
    PLAIN,
    VALIDATES, /* the mean of the weights */
    USES_ALL,
    FIT_KINDS
} fit_kind;

/* Fits a new network for some epochs of some steps. */
static layer_counts count_fit(uint32_t epochs, size_t steps, fit_kind kind)
{
    ock_dataset *train = open_rows(steps * BATCH), *valid = NULL;
    ock_model *net = build(context, PIXELS, study);
    ock_fit fit = ock_fit_defaults();
    if (kind == USES_ALL)
        use_all(&fit);
    if (kind == VALIDATES) {
        OK(context, ock_dataset_view(set, 0, steps * BATCH / 2 + 1, &valid));
        fit.early_stopping = (ock_early_stopping){
            .monitor = "val_loss", .patience = 9, .restore_best_weights = true};
        fit.swa_from_epoch = 1;
    }
    fit.batch_size = BATCH;
    fit.epochs = epochs;
    take();
    OK(context, ock_model_fit(net, train, valid, &fit, NULL));
    OK(context, ock_context_finish(context));
    ock_model_destroy(net);
    ock_dataset_destroy(valid);
    ock_dataset_destroy(train);
    return take();
}

static void make_data(void)
{
    data = samples_create(MOST_STEPS * BATCH, PIXELS, CLASSES);
    set = labelled(context, &data);
    ock_standardization scales = {
        .samplewise_std_normalization = true, .zca_whitening = true, .zca_epsilon = 1e-3f};
    if (ock_standardizer_fit(set, &scales, &standardizer) == OCK_UNSUPPORTED) {
        scales.zca_whitening = false;
        OK(context, ock_standardizer_fit(set, &scales, &standardizer));
    }
    ck_assert_ptr_nonnull(standardizer);
}

static void free_data(void)
{
    ock_standardizer_destroy(standardizer);
    ock_dataset_destroy(set);
    samples_free(&data);
}

/* ---- Tests ---- */

START_TEST(the_layer_counts)
{
    ock_tensor *tensor = NULL;
    float value = 3;
    OK(context, ock_tensor_create(context, OCK_F32, 1, 1, &tensor));
    take();
    OK(context, ock_tensor_write(tensor, &value));
    layer_counts written = take();
    OK(context, ock_tensor_fill(tensor, 4));
    OK(context, ock_tensor_read(tensor, &value));
    layer_counts read = take();
    OK(context, ock_context_finish(context));
    layer_counts finished = take();
    ock_tensor_destroy(tensor);
    ck_assert_float_eq(value, 4);
    ck_assert_uint_eq(written.waits, 0);
    ck_assert_uint_eq(written.commands, 1);
    ck_assert_uint_ge(written.most_under_way, 1);
    ck_assert_uint_eq(read.waits, 1);
    ck_assert_uint_eq(read.commands, 3);
    ck_assert_str_eq(read.entries[0].name, "fill");
    ck_assert_uint_eq(finished.waits, 1);
    ck_assert_uint_eq(finished.commands, 0);
}
END_TEST

/* By kind: how many tensors a run's state has for each of the network's. Two moments in all; then
 * own, mean and best; or average and own. */
static const size_t state_tensors[FIT_KINDS] = {1 + 2, 1 + 2 + 3, 1 + 2 + 2};

/* Once for the epoch's totals, once more for the validation's, and for each tensor of the state. */
START_TEST(an_epoch_waits_at_its_end_alone)
{
    ock_model *net = build(context, PIXELS, study);
    OK(context, ock_model_initialize(net, 0));
    size_t tensors = ock_model_tensor_count(net);
    ock_model_destroy(net);
    for (size_t i = 0; i < LENGTHS; i++)
        for (fit_kind kind = PLAIN; kind < FIT_KINDS; kind++) {
            size_t waits = count_fit(1, lengths[i], kind).waits;
            for (uint32_t epochs = 2; epochs <= 3; epochs++) {
                size_t more = count_fit(epochs, lengths[i], kind).waits;
                ck_assert_uint_eq(more - waits,
                                  1 + (kind == VALIDATES) + state_tensors[kind] * tensors);
                waits = more;
            }
        }
}
END_TEST

static size_t buffers_of(layer_counts counts)
{
    for (size_t i = 0; i < LAYER_NAMES; i++)
        if (!strcmp(counts.entries[i].name, "clCreateBuffer"))
            return counts.entries[i].calls;
    return 0;
}

/* A fit makes the same buffers whatever its steps; the first of its kind makes scratch memory. */
START_TEST(no_step_makes_a_buffer)
{
    for (fit_kind kind = PLAIN; kind < FIT_KINDS; kind++) {
        count_fit(1, 3, kind);
        size_t some = buffers_of(count_fit(1, 3, kind));
        ck_assert_uint_gt(some, 0);
        ck_assert_uint_eq(buffers_of(count_fit(1, 20, kind)), some);
    }
}
END_TEST

START_TEST(a_loop_of_ones_own_waits_for_nothing)
{
    ock_model *net = build(context, PIXELS, study);
    ock_tensor *x = NULL, *y = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, BATCH, PIXELS, &x));
    OK(context, ock_tensor_create(context, OCK_I32, BATCH, 1, &y));
    for (size_t step = 0; step < MOST_STEPS; step++) {
        OK(context, ock_tensor_write(x, data.x + step * BATCH * PIXELS));
        OK(context, ock_tensor_write(y, data.labels + step * BATCH));
        OK(context, ock_model_train_step(net, NULL, x, y, NULL));
        OK(context, ock_context_flush(context));
        if (!step)
            take(); /* the first one draws the weights */
    }
    ck_assert_uint_eq(take().waits, 0);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(net);
}
END_TEST

/* Eight steps, the one that is being enqueued, and the little at an epoch's beginning. */
START_TEST(what_is_under_way_is_bounded)
{
    layer_counts some = count_fit(1, MOST_STEPS / 2, PLAIN);
    layer_counts all = count_fit(1, MOST_STEPS, PLAIN);
    size_t step = (all.commands - some.commands) / (MOST_STEPS / 2);
    ck_assert_uint_gt(all.most_under_way, step);
    ck_assert_uint_lt(all.most_under_way, 10 * step);
}
END_TEST

static Suite *waits_suite(void)
{
    Suite *suite = suite_create("waits");
    TCase *cases = tcase_create("waits");
    tcase_add_unchecked_fixture(cases, make_data, free_data);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_layer_counts);
    tcase_add_test(cases, an_epoch_waits_at_its_end_alone);
    tcase_add_test(cases, no_step_makes_a_buffer);
    tcase_add_test(cases, a_loop_of_ones_own_waits_for_nothing);
    tcase_add_test(cases, what_is_under_way_is_bounded);
    suite_add_tcase(suite, cases);
    return suite;
}

/* ---- Around them ---- */

static bool open_opencl(void)
{
    static const char *const wishes[] = {"gpu", "accelerator", "cpu"};
    ock_context_options options = ock_context_defaults();
    for (size_t i = 0; i < 3 && !context; i++) {
        options.device = wishes[i];
        ock_context_create(&options, &context);
    }
    return context;
}

int main(void)
{
    if (!open_opencl())
        return absent("no OpenCL device");
    if (!find_layer()) {
        ock_context_destroy(context);
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(waits_suite());
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    ock_context_destroy(context);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
