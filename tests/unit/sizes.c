/* How counts become bytes in lib/train. */
#include "../../lib/train/sizes.h"

#include "unit.h"

START_TEST(products_are_exact_or_of_no_memory)
{
    ck_assert_uint_eq(size_times(0, 0), 0);
    ck_assert_uint_eq(size_times(SIZE_MAX, 0), 0);
    ck_assert_uint_eq(size_times(0, SIZE_MAX), 0);
    ck_assert_uint_eq(size_times(7, 9), 63);
    ck_assert_uint_eq(size_times(SIZE_MAX / 4, 4), SIZE_MAX - 3);
    ck_assert_uint_eq(size_times(SIZE_MAX / 4 + 1, 4), SIZE_MAX);
    ck_assert_uint_eq(size_times(SIZE_MAX, SIZE_MAX), SIZE_MAX);
    ck_assert_uint_eq(size_times(size_times(SIZE_MAX / 2, 3), 2), SIZE_MAX);
}
END_TEST

START_TEST(arrays_beyond_all_bytes_are_none)
{
    int *array = array_make(2, sizeof *array);
    ck_assert_ptr_nonnull(array);
    array[1] = 7;
    ck_assert_ptr_null(array_make(SIZE_MAX / 4 + 2, 4));
    ck_assert_ptr_null(array_make(size_times(SIZE_MAX, 3), 4));
    ck_assert_ptr_null(array_grow(array, SIZE_MAX / 4 + 2, 4));
    ck_assert_int_eq(array[1], 7);
    free(array);
}
END_TEST

TEST_MAIN("sizes", NULL, NULL, products_are_exact_or_of_no_memory, arrays_beyond_all_bytes_are_none)
