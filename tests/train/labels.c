/* Mixup, and the weights of samples and classes. */
#include <stdlib.h>

#include "bench.h"
#include "suites.h"

/* ---- The draw ---- */

enum {
    DRAWS = 20000
};

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The distribution function of Beta(a, a) where it is elementary: uniform, parabolic, arc sine. */
static double beta_share(double a, double x)
{
    if (a == 1)
        return x;
    return a == 2 ? x * x * (3 - 2 * x) : 2 / acos(-1) * asin(sqrt(x));
}

static void expect_distribution(float alpha, const float *shares)
{
    double a = (double)alpha, mean = 0, variance = 0, expected = 1 / (4 * (2 * a + 1));
    for (int i = 0; i < DRAWS; i++)
        mean += (double)shares[i] / DRAWS;
    for (int i = 0; i < DRAWS; i++)
        variance += pow((double)shares[i] - 0.5, 2) / DRAWS;
    /* Five standard errors; that of the variance is at most that of a variable within 0..1/4. */
    expect_close(mean, 0.5, 5 * sqrt(expected / DRAWS));
    expect_close(variance, expected, 5 * sqrt(expected / 4 / DRAWS));
}

/* Kolmogorov and Smirnov's distance, exceeded once in 10^6 seeds. */
static void expect_ks(float alpha, const float *sorted)
{
    double most = 0;
    for (int i = 0; i < DRAWS; i++) {
        double share = beta_share((double)alpha, (double)sorted[i]);
        most = fmax(most, fmax(share - (double)i / DRAWS, (double)(i + 1) / DRAWS - share));
    }
    ck_assert_double_le(most, sqrt(log(2e6) / 2 / DRAWS));
}

START_TEST(shares_follow_the_beta_distribution)
{
    const float alphas[] = {0.5f, 1, 2, 0.2f, 8, 0.001f};
    float *shares = malloc(DRAWS * sizeof *shares);
    for (int k = 0; k < 6; k++) {
        for (uint32_t i = 0; i < DRAWS; i++) {
            shares[i] = ock_mixup_draw(alphas[k], 5, 3, i, DRAWS).share;
            ck_assert(shares[i] >= 0 && shares[i] <= 1);
        }
        expect_distribution(alphas[k], shares);
        qsort(shares, DRAWS, sizeof *shares, ascending);
        if (k < 3)
            expect_ks(alphas[k], shares);
    }
    free(shares);
}
END_TEST

/* Each of ten rows as often, within five standard errors; an epoch and a seed draw anew. */
START_TEST(partners_are_drawn_alike)
{
    int counts[10] = {0}, epochs = 0, seeds = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t partner = ock_mixup_draw(0.4f, 7, 1, i, 10).partner;
        ck_assert_uint_lt(partner, 10);
        counts[partner]++;
        epochs += partner == ock_mixup_draw(0.4f, 7, 2, i, 10).partner;
        seeds += partner == ock_mixup_draw(0.4f, 8, 1, i, 10).partner;
    }
    double bound = 5 * sqrt(DRAWS * 0.09);
    for (int k = 0; k < 10; k++)
        expect_close((double)counts[k], DRAWS / 10., bound);
    expect_close((double)epochs, DRAWS / 10., bound);
    expect_close((double)seeds, DRAWS / 10., bound);
    ck_assert_float_eq(ock_mixup_draw(0, 7, 1, 4, 10).share, 1);
    ck_assert_uint_eq(ock_mixup_draw(NAN, 7, 1, 4, 10).partner, 4);
    ck_assert_uint_eq(ock_mixup_draw(INFINITY, 7, 1, 4, 10).partner, 4);
    ck_assert_float_eq(ock_mixup_draw(0.2f, 7, 1, 4, 0).share, 1);
}
END_TEST

/* ---- Fits ---- */

/* The rows as a fit mixes them in its first epoch: x and soft targets, and the weights. */
static samples mixed(const bench *b, const float *weights, float *mixed_weights)
{
    samples out = samples_create(ROWS, FEATURES, OUTPUTS);
    for (uint32_t i = 0; i < ROWS; i++) {
        ock_mixup m = ock_mixup_draw(b->fit.mixup_alpha, b->fit.seed, 0, i, ROWS);
        float own = m.share, rest = 1 - own;
        for (size_t j = 0; j < FEATURES; j++)
            out.x[i * FEATURES + j] =
                own * b->data.x[i * FEATURES + j] + rest * b->data.x[m.partner * FEATURES + j];
        for (size_t j = 0; j < OUTPUTS; j++)
            out.targets[i * OUTPUTS + j] = own * b->data.targets[i * OUTPUTS + j] +
                                           rest * b->data.targets[m.partner * OUTPUTS + j];
        mixed_weights[i] = own * weights[i] + rest * weights[m.partner];
    }
    return out;
}

