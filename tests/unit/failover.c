/* A context leaves its device and goes on with the next one, its tensors in place. */
#include "unit.h"

enum {
    ROWS = 3,
    COLS = 5,
    SIZE = ROWS * COLS
};

static ock_tensor *make(ock_context *context, const float *values)
{
    ock_tensor *tensor = NULL;
    assert_ok(ock_tensor_create(context, OCK_F32, ROWS, COLS, &tensor));
    assert_ok(ock_tensor_write(tensor, values));
    return tensor;
}

static void expect_values(const ock_tensor *tensor, float first, float step)
{
    float got[SIZE];
    assert_ok(ock_tensor_read(tensor, got));
    for (size_t i = 0; i < ock_tensor_rows(tensor) * COLS; i++)
        ck_assert_float_eq(got[i], first + step * (float)i);
}

/* Two PoCL devices, in the loader's order, and plain C; else whatever there is. */
static ock_context *open_first(void)
{
    setenv("POCL_DEVICES", "pthread basic", 1);
    ock_device *devices = NULL;
    size_t count = 0;
    assert_ok(ock_device_list(&devices, &count));
    const ock_device *first = devices;
    while (first->status != OCK_OK)
        first++;
    ock_context *context = open_context(first->id);
    ock_device_list_free(devices);
    return context;
}

static size_t others_of(ock_context *context)
{
    ock_device *devices = NULL;
    size_t count = 0, others = 0;
    assert_ok(ock_device_list(&devices, &count));
    for (size_t i = 0; i < count; i++)
        others += devices[i].status == OCK_OK &&
                  strcmp(devices[i].id, ock_context_device(context)->id) != 0;
    ock_device_list_free(devices);
    return others;
}

START_TEST(null_is_refused)
{
    assert_status(OCK_INVALID_ARGUMENT, ock_context_failover(NULL));
    ck_assert(!ock_tensor_is_lost(NULL));
}
END_TEST

static void expect_next(ock_context *context, const ock_device *left)
{
    const ock_device *device = ock_context_device(context);
    ck_assert_str_ne(device->id, left->id);
    assert_contains(ock_context_message(context), left->id);
    assert_contains(ock_context_message(context), "the bus fell off");
    assert_contains(ock_context_message(context), device->id);
}

/* Each device in turn, plain C last. */
START_TEST(tensors_stay_in_place_and_hold_zeros)
{
    float values[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        values[i] = (float)i;
    ock_context *context = open_first();
    ock_tensor *tensor = make(context, values), *other = make(context, values), *view = NULL;
    ock_tensor *gone = make(context, values);
    assert_ok(ock_tensor_view(tensor, 1, 2, &view));
    ock_tensor_destroy(gone);
    for (size_t others = others_of(context); others > 0; others--) {
        const ock_device left = *ock_context_device(context);
        ock_context_report(context, OCK_DEVICE_FAILED, "the bus fell off");
        assert_ok(ock_context_failover(context));
        expect_next(context, &left);
        ck_assert(ock_tensor_is_lost(tensor) && ock_tensor_is_lost(view));
        expect_values(tensor, 0, 0);
        expect_values(view, 0, 0);
        assert_ok(ock_tensor_write(tensor, values));
        ck_assert(!ock_tensor_is_lost(view) && ock_tensor_is_lost(other));
        expect_values(view, COLS, 1);
        assert_ok(ock_tensor_copy(tensor, other));
        ck_assert(!ock_tensor_is_lost(other));
        expect_values(other, 0, 1);
    }
    ck_assert_int_eq(ock_context_device(context)->type, OCK_DEVICE_SCALAR);
    ock_tensor_destroy(tensor);
    ock_tensor_destroy(other);
    expect_values(view, COLS, 1);
    ock_tensor_destroy(view);
    ock_context_destroy(context);
}
END_TEST

/* An exchange takes along what is known of the contents. */
START_TEST(what_is_swapped_is_lost_where_it_went)
{
    float values[SIZE];
    for (size_t i = 0; i < SIZE; i++)
        values[i] = (float)i;
    ock_context *context = open_first();
    ock_tensor *lost = make(context, values);
    if (others_of(context)) {
        assert_ok(ock_context_failover(context));
        ock_tensor *fresh = make(context, values);
        assert_ok(ock_tensor_swap(lost, fresh));
        ck_assert(!ock_tensor_is_lost(lost) && ock_tensor_is_lost(fresh));
        expect_values(lost, 0, 1);
        expect_values(fresh, 0, 0);
        ock_tensor_destroy(fresh);
    }
    ock_tensor_destroy(lost);
    ock_context_destroy(context);
}
END_TEST

static uint64_t in_use(const ock_context *context)
{
    ock_memory memory;
    assert_ok(ock_context_memory(context, &memory));
    ck_assert_uint_ge(memory.peak, memory.in_use);
    return memory.in_use;
}

/* As in a context that was opened on that device. */
START_TEST(memory_is_counted_on)
{
    const float zeros[SIZE] = {0};
    ock_context *context = open_first();
    ock_tensor *tensor = make(context, zeros);
    if (others_of(context))
        assert_ok(ock_context_failover(context));
    uint64_t with = in_use(context);
    ock_tensor_destroy(tensor);
    ock_context *fresh = open_context(ock_context_device(context)->id);
    ck_assert_uint_eq(in_use(context), in_use(fresh));
    ck_assert_uint_eq(with - in_use(fresh), ROWS * 16 * sizeof(float));
    ock_context_destroy(fresh);
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_bound_on_buffers_goes_along)
{
    ock_context_options options = {.device = "0:0", .max_allocation = 4096};
    ock_context *context = NULL;
    ock_tensor *tensor = NULL;
    if (ock_context_create(&options, &context) != OCK_OK)
        return;
    assert_ok(ock_context_failover(context));
    assert_status(OCK_OUT_OF_MEMORY, ock_tensor_create(context, OCK_F32, 1, 4096, &tensor));
    assert_contains(ock_context_message(context), "4096");
    ock_context_destroy(context);
}
END_TEST

START_TEST(where_there_is_no_other_nothing_changes)
{
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    ock_context *context = open_context("scalar");
    const float ones[SIZE] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    ock_tensor *tensor = make(context, ones);
    ock_context_report(context, OCK_DEVICE_FAILED, "the bus fell off");
    assert_status(OCK_DEVICE_NOT_FOUND, ock_context_failover(context));
    assert_contains(ock_context_message(context), "the bus fell off");
    assert_contains(ock_context_message(context), "no other device");
    ck_assert(!ock_tensor_is_lost(tensor));
    ck_assert_str_eq(ock_context_device(context)->id, "scalar");
    expect_values(tensor, 1, 0);
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("failover", NULL, NULL, null_is_refused, tensors_stay_in_place_and_hold_zeros,
          what_is_swapped_is_lost_where_it_went, memory_is_counted_on,
          a_bound_on_buffers_goes_along, where_there_is_no_other_nothing_changes)
