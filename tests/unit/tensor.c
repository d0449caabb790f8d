#include <math.h>
#include <stdint.h>

#include "unit.h"

static ock_tensor *make(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    assert_ok(ock_tensor_create(context, dtype, rows, cols, &tensor));
    return tensor;
}

START_TEST(null_is_refused_or_does_nothing)
{
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = make(context, OCK_F32, 2, 3), *other = tensor;
    float data[6] = {0};
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_create(NULL, OCK_F32, 1, 1, &other));
    ck_assert_ptr_null(other);
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_create(context, OCK_F32, 1, 1, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_view(NULL, 0, 1, &other));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_view(tensor, 0, 1, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_write(NULL, data));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_write(tensor, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_read(NULL, data));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_read(tensor, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_fill(NULL, 1));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_copy(NULL, tensor));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_copy(tensor, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(0.5f, NULL, tensor));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(0.5f, tensor, NULL));
    ck_assert_ptr_null(ock_tensor_context(NULL));
    ck_assert_uint_eq(ock_tensor_rows(NULL) + ock_tensor_cols(NULL), 0);
    ck_assert_uint_eq(ock_tensor_max_rows(NULL, OCK_F32, 1), 0);
    ck_assert_int_eq(ock_tensor_dtype(NULL), OCK_F32);
    ock_tensor_destroy(NULL);
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

START_TEST(sizes_are_checked_before_they_are_multiplied)
{
    static const struct {
        size_t rows, cols;
        ock_status status;
        const char *says;
    } cases[] = {
        {0, 1, OCK_INVALID_ARGUMENT, "a dimension must be 1"},
        {1, 0, OCK_INVALID_ARGUMENT, "a dimension must be 1"},
        {(size_t)INT32_MAX + 1, 1, OCK_INVALID_ARGUMENT, "a dimension must be 1"},
        {1, SIZE_MAX, OCK_INVALID_ARGUMENT, "a dimension must be 1"},
        {SIZE_MAX / 2 + 2, 1, OCK_INVALID_ARGUMENT, "a dimension must be 1"},
        {INT32_MAX, INT32_MAX, OCK_OUT_OF_MEMORY, "the largest buffer"},
    };
    ock_context *context = open_context("scalar");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ock_tensor *tensor = (ock_tensor *)context;
        ck_assert_int_eq(ock_tensor_create(context, OCK_F32, cases[i].rows, cases[i].cols, &tensor),
                         cases[i].status);
        ck_assert_ptr_null(tensor);
        assert_contains(ock_context_message(context), cases[i].says);
    }
    ock_context_destroy(context);
}
END_TEST

START_TEST(an_unknown_type_is_refused)
{
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = NULL;
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_create(context, (ock_dtype)7, 1, 1, &tensor));
    assert_contains(ock_context_message(context), "OCK_F32");
    ock_context_destroy(context);
}
END_TEST

START_TEST(max_allocation_bounds_a_tensor)
{
    ock_context_options options = ock_context_defaults();
    options.device = "scalar";
    options.max_allocation = 6400;
    ock_context *context = NULL;
    ock_tensor *tensor = NULL;
    assert_ok(ock_context_create(&options, &context));
    size_t rows = ock_tensor_max_rows(context, OCK_F32, 10);
    ck_assert_uint_ge(rows, 10);
    ck_assert_uint_le(rows, 160);
    assert_ok(ock_tensor_create(context, OCK_F32, rows, 10, &tensor));
    ock_tensor_destroy(tensor);
    assert_status(OCK_OUT_OF_MEMORY, ock_tensor_create(context, OCK_F32, rows + 1, 10, &tensor));
    ck_assert_uint_eq(ock_tensor_max_rows(context, OCK_F32, 10000), 0);
    ck_assert_uint_eq(ock_tensor_max_rows(context, OCK_F32, 0), 0);
    ck_assert_uint_eq(ock_tensor_max_rows(context, OCK_F32, SIZE_MAX), 0);
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_refused_allocation_is_an_error)
{
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = NULL;
    assert_status(OCK_OUT_OF_MEMORY,
                  ock_tensor_create(context, OCK_F32, INT32_MAX, 1 << 20, &tensor));
    ck_assert_ptr_null(tensor);
    ck_assert_str_ne(ock_context_message(context), "");
    ock_context_destroy(context);
}
END_TEST

static ock_memory memory_of(const ock_context *context)
{
    ock_memory memory = {0};
    assert_ok(ock_context_memory(context, &memory));
    return memory;
}

