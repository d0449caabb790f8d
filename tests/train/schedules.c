/* Learning rates: by steps, over fits, and less of them on a plateau. */
#include "bench.h"
#include "suites.h"

static const ock_schedule cosine = {.kind = OCK_COSINE_DECAY,
                                    .decay_steps = 14,
                                    .alpha = 0.1f,
                                    .warmup_steps = 3,
                                    .warmup_from = 1e-4f};

static double rate_at(const ock_fit *fit, uint64_t step)
{
    return (double)ock_schedule_rate(&fit->schedule, fit->optimizer.learning_rate, step);
}

/* ---- By steps ---- */

START_TEST(a_step_is_at_the_rate_of_its_number)
{
    bench b = bench_open();
    ock_model *scheduled = build(b.context, FEATURES, bench_layers);
    ock_model *by_hand = build(b.context, FEATURES, bench_layers);
    ock_tensor *x = NULL, *y = NULL;
    OK(b.context, ock_tensor_create(b.context, OCK_F32, ROWS, FEATURES, &x));
    OK(b.context, ock_tensor_create(b.context, OCK_I32, ROWS, 1, &y));
    OK(b.context, ock_tensor_write(x, b.data.x));
    OK(b.context, ock_tensor_write(y, b.data.labels));
    ock_fit plain = b.fit, fit = b.fit;
    fit.schedule = cosine;
    for (uint64_t step = 0; step < 20; step++) {
        plain.optimizer.learning_rate = (float)rate_at(&fit, step);
        OK(b.context, ock_model_train_step(scheduled, &fit, x, y, NULL));
        OK(b.context, ock_model_train_step(by_hand, &plain, x, y, NULL));
        expect_same_weights(scheduled, by_hand);
    }
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(by_hand);
    ock_model_destroy(scheduled);
    bench_close(&b);
}
END_TEST

START_TEST(a_second_fit_goes_on_in_the_schedule)
{
    bench b = bench_open();
    ock_history once = {0}, twice = {0};
    b.fit.schedule = cosine;
    b.fit.epochs = 4;
    ock_model *whole = fitted(&b, &b.fit, &once);
    b.fit.epochs = 2;
    ock_model *halves = fitted(&b, &b.fit, &twice);
    OK(b.context, ock_model_fit(halves, b.set, NULL, &b.fit, &twice));
    expect_same_weights(whole, halves);
    for (uint64_t e = 0; e < 4; e++) {
        ck_assert_double_eq(once.epochs[e].learning_rate, rate_at(&b.fit, 4 * e + 3));
        ck_assert_double_eq(twice.epochs[e].learning_rate, once.epochs[e].learning_rate);
    }
    ock_history_clear(&twice);
    ock_history_clear(&once);
    ock_model_destroy(halves);
    ock_model_destroy(whole);
    bench_close(&b);
}
END_TEST

