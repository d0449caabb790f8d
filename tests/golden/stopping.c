#include "vectors/schedules.h"

START_TEST(keras_trace)
{
    const golden_stop *trace = &stop_traces[_i];
    ock_stopper stopper;
    expect_ok(NULL, ock_stopper_init(&stopper, &trace->options));
    for (int epoch = 0; epoch < trace->epochs; epoch++) {
        ck_assert_msg(!stopper.stopped, "stopped before epoch %d, where Keras goes on", epoch);
        ock_stopper_update(&stopper, epoch, trace->values[epoch]);
        ck_assert_int_eq(stopper.wait, trace->waits[epoch]);
    }
    ck_assert_int_eq(stopper.stopped, trace->stopped);
    ck_assert_int_eq(stopper.best_epoch, trace->best_epoch);
    ck_assert_double_eq(stopper.best, trace->best);
}
END_TEST

/* The exception: in Keras a first NaN is the best and stays it. */
START_TEST(nan_is_never_the_best)
{
    ock_early_stopping options = {.monitor = "val_loss", .patience = 3};
    ock_stopper stopper;
    expect_ok(NULL, ock_stopper_init(&stopper, &options));
    ck_assert(!ock_stopper_update(&stopper, 0, NAN));
    ck_assert_int_eq(stopper.best_epoch, -1);
    ck_assert(ock_stopper_update(&stopper, 1, 5));
    ck_assert(!ock_stopper_update(&stopper, 2, NAN));
    ck_assert(ock_stopper_update(&stopper, 3, 4));
    ck_assert_int_eq(stopper.best_epoch, 3);
    ck_assert_double_eq(stopper.best, 4);
}
END_TEST

TCase *golden_stopping(void)
{
    TCase *topic = tcase_create("early stopping");
    tcase_add_loop_test(topic, keras_trace, 0, LENGTH(stop_traces));
    tcase_add_test(topic, nan_is_never_the_best);
    return topic;
}