START_TEST(memory_is_counted_until_the_last_view_is_gone)
{
    ock_context *context = open_context("scalar");
    const ock_memory start = memory_of(context);
    ck_assert_uint_eq(start.peak, start.in_use);
    ock_tensor *tensor = make(context, OCK_F32, 4, 3), *view = NULL, *ints = NULL;
    const uint64_t padded = sizeof(float) * 4 * 16;
    ck_assert_uint_eq(memory_of(context).in_use, start.in_use + padded);
    ints = make(context, OCK_I32, 5, 1);
    assert_ok(ock_tensor_view(tensor, 1, 2, &view));
    ock_tensor_destroy(tensor);
    const uint64_t both = start.in_use + padded + sizeof(int32_t) * 5;
    ck_assert_uint_eq(memory_of(context).in_use, both);
    ock_tensor_destroy(view);
    ck_assert_uint_eq(memory_of(context).in_use, both - padded);
    ock_tensor_destroy(ints);
    ck_assert_uint_eq(memory_of(context).in_use, start.in_use);
    ck_assert_uint_eq(memory_of(context).peak, both);
    ock_context_destroy(context);
}
END_TEST

START_TEST(what_fails_counts_for_nothing)
{
    ock_context *context = open_context("scalar");
    const ock_memory start = memory_of(context);
    ock_tensor *tensor = NULL;
    ock_memory memory;
    assert_status(OCK_OUT_OF_MEMORY,
                  ock_tensor_create(context, OCK_F32, INT32_MAX, 1 << 20, &tensor));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_create(context, OCK_F32, 0, 1, &tensor));
    ck_assert_uint_eq(memory_of(context).in_use, start.in_use);
    ck_assert_uint_eq(memory_of(context).peak, start.peak);
    assert_status(OCK_INVALID_ARGUMENT, ock_context_memory(NULL, &memory));
    assert_status(OCK_INVALID_ARGUMENT, ock_context_memory(context, NULL));
    ock_context_destroy(context);
}
END_TEST

START_TEST(new_tensors_hold_zeros)
{
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = make(context, OCK_F32, 5, 7);
    float data[35], zeros[35] = {0};
    memset(data, 1, sizeof data);
    assert_ok(ock_tensor_read(tensor, data));
    ck_assert_mem_eq(data, zeros, sizeof data);
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

/* Beyond what is written at once. */
START_TEST(rows_of_many_megabytes_come_back)
{
    enum {
        COLS = (1 << 20) + 3
    };
    ock_context *context = open_context(NULL);
    ock_tensor *tensor = make(context, OCK_F32, 2, COLS);
    float *written = calloc(2 * COLS, sizeof *written), *read = calloc(2 * COLS, sizeof *read);
    ck_assert(written && read);
    for (size_t i = 0; i < 2 * COLS; i++)
        written[i] = (float)i;
    assert_ok(ock_tensor_write(tensor, written));
    assert_ok(ock_tensor_read(tensor, read));
    ck_assert_int_eq(memcmp(read, written, 2 * COLS * sizeof *read), 0);
    free(read);
    free(written);
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

START_TEST(views_beyond_the_last_row_are_refused)
{
    static const size_t beyond[][2] = {{0, 5}, {4, 1},        {5, 1},
                                       {3, 2}, {1, SIZE_MAX}, {SIZE_MAX, 2}};
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = make(context, OCK_F32, 4, 3);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        ock_tensor *view = tensor;
        assert_status(OCK_SHAPE_MISMATCH,
                      ock_tensor_view(tensor, beyond[i][0], beyond[i][1], &view));
        ck_assert_ptr_null(view);
    }
    ock_tensor *view = tensor;
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_view(tensor, 2, 0, &view));
    ck_assert_ptr_null(view);
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_view_keeps_its_memory_alive)
{
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = make(context, OCK_I32, 3, 2), *view = NULL;
    const int32_t data[] = {1, 2, 3, 4, 5, 6};
    int32_t row[2];
    assert_ok(ock_tensor_write(tensor, data));
    assert_ok(ock_tensor_view(tensor, 2, 1, &view));
    ock_tensor_destroy(tensor);
    assert_ok(ock_tensor_read(view, row));
    ck_assert_mem_eq(row, data + 4, sizeof row);
    ock_tensor_destroy(view);
    ock_context_destroy(context);
}
END_TEST