/* Its iterations are its own, as are a new one's in Keras. */
START_TEST(another_optimizer_begins_the_schedule_anew)
{
    bench b = bench_open();
    ock_history history = {0};
    b.fit.schedule = cosine;
    ock_model *net = fitted(&b, &b.fit, NULL);
    b.fit.optimizer = ock_sgd_defaults();
    b.fit.optimizer.momentum = 0.5f;
    b.fit.epochs = 1;
    OK(b.context, ock_model_fit(net, b.set, NULL, &b.fit, &history));
    ck_assert_double_eq(history.epochs[0].learning_rate, rate_at(&b.fit, 3));
    ock_history_clear(&history);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

START_TEST(rates_at_the_edge)
{
    ock_schedule growing = {.kind = OCK_STEP_DECAY, .decay_steps = 1, .decay_rate = 10};
    ock_schedule constant = {.warmup_steps = 2};
    ck_assert_float_eq(ock_schedule_rate(NULL, 0.5f, 7), 0.5f);
    ck_assert(isfinite(ock_schedule_rate(&growing, 1, UINT64_MAX)));
    growing.decay_rate = 0.1f;
    ck_assert_float_eq(ock_schedule_rate(&growing, 1, UINT64_MAX), 0);
    ck_assert_float_eq(ock_schedule_rate(&constant, 1, 0), 0);
    ck_assert_float_eq(ock_schedule_rate(&constant, 1, 1), 0.5f);
    ck_assert_float_eq(ock_schedule_rate(&constant, 1, UINT64_MAX), 1);
    constant.warmup_steps = UINT64_MAX;
    ck_assert_float_eq(ock_schedule_rate(&constant, 1, UINT64_MAX / 2 + 1), 0.5f);
}
END_TEST

static const struct {
    ock_schedule schedule;
    const char *words;
} wrong_schedules[] = {
    {{.kind = (ock_schedule_kind)4}, "schedule.kind"},
    {{.kind = OCK_COSINE_DECAY}, "schedule.decay_steps must be at least 1"},
    {{.kind = OCK_STEP_DECAY, .decay_steps = 1}, "schedule.decay_rate must be"},
    {{.kind = OCK_STEP_DECAY, .decay_steps = 1, .decay_rate = INFINITY}, "schedule.decay_rate"},
    {{.kind = OCK_EXPONENTIAL_DECAY, .decay_steps = 1, .decay_rate = NAN}, "schedule.decay_rate"},
    {{.kind = OCK_COSINE_DECAY, .decay_steps = 1, .alpha = 1.1f}, "schedule.alpha must be 0..1"},
    {{.kind = OCK_COSINE_DECAY, .decay_steps = 1, .alpha = NAN}, "schedule.alpha must be 0..1"},
    {{.warmup_steps = 1, .warmup_from = -0.1f}, "schedule.warmup_from must be"},
    {{.warmup_steps = 1, .warmup_from = NAN}, "schedule.warmup_from must be"},
    {{.warmup_steps = 1, .warmup_from = INFINITY}, "schedule.warmup_from must be"},
};

START_TEST(schedules_that_are_wrong)
{
    ock_context *context = open_context();
    samples data = samples_create(4, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, FEATURES, bench_layers);
    ock_tensor *x = NULL, *y = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, 4, FEATURES, &x));
    OK(context, ock_tensor_create(context, OCK_F32, 4, OUTPUTS, &y));
    for (size_t i = 0; i < sizeof wrong_schedules / sizeof *wrong_schedules; i++) {
        const char *words = wrong_schedules[i].words;
        ock_fit fit = ock_fit_defaults();
        fit.schedule = wrong_schedules[i].schedule;
        ck_assert(isnan(ock_schedule_rate(&fit.schedule, 1, 0)));
        REFUSED(context, OCK_INVALID_ARGUMENT, words, ock_model_fit(net, set, NULL, &fit, NULL));
        REFUSED(context, OCK_INVALID_ARGUMENT, words, ock_model_train_step(net, &fit, x, y, NULL));
    }
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* ---- On a plateau ---- */

/* Nothing improves by so much: after the first epoch every second one brings a reduction, to the
 * least rate. A run is what fits of single epochs at those rates are. */
