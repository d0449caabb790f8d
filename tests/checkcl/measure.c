#include <math.h>

#include "checkcl.h"

/* A link rounds once or, without an instruction for it, twice, by UNIT of at most |x| + |b| / (1 -
 * |a|) each time; what has gone wrong before it shrinks by |a|. */
void check_fma_chains(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    uint32_t times = choose(t, 200);
    float a = *uniform(t, 1, -0.9f, 0.9f), b = *uniform(t, 1, -1, 1);
    describe(t, "%zu x %zu, %u times %g x + %g", rows, cols, times, (double)a, (double)b);
    pair *x = inout(t, rows, cols, uniform(t, count, -1, 1));
    ON_BOTH(t, ock_fma_chains(a, b, times, x->on[side]));
    double *bound = scratch(t, count), shrink = 1 - fabs((double)a);
    for (size_t i = 0; i < count; i++)
        bound[i] = 4 * UNIT * (1 + fabs((double)b) / shrink) / shrink;
    expect_within(t, "x", x, bound);
}
