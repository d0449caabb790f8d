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
          types_have_the_names_that_the_option_takes)
