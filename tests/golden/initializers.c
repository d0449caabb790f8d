#include "vectors/operations.h"

#include <stdlib.h>

enum {
    WEIGHTS = INITIALIZER_INPUTS * INITIALIZER_OUTPUTS
};

typedef struct moments {
    double mean, variance, largest;
} moments;

static moments initial_moments(ock_context *context, ock_initializer initializer)
{
    ock_dense options = {.initializer = initializer};
    ock_model *model = NULL;
    ock_model_tensor kernel, bias;
    float *w = malloc(WEIGHTS * sizeof *w), b[INITIALIZER_OUTPUTS];
    moments m = {0};
    ck_assert_ptr_nonnull(w);
    expect_ok(context, ock_model_create(context, INITIALIZER_INPUTS, &model));
    expect_ok(context, ock_model_add_dense(model, INITIALIZER_OUTPUTS, OCK_RELU, &options));
    expect_ok(context, ock_model_initialize(model, 128));
    expect_ok(context, ock_model_tensor_at(model, 0, &kernel));
    expect_ok(context, ock_model_tensor_at(model, 1, &bias));
    read_floats(kernel.tensor, w);
    read_floats(bias.tensor, b);
    for (size_t i = 0; i < INITIALIZER_OUTPUTS; i++)
        ck_assert_float_eq(b[i], 0);
    for (size_t i = 0; i < WEIGHTS; i++) {
        m.mean += (double)w[i] / WEIGHTS;
        m.variance += (double)w[i] * (double)w[i] / WEIGHTS;
        m.largest = fmax(m.largest, fabs((double)w[i]));
    }
    free(w);
    ock_model_destroy(model);
    return m;
}

/* Within four standard errors: the mean's is deviation/sqrt(n); the variance's is the variance
 * times sqrt((kurtosis - 1)/n), the kurtosis 3 for a normal and less for both of these. */
static void check_moments(const char *name, moments m, double variance, double limit)
{
    expect_near(name, 0, m.mean, 0, 4 * sqrt(variance / WEIGHTS));
    expect_near(name, 1, m.variance, variance, 4 * variance * sqrt(2.0 / WEIGHTS));
    ck_assert_msg(m.largest <= limit * (1 + 2 * UNIT), "%s: %.9g is beyond Keras's limit %.9g",
                  name, m.largest, limit);
    ck_assert_msg(m.largest > 0.99 * limit, "%s: nothing beyond %.9g, Keras draws to %.9g", name,
                  m.largest, limit);
}

/* Keras cuts a normal at two of its deviations, which leaves 0.7737 of its variance. */
START_TEST(initial_weights)
{
    ock_context *context = golden_open(_i);
    if (!context)
        return;
    check_moments("Glorot uniform", initial_moments(context, OCK_GLOROT_UNIFORM),
                  glorot_limit * glorot_limit / 3, glorot_limit);
    check_moments("He normal", initial_moments(context, OCK_HE_NORMAL),
                  0.773741 * he_deviation * he_deviation, 2 * he_deviation);
    ock_context_destroy(context);
}
END_TEST

static void same_optimizer(ock_optimizer ours, ock_optimizer keras)
{
    ck_assert_int_eq(ours.kind, keras.kind);
    ck_assert_float_eq(ours.learning_rate, keras.learning_rate);
    ck_assert_float_eq(ours.momentum, keras.momentum);
    ck_assert_int_eq(ours.nesterov, keras.nesterov);
    ck_assert_float_eq(ours.beta1, keras.beta1);
    ck_assert_float_eq(ours.beta2, keras.beta2);
    ck_assert_float_eq(ours.epsilon, keras.epsilon);
}

START_TEST(defaults_are_keras_own)
{
    ock_normalization norm = ock_normalization_defaults();
    same_optimizer(ock_adam_defaults(), default_adam);
    same_optimizer(ock_sgd_defaults(), default_sgd);
    ck_assert_float_eq(norm.momentum, default_norm.momentum);
    ck_assert_float_eq(norm.epsilon, default_norm.epsilon);
}
END_TEST

TCase *golden_initializers(void)
{
    TCase *topic = tcase_create("initializers");
    tcase_add_loop_test(topic, initial_weights, 0, GOLDEN_DEVICES);
    tcase_add_test(topic, defaults_are_keras_own);
    return topic;
}
