/* What the unit tests share: contexts, and a suite out of a list. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <ockham/ockham.h>

#define assert_status(expected, call)                                                              \
    do {                                                                                           \
        ock_status status_ = (call);                                                               \
        ck_assert_msg(status_ == (expected), "%s gave %s, not %s", #call,                          \
                      ock_status_name(status_), ock_status_name(expected));                        \
    } while (0)
#define assert_ok(call) assert_status(OCK_OK, call)

#define assert_contains(text, part)                                                                \
    ck_assert_msg(strstr((text), (part)), "\"%s\" does not say \"%s\"", (text), (part))

/* Check runs each test in a process of its own, and OpenCL survives no fork: a context
 * is opened within the test. */
static inline ock_context *open_context(const char *device)
{
    ock_context_options options = ock_context_defaults();
    char message[2048];
    options.device = device;
    options.message = message;
    options.message_size = sizeof message;
    ock_context *context = NULL;
    ck_assert_msg(ock_context_create(&options, &context) == OCK_OK, "%s", message);
    return context;
}

/* setup and teardown, which may be NULL, run around each test. */
static inline int run_tests(const char *name, SFun setup, SFun teardown, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, setup, teardown);
    for (; *tests; tests++)
        tcase_add_test(all, *tests);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}

#define TEST_MAIN(name, setup, teardown, ...)                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        return run_tests(name, setup, teardown, (const TTest *const[]){__VA_ARGS__, NULL});        \
    }

#endif