static ock_dataset *weighted(const bench *b, const samples *data, bool labels, const float *weights)
{
    ock_dataset *set = NULL;
    OK(b->context, ock_dataset_create(b->context,
                                      &(ock_arrays){.rows = ROWS,
                                                    .features = FEATURES,
                                                    .x = data->x,
                                                    .outputs = OUTPUTS,
                                                    .labels = labels ? data->labels : NULL,
                                                    .targets = labels ? NULL : data->targets,
                                                    .weights = weights},
                                      &set));
    return set;
}

/* One epoch with mixup is one on the mixed set without, bit for bit, whatever the batch. */
START_TEST(mixup_learns_from_mixed_rows)
{
    bench b = bench_open();
    float weights[ROWS], of_mixed[ROWS];
    uint32_t seed = 9;
    for (size_t i = 0; i < ROWS; i++)
        weights[i] = 2 * random_unit(&seed);
    b.fit.epochs = 1;
    b.fit.label_smoothing = 0.1f;
    b.fit.batch_size = _i ? 7 : ROWS;
    b.fit.mixup_alpha = 0.4f;
    samples mixture = mixed(&b, weights, of_mixed);
    ock_dataset *plain = weighted(&b, &b.data, true, weights);
    ock_dataset *ready = weighted(&b, &mixture, false, of_mixed);
    ock_model *first = build(b.context, FEATURES, bench_layers);
    ock_model *second = build(b.context, FEATURES, bench_layers);
    ock_history one = {0}, two = {0};
    OK(b.context, ock_model_fit(first, plain, NULL, &b.fit, &one));
    b.fit.mixup_alpha = 0;
    OK(b.context, ock_model_fit(second, ready, NULL, &b.fit, &two));
    expect_same_weights(first, second);
    ck_assert_double_eq(one.epochs[0].loss, two.epochs[0].loss);
    ck_assert_double_eq(one.epochs[0].accuracy, two.epochs[0].accuracy);
    ock_history_clear(&one);
    ock_history_clear(&two);
    ock_model_destroy(second);
    ock_model_destroy(first);
    ock_dataset_destroy(ready);
    ock_dataset_destroy(plain);
    samples_free(&mixture);
    bench_close(&b);
}
END_TEST

/* A weight follows its row through shuffles, selections and the split; classes' weights multiply.
 */
START_TEST(weights_follow_their_rows)
{
    bench b = bench_open();
    const float of_classes[OUTPUTS] = {0.5f, 2, 1};
    float weights[ROWS], both[ROWS];
    int32_t rows[ROWS];
    uint32_t seed = 4;
    for (size_t i = 0; i < ROWS; i++) {
        weights[i] = 2 * random_unit(&seed);
        both[i] = weights[i] * of_classes[b.data.labels[i]];
        rows[i] = (int32_t)(ROWS - 1 - i);
    }
    ock_dataset *sets[2] = {weighted(&b, &b.data, true, weights),
                            weighted(&b, &b.data, true, both)};
    ock_model *nets[2];
    for (int i = 0; i < 2; i++) {
        ock_dataset *selection = NULL, *view = NULL;
        OK(b.context, ock_dataset_select(sets[i], rows, ROWS, &selection));
        OK(b.context, ock_dataset_view(selection, 3, 40, &view));
        b.fit.class_weights = i ? NULL : of_classes;
        nets[i] = build(b.context, FEATURES, bench_layers);
        OK(b.context, ock_model_fit(nets[i], view, NULL, &b.fit, NULL));
        ock_dataset_destroy(view);
        ock_dataset_destroy(selection);
    }
    expect_same_weights(nets[0], nets[1]);
    for (int i = 0; i < 2; i++) {
        ock_model_destroy(nets[i]);
        ock_dataset_destroy(sets[i]);
    }
    bench_close(&b);
}
END_TEST

/* A target of one output is of class 0 or 1 by its rounded value, and else of none, whose weight is
 * the row's own. */
START_TEST(one_output_has_two_classes)
{
    bench b = bench_open();
    const spec layers[] = {{SPEC_DENSE, .units = 1, .activation = OCK_SIGMOID}, {0}};
    const float of_classes[] = {0.5f, 3}, bad[] = {1, NAN}, kinds[] = {0, 1, 0.25f, 0.75f, 2};
    float targets[ROWS], weights[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        targets[i] = kinds[i % 5];
        weights[i] = targets[i] > 1 ? 1 : of_classes[targets[i] > 0.5f];
    }
    ock_model *nets[2];
    for (int i = 0; i < 2; i++) {
        ock_dataset *set = NULL;
        OK(b.context, ock_dataset_create(b.context,
                                         &(ock_arrays){.rows = ROWS,
                                                       .features = FEATURES,
                                                       .x = b.data.x,
                                                       .outputs = 1,
                                                       .targets = targets,
                                                       .weights = i ? weights : NULL},
                                         &set));
        b.fit.loss = OCK_BINARY_CROSSENTROPY;
        b.fit.class_weights = bad;
        nets[i] = build(b.context, FEATURES, layers);
        REFUSED(b.context, OCK_INVALID_ARGUMENT, "class 1 is nan",
                ock_model_fit(nets[i], set, NULL, &b.fit, NULL));
        b.fit.class_weights = i ? NULL : of_classes;
        OK(b.context, ock_model_fit(nets[i], set, NULL, &b.fit, NULL));
        ock_dataset_destroy(set);
    }
    expect_same_weights(nets[0], nets[1]);
    ock_model_destroy(nets[1]);
    ock_model_destroy(nets[0]);
    bench_close(&b);
}
END_TEST

