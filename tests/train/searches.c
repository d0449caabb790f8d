/* Searches: their trials are the fits that the header describes. */
#include <stdlib.h>
#include <string.h>

#include "searched.h"
#include "suites.h"

/* ---- Scores ---- */

START_TEST(a_grid_is_the_fits_of_its_points)
{
    searched s;
    searched_open(&s);
    s.options.seeds = 2;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 4);
    ck_assert_uint_eq(s.made, 8);
    for (size_t t = 0; t < 4; t++) {
        const ock_trial *trial = &s.results.trials[t];
        ck_assert_uint_eq(trial->point, t);
        ck_assert_double_eq(trial->values[0], rates[t]);
        ck_assert_uint_eq(trial->epochs, 4);
        ck_assert_int_eq(trial->status, OCK_OK);
        for (uint64_t seed = 0; seed < 2; seed++) {
            ock_history history = {0};
            ock_fit fit = fit_of(&s, rates[t], 2);
            fit.seed += seed;
            fit.validation_split = 0.3f;
            ock_model_destroy(fitted(&s.b, &fit, &history));
            ck_assert_double_eq(trial->scores[seed], last_val_loss(&history));
            ock_history_clear(&history);
        }
        double a = trial->scores[0], b = trial->scores[1];
        ck_assert_double_ne(a, b);
        expect_close(trial->mean, (a + b) / 2, 1e-12);
        expect_close(trial->deviation, fabs(a - b) / sqrt(2), 1e-12);
    }
    searched_close(&s);
}
END_TEST

/* With a validation set of its own, and nobody told. */
START_TEST(a_validation_set_may_be_given)
{
    searched s;
    searched_open(&s);
    ock_dataset *train = NULL, *valid = NULL;
    OK(s.b.context, ock_dataset_view(s.b.set, 0, 30, &train));
    OK(s.b.context, ock_dataset_view(s.b.set, 30, ROWS - 30, &valid));
    s.axis.count = 1;
    s.options.validation_split = 0;
    s.options.on_step = NULL;
    s.options.on_trial = NULL;
    OK(s.b.context, ock_search(train, valid, &s.options, &s.results));
    ck_assert_uint_eq(s.results.count, 1);
    ock_history history = {0};
    ock_fit fit = fit_of(&s, rates[0], 2);
    ock_model *net = build(s.b.context, FEATURES, bench_layers);
    OK(s.b.context, ock_model_fit(net, train, valid, &fit, &history));
    ck_assert_double_eq(s.results.trials[0].scores[0], last_val_loss(&history));
    ock_history_clear(&history);
    ock_model_destroy(net);
    ock_dataset_destroy(valid);
    ock_dataset_destroy(train);
    searched_close(&s);
}
END_TEST

static ock_status make_restoring(const double *values, ock_context *context, ock_model **model,
                                 ock_fit *fit, void *user)
{
    fit->early_stopping =
        (ock_early_stopping){.monitor = "val_loss", .patience = 100, .restore_best_weights = true};
    return searched_make(values, context, model, fit, user);
}

START_TEST(the_best_epoch_counts_where_its_weights_are_kept)
{
    searched s;
    searched_open(&s);
    s.axis.values = &rates[3];
    s.axis.count = 1;
    s.options.epochs = 12;
    s.options.make = make_restoring;
    OK(s.b.context, searched_run(&s));
    ock_history history = {0};
    ock_fit fit = fit_of(&s, rates[3], 12);
    fit.validation_split = 0.3f;
    ock_model_destroy(fitted(&s.b, &fit, &history));
    double least = INFINITY;
    for (size_t e = 0; e < history.count; e++)
        least = fmin(least, history.epochs[e].val_loss);
    ck_assert_double_lt(least, last_val_loss(&history));
    ck_assert_double_eq(s.results.trials[0].scores[0], least);
    ock_history_clear(&history);
    searched_close(&s);
}
END_TEST

static ock_status make_patient(const double *values, ock_context *context, ock_model **model,
                               ock_fit *fit, void *user)
{
    fit->early_stopping = (ock_early_stopping){.monitor = "val_loss", .patience = 100};
    return searched_make(values, context, model, fit, user);
}

