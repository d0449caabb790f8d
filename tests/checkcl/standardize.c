#include "checkcl.h"

/* The device adds a mean up in float: at most cols + 2 roundings of numbers up to 4, and the square
 * root and the quotients have 3 and 2.5 ulps there. A deviation that is not 0 is at least 1e-6 of
 * epsilon; rows that vary have one above 0.1. */
void check_standardize(checkcl *t)
{
    unsigned kind = choose(t, 8);
    size_t rows = any_size(t), cols = 16 + any_size(t);
    ock_standardize o = {.rescale = choose(t, 2) ? 0.5f : 0,
                         .samplewise_center = kind & 1,
                         .samplewise_std_normalization = kind & 2};
    describe(t, "%zu x %zu, kind %u, rescale %g", rows, cols, kind, (double)o.rescale);
    pair *x = input(t, rows, cols, uniform(t, rows * cols, -1, 1)), *y = output(t, rows, cols);
    pair *mean = input(t, 1, cols, uniform(t, cols, -1, 1));
    pair *deviation = input(t, 1, cols, uniform(t, cols, 0.5f, 2));
    for (int side = 0; side < SIDES; side++) {
        o.mean = kind & 4 ? mean->on[side] : NULL;
        o.deviation = kind & 4 ? deviation->on[side] : NULL;
        expect_ok(t, side, "ock_standardize_apply",
                  ock_standardize_apply(&o, x->on[side], y->on[side]));
    }
    double spread = 0.1, largest = o.samplewise_std_normalization ? 2 / spread : 2;
    double *bound = scratch(t, rows * cols);
    for (size_t i = 0; i < rows * cols; i++)
        bound[i] = UNIT * largest * (2 * (double)(cols + 2) / spread + 24) / 0.5;
    expect_within(t, "y", y, bound);
}
