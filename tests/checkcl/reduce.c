#include <math.h>

#include "checkcl.h"

static const char *const names[] = {"sum", "mean", "max", "sum |x|", "sum x^2"};
static const char *const axes[] = {"all", "rows", "columns"};

/* The output that element i of x counts in. */
static size_t output_of(ock_axis axis, size_t cols, size_t i)
{
    return axis == OCK_ALL ? 0 : axis == OCK_ROWS ? i % cols : i / cols;
}

static void reduce(checkcl *t, ock_reduction reduction, ock_axis axis, size_t rows, size_t cols)
{
    size_t count = rows * cols;
    size_t outputs = axis == OCK_ALL ? 1 : axis == OCK_ROWS ? cols : rows;
    describe(t, "%s over %s of %zu x %zu", names[reduction], axes[axis], rows, cols);
    const float *data = uniform(t, count, -1, 0.5f);
    pair *x = input(t, rows, cols, data);
    pair *y = axis == OCK_COLS ? output(t, rows, 1) : output(t, 1, outputs);
    ON_BOTH(t, ock_reduce(reduction, axis, x->on[side], y->on[side]));

    double *bound = scratch(t, outputs);
    size_t terms = count / outputs;
    for (size_t i = 0; i < count; i++) {
        double value = (double)data[i];
        bound[output_of(axis, cols, i)] +=
            reduction == OCK_SQUARE_SUM ? value * value : fabs(value);
    }
    for (size_t i = 0; i < outputs; i++) {
        bound[i] = product_bound(terms, bound[i]);
        if (reduction == OCK_MAX)
            bound[i] = 0;
        else if (reduction == OCK_MEAN)
            bound[i] = bound[i] / (double)terms + 6 * UNIT;
    }
    expect_within(t, "y", y, bound);
}

/* More rows than one work-item takes. */
void check_reduce(checkcl *t)
{
    ock_reduction reduction = choose(t, OCK_SQUARE_SUM + 1);
    ock_axis axis = choose(t, OCK_COLS + 1);
    size_t rows = any_size(t) * (1 + 3 * choose(t, 2));
    reduce(t, reduction, axis, rows, any_size(t));
}

/* More than the work-items of two levels take, of vectors of any width. */
void check_reduce_long(checkcl *t)
{
    ock_axis axis = choose(t, OCK_COLS + 1);
    ock_reduction reduction = choose(t, OCK_SQUARE_SUM + 1);
    size_t few = 1 + choose(t, 5), rows = 64 * 64 + 1 + choose(t, 300), cols = 16 * rows;
    reduce(t, reduction, axis, axis == OCK_COLS ? few : rows, axis == OCK_COLS ? cols : few);
}

/* A maximum is exact: NaN where any is, and -infinity is smaller than all. */
void check_reduce_max_special(checkcl *t)
{
    static const float specials[] = {NAN, INFINITY, -INFINITY};
    ock_axis axis = choose(t, OCK_COLS + 1);
    size_t rows = any_size(t), cols = any_size(t), count = rows * cols;
    describe(t, "over %s of %zu x %zu", axes[axis], rows, cols);
    float *data = uniform(t, count, -2, -1);
    for (int i = 0; i < 3; i++)
        data[choose(t, (unsigned)count)] = specials[choose(t, 3)];
    pair *x = input(t, rows, cols, data);
    pair *y = axis == OCK_COLS ? output(t, rows, 1) : output(t, 1, axis == OCK_ROWS ? cols : 1);
    ON_BOTH(t, ock_reduce(OCK_MAX, axis, x->on[side], y->on[side]));
    expect_within(t, "y", y, scratch(t, count));
}
