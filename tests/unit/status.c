#include <stdio.h>

#include "unit.h"

static const ock_status all[] = {
#define LISTED(name, code, message) OCK_##name,
    OCK_STATUS_LIST(LISTED)
#undef LISTED
};

enum {
    COUNT = sizeof all / sizeof *all
};

START_TEST(every_status_has_a_name_and_a_message_of_its_own)
{
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(strncmp(ock_status_name(all[i]), "OCK_", 4), 0);
        ck_assert_str_ne(ock_status_message(all[i]), "");
        for (int j = 0; j < i; j++) {
            ck_assert_int_ne(all[i], all[j]);
            ck_assert_str_ne(ock_status_name(all[i]), ock_status_name(all[j]));
            ck_assert_str_ne(ock_status_message(all[i]), ock_status_message(all[j]));
        }
    }
}
END_TEST

START_TEST(success_is_zero_and_failures_are_negative)
{
    ck_assert_int_eq(OCK_OK, 0);
    for (int i = 1; i < COUNT; i++)
        ck_assert_int_lt(all[i], 0);
}
END_TEST

START_TEST(what_is_not_a_status_is_called_so)
{
    for (int code = 1; code < 1000; code += 333) {
        assert_contains(ock_status_name((ock_status)code), "not a status");
        assert_contains(ock_status_message((ock_status)-code - 100), "not one of");
    }
}
END_TEST

START_TEST(the_library_has_the_headers_version)
{
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", OCK_VERSION_MAJOR, OCK_VERSION_MINOR,
             OCK_VERSION_PATCH);
    ck_assert_str_eq(ock_version(), version);
}
END_TEST

TEST_MAIN("status", NULL, NULL, every_status_has_a_name_and_a_message_of_its_own,
          success_is_zero_and_failures_are_negative, what_is_not_a_status_is_called_so,
          the_library_has_the_headers_version)
