/* Searches whose trials fail, that are stopped, or that are asked for what cannot be. */
#include "searched.h"
#include "suites.h"

START_TEST(a_trial_that_diverges_is_a_result)
{
    const double wild[] = {1e-3, 1e30, 1e-2, 1e-1};
    searched s;
    searched_open(&s);
    s.axis.values = wild;
    s.options.seeds = 2;
    s.options.epochs = 4;
    s.options.halving = 2;
    OK(s.b.context, searched_run(&s));
    const ock_trial *trial = &s.results.trials[1];
    ck_assert_int_eq(trial->status, OCK_DIVERGED);
    ck_assert(isnan(trial->mean) && isnan(trial->deviation) && isnan(trial->scores[1]));
    ck_assert_uint_eq(s.results.count, 7);
    for (size_t i = 0; i < 7; i++)
        ck_assert(i == 1 || s.results.trials[i].status == OCK_OK);
    for (size_t i = 4; i < 7; i++)
        ck_assert_uint_ne(s.results.trials[i].point, 1);
    searched_close(&s);
}
END_TEST

/* Fewer go on than may where the others have no mean. */
START_TEST(only_what_was_trained_goes_on)
{
    const double wild[] = {1e-2, 1e30, 1e30, 1e30};
    searched s;
    searched_open(&s);
    s.axis.values = wild;
    s.options.epochs = 4;
    s.options.halving = 2;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 4 + 1 + 1);
    for (size_t i = 4; i < 6; i++) {
        ck_assert_uint_eq(s.results.trials[i].point, 0);
        ck_assert_uint_eq(s.results.trials[i].rung, i - 3);
    }
    searched_close(&s);
}
END_TEST

static ock_status make_nothing(const double *values, ock_context *context, ock_model **model,
                               ock_fit *fit, void *user)
{
    (void)values, (void)context, (void)model, (void)fit, (void)user;
    return OCK_OK;
}

static ock_status make_averaging(const double *values, ock_context *context, ock_model **model,
                                 ock_fit *fit, void *user)
{
    fit->swa_from_epoch = 1;
    return searched_make(values, context, model, fit, user);
}

static ock_status make_squared(const double *values, ock_context *context, ock_model **model,
                               ock_fit *fit, void *user)
{
    fit->loss = OCK_MEAN_SQUARED_ERROR;
    return searched_make(values, context, model, fit, user);
}

START_TEST(what_make_may_not_ask_for)
{
    const struct {
        ock_search_make make;
        size_t halving;
        const char *score, *words;
    } wrong[] = {
        {make_nothing, 0, "val_loss", "point 0: make() made no network"},
        {make_averaging, 2, "val_loss", "point 0: swa_from_epoch is 1, and must be 0 with halving"},
        {make_squared, 0, "val_accuracy", "point 0: score is val_accuracy, which the squared"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        searched s;
        searched_open(&s);
        s.options.make = wrong[i].make;
        s.options.halving = (uint32_t)wrong[i].halving;
        s.options.score = wrong[i].score;
        REFUSED(s.b.context, OCK_INVALID_ARGUMENT, wrong[i].words, searched_run(&s));
        ck_assert_uint_eq(s.results.count, 0);
        ck_assert_uint_eq(s.steps, 0);
        searched_close(&s);
    }
}
END_TEST

START_TEST(another_failure_ends_the_search)
{
    searched s;
    searched_open(&s);
    s.broken = rates[2];
    REFUSED(s.b.context, OCK_FILE_FAILED, "point 2: broken", searched_run(&s));
    ck_assert_uint_eq(s.results.count, 2);
    s.broken = -1;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 4);
    searched_close(&s);
}
END_TEST

START_TEST(a_search_may_be_stopped)
{
    searched s;
    searched_open(&s);
    s.stop_trials = 1;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 1);
    s.stop_trials = 0;
    s.stop_step = s.steps + 2;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 1);
    s.stop_step = 0;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 4);
    searched_close(&s);
}
END_TEST

START_TEST(other_results_are_refused)
{
    searched s;
    searched_open(&s);
    OK(s.b.context, searched_run(&s));
    const size_t made = s.made;
    ock_trial *trial = &s.results.trials[2];
    trial->values[0] *= 1.5;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "trial 2, of point 2, is none of this search",
            searched_run(&s));
    trial->values[0] = rates[2];
    trial->point = 1;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "it is there twice", searched_run(&s));
    trial->point = 4;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "no such point", searched_run(&s));
    trial->point = 2;
    trial->rung = 1;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "no such point or rung", searched_run(&s));
    trial->rung = 0;
    trial->axes = 2;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "other numbers of axes or runs", searched_run(&s));
    trial->axes = 1;
    s.options.seeds = 2;
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "other numbers of axes or runs", searched_run(&s));
    s.options.seeds = 1;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.made, made);
    REFUSED(s.b.context, OCK_INVALID_ARGUMENT, "results is NULL",
            ock_search(s.b.set, NULL, &s.options, NULL));
    ck_assert_int_eq(ock_search(NULL, NULL, &s.options, &s.results), OCK_INVALID_ARGUMENT);
    searched_close(&s);
}
END_TEST

Suite *search_failures_suite(void)
{
    Suite *suite = suite_create("search_failures");
    TCase *tests = tcase_create("search_failures");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_trial_that_diverges_is_a_result);
    tcase_add_test(tests, only_what_was_trained_goes_on);
    tcase_add_test(tests, what_make_may_not_ask_for);
    tcase_add_test(tests, another_failure_ends_the_search);
    tcase_add_test(tests, a_search_may_be_stopped);
    tcase_add_test(tests, other_results_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
