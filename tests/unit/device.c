#include <math.h>
#include <stdio.h>

#include "core/core.h"
#include "unit.h"

START_TEST(null_is_refused_or_does_nothing)
{
    ock_device *devices = NULL;
    size_t count = 0;
    ock_self_test result;
    assert_status(OCK_INVALID_ARGUMENT, ock_device_list(NULL, &count));
    assert_status(OCK_INVALID_ARGUMENT, ock_device_list(&devices, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_device_probe(false, NULL, &count));
    assert_status(OCK_INVALID_ARGUMENT, ock_device_probe(true, &devices, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_device_self_test(NULL, &result));
    assert_status(OCK_INVALID_ARGUMENT, ock_device_self_test(&(ock_device){0}, NULL));
    ock_device_list_free(NULL);
}
END_TEST

START_TEST(a_probe_that_is_off_is_told)
{
    ock_device *devices = NULL;
    size_t count = 1;
    setenv("OCKHAM_PROBE", "off", 1);
    assert_status(OCK_UNSUPPORTED, ock_device_probe(false, &devices, &count));
    ck_assert_ptr_null(devices);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(the_list_ends_with_plain_c)
{
    ock_device *devices = NULL;
    size_t count = 0;
    assert_ok(ock_device_list(&devices, &count));
    ck_assert_uint_ge(count, 1);
    ck_assert_int_eq(devices[count - 1].type, OCK_DEVICE_SCALAR);
    ck_assert_int_eq(devices[count - 1].status, OCK_OK);
    ck_assert_str_eq(devices[count - 1].id, "scalar");
    for (size_t i = 0; i + 1 < count; i++) {
        ck_assert_int_ne(devices[i].type, OCK_DEVICE_SCALAR);
        if (devices[i].status != OCK_OK)
            ck_assert_str_ne(devices[i].reason, "");
    }
    ock_device_list_free(devices);
}
END_TEST

START_TEST(without_a_driver_the_loaders_reason_is_a_row)
{
    ock_device *devices = NULL;
    size_t count = 0;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    assert_ok(ock_device_list(&devices, &count));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(devices[0].type, OCK_DEVICE_NONE);
    ck_assert_int_ne(devices[0].status, OCK_OK);
    assert_contains(devices[0].reason,
                    OCK_TEST_OPENCL ? "CL_PLATFORM_NOT_FOUND_KHR" : "built without OpenCL");
    ock_self_test result;
    ck_assert_int_ne(ock_device_self_test(&devices[0], &result), OCK_OK);
    ck_assert_int_eq(result.passed, 0);
    ck_assert_str_ne(result.message, "");
    ock_device_list_free(devices);
}
END_TEST

START_TEST(a_device_that_has_gone_is_an_error)
{
    ock_device device = {.type = OCK_DEVICE_GPU, .platform = 77, .index = 0, .id = "77:0"};
    ock_self_test result;
    ck_assert_int_ne(ock_device_self_test(&device, &result), OCK_OK);
    ck_assert_int_eq(result.run, 0);
    ck_assert_str_ne(result.message, "");
}
END_TEST

START_TEST(plain_c_passes_its_self_test)
{
    ock_device *devices = NULL;
    size_t count = 0;
    ock_self_test result;
    assert_ok(ock_device_list(&devices, &count));
    assert_ok(ock_device_self_test(&devices[count - 1], &result));
    ck_assert_int_gt(result.run, 0);
    ck_assert_int_eq(result.passed, result.run);
    ock_device_list_free(devices);
}
END_TEST

START_TEST(each_operation_has_an_error)
{
    ock_device *devices = NULL;
    size_t count = 0;
    ock_self_test result;
    assert_ok(ock_device_list(&devices, &count));
    for (size_t i = 0; i < count; i++) {
        if (devices[i].status != OCK_OK)
            continue;
        assert_ok(ock_device_self_test(&devices[i], &result));
        double most = 0;
        for (int j = 0; j < result.run; j++) {
            const ock_operation_test *operation = &result.operations[j];
            ck_assert_ptr_nonnull(operation->name);
            ck_assert_int_eq(operation->status, OCK_OK);
            ck_assert(operation->ulps >= 0 && isfinite(operation->ulps));
            most = fmax(most, operation->ulps);
        }
        if (devices[i].type == OCK_DEVICE_SCALAR)
            ck_assert_double_eq(most, 0);
        ck_assert_ptr_null(result.operations[result.run].name);
    }
    ock_device_list_free(devices);
}
END_TEST

/* ---- Names ---- */

static ock_device named(const char *platform, const char *name)
{
    ock_device device = {.type = OCK_DEVICE_GPU};
    snprintf(device.platform_name, sizeof device.platform_name, "%s", platform);
    snprintf(device.name, sizeof device.name, "%s", name);
    return device;
}

START_TEST(stable_names_are_words)
{
    char longest[128] = "";
    memset(longest, 'x', sizeof longest - 1);
    static const char x31[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    const char *const expected[] = {
        "nvidia-cuda/nvidia-geforce-rtx-3090",
        "nvidia-cuda/nvidia-geforce-rtx-3090/2",
        "other/nvidia-geforce-rtx-3090",
        "pocl/intel-xeon-cpu-2-80ghz",
        "unnamed/unnamed",
        "nvidia-cuda/nvidia-geforce-rtx-3090/3",
    };
    ock_device devices[] = {
        named("NVIDIA CUDA", "NVIDIA GeForce RTX 3090"),
        named("NVIDIA CUDA", "NVIDIA GeForce RTX 3090"),
        named("Other", " NVIDIA GeForce RTX 3090 "),
        named("\"PoCL\"", "Intel(R) Xeon(TM)\tCPU @ 2.80GHz"),
        named("", "\xff\xe2\x82\xac\x01"),
        named("nvidia-cuda", "NVIDIA GeForce RTX 3090"),
        named(longest, longest),
        {.type = OCK_DEVICE_NONE, .name = "broken"},
    };
    enum {
        NAMED = sizeof expected / sizeof *expected
    };
    ock_name_devices(devices, sizeof devices / sizeof *devices);
    for (size_t i = 0; i < NAMED; i++) {
        ck_assert_str_eq(devices[i].stable_name, expected[i]);
        for (size_t j = 0; j < NAMED; j++)
            ck_assert_int_eq(ock_device_meets(&devices[j], expected[i]), i == j);
    }
    ck_assert_int_eq(strncmp(devices[NAMED].stable_name, x31, strlen(x31)), 0);
    ck_assert_str_eq(devices[NAMED + 1].stable_name, "");
}
END_TEST

START_TEST(wishes_mean_what_they_say)
{
    ock_device gpu = named("Some Platform", "Big Device");
    snprintf(gpu.id, sizeof gpu.id, "1:0");
    ock_name_devices(&gpu, 1);
    const char *const right[] = {
        NULL, "gpu", "GPU", "1:0", "big", "platform", "Some-Platform/Big-Device"};
    const char *const wrong[] = {"", " ", "cpu", "1:1", "none", "some-platform/big", "big-device"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        ck_assert_msg(ock_device_meets(&gpu, right[i]), "%s", right[i]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!ock_device_meets(&gpu, wrong[i]), "%s", wrong[i]);
    ck_assert(!ock_device_meets(NULL, NULL));
}
END_TEST

START_TEST(a_stable_name_is_a_wish)
{
    ock_device *devices = NULL;
    size_t count = 0;
    assert_ok(ock_device_list(&devices, &count));
    for (size_t i = 0; i < count; i++) {
        if (devices[i].status != OCK_OK)
            continue;
        ock_context *context = open_context(devices[i].stable_name);
        ck_assert_str_eq(ock_context_device(context)->id, devices[i].id);
        ock_context_destroy(context);
    }
    ock_device_list_free(devices);
}
END_TEST

START_TEST(types_have_the_names_that_the_option_takes)
{
    ck_assert_str_eq(ock_device_type_name(OCK_DEVICE_GPU), "gpu");
    ck_assert_str_eq(ock_device_type_name(OCK_DEVICE_ACCELERATOR), "accelerator");
    ck_assert_str_eq(ock_device_type_name(OCK_DEVICE_CPU), "cpu");
    ck_assert_str_eq(ock_device_type_name(OCK_DEVICE_SCALAR), "scalar");
    ck_assert_str_eq(ock_device_type_name(OCK_DEVICE_NONE), "none");
    ck_assert_str_eq(ock_device_type_name((ock_device_type)99), "none");
}
END_TEST

TEST_MAIN("device", NULL, NULL, null_is_refused_or_does_nothing, a_probe_that_is_off_is_told,
          the_list_ends_with_plain_c, without_a_driver_the_loaders_reason_is_a_row,
          a_device_that_has_gone_is_an_error, plain_c_passes_its_self_test,
          each_operation_has_an_error, stable_names_are_words, wishes_mean_what_they_say,
          a_stable_name_is_a_wish, types_have_the_names_that_the_option_takes)