START_TEST(copies_need_one_shape_one_type_and_two_places)
{
    ock_context *context = open_context("scalar"), *second = open_context("scalar");
    ock_tensor *x = make(context, OCK_F32, 4, 3), *turned = make(context, OCK_F32, 3, 4);
    ock_tensor *whole = make(context, OCK_I32, 4, 3), *far = make(second, OCK_F32, 4, 3);
    ock_tensor *upper = NULL, *lower = NULL;
    assert_ok(ock_tensor_view(x, 0, 3, &upper));
    assert_ok(ock_tensor_view(x, 1, 3, &lower));
    assert_status(OCK_SHAPE_MISMATCH, ock_tensor_copy(x, turned));
    assert_contains(ock_context_message(context), "4 x 3");
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_copy(x, whole));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_copy(x, far));
    assert_contains(ock_context_message(context), "another context");
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_copy(upper, lower));
    assert_contains(ock_context_message(context), "overlap");
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_fill(whole, 1));
    assert_status(OCK_SHAPE_MISMATCH, ock_tensor_blend(0.5f, x, turned));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(0.5f, x, whole));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(0.5f, upper, lower));
    ock_tensor *tensors[] = {x, turned, whole, far, upper, lower};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        ock_tensor_destroy(tensors[i]);
    ock_context_destroy(second);
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_blend_goes_a_share_of_the_way)
{
    const float from[] = {1, -2, 8}, begin[] = {3, 2, 8}, half[] = {2, 0, 8};
    ock_context *context = open_context("scalar");
    ock_tensor *x = make(context, OCK_F32, 1, 3), *y = make(context, OCK_F32, 1, 3);
    float got[3];
    assert_ok(ock_tensor_write(x, from));
    assert_ok(ock_tensor_write(y, begin));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(-0.5f, x, y));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(1.5f, x, y));
    assert_contains(ock_context_message(context), "share");
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_blend(NAN, x, y));
    assert_ok(ock_tensor_blend(0, x, y));
    assert_ok(ock_tensor_read(y, got));
    ck_assert_mem_eq(got, begin, sizeof got);
    assert_ok(ock_tensor_blend(0.5f, x, y));
    assert_ok(ock_tensor_read(y, got));
    ck_assert_mem_eq(got, half, sizeof got);
    assert_ok(ock_tensor_blend(1, x, y));
    assert_ok(ock_tensor_read(y, got));
    ck_assert_mem_eq(got, from, sizeof got);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    ock_context_destroy(context);
}
END_TEST

/* What views show goes with the contents. */
START_TEST(a_swap_exchanges_contents)
{
    const float one[] = {1, 2, 3, 4}, other[] = {5, 6, 7, 8};
    ock_context *context = open_context("scalar");
    ock_tensor *a = make(context, OCK_F32, 2, 2), *b = make(context, OCK_F32, 2, 2);
    ock_tensor *turned = make(context, OCK_F32, 1, 4), *view = NULL;
    float got[4];
    assert_ok(ock_tensor_write(a, one));
    assert_ok(ock_tensor_write(b, other));
    assert_ok(ock_tensor_view(a, 1, 1, &view));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_swap(NULL, b));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_swap(a, a));
    assert_status(OCK_SHAPE_MISMATCH, ock_tensor_swap(a, turned));
    ock_tensor *last = NULL;
    assert_ok(ock_tensor_view(b, 1, 1, &last));
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_swap(view, last));
    assert_contains(ock_context_message(context), "view");
    assert_ok(ock_tensor_swap(a, b));
    assert_ok(ock_tensor_read(a, got));
    ck_assert_mem_eq(got, other, sizeof other);
    assert_ok(ock_tensor_read(b, got));
    ck_assert_mem_eq(got, one, sizeof one);
    assert_ok(ock_tensor_read(view, got));
    ck_assert_mem_eq(got, other + 2, sizeof other / 2);
    ock_tensor *tensors[] = {a, b, turned, view, last};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        ock_tensor_destroy(tensors[i]);
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("tensor", NULL, NULL, null_is_refused_or_does_nothing,
          sizes_are_checked_before_they_are_multiplied, an_unknown_type_is_refused,
          max_allocation_bounds_a_tensor, a_refused_allocation_is_an_error,
          memory_is_counted_until_the_last_view_is_gone, what_fails_counts_for_nothing,
          new_tensors_hold_zeros, rows_of_many_megabytes_come_back,
          views_beyond_the_last_row_are_refused, a_view_keeps_its_memory_alive,
          copies_need_one_shape_one_type_and_two_places, a_blend_goes_a_share_of_the_way,
          a_swap_exchanges_contents)
