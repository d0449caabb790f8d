/* What training the study's network may ask for, and no more: weights, their moments, the
 * activations and two gradients of a batch, the batch itself and the data. */
#include <stdlib.h>

#include "suites.h"

enum {
    SAMPLES = 300,
    PIXELS = 784,
    WIDTH = 500,
    LAYERS = 6, /* dense */
    CLASSES = 10,
    STUDY_BATCH = 128
};

static const spec study[LAYERS + 1] = {{SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
                                       {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
                                       {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
                                       {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
                                       {SPEC_DENSE, .units = WIDTH, .activation = OCK_RELU},
                                       {SPEC_DENSE, .units = CLASSES, .activation = OCK_SOFTMAX},
                                       {0}};

/* Rows of floats begin on vectors of 16, and are kept off multiples of 128. */
static uint64_t floats(size_t rows, size_t cols)
{
    size_t stride = (cols + 15) / 16 * 16;
    return sizeof(float) * (uint64_t)rows * (stride % 128 ? stride : stride + 16);
}

static uint64_t integers(size_t rows)
{
    return sizeof(int32_t) * (uint64_t)rows;
}

static uint64_t of_data(void)
{
    return floats(SAMPLES, PIXELS) + integers(SAMPLES);
}

/* Kept with the network: weights and what lies between its layers. */
static uint64_t of_network(uint64_t moments)
{
    const uint64_t weights = floats(PIXELS, WIDTH) + floats(1, WIDTH) +
                             (LAYERS - 2) * (floats(WIDTH, WIDTH) + floats(1, WIDTH)) +
                             floats(WIDTH, CLASSES) + floats(1, CLASSES);
    const uint64_t activations =
        (LAYERS - 1) * floats(STUDY_BATCH, WIDTH) + 2 * floats(STUDY_BATCH, CLASSES);
    const uint64_t gradients = 2 * floats(STUDY_BATCH, WIDTH) + floats(STUDY_BATCH, CLASSES);
    return (1 + moments) * weights + activations + gradients;
}

/* A batch, the order of the rows, the epoch's totals: while a fit runs. */
static uint64_t of_fit(void)
{
    return floats(STUDY_BATCH, PIXELS) + integers(STUDY_BATCH) + integers(SAMPLES) +
           floats(1, OCK_TOTALS_SIZE);
}

static ock_memory memory_of(const ock_context *context)
{
    ock_memory memory = {0};
    OK(context, ock_context_memory(context, &memory));
    return memory;
}

static void train(ock_context *context, ock_optimizer optimizer, uint64_t moments)
{
    const uint64_t before = memory_of(context).in_use;
    samples data = samples_create(SAMPLES, PIXELS, CLASSES);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, PIXELS, study);
    ck_assert_uint_eq(memory_of(context).in_use, before + of_data());
    ock_fit fit = ock_fit_defaults();
    fit.batch_size = STUDY_BATCH;
    fit.epochs = 2;
    fit.optimizer = optimizer;
    OK(context, ock_model_fit(net, set, NULL, &fit, NULL));
    ck_assert_uint_eq(memory_of(context).in_use, before + of_data() + of_network(moments));
    ck_assert_uint_eq(memory_of(context).peak, before + of_data() + of_network(moments) + of_fit());
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    ck_assert_uint_eq(memory_of(context).in_use, before);
    samples_free(&data);
}

START_TEST(a_study_takes_no_more_than_it_needs)
{
    setenv("OCKHAM_TUNE", "0", 1); /* what is tried out would count, too */
    ock_context *context = open_context();
    const ock_memory before = memory_of(context);
    ck_assert_uint_eq(before.peak, before.in_use);
    train(context, ock_sgd_defaults(), 0);
    train(context, ock_adam_defaults(), 2);
    const uint64_t peak = memory_of(context).peak;
    ck_assert_uint_eq(peak, before.in_use + of_data() + of_network(2) + of_fit());
    ock_context_destroy(context);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *cases = tcase_create("memory");
    tcase_add_test(cases, a_study_takes_no_more_than_it_needs);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
