#include "vectors/layers.h"
#include "vectors/steps.h"

/* Of one rounding's spread: weights, products, activations and the loss's gradient each round. */
#define ROUNDINGS 4

static ock_model *make_network(ock_context *context, const golden_network *run)
{
    ock_dense options = {.kernel = run->kernel, .bias = run->bias, .activity = run->activity};
    bool active = run->activity.l1 > 0 || run->activity.l2 > 0;
    ock_activation last = active ? OCK_SOFTMAX : OCK_LINEAR;
    ock_model *model = NULL;
    expect_ok(context, ock_model_create(context, NETWORK_INPUTS, &model));
    expect_ok(context, ock_model_add_dense(model, NETWORK_HIDDEN, OCK_TANH, &options));
    expect_ok(context, ock_model_add_dense(model, NETWORK_OUTPUTS, last, &options));
    expect_ok(context, ock_model_initialize(model, 0));
    return model;
}

static void check_step(ock_model *model, const golden_network *run, size_t t, ock_tensor *totals)
{
    float weights[NETWORK_SIZE];
    ock_totals sums = read_totals(totals);
    double loss = (sums.loss + sums.penalty) / NETWORK_ROWS, keras = run->losses[t];
    expect_near(run->name, t, loss, keras,
                ROUNDINGS * ((double)run->loss_spread[t] + UNIT * keras));
    read_weights(model, NETWORK_SIZE, weights);
    for (size_t i = 0; i < NETWORK_SIZE; i++)
        expect_near(run->name, t * NETWORK_SIZE + i, weights[i], run->weights[t][i],
                    ROUNDINGS * (double)run->weight_spread[t]);
    for (size_t i = NETWORK_HIDDEN; i < 2 * NETWORK_HIDDEN; i++)
        ck_assert_msg(weights[i] == 0, "%s: a weight without a gradient has moved", run->name);
}

static void check_network(ock_context *context, const golden_network *run)
{
    ock_model *model = make_network(context, run);
    ock_fit fit = ock_fit_defaults();
    ock_tensor *x = make_floats(context, NETWORK_ROWS, NETWORK_INPUTS, network_x);
    ock_tensor *y = make_ints(context, NETWORK_ROWS, network_labels);
    write_weights(model, NETWORK_SIZE, network_initial);
    fit.optimizer = run->optimizer;
    for (size_t t = 0; t < STEPS; t++) {
        ock_tensor *totals = make_floats(context, 1, OCK_TOTALS_SIZE, NULL);
        expect_ok(context, ock_model_train_step(model, &fit, x, y, totals));
        check_step(model, run, t, totals);
        ock_tensor_destroy(totals);
    }
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(model);
}

START_TEST(network_steps)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(network_runs); i++)
        check_network(context, &network_runs[i]);
    for (size_t i = 0; context && i < LENGTH(activity_runs); i++)
        check_network(context, &activity_runs[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_networks(void)
{
    TCase *topic = tcase_create("networks");
    tcase_add_loop_test(topic, network_steps, 0, GOLDEN_DEVICES);
    return topic;
}