static ock_status make_late(const double *values, ock_context *context, ock_model **model,
                            ock_fit *fit, void *user)
{
    fit->early_stopping.start_from_epoch = 100;
    fit->early_stopping.restore_best_weights = true;
    fit->early_stopping.monitor = "val_loss";
    return searched_make(values, context, model, fit, user);
}

/* Where the best weights are not kept, or no epoch counts as the best, the last epoch's are left.
 */
START_TEST(the_last_epoch_counts_where_no_other_is_kept)
{
    const ock_search_make makes[] = {make_patient, make_late};
    searched s;
    for (size_t i = 0; i < 2; i++) {
        searched_open(&s);
        s.axis.values = &rates[3];
        s.axis.count = 1;
        s.options.epochs = 12;
        s.options.make = makes[i];
        OK(s.b.context, searched_run(&s));
        ock_history history = {0};
        ock_fit fit = fit_of(&s, rates[3], 12);
        fit.validation_split = 0.3f;
        ock_model_destroy(fitted(&s.b, &fit, &history));
        ck_assert_double_eq(s.results.trials[0].scores[0], last_val_loss(&history));
        ock_history_clear(&history);
        searched_close(&s);
    }
}
END_TEST

/* The folds by the header's formula hold each row once, and a run is the fit to the others. */
START_TEST(folds_hold_each_row_once)
{
    enum {
        FOLDS = 3
    };
    searched s;
    searched_open(&s);
    s.axis.count = 1;
    s.options.folds = FOLDS;
    s.options.validation_split = 0;
    s.options.seed = 9;
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 1);
    int32_t order[2 * ROWS];
    size_t seen[ROWS] = {0};
    for (int32_t i = 0; i < ROWS; i++)
        order[i] = i;
    for (uint32_t i = ROWS - 1; i > 0; i--) {
        uint32_t draw[4];
        ock_philox((uint32_t[]){i, 0, 1, OCK_PURPOSE_SEARCH}, 9, draw);
        size_t j = (size_t)(((uint64_t)draw[0] << 32 | draw[1]) % (i + 1));
        int32_t row = order[i];
        order[i] = order[j];
        order[j] = row;
    }
    memcpy(order + ROWS, order, ROWS * sizeof *order);
    for (size_t f = 0; f < FOLDS; f++) {
        size_t first = f * ROWS / FOLDS, end = (f + 1) * ROWS / FOLDS;
        ock_dataset *train = NULL, *valid = NULL;
        ock_history history = {0};
        for (size_t i = first; i < end; i++)
            seen[order[i]]++;
        OK(s.b.context, ock_dataset_select(s.b.set, order + end, ROWS - (end - first), &train));
        OK(s.b.context, ock_dataset_select(s.b.set, order + first, end - first, &valid));
        ock_fit fit = fit_of(&s, rates[0], 2);
        ock_model *net = build(s.b.context, FEATURES, bench_layers);
        OK(s.b.context, ock_model_fit(net, train, valid, &fit, &history));
        ck_assert_double_eq(s.results.trials[0].scores[f], last_val_loss(&history));
        ock_history_clear(&history);
        ock_model_destroy(net);
        ock_dataset_destroy(valid);
        ock_dataset_destroy(train);
    }
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_uint_eq(seen[i], 1);
    searched_close(&s);
}
END_TEST

/* ---- Halving ---- */

static void halve(searched *s)
{
    s->options.epochs = 4;
    s->options.halving = 2;
    s->options.seeds = 2;
}

static double two_fits(const searched *s, double rate, uint64_t seed)
{
    ock_history history = {0};
    ock_fit fit = fit_of(s, rate, 2);
    fit.seed += seed;
    fit.validation_split = 0.3f;
    fit.epochs = 1;
    ock_model *net = fitted(&s->b, &fit, &history);
    OK(s->b.context, ock_model_fit(net, s->b.set, NULL, &fit, &history));
    fit.epochs = 2;
    OK(s->b.context, ock_model_fit(net, s->b.set, NULL, &fit, &history));
    double score = last_val_loss(&history);
    ock_history_clear(&history);
    ock_model_destroy(net);
    return score;
}

