/* The device by default: the fastest measured one, whatever the cache holds. */
#include <stdio.h>

#include "../absent.h"
#include "core/cache.h"
#include "folder.h"
#include "unit.h"

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
    unsetenv("OCKHAM_DEVICE");
    unsetenv("OCKHAM_TILES");
    unsetenv("OCKHAM_TUNE");
}

/* ---- Contexts ---- */

static char chosen[24], why[4096];

/* Leaves the id of the device and the reason. */
static void choose(const char *wish)
{
    ock_context *context = open_context(wish);
    snprintf(chosen, sizeof chosen, "%s", ock_context_device(context)->id);
    snprintf(why, sizeof why, "%s", ock_context_message(context));
    ock_context_destroy(context);
}

/* The first OpenCL device that a context can have. Without one there is no choice to test: false,
 * unless one is required. */
static bool find_opencl(char id[24])
{
    ock_device *devices = NULL;
    ock_self_test test;
    size_t count;
    bool found = false;
    assert_ok(ock_device_list(&devices, &count));
    for (size_t i = 0; i < count && !found; i++) {
        const ock_device *d = &devices[i];
        found = d->status == OCK_OK && d->type > OCK_DEVICE_SCALAR &&
                ock_device_self_test(d, &test) == OCK_OK;
        snprintf(id, 24, "%s", d->id);
    }
    ock_device_list_free(devices);
    ck_assert_msg(found || !opencl_required(), "there is no OpenCL device");
    return found;
}

/* ---- Figures ---- */

/* The key of the cache whose key has this part, "" without one; and where it is. */
static char path[300];

static char *find_key(const char *part)
{
    static char key[1024];
    char names[8][256];
    int count = list_folder("cache", names, 8);
    for (int i = 0; i < count && i < 8; i++) {
        snprintf(path, sizeof path, "cache/%.255s", names[i]);
        key[read_bytes(path, key, sizeof key - 1)] = '\0';
        key[strcspn(key, "\n")] = '\0';
        if (strstr(key, part))
            return key;
    }
    key[0] = '\0';
    return key;
}

static void plant(const char *key, const char *value)
{
    ck_assert_str_ne(key, "");
    ock_cache *cache = ock_cache_open(key);
    ock_cache_put(cache, "step_ns", value);
    ock_cache_close(cache);
}

static void expect_figure(const char *key, const char *value)
{
    char got[64];
    ock_cache *cache = ock_cache_open(key);
    ck_assert(ock_cache_get(cache, "step_ns", got, sizeof got));
    ck_assert_msg((strcmp(got, value) == 0), "%s", got);
    ock_cache_close(cache);
}

static const char of_opencl[] = "OpenCL", of_plain_c[] = "plain C";

START_TEST(the_fastest_measured_wins)
{
    char opencl[24];
    if (!find_opencl(opencl))
        return;
    choose(NULL);
    assert_contains(why, "the fastest");
    ck_assert_ptr_null(strstr(why, "measured before"));
    plant(find_key(of_plain_c), "1");
    choose(NULL);
    ck_assert_str_eq(chosen, "scalar");
    assert_contains(why, "measured before");
    plant(find_key(of_plain_c), "90000000000");
    choose(NULL);
    ck_assert_str_ne(chosen, "scalar");
    assert_contains(why, "90000.00 ms on scalar");
    expect_figure(find_key(of_plain_c), "90000000000");
}
END_TEST

START_TEST(only_what_is_not_known_is_measured)
{
    char opencl[24];
    if (!find_opencl(opencl))
        return;
    choose(NULL);
    plant(find_key(of_plain_c), "1");
    find_key(of_opencl);
    ck_assert_int_eq(remove(in_folder(path)), 0);
    choose(NULL);
    ck_assert_str_eq(chosen, "scalar");
    ck_assert_str_ne(find_key(of_opencl), "");
    expect_figure(find_key(of_plain_c), "1");
}
END_TEST

START_TEST(figures_that_cannot_be_are_measured_again)
{
    static const char *const wrong[] = {"0", "-5", "1e3", "", "1 2", "99999999999999999999", "x"};
    char opencl[24], got[64];
    if (!find_opencl(opencl))
        return;
    choose(NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        plant(find_key(of_plain_c), wrong[i]);
        choose(NULL);
        ck_assert_ptr_null(strstr(why, "measured before"));
        ock_cache *cache = ock_cache_open(find_key(of_plain_c));
        ck_assert(ock_cache_get(cache, "step_ns", got, sizeof got));
        ck_assert_str_ne(got, wrong[i]);
        ock_cache_close(cache);
    }
}
END_TEST

