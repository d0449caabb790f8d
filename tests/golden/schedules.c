#include "vectors/schedules.h"

/* One rounding to float, after a few in double: of the rate, where a cosine cancels. */
START_TEST(rates_of_schedules)
{
    const golden_schedule *run = &schedule_runs[_i];
    for (size_t i = 0; i < SCHEDULE_STEPS; i++) {
        double rate = (double)ock_schedule_rate(&run->schedule, schedule_rate, schedule_steps[i]);
        double bound = UNIT * fabs(run->rates[i]) + 16 * DBL_EPSILON * (double)schedule_rate;
        expect_near("rate", i, rate, run->rates[i], bound);
    }
}
END_TEST

/* Each reduction rounds once. */
START_TEST(plateaus)
{
    const golden_plateau *trace = &plateau_traces[_i];
    ock_plateau_state state;
    float rate = schedule_rate;
    expect_ok(NULL, ock_plateau_init(&state, &trace->options));
    for (int epoch = 0; epoch < PLATEAU_EPOCHS; epoch++) {
        double keras = trace->rates[epoch];
        rate = ock_plateau_update(&state, trace->values[epoch], rate);
        expect_near("rate", (size_t)epoch, (double)rate, keras, PLATEAU_EPOCHS * UNIT * keras);
        ck_assert_int_eq(state.wait, trace->waits[epoch]);
        ck_assert_int_eq(state.cooldown, trace->cooldowns[epoch]);
    }
    ck_assert_double_eq(state.best, trace->best);
}
END_TEST

/* The exception: in Keras a first NaN is the best and stays it. */
START_TEST(nan_is_no_ground_to_stay)
{
    ock_plateau options = ock_plateau_defaults();
    ock_plateau_state state;
    options.monitor = "loss";
    options.patience = 2;
    expect_ok(NULL, ock_plateau_init(&state, &options));
    ck_assert_float_eq(ock_plateau_update(&state, NAN, 1), 1);
    ck_assert(isnan(state.best));
    ck_assert_float_eq(ock_plateau_update(&state, 5, 1), 1);
    ck_assert_double_eq(state.best, 5);
    ck_assert_float_eq(ock_plateau_update(&state, NAN, 1), 1);
    ck_assert_float_eq(ock_plateau_update(&state, NAN, 1), 0.1f);
}
END_TEST

TCase *golden_schedules(void)
{
    TCase *topic = tcase_create("schedules");
    tcase_add_loop_test(topic, rates_of_schedules, 0, LENGTH(schedule_runs));
    tcase_add_loop_test(topic, plateaus, 0, LENGTH(plateau_traces));
    tcase_add_test(topic, nan_is_no_ground_to_stay);
    return topic;
}
