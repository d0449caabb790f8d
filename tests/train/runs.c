/* How a run goes: sizes at the edge, callbacks, other optimisers, losses that are not numbers. */
#include "bench.h"
#include "suites.h"

/* ---- Shapes at the edge ---- */

START_TEST(sizes_at_the_edge)
{
    const struct {
        size_t rows, features, width;
        uint32_t batch;
    } sizes[] = {{1, 1, 1, 1}, {5, 1, 1, 1}, {5, 3, 1, 2}, {3, 2, 17, 100}, {33, 1, 5, 32}};
    ock_context *context = open_context();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const spec narrow[] = {
            {SPEC_DENSE, .units = sizes[i].width, .activation = OCK_RELU, .l2 = 1e-3f},
            {SPEC_DROPOUT, .rate = 0.5f},
            {.kind = SPEC_BATCH_NORM},
            {SPEC_DENSE, .units = 2, .activation = OCK_SOFTMAX},
            {0}};
        samples data = samples_create(sizes[i].rows, sizes[i].features, 2);
        ock_dataset *set = labelled(context, &data);
        ock_model *net = build(context, sizes[i].features, narrow);
        ock_history history = {0};
        ock_fit fit = ock_fit_defaults();
        fit.batch_size = sizes[i].batch;
        fit.epochs = 2;
        OK(context, ock_model_fit(net, set, set, &fit, &history));
        ck_assert_uint_eq(history.epochs[1].steps, (sizes[i].rows - 1) / sizes[i].batch + 1);
        ck_assert(isfinite(history.epochs[1].loss) && isfinite(history.epochs[1].val_loss));
        ock_history_clear(&history);
        ock_model_destroy(net);
        ock_dataset_destroy(set);
        samples_free(&data);
    }
    ock_context_destroy(context);
}
END_TEST

/* ---- Callbacks ---- */

typedef struct calls {
    uint32_t epochs, steps;
    uint32_t stop_epoch, stop_step; /* 0: never */
} calls;

static bool count_epoch(const ock_epoch *epoch, void *user)
{
    calls *seen = user;
    ck_assert_uint_eq(epoch->epoch, ++seen->epochs);
    return epoch->epoch != seen->stop_epoch;
}

static bool count_step(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    calls *seen = user;
    ck_assert_uint_eq(steps, 4);
    ck_assert_uint_eq((epoch - 1) * steps + step, ++seen->steps);
    return seen->steps != seen->stop_step;
}

START_TEST(callbacks_stop_a_run)
{
    const struct {
        calls calls;
        uint32_t epochs, steps;
    } cases[] = {{{0}, 3, 12},
                 {{.stop_epoch = 2}, 2, 8},
                 {{.stop_step = 6}, 1, 6},
                 {{.stop_step = 1}, 0, 1},
                 {{.stop_step = 8}, 2, 8}};
    bench b = bench_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        calls seen = cases[i].calls;
        ock_history history = {0};
        ock_fit fit = b.fit;
        fit.on_epoch = count_epoch;
        fit.on_step = count_step;
        fit.user = &seen;
        ock_model_destroy(fitted(&b, &fit, &history));
        ck_assert_uint_eq(history.count, cases[i].epochs);
        ck_assert_uint_eq(seen.epochs, cases[i].epochs);
        ck_assert_uint_eq(seen.steps, cases[i].steps);
        ck_assert(!history.stopped_early);
        ock_history_clear(&history);
    }
    bench_close(&b);
}
END_TEST

typedef struct renewal {
    ock_model *net;
    uint64_t step;
} renewal;

static bool renew(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    const renewal *at = user;
    (void)epoch, (void)steps;
    if (step == at->step)
        OK(ock_model_context(at->net), ock_model_initialize(at->net, 9));
    return true;
}

