/* Steps of a loop of one's own: what may be left out, what is refused, networks at the edge. */
#include <stdlib.h>

#include "bench.h"
#include "suites.h"

/* ---- A batch ---- */

typedef struct batch {
    bench b;
    ock_tensor *x, *y, *totals;
} batch;

static ock_tensor *tensor(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *made = NULL;
    OK(context, ock_tensor_create(context, dtype, rows, cols, &made));
    return made;
}

static batch batch_open(void)
{
    batch made = {.b = bench_open()};
    made.x = tensor(made.b.context, OCK_F32, ROWS, FEATURES);
    made.y = tensor(made.b.context, OCK_F32, ROWS, OUTPUTS);
    made.totals = tensor(made.b.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    OK(made.b.context, ock_tensor_write(made.x, made.b.data.x));
    OK(made.b.context, ock_tensor_write(made.y, made.b.data.targets));
    OK(made.b.context, ock_tensor_fill(made.totals, 0));
    return made;
}

static void batch_close(batch *s)
{
    ock_tensor_destroy(s->totals);
    ock_tensor_destroy(s->y);
    ock_tensor_destroy(s->x);
    bench_close(&s->b);
}

static void train(const batch *s, ock_model *net, const ock_fit *fit, ock_tensor *totals)
{
    for (int i = 0; i < 3; i++)
        OK(s->b.context, ock_model_train_step(net, fit, s->x, s->y, totals));
}

/* ---- What may be left out ---- */

static const spec watched[] = {
    {SPEC_DENSE, .units = 20, .activation = OCK_RELU, .l1 = 1e-3f, .activity_l1 = 1e-2f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX, .l2 = 1e-3f, .activity_l2 = 1e-2f},
    {0},
};

/* Totals are figures alone: the weights are the same without them, however the steps are taken. */
START_TEST(totals_change_nothing)
{
    const float clips[] = {0, 0.1f};
    batch s = batch_open();
    for (size_t i = 0; i < 2; i++) {
        ock_model *with = build(s.b.context, FEATURES, watched);
        ock_model *without = build(s.b.context, FEATURES, watched);
        s.b.fit.optimizer.clip_norm = clips[i];
        train(&s, with, &s.b.fit, s.totals);
        train(&s, without, &s.b.fit, NULL);
        expect_same_weights(with, without);
        ock_model_destroy(without);
        ock_model_destroy(with);
    }
    batch_close(&s);
}
END_TEST

static ock_model *proximal(ock_context *context)
{
    const ock_dense sparse = {.kernel = {.l1 = 0.2f, .l2 = 1e-3f, .proximal_l1 = true}};
    ock_model *net = NULL;
    OK(context, ock_model_create(context, FEATURES, &net));
    OK(context, ock_model_add_dense(net, 20, OCK_RELU, &sparse));
    OK(context, ock_model_add_dense(net, OUTPUTS, OCK_SOFTMAX, NULL));
    return net;
}

/* Proximal steps shrink the weights after the step, so clipping leaves them whole: with a norm that
 * no gradient has they bring the zeros that they bring without, and with a small one they still
 * do. */
START_TEST(clipping_leaves_proximal_steps)
{
    const float clips[] = {0, 1e9f, 1e-6f};
    ock_sparsity sparsities[3];
    batch s = batch_open();
    s.b.fit.optimizer = ock_sgd_defaults();
    s.b.fit.optimizer.learning_rate = 0.1f;
    for (size_t i = 0; i < 3; i++) {
        ock_model *net = proximal(s.b.context);
        s.b.fit.optimizer.clip_norm = clips[i];
        train(&s, net, &s.b.fit, s.totals);
        OK(s.b.context, ock_model_sparsity(net, 0, 0, &sparsities[i]));
        ock_model_destroy(net);
    }
    ck_assert_uint_eq(sparsities[0].zeros, sparsities[1].zeros);
    for (size_t i = 0; i < 3; i++)
        ck_assert(sparsities[i].zeros > 0 && sparsities[i].zeros < sparsities[i].weights);
    batch_close(&s);
}
END_TEST

/* ---- Networks at the edge ---- */

/* Without weights there is nothing to learn, and yet a loss. */
START_TEST(a_network_without_weights_has_a_loss)
{
    const spec layers[] = {{SPEC_ACTIVATION, .activation = OCK_RELU}, {0}};
    batch s = batch_open();
    ock_model *net = build(s.b.context, FEATURES, layers);
    ock_fit fit = s.b.fit;
    float totals[OCK_TOTALS_SIZE], y[ROWS * FEATURES];
    double squares = 0;
    fit.loss = OCK_MEAN_SQUARED_ERROR;
    ock_tensor *zeros = tensor(s.b.context, OCK_F32, ROWS, FEATURES);
    ock_tensor *out = tensor(s.b.context, OCK_F32, ROWS, FEATURES);
    OK(s.b.context, ock_tensor_fill(zeros, 0));
    OK(s.b.context, ock_model_train_step(net, &fit, s.x, zeros, s.totals));
    OK(s.b.context, ock_model_predict(net, s.x, out));
    OK(s.b.context, ock_tensor_read(s.totals, totals));
    OK(s.b.context, ock_tensor_read(out, y));
    for (size_t i = 0; i < ROWS * FEATURES; i++) {
        ck_assert_float_eq(y[i], fmaxf(s.b.data.x[i], 0));
        squares += (double)y[i] * (double)y[i] / FEATURES;
    }
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    expect_close((double)totals[0], squares, 1e-5 * squares);
    ock_tensor_destroy(out);
    ock_tensor_destroy(zeros);
    ock_model_destroy(net);
    batch_close(&s);
}
END_TEST

/* RMSprop with momentum has as many moments as Adam, and means others by them. */
START_TEST(moments_of_another_optimizer_are_made_anew)
{
    batch s = batch_open();
    const spec plain[] = {bench_layers[0], bench_layers[3], {0}};
    ock_model *net = build(s.b.context, FEATURES, plain);
    ock_model *fresh = build(s.b.context, FEATURES, plain);
    ock_fit rmsprop = s.b.fit;
    rmsprop.optimizer = ock_rmsprop_defaults();
    rmsprop.optimizer.momentum = 0.9f;
    train(&s, net, &s.b.fit, NULL);
    OK(s.b.context, ock_model_initialize(fresh, 1));
    for (size_t i = 0; i < ock_model_tensor_count(net); i++) {
        ock_model_tensor source, target;
        OK(s.b.context, ock_model_tensor_at(net, i, &source));
        OK(s.b.context, ock_model_tensor_at(fresh, i, &target));
        OK(s.b.context, ock_tensor_copy(source.tensor, target.tensor));
    }
    train(&s, net, &rmsprop, NULL);
    train(&s, fresh, &rmsprop, NULL);
    expect_same_weights(net, fresh);
    ock_model_destroy(fresh);
    ock_model_destroy(net);
    batch_close(&s);
}
END_TEST

/* ---- Refusals ---- */

#define STEP_REFUSED(status, words, x, y, totals)                                                  \
    REFUSED(s.b.context, status, words, ock_model_train_step(net, NULL, x, y, totals))

START_TEST(tensors_that_do_not_fit)
{
    batch s = batch_open();
    ock_context *elsewhere = open_device("scalar", 0);
    const spec square[] = {{SPEC_DENSE, .units = OCK_TOTALS_SIZE}, {0}};
    ock_model *net = build(s.b.context, FEATURES, bench_layers);
    ock_tensor *whole = tensor(s.b.context, OCK_I32, ROWS, FEATURES);
    ock_tensor *stranger = tensor(elsewhere, OCK_F32, ROWS, OUTPUTS);
    ock_tensor *strange = tensor(elsewhere, OCK_F32, 1, OCK_TOTALS_SIZE);
    ock_tensor *whole_totals = tensor(s.b.context, OCK_I32, 1, OCK_TOTALS_SIZE);
    ock_tensor *tall = tensor(s.b.context, OCK_F32, 2, OCK_TOTALS_SIZE);
    ock_tensor *broad = tensor(s.b.context, OCK_F32, 1, OCK_TOTALS_SIZE + 1);
    ock_tensor *more = tensor(s.b.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "y belongs to another context", s.x, stranger, NULL);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "x must be OCK_F32", whole, s.y, NULL);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "totals must be OCK_F32", s.x, s.y, whole_totals);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "totals must be OCK_F32, of the network's context", s.x, s.y,
                 strange);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "apart from x and y", s.x, s.y, s.x);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "apart from x and y", s.x, s.y, s.y);
    STEP_REFUSED(OCK_SHAPE_MISMATCH, "totals is 2 x 9 and must be 1 x 9", s.x, s.y, tall);
    STEP_REFUSED(OCK_SHAPE_MISMATCH, "totals is 1 x 10 and must be 1 x 9", s.x, s.y, broad);
    ck_assert_uint_eq(ock_model_tensor_count(net), 0);
    ock_model_destroy(net);
    net = build(s.b.context, OCK_TOTALS_SIZE, square);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "apart from x and y", more, s.totals, s.totals);
    STEP_REFUSED(OCK_INVALID_ARGUMENT, "apart from x and y", s.totals, more, s.totals);
    ock_model_destroy(net);
    ock_tensor_destroy(more);
    ock_tensor_destroy(broad);
    ock_tensor_destroy(tall);
    ock_tensor_destroy(whole_totals);
    ock_tensor_destroy(strange);
    ock_tensor_destroy(stranger);
    ock_tensor_destroy(whole);
    ock_context_destroy(elsewhere);
    batch_close(&s);
}
END_TEST

