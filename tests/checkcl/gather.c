#include "checkcl.h"

/* Rows whose index lies outside the source stay as they are. */
static void gather(checkcl *t, ock_dtype dtype)
{
    size_t source_rows = any_size(t), rows = any_size(t), cols = any_size(t);
    int32_t first = (int32_t)choose(t, 3) * 1000 - 1000, last = first + (int32_t)source_rows;
    describe(t, "%zu of %zu rows of %zu, the first being %d", rows, source_rows, cols, first);
    pair *indices = input_i32(t, rows, 1, integers(t, rows, first - 3, last + 3));
    pair *source, *y;
    if (dtype == OCK_F32) {
        source = input(t, source_rows, cols, uniform(t, source_rows * cols, -1, 1));
        y = inout(t, rows, cols, uniform(t, rows * cols, 2, 3));
    } else {
        source = input_i32(t, source_rows, cols, integers(t, source_rows * cols, -1, INT32_MAX));
        y = inout_i32(t, rows, cols, integers(t, rows * cols, INT32_MIN, -2));
    }
    ON_BOTH(t, ock_gather(source->on[side], indices->on[side], first, y->on[side]));
    expect_same(t, "y", y);
}

void check_gather(checkcl *t)
{
    gather(t, OCK_F32);
}

void check_gather_integers(checkcl *t)
{
    gather(t, OCK_I32);
}
