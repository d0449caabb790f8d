#include "vectors/steps.h"

/* A step rounds the weight twice and its movement, with moments and penalty, at most some forty
 * times; the generator's gradients lose little to cancellation. Movements are Keras's. */
static void step_bounds(const golden_single *run, size_t step, double bound[SINGLE_SIZE])
{
    for (size_t i = 0; i < SINGLE_SIZE; i++) {
        double largest = 0;
        bound[i] = 0;
        for (size_t s = 0; s <= step; s++) {
            double after = run->weights[s][i];
            double before = s > 0 ? run->weights[s - 1][i] : single_initial[i];
            largest = fmax(largest, fabs(after - before));
            bound[i] += UNIT * (2 * fmax(fabs(before), fabs(after)) + 40 * largest);
        }
    }
}

static ock_parameter make_parameter(ock_context *context, const golden_single *run)
{
    return (ock_parameter){
        .value = make_floats(context, SINGLE_ROWS, SINGLE_COLS, single_initial),
        .moment1 = make_floats(context, SINGLE_ROWS, SINGLE_COLS, NULL),
        .moment2 = make_floats(context, SINGLE_ROWS, SINGLE_COLS, NULL),
        .penalty = run->penalty,
    };
}

static void check_single(ock_context *context, const golden_single *run)
{
    ock_parameter parameter = make_parameter(context, run);
    for (size_t t = 0; t < STEPS; t++) {
        float weights[SINGLE_SIZE];
        double bound[SINGLE_SIZE], penalty = run->penalties[t];
        ock_tensor *gradient = make_floats(context, SINGLE_ROWS, SINGLE_COLS, single_gradients[t]);
        ock_tensor *totals = make_floats(context, 1, OCK_TOTALS_SIZE, NULL);
        expect_ok(context, ock_step(&run->optimizer, t + 1, &parameter, gradient, 3, totals));
        read_floats(parameter.value, weights);
        step_bounds(run, t, bound);
        for (size_t i = 0; i < SINGLE_SIZE; i++)
            expect_near(run->name, t * SINGLE_SIZE + i, weights[i], run->weights[t][i], bound[i]);
        /* as many roundings as weights, and up to twice the weights' own error */
        expect_near(run->name, t, read_totals(totals).penalty, 3 * penalty,
                    3 * penalty * 64 * (double)(t + 1) * UNIT);
        ock_tensor_destroy(totals);
        ock_tensor_destroy(gradient);
    }
    ock_tensor_destroy(parameter.value);
    ock_tensor_destroy(parameter.moment1);
    ock_tensor_destroy(parameter.moment2);
}

START_TEST(single_steps)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(single_runs); i++)
        check_single(context, &single_runs[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_steps(void)
{
    TCase *topic = tcase_create("steps");
    tcase_add_loop_test(topic, single_steps, 0, GOLDEN_DEVICES);
    return topic;
}
