#include <math.h>

#include "checkcl.h"

void check_step(checkcl *t)
{
    ock_optimizer optimizer = any_optimizer(t);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols, batch = any_size(t);
    uint64_t iteration = any_iteration(t);
    describe(t, "%s of %zu x %zu at %llu", optimizer_name(&optimizer), rows, cols,
             (unsigned long long)iteration);
    parameter_pair p = any_parameter(t, &optimizer, rows, cols);
    p.vector = choose(t, 2);
    const float *slopes = uniform(t, count, -1, 1);
    pair *gradient = input(t, rows, cols, slopes), *sums = totals(t);
    for (int side = 0; side < SIDES; side++) {
        ock_parameter parameter = parameter_on(&p, side);
        expect_ok(
            t, side, "ock_step",
            ock_step(&optimizer, iteration, &parameter, gradient->on[side], batch, sums->on[side]));
    }
    double *expected = scratch(t, count);
    for (size_t i = 0; i < count; i++)
        expected[i] = (double)slopes[i];
    expect_step(t, &optimizer, iteration, &p, expected, NULL);
    expect_totals(t, sums, &(ock_totals){.penalty = penalty_bound(&p, batch)});
}

/* Twice, onto what is there. */
void check_penalty(checkcl *t)
{
    ock_optimizer none = ock_sgd_defaults();
    size_t rows = any_size(t) * (1 + 3 * choose(t, 2)), cols = any_size(t), batch = any_size(t);
    describe(t, "%zu x %zu, %zu rows", rows, cols, batch);
    parameter_pair p = any_parameter(t, &none, rows, cols);
    pair *sums = totals(t);
    for (int side = 0; side < SIDES; side++) {
        ock_parameter parameter = parameter_on(&p, side);
        for (int i = 0; i < 2; i++)
            expect_ok(t, side, "ock_penalty_add",
                      ock_penalty_add(&parameter, batch, sums->on[side]));
    }
    expect_totals(t, sums, &(ock_totals){.penalty = penalty_bound(&p, 2 * batch)});
}

/* Sums keep what a float alone would round away: 2^24 + 1 + 1 + ... */
void check_penalty_compensated(checkcl *t)
{
    const float one = 1;
    pair *w = input(t, 1, 1, &one), *sums = totals(t);
    size_t steps = any_size(t);
    describe(t, "%zu steps", steps);
    for (int side = 0; side < SIDES; side++) {
        ock_parameter parameter = {.value = w->on[side], .penalty = {.l1 = 1}};
        expect_ok(t, side, "ock_penalty_add", ock_penalty_add(&parameter, 1 << 24, sums->on[side]));
        for (size_t i = 0; i < steps; i++)
            expect_ok(t, side, "ock_penalty_add", ock_penalty_add(&parameter, 1, sums->on[side]));
    }
    ock_totals got = {0};
    expect_ok(t, DEVICE, "ock_totals_read", ock_totals_read(sums->on[DEVICE], &got));
    expect_true(t, got.penalty == (double)((1 << 24) + steps), "the sum is %.9g", got.penalty);
    expect_totals(t, sums, &(ock_totals){0});
}

void check_penalty_gradient(checkcl *t)
{
    ock_optimizer none = ock_sgd_defaults();
    size_t rows = any_size(t), cols = any_size(t);
    parameter_pair p = any_parameter(t, &none, rows, cols);
    const float *w = p.value->data, *slopes = uniform(t, rows * cols, -1, 1);
    describe(t, "%zu x %zu, l1 %g, l2 %g%s", rows, cols, (double)p.penalty.l1, (double)p.penalty.l2,
             p.penalty.proximal_l1 ? ", proximal" : "");
    pair *gradient = inout(t, rows, cols, slopes);
    for (int side = 0; side < SIDES; side++) {
        ock_parameter parameter = parameter_on(&p, side);
        expect_ok(t, side, "ock_penalty_gradient",
                  ock_penalty_gradient(&parameter, gradient->on[side]));
    }
    double *bound = scratch(t, rows * cols), l1 = p.penalty.proximal_l1 ? 0 : (double)p.penalty.l1;
    for (size_t i = 0; i < rows * cols; i++)
        bound[i] = 2 * 4 * UNIT *
                   (fabs((double)slopes[i]) + l1 + 2 * (double)p.penalty.l2 * fabs((double)w[i]));
    expect_within(t, "gradient", gradient, bound);
}

/* The norm's error is the sum's, halved, and a root's; then come a quotient and a product. */
void check_clip_norm(checkcl *t)
{
    enum {
        MOST = 4
    };
    pair *gradients[MOST];
    size_t count = 1 + choose(t, MOST), elements = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        size_t rows = any_size(t), cols = any_size(t);
        gradients[i] = inout(t, rows, cols, uniform(t, rows * cols, -1, 1));
        const float *data = gradients[i]->data;
        for (size_t k = 0; k < rows * cols; k++)
            squares += (double)data[k] * (double)data[k];
        elements += rows * cols;
    }
    float limit = (float)(sqrt(squares) * (double)*uniform(t, 1, 0.1f, 1.5f)) + 0x1p-20f;
    describe(t, "%zu tensors, norm %g to %g", count, sqrt(squares), (double)limit);
    for (int side = 0; side < SIDES; side++) {
        ock_tensor *on[MOST];
        for (size_t i = 0; i < count; i++)
            on[i] = gradients[i]->on[side];
        expect_ok(t, side, "ock_clip_norm", ock_clip_norm(limit, on, count));
    }
    double relative = product_bound(elements, 1) + 2 * 8 * UNIT;
    double factor = fmin(1, (double)limit / sqrt(squares));
    for (size_t i = 0; i < count; i++) {
        const float *data = gradients[i]->data;
        size_t size = gradients[i]->rows * gradients[i]->cols;
        double *bound = scratch(t, size);
        for (size_t k = 0; k < size; k++)
            bound[k] = relative * factor * fabs((double)data[k]);
        expect_within(t, "gradient", gradients[i], bound);
    }
}

/* One that is not finite spoils all; a norm below the limit changes nothing. */
void check_clip_norm_special(checkcl *t)
{
    static const float bad[] = {0, NAN, INFINITY};
    unsigned which = choose(t, 3);
    size_t rows = any_size(t), cols = any_size(t);
    float *data = uniform(t, rows * cols, -1, 1);
    data[choose(t, (unsigned)(rows * cols))] = bad[which];
    describe(t, "%zu x %zu with %g", rows, cols, (double)bad[which]);
    pair *gradient = inout(t, rows, cols, data);
    for (int side = 0; side < SIDES; side++)
        expect_ok(t, side, "ock_clip_norm", ock_clip_norm(1e9f, &gradient->on[side], 1));
    float *got = result(t, gradient, DEVICE);
    for (size_t i = 0; i < rows * cols; i++)
        expect_true(t, which == 0 ? got[i] == data[i] : isnan(got[i]), "[%zu] is %g", i,
                    (double)got[i]);
}