/* New weights from a callback lose the moments, which the run then makes again. */
START_TEST(a_callback_may_renew_the_weights)
{
    bench b = bench_open();
    ock_model *net = build(b.context, FEATURES, bench_layers);
    ock_model *fresh = build(b.context, FEATURES, bench_layers);
    ock_fit fit = b.fit;
    renewal last = {.net = net};
    fit.epochs = 1;
    OK(b.context, ock_model_initialize(fresh, 9));
    for (last.step = 1; last.step <= 4; last.step++) {
        fit.on_step = renew;
        fit.user = &last;
        OK(b.context, ock_model_fit(net, b.set, NULL, &fit, NULL));
    }
    expect_same_weights(net, fresh);
    fit.on_step = NULL;
    OK(b.context, ock_model_fit(net, b.set, NULL, &fit, NULL));
    OK(b.context, ock_model_fit(fresh, b.set, NULL, &fit, NULL));
    expect_same_weights(net, fresh);
    ock_model_destroy(fresh);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* What is refused moves neither batch norm's statistics nor weights, and costs no moments. */
START_TEST(a_refused_step_changes_nothing)
{
    const spec normed[] = {
        {.kind = SPEC_BATCH_NORM}, {SPEC_DENSE, .units = 3, .activation = OCK_SOFTMAX}, {0}};
    ock_context *context = open_context();
    samples data = samples_create(10, 4, 3);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, 4, normed), *same = build(context, 4, normed);
    ock_tensor *x = NULL, *labels = NULL, *narrow = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, 10, 4, &x));
    OK(context, ock_tensor_create(context, OCK_I32, 10, 1, &labels));
    OK(context, ock_tensor_create(context, OCK_F32, 10, 2, &narrow));
    ock_fit squared = ock_fit_defaults(), sgd = ock_fit_defaults();
    squared.loss = OCK_MEAN_SQUARED_ERROR;
    sgd.optimizer = ock_sgd_defaults();
    sgd.optimizer.momentum = 2;
    REFUSED(context, OCK_INVALID_ARGUMENT, "momentum is 2",
            ock_model_train_step(net, &sgd, x, labels, NULL));
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    OK(context, ock_model_fit(net, set, NULL, NULL, NULL));
    OK(context, ock_model_fit(same, set, NULL, NULL, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "momentum is 2",
            ock_model_train_step(net, &sgd, x, labels, NULL));
    REFUSED(context, OCK_INVALID_ARGUMENT, "needs targets",
            ock_model_train_step(net, &squared, x, labels, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "y has 2 columns",
            ock_model_train_step(net, NULL, x, narrow, NULL));
    REFUSED(context, OCK_SHAPE_MISMATCH, "totals is 10 x 2",
            ock_model_train_step(net, NULL, x, labels, narrow));
    REFUSED(context, OCK_INVALID_ARGUMENT, "totals must be",
            ock_model_train_step(net, NULL, x, labels, labels));
    REFUSED(context, OCK_INVALID_ARGUMENT, "momentum is 2",
            ock_model_fit(net, set, NULL, &sgd, NULL));
    OK(context, ock_model_fit(net, set, NULL, NULL, NULL));
    OK(context, ock_model_fit(same, set, NULL, NULL, NULL));
    expect_same_weights(net, same);
    ock_tensor_destroy(narrow);
    ock_tensor_destroy(labels);
    ock_tensor_destroy(x);
    ock_model_destroy(same);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

/* ---- Optimisers, losses, augmentation ---- */

/* A network of the same layers and weights, and no past. */
static ock_model *copied(ock_model *net, const spec *specs)
{
    ock_context *context = ock_model_context(net);
    ock_model *copy = build(context, FEATURES, specs);
    OK(context, ock_model_initialize(copy, 0));
    for (size_t i = 0; i < ock_model_tensor_count(net); i++) {
        ock_model_tensor source, target;
        OK(context, ock_model_tensor_at(net, i, &source));
        OK(context, ock_model_tensor_at(copy, i, &target));
        OK(context, ock_tensor_copy(source.tensor, target.tensor));
    }
    return copy;
}

/* The bias correction begins anew with the moments, or the first steps would be far too short.
 * Dropout and shuffles go by counts that a copy does not have, so there are none here. */
START_TEST(another_optimizer_begins_anew)
{
    bench b = bench_open();
    const spec plain[] = {bench_layers[0], bench_layers[2], bench_layers[3], {0}};
    ock_fit adam = b.fit, sgd = b.fit;
    adam.shuffle = sgd.shuffle = false;
    sgd.optimizer = ock_sgd_defaults();
    sgd.optimizer.momentum = 0.9f;
    ock_model *net = build(b.context, FEATURES, plain);
    OK(b.context, ock_model_fit(net, b.set, NULL, &adam, NULL));
    OK(b.context, ock_model_fit(net, b.set, NULL, &sgd, NULL));
    ock_model *fresh = copied(net, plain);
    OK(b.context, ock_model_fit(net, b.set, NULL, &adam, NULL));
    OK(b.context, ock_model_fit(fresh, b.set, NULL, &adam, NULL));
    expect_same_weights(net, fresh);
    ock_model_destroy(fresh);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

START_TEST(figures_that_are_not)
{
    bench b = bench_open();
    ock_dataset *targets = targeted(b.context, &b.data);
    ock_model *net = build(b.context, FEATURES, bench_layers);
    ock_history history = {0};
    ock_evaluation means;
    b.fit.loss = OCK_MEAN_SQUARED_ERROR;
    OK(b.context, ock_model_fit(net, targets, NULL, &b.fit, &history));
    OK(b.context, ock_model_evaluate(net, targets, &b.fit, &means));
    const ock_epoch *epoch = history.epochs;
    ck_assert_double_nan(epoch->accuracy);
    ck_assert_double_nan(epoch->val_loss);
    ck_assert_double_nan(epoch->val_data_loss);
    ck_assert_double_nan(epoch->val_penalty);
    ck_assert_double_nan(epoch->val_accuracy);
    ck_assert_double_nan(means.accuracy);
    ck_assert(isfinite(epoch->loss));
    ock_history_clear(&history);
    ock_model_destroy(net);
    ock_dataset_destroy(targets);
    bench_close(&b);
}
END_TEST

/* Row 35 lies in step 3 of batches of 16 where rows keep their order. */
START_TEST(a_nan_stops_the_run)
{
    bench b = bench_open();
    b.data.x[35 * FEATURES] = NAN;
    ock_dataset *set = labelled(b.context, &b.data), *good = NULL;
    ock_model *net = build(b.context, FEATURES, bench_layers);
    ock_history history = {0};
    b.fit.shuffle = false;
    OK(b.context, ock_dataset_view(set, 0, 35, &good));
    OK(b.context, ock_model_fit(net, good, NULL, &b.fit, &history));
    ck_assert_uint_eq(history.count, 3);
    REFUSED(b.context, OCK_DIVERGED, "epoch 1, step 3",
            ock_model_fit(net, set, NULL, &b.fit, &history));
    ck_assert_uint_eq(history.count, 3);
    ock_history_clear(&history);
    ock_model_destroy(net);
    ock_dataset_destroy(good);
    ock_dataset_destroy(set);
    bench_close(&b);
}
END_TEST

/* Each weight is a number, and so is the loss; what the penalty sums up is none. */
START_TEST(a_penalty_beyond_all_numbers_stops_the_run)
{
    bench b = bench_open();
    ock_model *net = NULL;
    ock_history history = {0};
    const ock_dense heavy = {.kernel = {.l1 = 3e38f}};
    b.fit.optimizer = ock_sgd_defaults();
    b.fit.optimizer.learning_rate = 0;
    OK(b.context, ock_model_create(b.context, FEATURES, &net));
    OK(b.context, ock_model_add_dense(net, OUTPUTS, OCK_SOFTMAX, &heavy));
    REFUSED(b.context, OCK_DIVERGED, "epoch 1: the penalty is not a finite number",
            ock_model_fit(net, b.set, NULL, &b.fit, &history));
    ck_assert_uint_eq(history.count, 0);
    ock_model_destroy(net);
    ock_history_clear(&history);
    bench_close(&b);
}
END_TEST

START_TEST(augmentation_changes_training_alone)
{
    bench b = bench_open();
    ock_augmentation still = {.height = 2, .width = 4, .channels = 1, .seed = 1}, moving = still;
    moving.rotation_range = 20;
    moving.zoom_range[0] = 0.8f;
    moving.zoom_range[1] = 1.2f;
    ock_history none = {0}, same = {0}, moved = {0}, again = {0};
    ock_model_destroy(fitted(&b, &b.fit, &none));
    b.fit.augmentation = &still;
    ock_model_destroy(fitted(&b, &b.fit, &same));
    b.fit.augmentation = &moving;
    ock_model *a = fitted(&b, &b.fit, &moved), *c = fitted(&b, &b.fit, &again);
    expect_close(same.epochs[2].loss, none.epochs[2].loss, 1e-6);
    ck_assert_double_gt(fabs(moved.epochs[2].loss - none.epochs[2].loss), 1e-4);
    expect_same_weights(a, c);
    ock_history_clear(&again);
    ock_history_clear(&moved);
    ock_history_clear(&same);
    ock_history_clear(&none);
    ock_model_destroy(c);
    ock_model_destroy(a);
    moving.height = 3;
    ock_model *net = build(b.context, FEATURES, bench_layers);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "height",
            ock_model_fit(net, b.set, NULL, &b.fit, NULL));
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

Suite *runs_suite(void)
{
    Suite *suite = suite_create("runs");
    TCase *cases = tcase_create("runs");
    tcase_add_test(cases, sizes_at_the_edge);
    tcase_add_test(cases, callbacks_stop_a_run);
    tcase_add_test(cases, a_callback_may_renew_the_weights);
    tcase_add_test(cases, a_refused_step_changes_nothing);
    tcase_add_test(cases, another_optimizer_begins_anew);
    tcase_add_test(cases, figures_that_are_not);
    tcase_add_test(cases, a_nan_stops_the_run);
    tcase_add_test(cases, a_penalty_beyond_all_numbers_stops_the_run);
    tcase_add_test(cases, augmentation_changes_training_alone);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