/* Before anything is made of it. */
START_TEST(a_batch_beyond_the_largest_buffer)
{
    enum {
        BYTES = 256
    };
    ock_context *context = open_device(test_device, BYTES);
    samples data = samples_create(200, 1, 2);
    ock_dataset *set = labelled(context, &data);
    const spec layers[] = {{SPEC_DENSE, .units = 2, .activation = OCK_SOFTMAX}, {0}};
    ock_model *net = build(context, 1, layers);
    ock_fit fit = ock_fit_defaults();
    fit.epochs = 1;
    fit.batch_size = 100;
    REFUSED(context, OCK_OUT_OF_MEMORY, "the indices of a batch of 100 rows exceed the device's",
            ock_model_fit(net, set, NULL, &fit, NULL));
    fit.batch_size = 2;
    OK(context, ock_model_fit(net, set, NULL, &fit, NULL));
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
}
END_TEST

Suite *steps_suite(void)
{
    Suite *suite = suite_create("steps");
    TCase *cases = tcase_create("steps");
    tcase_add_test(cases, totals_change_nothing);
    tcase_add_test(cases, clipping_leaves_proximal_steps);
    tcase_add_test(cases, a_network_without_weights_has_a_loss);
    tcase_add_test(cases, moments_of_another_optimizer_are_made_anew);
    tcase_add_test(cases, tensors_that_do_not_fit);
    tcase_add_test(cases, a_batch_beyond_the_largest_buffer);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
