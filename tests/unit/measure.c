#include <math.h>

#include "unit.h"

START_TEST(null_is_refused)
{
    ock_measurement measurement = {1, 1, 1};
    ock_context *context = open_context("scalar");
    assert_status(OCK_INVALID_ARGUMENT, ock_context_measure(NULL, &measurement));
    ck_assert_double_eq(measurement.peak_gflops, 0);
    assert_status(OCK_INVALID_ARGUMENT, ock_context_measure(context, NULL));
    assert_contains(ock_context_message(context), "measurement");
    assert_status(OCK_INVALID_ARGUMENT, ock_fma_chains(1, 1, 1, NULL));
    ock_context_destroy(context);
}
END_TEST

START_TEST(every_figure_is_measured)
{
    ock_context *context = open_context("scalar");
    ock_measurement measurement;
    assert_ok(ock_context_measure(context, &measurement));
    const double figures[] = {measurement.peak_gflops, measurement.stream_gbs,
                              measurement.step_seconds};
    for (size_t i = 0; i < 3; i++)
        ck_assert(figures[i] > 0 && isfinite(figures[i]));
    ock_context_destroy(context);
}
END_TEST

START_TEST(what_does_not_fit_leaves_zeros)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    ock_measurement measurement = {1, 1, 1};
    options.device = "scalar";
    options.max_allocation = 1 << 14;
    assert_ok(ock_context_create(&options, &context));
    assert_status(OCK_OUT_OF_MEMORY, ock_context_measure(context, &measurement));
    ck_assert_double_eq(measurement.step_seconds, 0);
    ck_assert_double_eq(measurement.stream_gbs, 0);
    ock_context_destroy(context);
}
END_TEST

START_TEST(chains_are_repeated_sums_of_products)
{
    static float x[3 * 5], expected[3 * 5], got[3 * 5];
    ock_context *context = open_context("scalar");
    ock_tensor *tensor = NULL;
    for (int i = 0; i < 15; i++) {
        expected[i] = x[i] = (float)i;
        for (int t = 0; t < 7; t++)
            expected[i] = 0.5f * expected[i] + 2;
    }
    assert_ok(ock_tensor_create(context, OCK_F32, 3, 5, &tensor));
    assert_ok(ock_tensor_write(tensor, x));
    assert_ok(ock_fma_chains(0.5f, 2, 7, tensor));
    assert_ok(ock_tensor_read(tensor, got));
    ck_assert_mem_eq(got, expected, sizeof got); /* exact in binary */
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("measure", NULL, NULL, null_is_refused, every_figure_is_measured,
          what_does_not_fit_leaves_zeros, chains_are_repeated_sums_of_products)