START_TEST(evaluate_repeats_a_fit)
{
    bench b = bench_open();
    float weights[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        weights[i] = (float)i / 20;
    ock_dataset *set = weighted(&b, &b.data, true, weights);
    ock_model *net = build(b.context, FEATURES, bench_layers);
    ock_history history = {0};
    ock_evaluation means;
    b.fit.label_smoothing = 0.2f;
    b.fit.early_stopping.monitor = NULL;
    OK(b.context, ock_model_fit(net, set, set, &b.fit, &history));
    OK(b.context, ock_model_evaluate(net, set, &b.fit, &means));
    ck_assert_double_eq(means.loss, history.epochs[history.count - 1].val_loss);
    b.fit.label_smoothing = 0;
    OK(b.context, ock_model_evaluate(net, set, &b.fit, &means));
    ck_assert_double_ne(means.loss, history.epochs[history.count - 1].val_loss);
    ock_history_clear(&history);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    bench_close(&b);
}
END_TEST

START_TEST(bad_labels_options_are_refused)
{
    bench b = bench_open();
    float weights[ROWS] = {1, 1, -1}, classes[OUTPUTS] = {1, NAN, 1};
    ock_arrays arrays = {.rows = ROWS, .features = FEATURES, .x = b.data.x, .weights = weights};
    ock_dataset *set = NULL, *single = NULL;
    ock_model *net = build(b.context, FEATURES, bench_layers);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "weights: row 2 is -1",
            ock_dataset_create(b.context, &arrays, &set));
    weights[2] = INFINITY;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "weights: row 2 is inf",
            ock_dataset_create(b.context, &arrays, &set));
    ock_fit fit = b.fit;
    fit.class_weights = classes;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "class 1 is nan",
            ock_model_fit(net, b.set, NULL, &fit, NULL));
    fit = b.fit, fit.mixup_alpha = -0.5f;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "mixup_alpha",
            ock_model_fit(net, b.set, NULL, &fit, NULL));
    fit.mixup_alpha = INFINITY;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "mixup_alpha must be finite",
            ock_model_fit(net, b.set, NULL, &fit, NULL));
    fit = b.fit, fit.label_smoothing = -0.5f;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "label_smoothing must be 0..1",
            ock_model_fit(net, b.set, NULL, &fit, NULL));
    fit.label_smoothing = 1.5f;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "label_smoothing must be 0..1",
            ock_model_fit(net, b.set, NULL, &fit, NULL));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "label_smoothing must be 0..1",
            ock_model_evaluate(net, b.set, &fit, &(ock_evaluation){0}));
    ock_model_destroy(net);

    arrays.weights = NULL, arrays.outputs = 1, arrays.targets = b.data.x;
    OK(b.context, ock_dataset_create(b.context, &arrays, &single));
    net = build(b.context, FEATURES,
                (const spec[]){{.kind = SPEC_DENSE, .units = 1}, {.kind = SPEC_END}});
    fit = b.fit, fit.loss = OCK_MEAN_SQUARED_ERROR, fit.class_weights = (const float[]){1, 1};
    fit.early_stopping.monitor = NULL;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "class_weights must be NULL",
            ock_model_fit(net, single, NULL, &fit, NULL));
    fit.class_weights = NULL, fit.label_smoothing = 0.5f;
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "label_smoothing must be 0 where the loss",
            ock_model_fit(net, single, NULL, &fit, NULL));
    ock_model_destroy(net);
    ock_dataset_destroy(single);
    bench_close(&b);
}
END_TEST

Suite *labels_suite(void)
{
    Suite *suite = suite_create("labels");
    TCase *labels = tcase_create("labels");
    tcase_set_timeout(labels, 300);
    tcase_add_test(labels, shares_follow_the_beta_distribution);
    tcase_add_test(labels, partners_are_drawn_alike);
    tcase_add_loop_test(labels, mixup_learns_from_mixed_rows, 0, 2);
    tcase_add_test(labels, weights_follow_their_rows);
    tcase_add_test(labels, one_output_has_two_classes);
    tcase_add_test(labels, evaluate_repeats_a_fit);
    tcase_add_test(labels, bad_labels_options_are_refused);
    suite_add_tcase(suite, labels);
    return suite;
}