START_TEST(halving_goes_on_with_the_best)
{
    searched s;
    searched_open(&s);
    halve(&s);
    OK(s.b.context, searched_run(&s));
    ck_assert_uint_eq(s.results.count, 4 + 2 + 1);
    ck_assert_uint_eq(s.made, 2 * 7);
    ck_assert_uint_eq(s.steps, 3 * 2 * (4 * 1 + 2 * 1 + 1 * 2)); /* no epoch is trained twice */
    const ock_trial *trials = s.results.trials, *last = &trials[6];
    const uint32_t rungs[] = {0, 0, 0, 0, 1, 1, 2}, epochs[] = {2, 2, 2, 2, 2, 2, 4};
    for (size_t t = 0; t < 7; t++) {
        ck_assert_uint_eq(trials[t].rung, rungs[t]);
        ck_assert_uint_eq(trials[t].epochs, epochs[t]);
        ck_assert(trials[t].rung != 0 || trials[t].point == t);
    }
    for (size_t t = 0; t < 4; t++) { /* two are better than each that has gone, and no more */
        bool went_on = trials[4].point == t || trials[5].point == t;
        size_t better = 0;
        for (size_t u = 0; u < 4; u++)
            better += trials[u].mean < trials[t].mean;
        ck_assert(went_on == (better < 2));
    }
    ck_assert_uint_lt(trials[4].point, trials[5].point);
    ck_assert_uint_eq(last->point, trials[trials[4].mean < trials[5].mean ? 4 : 5].point);
    for (uint64_t seed = 0; seed < 2; seed++)
        ck_assert_double_eq(last->scores[seed], two_fits(&s, last->values[0], seed));
    searched_close(&s);
}
END_TEST

/* Networks that are lost are trained again. */
START_TEST(halving_resumes_in_any_rung)
{
    searched s, t;
    searched_open(&s);
    halve(&s);
    OK(s.b.context, searched_run(&s));
    for (size_t done = 0; done <= s.results.count; done++) {
        searched_open(&t);
        halve(&t);
        for (size_t i = 0; i < done; i++)
            OK(t.b.context, ock_search_results_add(&t.results, &s.results.trials[i]));
        OK(t.b.context, searched_run(&t));
        ck_assert_uint_eq(t.results.count, 7);
        ck_assert_uint_eq(t.made, 2 * (7 - done));
        for (size_t i = 0; i < 7; i++)
            ck_assert_mem_eq(t.results.trials[i].scores, s.results.trials[i].scores,
                             2 * sizeof(double));
        searched_close(&t);
    }
    searched_close(&s);
}
END_TEST

/* The devices' memory is as before, whatever was kept in between. */
START_TEST(a_search_leaves_nothing_behind)
{
    searched s;
    ock_memory before, after;
    searched_open(&s);
    halve(&s);
    OK(s.b.context, searched_run(&s)); /* operations keep scratch memory */
    ock_search_results_clear(&s.results);
    OK(s.b.context, ock_context_memory(s.b.context, &before));
    s.options.folds = 2;
    s.options.validation_split = 0;
    OK(s.b.context, searched_run(&s));
    OK(s.b.context, ock_context_memory(s.b.context, &after));
    ck_assert_uint_eq(before.in_use, after.in_use);
    searched_close(&s);
}
END_TEST

Suite *searches_suite(void)
{
    Suite *suite = suite_create("searches");
    TCase *tests = tcase_create("searches");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_grid_is_the_fits_of_its_points);
    tcase_add_test(tests, a_validation_set_may_be_given);
    tcase_add_test(tests, the_best_epoch_counts_where_its_weights_are_kept);
    tcase_add_test(tests, the_last_epoch_counts_where_no_other_is_kept);
    tcase_add_test(tests, folds_hold_each_row_once);
    tcase_add_test(tests, halving_goes_on_with_the_best);
    tcase_add_test(tests, halving_resumes_in_any_rung);
    tcase_add_test(tests, a_search_leaves_nothing_behind);
    suite_add_tcase(suite, tests);
    return suite;
}