/* ---- Without ---- */

static void expect_default_order(const ock_context_options *options)
{
    ock_context *context = NULL;
    assert_ok(ock_context_create(options, &context));
    ck_assert_str_ne(ock_context_device(context)->id, "scalar");
    assert_contains(ock_context_message(context), "in the order");
    ock_context_destroy(context);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
}

START_TEST(untuned_is_the_default_order)
{
    ock_context_options options = ock_context_defaults();
    char opencl[24];
    if (!find_opencl(opencl))
        return;
    options.untuned = true;
    expect_default_order(&options);
    setenv("OCKHAM_TUNE", "0", 1);
    expect_default_order(NULL);
}
END_TEST

START_TEST(untuned_minds_no_figures)
{
    char opencl[24];
    if (!find_opencl(opencl))
        return;
    choose(NULL);
    plant(find_key(of_plain_c), "1");
    setenv("OCKHAM_TUNE", "0", 1);
    choose(NULL);
    ck_assert_str_ne(chosen, "scalar");
}
END_TEST

START_TEST(a_wish_for_one_device_measures_nothing)
{
    char opencl[24];
    choose("scalar");
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
    if (!find_opencl(opencl))
        return;
    choose(opencl);
    ck_assert_str_eq(chosen, opencl);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
}
END_TEST

START_TEST(a_lone_device_is_not_measured)
{
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    choose(NULL);
    ck_assert_str_eq(chosen, "scalar");
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
}
END_TEST

START_TEST(without_a_cache_the_choice_is_made_all_the_same)
{
    write_bytes("cache", "mine", 4);
    choose(NULL);
    setenv("OCKHAM_CACHE", "off", 1);
    choose(NULL);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
}
END_TEST

/* ---- Several ---- */

START_TEST(a_wish_that_several_meet_takes_their_fastest)
{
    setenv("POCL_DEVICES", "pthread basic", 1); /* two of one driver */
    setenv("OCL_ICD_VENDORS", "/etc/OpenCL/vendors/pocl.icd", 1);
    char opencl[24], slow[1024];
    if (!find_opencl(opencl))
        return;
    choose("cpu");
    ck_assert_str_eq(find_key(of_plain_c), "");
    plant(find_key(": basic-"), "1");
    choose("cpu");
    assert_contains(why, "(cpu, basic-");
    snprintf(slow, sizeof slow, "%s", find_key(": basic-"));
    plant(slow, "2");
    plant(find_key(": pthread-"), "1");
    choose("cpu");
    assert_contains(why, "(cpu, pthread-");
    assert_contains(why, "as asked for by cpu");
}
END_TEST

/* The forced tiles are part of the key, so the figures of a device that cannot be opened are
 * planted under that. */
START_TEST(the_fastest_gives_way_when_it_fails)
{
    char opencl[24], key[1024], forced[1100];
    setenv("OCL_ICD_VENDORS", "/etc/OpenCL/vendors/pocl.icd", 1);
    if (!find_opencl(opencl))
        return;
    choose(NULL);
    snprintf(key, sizeof key, "%s", find_key(of_opencl));
    char *rest = strchr(key, ':');
    ck_assert_ptr_nonnull(rest);
    snprintf(forced, sizeof forced, "%.*sround%s", (int)(rest - key), key, rest);
    plant(forced, "1");
    setenv("OCKHAM_TILES", "round", 1);
    choose(NULL);
    ck_assert_str_eq(chosen, "scalar");
    assert_contains(why, "passed over 0:0");
    assert_contains(why, "OCKHAM_TILES");
    expect_figure(forced, "1"); /* the control: it was what counted */
}
END_TEST

TEST_MAIN("choice", set_up, remove_folder, the_fastest_measured_wins,
          only_what_is_not_known_is_measured, figures_that_cannot_be_are_measured_again,
          untuned_is_the_default_order, untuned_minds_no_figures,
          a_wish_for_one_device_measures_nothing, a_lone_device_is_not_measured,
          without_a_cache_the_choice_is_made_all_the_same,
          a_wish_that_several_meet_takes_their_fastest, the_fastest_gives_way_when_it_fails)
