/* What a search goes through: points, rungs, and the options it refuses. */

#include "suites.h"

static ock_status make(const double *values, ock_context *context, ock_model **model, ock_fit *fit,
                       void *user)
{
    (void)values, (void)context, (void)model, (void)fit, (void)user;
    return OCK_OUT_OF_MEMORY;
}

static const double rates[] = {0, 0.25, 0.5}, penalties[] = {0, 1e-4};

static ock_search_axis list(const char *name, const double *values, size_t count)
{
    return (ock_search_axis){.name = name, .values = values, .count = count};
}

static ock_search_options options_of(const ock_search_axis *axes, size_t count)
{
    ock_search_options options = ock_search_defaults();
    options.axes = axes;
    options.axis_count = count;
    options.make = make;
    return options;
}

START_TEST(the_last_axis_of_a_grid_is_the_fastest)
{
    const ock_search_axis axes[] = {list("l2", penalties, 2), list("dropout", rates, 3)};
    ock_search_options options = options_of(axes, 2);
    ck_assert_uint_eq(ock_search_points(&options), 6);
    for (size_t point = 0; point < 6; point++) {
        double values[2];
        ock_search_point(&options, point, values);
        ck_assert_double_eq(values[0], penalties[point / 3]);
        ck_assert_double_eq(values[1], rates[point % 3]);
    }
}
END_TEST

/* ---- Random points ---- */

enum {
    DRAWS = 20000
};

static const ock_search_axis random_axes[] = {
    {.name = "dropout", .kind = OCK_AXIS_UNIFORM, .low = -1, .high = 3},
    {.name = "l2", .kind = OCK_AXIS_LOG_UNIFORM, .low = 1e-6, .high = 1e-2},
    {.name = "batch", .values = rates, .count = 3},
};

START_TEST(a_random_point_is_the_headers_draw)
{
    ock_search_options options = options_of(random_axes, 3);
    options.points = 10;
    options.seed = 77;
    double values[3];
    ock_search_point(&options, 6, values);
    for (uint32_t a = 0; a < 3; a++) {
        uint32_t draw[4];
        ock_philox((uint32_t[]){a, 6, 0, OCK_PURPOSE_SEARCH}, 77, draw);
        uint64_t r = (uint64_t)draw[0] << 32 | draw[1];
        double u = (double)(r / 2048) / 9007199254740992.0;
        double expected[] = {-1 + 4 * u, 1e-6 * pow(1e4, u), rates[r % 3]};
        expect_close(values[a], expected[a], 1e-14 * fabs(expected[a]));
    }
    double again[3], other[3];
    options.points = 1000;
    ock_search_point(&options, 6, again);
    ck_assert_mem_eq(values, again, sizeof values);
    options.seed++;
    ock_search_point(&options, 6, other);
    ck_assert_double_ne(values[0], other[0]);
}
END_TEST

/* Each fourth of an axis has a fourth of the draws, and each value its third, within five standard
 * deviations of the binomial. */
START_TEST(random_points_are_spread_evenly)
{
    ock_search_options options = options_of(random_axes, 3);
    options.points = DRAWS;
    double counts[3][4] = {{0}}, values[3];
    for (size_t point = 0; point < DRAWS; point++) {
        ock_search_point(&options, point, values);
        ck_assert(values[0] >= -1 && values[0] < 3 && values[1] >= 1e-6 && values[1] <= 1e-2);
        counts[0][(size_t)(values[0] + 1)]++;
        counts[1][(size_t)fmin(log10(values[1]) + 6, 3)]++;
        counts[2][(size_t)(values[2] * 4)]++;
    }
    for (int a = 0; a < 2; a++)
        for (int part = 0; part < 4; part++)
            expect_close(counts[a][part], DRAWS / 4.0, 5 * sqrt(DRAWS * 0.25 * 0.75));
    for (int value = 0; value < 3; value++)
        expect_close(counts[2][value], DRAWS / 3.0, 5 * sqrt(DRAWS / 3.0 * 2 / 3.0));
}
END_TEST

/* ---- Rungs ---- */

