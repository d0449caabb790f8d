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
