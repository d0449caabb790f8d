#include <string.h>

#include "checkcl.h"

static const ock_dtype dtypes[] = {OCK_F32, OCK_I32};

void check_tensor_write(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    describe(t, "%zu x %zu", rows, cols);
    if (dtypes[choose(t, 2)] == OCK_F32) {
        pair *x = input(t, rows, cols, uniform(t, rows * cols, -1, 1));
        expect_same(t, "x", x);
        expect_true(t, memcmp(result(t, x, DEVICE), x->data, rows * cols * sizeof(float)) == 0,
                    "what was read is not what was written");
    } else {
        pair *x = input_i32(t, rows, cols, integers(t, rows * cols, INT32_MIN, INT32_MAX));
        expect_same(t, "x", x);
    }
}

void check_tensor_fill(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    describe(t, "%zu x %zu", rows, cols);
    pair *y = output(t, rows, cols);
    float value = *uniform(t, 1, -100, 100);
    ON_BOTH(t, ock_tensor_fill(y->on[side], value));
    expect_same(t, "y", y);
    expect_true(t, result(t, y, DEVICE)[rows * cols - 1] == value,
                "the value is not the one given");
}

void check_tensor_copy(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    bool floats = choose(t, 2);
    describe(t, "%zu x %zu", rows, cols);
    const void *data = floats ? (void *)uniform(t, rows * cols, -1, 1)
                              : (void *)integers(t, rows * cols, INT32_MIN, INT32_MAX);
    pair *x = floats ? input(t, rows, cols, data) : input_i32(t, rows, cols, data);
    pair *y =
        floats ? output(t, rows, cols) : inout_i32(t, rows, cols, integers(t, rows * cols, 0, 9));
    ON_BOTH(t, ock_tensor_copy(x->on[side], y->on[side]));
    expect_same(t, "y", y);
    expect_true(t, memcmp(result(t, y, DEVICE), data, rows * cols * sizeof(float)) == 0,
                "the copy is not the original");
}

/* The same roundings on either side: the same bits. */
void check_tensor_blend(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    float share = *uniform(t, 1, 0, 1);
    describe(t, "%zu x %zu, share %g", rows, cols, (double)share);
    pair *x = input(t, rows, cols, uniform(t, rows * cols, -1, 1));
    pair *y = inout(t, rows, cols, uniform(t, rows * cols, -1, 1));
    ON_BOTH(t, ock_tensor_blend(share, x->on[side], y->on[side]));
    expect_same(t, "y", y);
}

/* A view outlives its tensor, and a view of a view begins where it should. */
void check_tensor_views(checkcl *t)
{
    size_t rows = any_size(t), cols = any_size(t);
    size_t first = choose(t, (unsigned)rows), count = 1 + choose(t, (unsigned)(rows - first));
    describe(t, "rows %zu .. %zu of %zu x %zu", first, first + count - 1, rows, cols);
    float *data = uniform(t, rows * cols, -1, 1), *got = uniform(t, count * cols, 0, 0);
    pair *x = inout(t, rows, cols, data);
    for (int side = 0; side < SIDES; side++) {
        ock_tensor *middle = NULL, *last = NULL;
        expect_ok(t, side, "ock_tensor_view", ock_tensor_view(x->on[side], first, count, &middle));
        expect_ok(t, side, "ock_tensor_view", ock_tensor_view(middle, count - 1, 1, &last));
        expect_ok(t, side, "ock_tensor_read", ock_tensor_read(middle, got));
        expect_true(t, memcmp(got, data + first * cols, count * cols * sizeof *got) == 0,
                    "a view does not show its rows");
        ock_tensor_destroy(middle);
        expect_ok(t, side, "ock_tensor_fill", ock_tensor_fill(last, 7));
        ock_tensor_destroy(last);
    }
    for (size_t col = 0; col < cols; col++)
        data[(first + count - 1) * cols + col] = 7;
    expect_same(t, "x", x);
    expect_true(t, memcmp(result(t, x, DEVICE), data, rows * cols * sizeof *data) == 0,
                "a fill of a view's last row did not change that row alone");
}
