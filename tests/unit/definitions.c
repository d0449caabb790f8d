/* What ops.h lays down and no comparison of two backends would find: published random numbers, how
 * masks and maps are drawn, and where NaNs go. */
#include <math.h>

#include "tensors.h"

START_TEST(philox_gives_the_published_vectors)
{
    /* Random123, kat_vectors, philox4x32 10. */
    static const struct {
        uint32_t counter[4], key[2], draw[4];
    } known[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t seed = known[i].key[0] | (uint64_t)known[i].key[1] << 32;
        uint32_t draw[4];
        ock_philox(known[i].counter, seed, draw);
        ck_assert_mem_eq(draw, known[i].draw, sizeof draw);
    }
}
END_TEST

START_TEST(each_activation_keeps_a_nan)
{
    ock_context *context = open_scalar(1);
    ock_tensor *x = make(context, 3, 40), *y = make(context, 3, 40);
    assert_ok(ock_tensor_fill(x, NAN));
    for (ock_activation a = OCK_LINEAR; a <= OCK_SOFTMAX; a++) {
        assert_ok(ock_activation_forward(a, x, y));
        float *data = read_all(y);
        for (int i = 0; i < 3 * 40; i++)
            ck_assert_msg(isnan(data[i]), "activation %d makes %g of a NaN", (int)a, data[i]);
        free(data);
    }
    ock_tensor_destroy(x);
    ock_tensor_destroy(y);
    ock_context_destroy(context);
}
END_TEST

START_TEST(dropout_draws_as_documented)
{
    enum {
        ROWS = 3,
        COLS = 10
    };
    ock_dropout dropout = {.rate = 0.4f, .seed = 11, .step = 5, .layer = 2};
    ock_context *context = open_scalar(1);
    ock_tensor *x = make(context, ROWS, COLS);
    assert_ok(ock_tensor_fill(x, 3));
    assert_ok(ock_dropout_apply(&dropout, x, x));
    float *data = read_all(x);
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t col = 0; col < COLS; col++) {
            uint32_t counter[] = {row * 3 + col / 4, dropout.step, dropout.layer,
                                  OCK_PURPOSE_DROPOUT},
                     draw[4];
            ock_philox(counter, dropout.seed, draw);
            float expected = draw[col % 4] >= 0.4f * 0x1p32f ? 3 / (1 - 0.4f) : 0;
            ck_assert_float_eq_tol(data[row * COLS + col], expected, 1e-6f);
        }
    free(data);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
}
END_TEST

/* Two logits and a label, three times over. */
typedef struct loss_fixture {
    ock_context *context;
    ock_tensor *logits, *labels, *gradient, *totals;
} loss_fixture;

static ock_totals run_loss(loss_fixture *f, const float logits[6], const int32_t labels[3])
{
    ock_totals totals;
    assert_ok(ock_tensor_write(f->logits, logits));
    assert_ok(ock_tensor_write(f->labels, labels));
    assert_ok(ock_loss(NULL, f->logits, f->labels, f->gradient, f->totals));
    assert_ok(ock_totals_read(f->totals, &totals));
    return totals;
}

static loss_fixture make_loss(void)
{
    loss_fixture f = {.context = open_scalar(1)};
    f.logits = make(f.context, 3, 2);
    f.gradient = make(f.context, 3, 2);
    f.totals = make(f.context, 1, OCK_TOTALS_SIZE);
    assert_ok(ock_tensor_create(f.context, OCK_I32, 3, 1, &f.labels));
    return f;
}

static void destroy_loss(loss_fixture *f)
{
    ock_tensor_destroy(f->logits);
    ock_tensor_destroy(f->gradient);
    ock_tensor_destroy(f->totals);
    ock_tensor_destroy(f->labels);
    ock_context_destroy(f->context);
}

START_TEST(losses_of_large_logits_stay_finite)
{
    static const float logits[] = {1e4f, -1e4f, -3e4f, 3e4f, 5e4f, 5e4f};
    loss_fixture f = make_loss();
    ock_totals totals = run_loss(&f, logits, (int32_t[]){1, 1, 0});
    ck_assert_double_eq_tol(totals.loss, 2e4 + log(2), 2e4 * 0x1p-24);
    ck_assert_double_eq(totals.correct, 2);
    ck_assert_uint_eq(totals.first_bad, 0);
    float *gradient = read_all(f.gradient);
    for (int i = 0; i < 6; i++)
        ck_assert(isfinite(gradient[i]));
    free(gradient);
    destroy_loss(&f);
}
END_TEST

