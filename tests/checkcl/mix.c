
#include "checkcl.h"

void check_one_hot(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    describe(t, "%zu labels of %zu classes and some of none", rows, cols);
    pair *labels = input_i32(t, rows, 1, integers(t, rows, -1, (int32_t)cols));
    pair *y = output(t, rows, cols);
    ON_BOTH(t, ock_one_hot(labels->on[side], y->on[side]));
    expect_ulps(t, "y", y, 0, 0); /* a NaN may have any bits */
}

void check_mix(checkcl *t)
{
    bool in_place = choose(t, 2);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    describe(t, "%zu x %zu%s", rows, cols, in_place ? ", in place" : "");
    pair *share = input(t, rows, 1, uniform(t, rows, 0, 1));
    const float *data = uniform(t, count, -3, 3);
    pair *x = in_place ? inout(t, rows, cols, data) : input(t, rows, cols, data);
    pair *other = input(t, rows, cols, uniform(t, count, -3, 3));
    pair *y = in_place ? x : output(t, rows, cols);
    ON_BOTH(t, ock_mix(share->on[side], x->on[side], other->on[side], y->on[side]));
    expect_same(t, "y", y);
}
