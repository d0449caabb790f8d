/* What a listener gets: which messages, how urgent, in which order, and on which thread. */
#include <pthread.h>
#include <stdio.h>

#include "../absent.h"
#include "folder.h"
#include "unit.h"

enum {
    MESSAGES = 64,
    SHAPE = 3 /* of a product that plain C and OpenCL can do */
};

typedef struct listener {
    pthread_t thread;
    size_t count;
    ock_log_level levels[MESSAGES];
    char texts[MESSAGES][1024];
} listener;

static void listen(void *data, ock_log_level level, const char *text)
{
    listener *heard = data;
    ck_assert(pthread_equal(pthread_self(), heard->thread));
    ck_assert_uint_lt(heard->count, MESSAGES);
    size_t length = strlen(text);
    ck_assert_uint_gt(length, 0);
    ck_assert_int_ne(text[length - 1], '\n');
    heard->levels[heard->count] = level;
    snprintf(heard->texts[heard->count++], sizeof *heard->texts, "%s", text);
}

static listener heard;

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
    unsetenv("OCKHAM_DEVICE");
    unsetenv("OCKHAM_TILES");
    unsetenv("OCKHAM_TUNE");
    heard = (listener){.thread = pthread_self()};
}

static ock_context_options options_for(ock_log_level level, const char *device)
{
    ock_context_options options = ock_context_defaults();
    options.device = device;
    options.log = listen;
    options.log_data = &heard;
    options.log_level = level;
    return options;
}

static ock_context *open_heard(ock_log_level level, const char *device)
{
    ock_context_options options = options_for(level, device);
    ock_context *context = NULL;
    assert_ok(ock_context_create(&options, &context));
    return context;
}

/* The position of the first message from `first` on that has this part; its level must fit. */
static size_t expect(size_t first, ock_log_level level, const char *part)
{
    for (size_t i = first; i < heard.count; i++)
        if (strstr(heard.texts[i], part)) {
            ck_assert_int_eq(heard.levels[i], level);
            return i;
        }
    ck_abort_msg("nothing was heard of \"%s\"", part);
}

static void expect_none(const char *part)
{
    for (size_t i = 0; i < heard.count; i++)
        ck_assert_msg(!strstr(heard.texts[i], part), "\"%s\"", heard.texts[i]);
}

static void multiply(ock_context *context, size_t size)
{
    ock_tensor *a = NULL, *b = NULL;
    assert_ok(ock_tensor_create(context, OCK_F32, size, size, &a));
    assert_ok(ock_tensor_create(context, OCK_F32, size, size, &b));
    assert_ok(ock_matmul(NULL, a, a, b));
    ock_tensor_destroy(b);
    ock_tensor_destroy(a);
}

START_TEST(the_default_is_info_and_nobody)
{
    ock_context_options options = ock_context_defaults();
    ck_assert(!options.log);
    ck_assert_int_eq(options.log_level, OCK_LOG_INFO);
}
END_TEST

START_TEST(the_choice_is_told_once)
{
    ock_context *context = open_heard(OCK_LOG_INFO, "scalar");
    ck_assert_uint_eq(heard.count, 1);
    expect(0, OCK_LOG_INFO, "chose scalar (scalar, plain C): as asked for by scalar");
    ck_assert_str_eq(heard.texts[0], ock_context_message(context));
    ock_context_destroy(context);
    ck_assert_uint_eq(heard.count, 1);
}
END_TEST

START_TEST(a_failed_call_is_an_error_and_success_is_silent)
{
    ock_context *context = open_heard(OCK_LOG_ERROR, "scalar");
    ock_tensor *tensor = NULL;
    multiply(context, SHAPE);
    ck_assert_uint_eq(heard.count, 0);
    assert_status(OCK_INVALID_ARGUMENT, ock_tensor_create(context, OCK_F32, 0, 1, &tensor));
    ck_assert_uint_eq(heard.count, 1);
    ck_assert_str_eq(heard.texts[0], ock_context_message(context));
    ock_context_report(context, OCK_BAD_FILE, "line %d\n", 7);
    ock_context_report(context, OCK_OK, "all is well");
    ck_assert_uint_eq(heard.count, 2);
    expect(1, OCK_LOG_ERROR, "line 7");
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_context_that_cannot_be_had_is_an_error)
{
    char message[4096];
    ock_context_options options = options_for(OCK_LOG_ERROR, "no such device");
    ock_context *context = NULL;
    options.message = message;
    options.message_size = sizeof message;
    assert_status(OCK_DEVICE_NOT_FOUND, ock_context_create(&options, &context));
    options.threads = -1;
    assert_status(OCK_INVALID_ARGUMENT, ock_context_create(&options, &context));
    assert_contains(message, "threads");
    ck_assert_uint_eq(heard.count, 2);
    expect(0, OCK_LOG_ERROR, "no device is called \"no such device\"");
    expect(1, OCK_LOG_ERROR, message);
}
END_TEST

