#include "vectors/schedules.h"

/* Of one rounding's spread: weights, products, activations and the loss's gradient each round, and
 * the averages twice. */
#define ROUNDINGS 6

typedef struct average_run {
    ock_model *model;
    const golden_average *keras;
} average_run;

static void check_weights(const average_run *run, size_t step)
{
    const golden_average *keras = run->keras;
    float weights[AVERAGE_SIZE];
    read_weights(run->model, AVERAGE_SIZE, weights);
    for (size_t i = 0; i < AVERAGE_SIZE; i++)
        expect_near(keras->name, step * AVERAGE_SIZE + i, weights[i], keras->weights[step][i],
                    ROUNDINGS * (double)keras->spread[step]);
}

static bool check_epoch(const ock_epoch *epoch, void *user)
{
    check_weights(user, epoch->epoch - 1);
    return true;
}

static ock_model *make_network(ock_context *context)
{
    const ock_dense options = {.kernel = {.l1 = 0.01f, .l2 = 0.02f}};
    ock_model *model = NULL;
    expect_ok(context, ock_model_create(context, 3, &model));
    expect_ok(context, ock_model_add_dense(model, 3, OCK_TANH, &options));
    expect_ok(context, ock_model_add_dense(model, 2, OCK_LINEAR, &options));
    expect_ok(context, ock_model_initialize(model, 0));
    write_weights(model, AVERAGE_SIZE, average_initial);
    return model;
}

/* A step an epoch: the averages after each, and what is left at the end. */
static void check_run(ock_context *context, const golden_average *keras)
{
    average_run run = {.model = make_network(context), .keras = keras};
    ock_dataset *set = NULL;
    ock_arrays arrays = {.rows = AVERAGE_ROWS,
                         .features = 3,
                         .x = average_x,
                         .outputs = 2,
                         .labels = average_labels};
    ock_fit fit = ock_fit_defaults();
    fit.epochs = STEPS;
    fit.batch_size = AVERAGE_ROWS;
    fit.shuffle = false;
    fit.optimizer = keras->optimizer;
    fit.optimizer.ema_momentum = keras->ema_momentum;
    fit.on_epoch = check_epoch;
    fit.user = &run;
    expect_ok(context, ock_dataset_create(context, &arrays, &set));
    expect_ok(context, ock_model_fit(run.model, set, NULL, &fit, NULL));
    check_weights(&run, STEPS);
    ock_dataset_destroy(set);
    ock_model_destroy(run.model);
}

START_TEST(moving_averages)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(average_runs); i++)
        check_run(context, &average_runs[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_averages(void)
{
    TCase *topic = tcase_create("averages");
    tcase_add_loop_test(topic, moving_averages, 0, GOLDEN_DEVICES);
    return topic;
}
