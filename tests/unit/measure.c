#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../comma.h"

#include "core/cache.h"
#include "folder.h"
#include "unit.h"

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
    unsetenv("OCKHAM_TUNE");
}

START_TEST(null_is_refused)
{
    ock_measurement measurement = {1, 1, 1, 1};
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
                              measurement.step_seconds, measurement.launch_seconds};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        ck_assert(figures[i] > 0 && isfinite(figures[i]));
    ock_context_destroy(context);
}
END_TEST

START_TEST(what_does_not_fit_leaves_zeros)
{
    const size_t room[] = {32, 1 << 11, 1 << 14}; /* not for a launch, a copy, a step */
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    options.device = "scalar";
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
        ock_measurement measurement = {1, 1, 1, 1};
        options.max_allocation = room[i];
        assert_ok(ock_context_create(&options, &context));
        assert_status(OCK_OUT_OF_MEMORY, ock_context_measure(context, &measurement));
        ck_assert_double_eq(measurement.step_seconds, 0);
        ck_assert_double_eq(measurement.stream_gbs, 0);
        ck_assert_double_eq(measurement.launch_seconds, 0);
        ock_context_destroy(context);
    }
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

/* ---- What is kept ---- */

static ock_device plain_c(void)
{
    ock_device *devices = NULL;
    size_t count = 0;
    assert_ok(ock_device_list(&devices, &count));
    ock_device device = devices[count - 1];
    ock_device_list_free(devices);
    return device;
}

static ock_cache *open_kept(void)
{
    char names[1][256], path[300], key[1024];
    ck_assert_int_eq(list_folder("cache", names, 1), 1);
    snprintf(path, sizeof path, "cache/%.255s", names[0]);
    key[read_bytes(path, key, sizeof key - 1)] = '\0';
    key[strcspn(key, "\n")] = '\0';
    return ock_cache_open(key);
}

START_TEST(speed_is_measured_once)
{
    ock_device device = plain_c();
    ock_device_speed first, second;
    assert_ok(ock_device_measure(&device, false, &first));
    const double figures[] = {first.at_best.peak_gflops, first.at_best.stream_gbs,
                              first.at_best.step_seconds, first.at_best.launch_seconds};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        ck_assert(figures[i] > 0 && isfinite(figures[i]));
    ck_assert(first.cold_seconds == 0 && first.warm_seconds == 0);
    assert_ok(ock_device_measure(&device, false, &second));
    ck_assert_double_eq_tol(second.at_best.step_seconds / first.at_best.step_seconds, 1, 1e-5);
    ock_cache *cache = open_kept();
    ock_cache_put(cache, "speed_1e-9", "1000000000 2 3 4000000000 5 6000000000");
    ock_cache_close(cache);
    assert_ok(ock_device_measure(&device, false, &second));
    ck_assert_double_eq(second.at_best.launch_seconds, 1);
    ck_assert_double_eq(second.at_best.step_seconds, 4);
    ck_assert_double_eq(second.warm_seconds, 6);
    assert_ok(ock_device_measure(&device, true, &second));
    ck_assert_double_lt(second.at_best.launch_seconds, 1);
}
END_TEST

START_TEST(speeds_that_cannot_be_are_measured_again)
{
    static const char *const wrong[] = {
        "", "1 2 3 4 5", "-1 2 3 4 5 6", "nan 2 3 4 5 6", "1 2 3 4 5 6 7", "9 9 9 9 9 x"};
    ock_device device = plain_c();
    ock_device_speed speed;
    assert_ok(ock_device_measure(&device, false, &speed));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ock_cache *cache = open_kept();
        ock_cache_put(cache, "speed_1e-9", wrong[i]);
        ock_cache_close(cache);
        assert_ok(ock_device_measure(&device, false, &speed));
        ck_assert(speed.at_best.launch_seconds > 0 && speed.at_best.launch_seconds < 1);
        ck_assert(speed.warm_seconds == 0);
    }
}
END_TEST

