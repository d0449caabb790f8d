/* How a context chooses its device, and what it says when it cannot. */
#include <limits.h>

#include "unit.h"

static char message[4096];

static ock_status create(const char *device, ock_context **context)
{
    ock_context_options options = ock_context_defaults();
    options.device = device;
    options.message = message;
    options.message_size = sizeof message;
    return ock_context_create(&options, context);
}

START_TEST(null_is_refused_or_does_nothing)
{
    assert_status(OCK_INVALID_ARGUMENT, ock_context_create(NULL, NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_context_finish(NULL));
    assert_status(OCK_INVALID_ARGUMENT, ock_context_flush(NULL));
    assert_status(OCK_BAD_FILE, ock_context_report(NULL, OCK_BAD_FILE, "%d", 1));
    ck_assert_ptr_nonnull(strstr(ock_context_message(NULL), "options.message"));
    ck_assert_ptr_null(ock_context_device(NULL));
    ock_context_destroy(NULL);
}
END_TEST

START_TEST(negative_threads_are_refused)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = (ock_context *)&options;
    options.threads = -1;
    assert_status(OCK_INVALID_ARGUMENT, ock_context_create(&options, &context));
    ck_assert_ptr_null(context);
}
END_TEST

/* More than a machine gives would have OpenMP end the process. */
START_TEST(absurd_threads_are_bounded)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    ock_tensor *a = NULL, *b = NULL;
    options.device = "scalar";
    options.threads = INT_MAX;
    assert_ok(ock_context_create(&options, &context));
    assert_ok(ock_tensor_create(context, OCK_F32, 128, 128, &a));
    assert_ok(ock_tensor_create(context, OCK_F32, 128, 128, &b));
    assert_ok(ock_matmul(NULL, a, a, b));
    ock_tensor_destroy(b);
    ock_tensor_destroy(a);
    ock_context_destroy(context);
}
END_TEST

START_TEST(without_a_driver_plain_c_serves_and_says_why)
{
    ock_context *context = NULL;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    unsetenv("OCKHAM_DEVICE");
    assert_ok(create(NULL, &context));
    ck_assert_str_eq(ock_context_device(context)->id, "scalar");
    assert_contains(ock_context_message(context), "chose scalar");
    assert_contains(ock_context_message(context),
                    OCK_TEST_OPENCL ? "CL_PLATFORM_NOT_FOUND_KHR" : "built without OpenCL");
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_wish_for_a_gpu_without_a_driver_is_an_error)
{
    ock_context *context = NULL;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    assert_status(OCK_DEVICE_NOT_FOUND, create("gpu", &context));
    ck_assert_ptr_null(context);
    assert_contains(message, "\"gpu\"");
    assert_contains(message, "scalar");
}
END_TEST

START_TEST(an_unknown_device_lists_what_there_is)
{
    ock_context *context = NULL;
    setenv("OCKHAM_DEVICE", "abacus", 1);
    assert_status(OCK_DEVICE_NOT_FOUND, create(NULL, &context));
    ck_assert_ptr_null(context);
    assert_contains(message, "\"abacus\"");
    assert_contains(message, "scalar plain C");
    assert_status(OCK_DEVICE_NOT_FOUND, ock_context_create(NULL, &context));
}
END_TEST

/* "none" is what the scalar path's platform is called, and every name has blanks. */
START_TEST(wishes_that_name_nothing_are_refused)
{
    static const char *const wishes[] = {"none", " ", "\t \n"};
    ock_context *context = NULL;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        assert_status(OCK_DEVICE_NOT_FOUND, create(wishes[i], &context));
        assert_contains(message, "scalar plain C");
    }
}
END_TEST

/* The self-test needs more than the caller allows. */
START_TEST(a_small_bound_on_buffers_opens)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    ock_tensor *tensor = NULL;
    options.device = "scalar";
    options.max_allocation = 256;
    assert_ok(ock_context_create(&options, &context));
    assert_status(OCK_OUT_OF_MEMORY, ock_tensor_create(context, OCK_I32, 1, 65, &tensor));
    assert_ok(ock_tensor_create(context, OCK_I32, 1, 64, &tensor));
    ock_tensor_destroy(tensor);
    ock_context_destroy(context);
}
END_TEST

START_TEST(ids_of_no_device_are_refused)
{
    static const char *const wishes[] = {"99:0", "0:99", ":", "0:", "-1:0", "0:0:0", "scalar:0"};
    ock_context *context = NULL;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        assert_status(OCK_DEVICE_NOT_FOUND, create(wishes[i], &context));
}
END_TEST

START_TEST(the_environment_chooses_and_the_option_overrides_it)
{
    ock_context *context = NULL;
    setenv("OCKHAM_DEVICE", "SCALAR", 1);
    assert_ok(create(NULL, &context));
    ck_assert_str_eq(ock_context_device(context)->id, "scalar");
    ock_context_destroy(context);
    setenv("OCKHAM_DEVICE", "abacus", 1);
    assert_ok(create("plain", &context));
    ck_assert_str_eq(ock_context_device(context)->id, "scalar");
    ock_context_destroy(context);
}
END_TEST

START_TEST(an_empty_wish_is_none)
{
    ock_context *context = NULL;
    setenv("OCKHAM_DEVICE", "", 1);
    assert_ok(create(NULL, &context));
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_long_message_is_cut_to_fit)
{
    char small[8] = "xxxxxxx";
    ock_context_options options = ock_context_defaults();
    options.device = "abacus";
    options.message = small;
    options.message_size = sizeof small - 1;
    ock_context *context = NULL;
    assert_status(OCK_DEVICE_NOT_FOUND, ock_context_create(&options, &context));
    ck_assert_uint_eq(strlen(small), sizeof small - 2);
    options.message_size = 0;
    assert_status(OCK_DEVICE_NOT_FOUND, ock_context_create(&options, &context));
}
END_TEST

START_TEST(reports_become_the_message)
{
    ock_context *context = open_context("scalar");
    assert_status(OCK_DIVERGED, ock_context_report(context, OCK_DIVERGED, "epoch %d", 3));
    ck_assert_str_eq(ock_context_message(context), "epoch 3");
    char text[3000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ock_context_report(context, OCK_BAD_FILE, "%s", text);
    ck_assert_str_eq(ock_context_message(context), text);
    ock_context_report(context, OCK_BAD_FILE, "%s!", ock_context_message(context));
    ck_assert_uint_eq(strlen(ock_context_message(context)), sizeof text);
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("context", NULL, NULL, null_is_refused_or_does_nothing, negative_threads_are_refused,
          absurd_threads_are_bounded, without_a_driver_plain_c_serves_and_says_why,
          a_wish_for_a_gpu_without_a_driver_is_an_error, an_unknown_device_lists_what_there_is,
          wishes_that_name_nothing_are_refused, a_small_bound_on_buffers_opens,
          ids_of_no_device_are_refused, the_environment_chooses_and_the_option_overrides_it,
          an_empty_wish_is_none, a_long_message_is_cut_to_fit, reports_become_the_message)