START_TEST(without_a_driver_the_reason_comes_before_the_choice)
{
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    ock_context *context = open_heard(OCK_LOG_INFO, NULL);
    size_t reason = expect(0, OCK_LOG_INFO, "passed over");
    ck_assert_uint_lt(reason, expect(0, OCK_LOG_INFO, "chose scalar"));
    ock_context_destroy(context);
}
END_TEST

START_TEST(files_of_measurements_are_for_debugging)
{
    ock_context *context = open_heard(OCK_LOG_DEBUG, "scalar");
    size_t chosen = expect(0, OCK_LOG_INFO, "chose");
    ck_assert_uint_lt(expect(0, OCK_LOG_DEBUG, "nothing was measured before"), chosen);
    ock_context_destroy(context);
    setenv("OCKHAM_CACHE", "off", 1);
    heard.count = 0;
    ock_context_destroy(open_heard(OCK_LOG_DEBUG, "scalar"));
    expect_none("measurements");
}
END_TEST

/* ---- On a CPU device ---- */

static ock_context *open_cpu(ock_log_level level)
{
    ock_context_options options = options_for(level, "cpu");
    ock_context *context = NULL;
    ock_status status = ock_context_create(&options, &context);
    ck_assert_msg(context || !opencl_required(), "%s", ock_status_name(status));
    return context;
}

START_TEST(kernels_products_and_files_are_told_in_order)
{
    ock_context *context = open_cpu(OCK_LOG_DEBUG);
    if (!context)
        return;
    size_t chosen = expect(0, OCK_LOG_INFO, "chose");
    ck_assert_uint_lt(expect(0, OCK_LOG_DEBUG, "nothing was measured before"),
                      expect(0, OCK_LOG_INFO, " kernels for tiles of "));
    ck_assert_uint_lt(expect(0, OCK_LOG_INFO, " kernels for tiles of "), chosen);
    multiply(context, SHAPE);
    size_t tuned = expect(chosen, OCK_LOG_INFO, "tuned a product of 3 x 3 by 3 x 3: cpu ");
    ck_assert_uint_eq(expect(tuned, OCK_LOG_DEBUG, ": written"), tuned + 1);
    ock_context_destroy(context);
    heard.count = 0;
    context = open_cpu(OCK_LOG_DEBUG);
    expect(0, OCK_LOG_DEBUG, ": read");
    multiply(context, SHAPE);
    expect_none("tuned");
    ock_context_destroy(context);
}
END_TEST

START_TEST(a_damaged_file_is_told)
{
    char names[2][256], path[300];
    ock_context *context = open_cpu(OCK_LOG_DEBUG);
    if (!context)
        return;
    multiply(context, SHAPE);
    ock_context_destroy(context);
    ck_assert_int_eq(list_folder("cache", names, 2), 1);
    snprintf(path, sizeof path, "cache/%s", names[0]);
    write_bytes(path, "nonsense\n", 9);
    heard.count = 0;
    ock_context_destroy(open_cpu(OCK_LOG_DEBUG));
    expect(0, OCK_LOG_DEBUG, "is not in order, and ignored");
}
END_TEST

START_TEST(a_device_that_is_left_is_a_warning)
{
    ock_context *context = open_cpu(OCK_LOG_WARNING);
    if (!context)
        return;
    ck_assert_uint_eq(heard.count, 0);
    ock_context_report(context, OCK_DEVICE_FAILED, "the bus fell off");
    assert_ok(ock_context_failover(context));
    ck_assert_uint_eq(expect(0, OCK_LOG_WARNING, "left ") + 1, heard.count);
    ck_assert_uint_eq(expect(0, OCK_LOG_ERROR, "the bus fell off"), 0);
    assert_status(OCK_BAD_FILE, ock_context_report(context, OCK_BAD_FILE, "and still heard"));
    expect(2, OCK_LOG_ERROR, "and still heard");
    ock_context_destroy(context);
}
END_TEST

/* Its tiles are asked for by a name that is none: the device is passed over. */
START_TEST(a_device_that_does_not_open_is_a_warning_and_no_error)
{
    ock_context *context = open_cpu(OCK_LOG_WARNING);
    if (!context)
        return;
    ock_context_destroy(context);
    setenv("OCKHAM_TILES", "roof", 1);
    context = open_heard(OCK_LOG_WARNING, NULL);
    ck_assert_uint_gt(heard.count, 0);
    for (size_t i = 0; i < heard.count; i++)
        ck_assert_int_eq(heard.levels[i], OCK_LOG_WARNING);
    expect(0, OCK_LOG_WARNING, "OCKHAM_TILES is \"roof\"");
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("log", set_up, remove_folder, the_default_is_info_and_nobody, the_choice_is_told_once,
          a_failed_call_is_an_error_and_success_is_silent, a_context_that_cannot_be_had_is_an_error,
          without_a_driver_the_reason_comes_before_the_choice,
          files_of_measurements_are_for_debugging, kernels_products_and_files_are_told_in_order,
          a_damaged_file_is_told, a_device_that_is_left_is_a_warning,
          a_device_that_does_not_open_is_a_warning_and_no_error)