START_TEST(what_is_not_to_be_measured_is_not)
{
    ock_device device = plain_c(), below = device;
    ock_device_speed speed = {.warm_seconds = 1};
    assert_status(OCK_INVALID_ARGUMENT, ock_device_measure(NULL, false, &speed));
    ck_assert_double_eq(speed.warm_seconds, 0);
    assert_status(OCK_INVALID_ARGUMENT, ock_device_measure(&device, false, NULL));
    below.status = OCK_DEVICE_FAILED;
    assert_status(OCK_DEVICE_FAILED, ock_device_measure(&below, false, &speed));
    setenv("OCKHAM_CACHE", "off", 1);
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, false, &speed));
    assert_ok(ock_device_measure(&device, true, &speed));
    setenv("OCKHAM_TUNE", "0", 1);
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, true, &speed));
    unsetenv("OCKHAM_TUNE");
    device.type = OCK_DEVICE_GPU;
    setenv("OCKHAM_PROBE", "off", 1);
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, true, &speed));
    setenv("OCKHAM_PROBE", in_folder("nothing"), 1);
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, true, &speed));
    setenv("TMPDIR", in_folder("nothing"), 1);
    assert_status(OCK_FILE_FAILED, ock_device_measure(&device, true, &speed));
    ck_assert_int_eq(list_folder(".", NULL, 0), 0);
}
END_TEST

/* ---- In a child ---- */

/* A device that this script measures: $1 is cold or warm, $5 the folder for the driver's cache. */
static ock_device scripted(const char *script)
{
    char text[512];
    snprintf(text, sizeof text, "#!/bin/sh\nsay() { echo \"$@\" >&3; }\n%s\n", script);
    write_bytes("helper", text, strlen(text));
    ck_assert_int_eq(chmod(in_folder("helper"), 0700), 0);
    setenv("OCKHAM_PROBE", in_folder("helper"), 1);
    setenv("VERSION", ock_version(), 1);
    setenv("TMPDIR", in_folder(""), 1);
    return (ock_device){.type = OCK_DEVICE_GPU, .id = "0:0", .name = "scripted"};
}

START_TEST(a_driver_has_a_folder_of_ours_each_time)
{
    ock_device device = scripted("say ockham-probe $VERSION\n"
                                 "[ -d \"$5\" ] && say build 1500000000\n"
                                 "[ $1 = cold ] || say launch 5000");
    ock_device_speed speed;
    assert_ok(ock_device_measure(&device, false, &speed));
    ck_assert(speed.cold_seconds == 0 && speed.warm_seconds == 1.5);
    ck_assert_double_eq_tol(speed.at_best.launch_seconds, 5e-6, 1e-12);
    ck_assert_int_eq(list_folder("", NULL, 0), 2); /* that, and the cache */
}
END_TEST

/* Such as another version's. */
START_TEST(what_is_no_helper_measures_nothing)
{
    ock_device device = scripted("say ockham-probe 9.9; say build 1500000000");
    ock_device_speed speed = {.warm_seconds = 1};
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, false, &speed));
    ck_assert_double_eq(speed.cold_seconds, 0);
    device = scripted("say ockham-probe $VERSION; say build 1500000000; rm \"$0\"; >$5/kept");
    assert_status(OCK_UNSUPPORTED, ock_device_measure(&device, false, &speed));
    ck_assert_double_eq(speed.cold_seconds, 0);
    device = scripted("say ockham-probe $VERSION; say build 1500000000");
    assert_ok(ock_device_measure(&device, false, &speed)); /* nothing of that is kept */
    ck_assert_double_eq(speed.warm_seconds, 1.5);
}
END_TEST

START_TEST(a_decimal_comma_changes_nothing)
{
    write_decimal_commas();
    ock_device *devices = NULL;
    size_t count = 0;
    assert_ok(ock_device_list(&devices, &count));
    ock_device device = devices[devices[0].status == OCK_OK ? 0 : count - 1];
    ock_device_list_free(devices);
    ock_device_speed first, second;
    unsetenv("OCKHAM_PROBE");
    if (ock_device_measure(&device, false, &first) == OCK_UNSUPPORTED) /* a static library's */
        device = plain_c();
    assert_ok(ock_device_measure(&device, false, &first));
    setlocale(LC_ALL, "C");
    assert_ok(ock_device_measure(&device, false, &second));
    ck_assert(first.at_best.launch_seconds > 0 && first.at_best.launch_seconds < 1);
    ck_assert(first.at_best.step_seconds > 0);
    ck_assert_double_eq_tol(second.at_best.step_seconds / first.at_best.step_seconds, 1, 1e-5);
}
END_TEST

TEST_MAIN("measure", set_up, remove_folder, null_is_refused, every_figure_is_measured,
          speed_is_measured_once, speeds_that_cannot_be_are_measured_again,
          what_is_not_to_be_measured_is_not, a_driver_has_a_folder_of_ours_each_time,
          what_is_no_helper_measures_nothing, a_decimal_comma_changes_nothing,
          what_does_not_fit_leaves_zeros, chains_are_repeated_sums_of_products)