static const struct {
    size_t points;
    uint32_t epochs, halving, rungs;
    size_t rung_points[4];
    uint32_t rung_epochs[4];
} schedules[] = {
    {27, 27, 3, 4, {27, 9, 3, 1}, {1, 3, 9, 27}},
    {20, 10, 3, 3, {20, 6, 2}, {1, 3, 10}}, /* log_3 10 epochs allow three rungs */
    {5, 100, 2, 3, {5, 2, 1}, {25, 50, 100}},
    {8, 1, 2, 1, {8}, {1}},
    {1, 8, 2, 1, {1}, {8}},
    {9, 9, 0, 1, {9}, {9}},
};

START_TEST(halving_follows_its_schedule)
{
    ock_search_options options = options_of(random_axes, 3);
    options.points = schedules[_i].points;
    options.epochs = schedules[_i].epochs;
    options.halving = schedules[_i].halving;
    ck_assert_uint_eq(ock_search_rungs(&options), schedules[_i].rungs);
    for (uint32_t rung = 0; rung < schedules[_i].rungs; rung++) {
        size_t points;
        uint32_t epochs;
        ock_search_rung(&options, rung, &points, &epochs);
        ck_assert_uint_eq(points, schedules[_i].rung_points[rung]);
        ck_assert_uint_eq(epochs, schedules[_i].rung_epochs[rung]);
    }
}
END_TEST

START_TEST(results_are_sorted_best_first)
{
    const struct {
        size_t point;
        uint32_t rung;
        double mean;
    } trials[] = {{0, 0, 0.5}, {1, 0, NAN}, {2, 0, 0.9}, {3, 0, 0.5}, {2, 1, 0.1}};
    const size_t best[2][5] = {{4, 2, 0, 3, 1}, {4, 0, 3, 2, 1}};
    ock_search_options options = options_of(random_axes, 3);
    ock_search_results results = {0};
    double none = 0;
    size_t order[5];
    for (size_t i = 0; i < 5; i++)
        OK(NULL, ock_search_results_add(&results, &(ock_trial){.point = trials[i].point,
                                                               .rung = trials[i].rung,
                                                               .values = &none,
                                                               .scores = &none,
                                                               .mean = trials[i].mean}));
    for (int minimize = 0; minimize < 2; minimize++) {
        options.score = minimize ? "val_loss" : "val_accuracy";
        ock_search_sort(&options, &results, order);
        ck_assert_mem_eq(order, best[minimize], sizeof order);
    }
    ock_search_results_clear(&results);
    ck_assert_uint_eq(results.count, 0);
    ock_search_results_clear(NULL);
}
END_TEST

START_TEST(trials_that_are_not_whole)
{
    ock_search_results results = {0};
    double none = 0;
    const ock_trial whole = {.values = &none, .scores = &none};
    ck_assert_int_eq(ock_search_results_add(NULL, &whole), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_search_results_add(&results, NULL), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_search_results_add(&results, &(ock_trial){.scores = &none}),
                     OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_search_results_add(&results, &(ock_trial){.values = &none}),
                     OCK_INVALID_ARGUMENT);
    ck_assert_uint_eq(results.count, 0);
    ck_assert_ptr_null(results.trials);
}
END_TEST

/* ---- Refusals ---- */

static ock_status check(ock_context *context, const ock_search_axis *axes, size_t count,
                        size_t points)
{
    ock_search_options options = options_of(axes, count);
    options.points = points;
    return ock_search_check(context, &options, 50, false);
}