START_TEST(a_plateau_reduces_the_rate_of_the_next_epochs)
{
    const float rates[] = {0.01f, 0.01f, 0.01f, 0.005f, 0.005f, 0.004f, 0.004f, 0.004f};
    enum {
        EPOCHS = sizeof rates / sizeof *rates
    };
    bench b = bench_open();
    ock_history history = {0};
    ock_fit fit = b.fit, single = b.fit;
    fit.epochs = EPOCHS;
    single.epochs = 1;
    fit.optimizer.learning_rate = rates[0];
    fit.plateau = (ock_plateau){.monitor = "loss",
                                .factor = 0.5f,
                                .patience = 2,
                                .min_delta = 100,
                                .min_learning_rate = 0.004f};
    ock_model *run = fitted(&b, &fit, &history), *parts = build(b.context, FEATURES, bench_layers);
    for (size_t e = 0; e < EPOCHS; e++) {
        ck_assert_double_eq(history.epochs[e].learning_rate, (double)rates[e]);
        single.optimizer.learning_rate = rates[e];
        OK(b.context, ock_model_fit(parts, b.set, NULL, &single, NULL));
    }
    expect_same_weights(run, parts);
    ock_history_clear(&history);
    OK(b.context, ock_model_fit(run, b.set, NULL, &fit, &history));
    ck_assert_double_eq(history.epochs[0].learning_rate, (double)rates[0]);
    ock_history_clear(&history);
    ock_model_destroy(parts);
    ock_model_destroy(run);
    bench_close(&b);
}
END_TEST

static const struct {
    ock_plateau options;
    const char *words;
} wrong_plateaus[] = {
    {{.monitor = "los", .factor = 0.1f}, "plateau.monitor is none of"},
    {{.monitor = "loss"}, "plateau.factor must be greater than 0 and less than 1"},
    {{.monitor = "loss", .factor = 1}, "plateau.factor"},
    {{.monitor = "loss", .factor = NAN}, "plateau.factor"},
    {{.monitor = "loss", .factor = 0.1f, .patience = -1}, "plateau.patience must be at least 0"},
    {{.monitor = "loss", .factor = 0.1f, .cooldown = -1}, "plateau.cooldown must be at least 0"},
    {{.monitor = "loss", .factor = 0.1f, .min_delta = -1}, "plateau.min_delta must be"},
    {{.monitor = "loss", .factor = 0.1f, .mode = (ock_mode)3}, "plateau.mode"},
    {{.monitor = "loss", .factor = 0.1f, .min_learning_rate = -1}, "plateau.min_learning_rate"},
    {{.monitor = "loss", .factor = 0.1f, .min_learning_rate = INFINITY},
     "plateau.min_learning_rate must be a finite"},
};

START_TEST(plateaus_that_are_wrong)
{
    bench b = bench_open();
    ock_model *net = build(b.context, FEATURES, bench_layers);
    ock_plateau_state state;
    for (size_t i = 0; i < sizeof wrong_plateaus / sizeof *wrong_plateaus; i++) {
        b.fit.plateau = wrong_plateaus[i].options;
        ck_assert_int_eq(ock_plateau_init(&state, &b.fit.plateau), OCK_INVALID_ARGUMENT);
        REFUSED(b.context, OCK_INVALID_ARGUMENT, wrong_plateaus[i].words,
                ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    }
    ck_assert_int_eq(ock_plateau_init(NULL, &b.fit.plateau), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_plateau_init(&state, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_float_eq(ock_plateau_update(NULL, 1, 0.5f), 0.5f);
    b.fit.plateau = ock_plateau_defaults();
    b.fit.plateau.monitor = "val_loss";
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "plateau.monitor is val_loss, but there is neither",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    b.fit.plateau.monitor = "loss";
    b.fit.schedule = cosine;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "plateau.monitor must be NULL where schedule",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    b.fit.schedule = (ock_schedule){.warmup_steps = 1};
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "plateau.monitor must be NULL where schedule",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

Suite *schedules_suite(void)
{
    Suite *suite = suite_create("schedules");
    TCase *cases = tcase_create("schedules");
    tcase_add_test(cases, a_step_is_at_the_rate_of_its_number);
    tcase_add_test(cases, a_second_fit_goes_on_in_the_schedule);
    tcase_add_test(cases, another_optimizer_begins_the_schedule_anew);
    tcase_add_test(cases, rates_at_the_edge);
    tcase_add_test(cases, schedules_that_are_wrong);
    tcase_add_test(cases, a_plateau_reduces_the_rate_of_the_next_epochs);
    tcase_add_test(cases, plateaus_that_are_wrong);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