START_TEST(the_first_bad_batch_is_remembered)
{
    static const float good[] = {1, 2, 3, 4, 5, 6}, bad[] = {1, 2, NAN, 4, 5, 6};
    static const int32_t labels[] = {0, 1, 0};
    loss_fixture f = make_loss();
    run_loss(&f, good, labels);
    run_loss(&f, bad, labels);
    ock_totals totals = run_loss(&f, bad, labels);
    ck_assert_uint_eq(totals.batches, 3);
    ck_assert_uint_eq(totals.first_bad, 2);
    ck_assert_double_eq(totals.rows, 9);
    ck_assert(isnan(totals.loss));
    destroy_loss(&f);
}
END_TEST

START_TEST(a_label_out_of_range_makes_the_loss_nan_and_its_gradient_zero)
{
    static const float logits[] = {1, 2, 3, 4, 5, 6};
    static const int32_t wrong[] = {2, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        loss_fixture f = make_loss();
        ock_totals totals = run_loss(&f, logits, (int32_t[]){0, wrong[i], 0});
        ck_assert(isnan(totals.loss));
        ck_assert_double_eq(totals.correct, 0);
        float *gradient = read_all(f.gradient);
        ck_assert(gradient[0] != 0 && gradient[2] == 0 && gradient[3] == 0 && gradient[4] != 0);
        free(gradient);
        destroy_loss(&f);
    }
}
END_TEST

/* ---- Reductions ---- */

enum {
    LINES = 70,
    PLACES = 133
};

static double reduced(ock_reduction reduction, const float *x, size_t n, size_t step)
{
    double sum = 0, largest = -(double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        double value = x[i * step];
        largest = value > largest ? value : largest;
        sum += reduction == OCK_ABS_SUM      ? fabs(value)
               : reduction == OCK_SQUARE_SUM ? value * value
                                             : value;
    }
    return reduction == OCK_MAX ? largest : reduction == OCK_MEAN ? sum / (double)n : sum;
}

static void check_reduction(ock_reduction reduction, ock_axis axis, const ock_tensor *x)
{
    size_t rows = axis == OCK_COLS ? LINES : 1, cols = axis == OCK_ROWS ? PLACES : 1;
    ock_tensor *y = make(ock_tensor_context(x), rows, cols);
    assert_ok(ock_reduce(reduction, axis, x, y));
    float *in = read_all(x), *out = read_all(y);
    for (size_t i = 0; i < rows * cols; i++) {
        double expected = axis == OCK_ALL    ? reduced(reduction, in, LINES * PLACES, 1)
                          : axis == OCK_ROWS ? reduced(reduction, in + i, LINES, PLACES)
                                             : reduced(reduction, in + i * PLACES, PLACES, 1);
        ck_assert_msg(out[i] == (float)expected,
                      "reduction %d over %d, element %zu: %.9g, not %.9g", (int)reduction,
                      (int)axis, i, out[i], expected);
    }
    free(in);
    free(out);
    ock_tensor_destroy(y);
}

START_TEST(reductions_cover_every_element)
{
    ock_context *context = open_scalar(2);
    ock_tensor *x = make(context, LINES, PLACES);
    float *data = read_all(x);
    for (int i = 0; i < LINES * PLACES; i++)
        data[i] = (float)(i * 37 % 1001 - 700); /* small integers, so that doubles are exact */
    assert_ok(ock_tensor_write(x, data));
    for (ock_reduction reduction = OCK_SUM; reduction <= OCK_SQUARE_SUM; reduction++)
        for (ock_axis axis = OCK_ALL; axis <= OCK_COLS; axis++)
            check_reduction(reduction, axis, x);
    free(data);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
}
END_TEST

START_TEST(the_maximum_of_a_nan_is_one)
{
    ock_context *context = open_scalar(1);
    for (int i = 0; i < 3; i++) {
        float data[] = {1, 3, 2}, largest;
        ock_tensor *x = make(context, 1, 3), *y = make(context, 1, 1);
        data[i] = NAN;
        assert_ok(ock_tensor_write(x, data));
        assert_ok(ock_reduce(OCK_MAX, OCK_ALL, x, y));
        assert_ok(ock_tensor_read(y, &largest));
        ck_assert(isnan(largest));
        ock_tensor_destroy(x);
        ock_tensor_destroy(y);
    }
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("definitions", NULL, NULL, philox_gives_the_published_vectors,
          each_activation_keeps_a_nan, dropout_draws_as_documented,
          losses_of_large_logits_stay_finite, the_first_bad_batch_is_remembered,
          a_label_out_of_range_makes_the_loss_nan_and_its_gradient_zero,
          reductions_cover_every_element, the_maximum_of_a_nan_is_one)