START_TEST(bad_axes_are_named)
{
    const double nan[] = {1, NAN};
    const struct {
        ock_search_axis axes[2];
        size_t count, points;
        const char *words;
    } wrong[] = {
        {{list("l2", rates, 3)}, 0, 0, "at least one"},
#if SIZE_MAX > UINT32_MAX
        {{list("l2", rates, 3)}, (size_t)UINT32_MAX + 1, 0, "axis_count is 4294967296"},
#endif
        {{list(NULL, rates, 3)}, 1, 0, "axis 0 has no name"},
        {{list("l2", rates, 0)}, 1, 0, "axis l2 has no values"},
        {{list("l2", NULL, 3)}, 1, 0, "axis l2 has no values"},
        {{list("l2", rates, 3), list("l2", rates, 1)}, 2, 0, "axis l2 is there twice"},
        {{list("l2", rates, 3), list("", rates, 1)}, 2, 0, "axis 1 has no name"},
        {{list("l2", nan, 2)}, 1, 0, "axis l2: value 1 is nan"},
        {{random_axes[0]}, 1, 0, "axis dropout has bounds"},
        {{{.name = "l2", .kind = OCK_AXIS_LOG_UNIFORM, .high = 1}}, 1, 9, "axis l2: low is 0"},
        {{{.name = "l2", .kind = OCK_AXIS_UNIFORM, .low = 1, .high = 1}}, 1, 9, "less than high"},
        {{{.name = "l2", .kind = OCK_AXIS_UNIFORM, .high = INFINITY}}, 1, 9, "both finite"},
        {{{.name = "l2", .kind = (ock_axis_kind)7}}, 1, 9, "ock_axis_kind"},
    };
    ock_context *context = open_context();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        REFUSED(context, OCK_INVALID_ARGUMENT, wrong[i].words,
                check(context, wrong[i].axes, wrong[i].count, wrong[i].points));
    REFUSED(context, OCK_INVALID_ARGUMENT, "there are no axes", check(context, NULL, 1, 0));
    static const double many[65536];
    const ock_search_axis large[] = {list("a", many, 65536), list("b", many, 65536)};
    REFUSED(context, OCK_INVALID_ARGUMENT, "axis b: the grid has more than",
            check(context, large, 2, 0));
    OK(context, check(context, large, 2, 9));
    ock_context_destroy(context);
}
END_TEST

#define BAD(field, value, words)                                                                   \
    do {                                                                                           \
        ock_search_options options = options_of(random_axes, 3);                                   \
        options.points = 9;                                                                        \
        options.validation_split = 0;                                                              \
        options.score = "loss";                                                                    \
        OK(context, ock_search_check(context, &options, 50, false));                               \
        options.field = value;                                                                     \
        REFUSED(context, OCK_INVALID_ARGUMENT, words,                                              \
                ock_search_check(context, &options, 50, false));                                   \
    } while (0)

START_TEST(bad_options_are_named)
{
    ock_context *context = open_context();
    BAD(folds, 1, "folds is 1, and must be 0 or 2..50");
    BAD(folds, 51, "folds is 51, and must be 0 or 2..50");
    BAD(seeds, 0, "seeds must be 1..65535");
    BAD(seeds, 65536, "seeds must be 1..65535");
    BAD(epochs, 0, "epochs must be 1..");
    BAD(epochs, (uint32_t)INT32_MAX + 1, "epochs must be 1..");
    BAD(halving, 1, "halving must be 0 or at least 2");
    BAD(validation_split, 1, "validation_split must be");
    BAD(validation_split, -0.1f, "validation_split must be");
    BAD(validation_split, NAN, "validation_split must be");
    BAD(score, "speed", "score: monitor is none of");
    BAD(score, NULL, "score: monitor is none of");
    BAD(score, "val_loss", "neither folds nor a validation_split");
    BAD(mode, (ock_mode)9, "score: mode");
    BAD(make, NULL, "make is NULL");
    BAD(points, (size_t)INT32_MAX + 1, "points must be");
    ock_search_options options = options_of(random_axes, 3);
    options.points = 9;
    REFUSED(context, OCK_INVALID_ARGUMENT, "one of them at most",
            ock_search_check(context, &options, 50, true));
    options.folds = 2;
    REFUSED(context, OCK_INVALID_ARGUMENT, "one of them at most",
            ock_search_check(context, &options, 50, false));
    REFUSED(context, OCK_INVALID_ARGUMENT, "options is NULL",
            ock_search_check(context, NULL, 50, false));
    ock_context_destroy(context);
}
END_TEST

Suite *search_space_suite(void)
{
    Suite *suite = suite_create("search_space");
    TCase *tests = tcase_create("search_space");
    tcase_add_test(tests, the_last_axis_of_a_grid_is_the_fastest);
    tcase_add_test(tests, a_random_point_is_the_headers_draw);
    tcase_add_test(tests, random_points_are_spread_evenly);
    tcase_add_loop_test(tests, halving_follows_its_schedule, 0,
                        (int)(sizeof schedules / sizeof *schedules));
    tcase_add_test(tests, results_are_sorted_best_first);
    tcase_add_test(tests, trials_that_are_not_whole);
    tcase_add_test(tests, bad_axes_are_named);
    tcase_add_test(tests, bad_options_are_named);
    suite_add_tcase(suite, tests);
    return suite;
}
