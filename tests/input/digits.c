#include "files.h"

static pictures draw(size_t count, uint64_t seed, bool test)
{
    pictures_options options = pictures_defaults();
    options.count = count;
    options.seed = seed;
    options.test = test;
    return load("digits", &options);
}

/* The same on every machine: sums of what gcc 12 and clang 14 make of it on x86-64. */
START_TEST(a_seed_gives_the_same_pictures_everywhere)
{
    pictures set = load(NULL, NULL);
    ck_assert_uint_eq(set.count, 10000);
    ck_assert_uint_eq(set.height, 28);
    ck_assert_uint_eq(set.width, 28);
    ck_assert_uint_eq(pixel_crc(&set), 0x479a7cc2);
    ck_assert_uint_eq(label_crc(&set), 0x711c5fb2);
    assert_contains(set.description, "seed 128");
    pictures_free(&set);
}
END_TEST

START_TEST(each_ten_hold_every_digit_in_an_order_of_their_own)
{
    pictures set = draw(1000, 5, false);
    int places[10] = {0}; /* of digit 3 */
    for (size_t i = 0; i < set.count; i += 10) {
        unsigned seen = 0;
        for (size_t j = 0; j < 10; j++) {
            seen |= 1u << set.labels[i + j];
            places[j] += set.labels[i + j] == 3;
        }
        ck_assert_uint_eq(seen, 0x3ff);
    }
    for (size_t j = 0; j < 10; j++)
        ck_assert_int_gt(places[j], 0);
    pictures_free(&set);
}
END_TEST

START_TEST(more_pictures_begin_with_the_fewer)
{
    pictures few = draw(15, 7, false), more = draw(40, 7, false);
    ck_assert_mem_eq(few.x, more.x, 15 * 784 * sizeof *few.x);
    ck_assert_mem_eq(few.labels, more.labels, 15 * sizeof *few.labels);
    pictures_free(&more);
    pictures_free(&few);
}
END_TEST

START_TEST(seeds_and_the_test_set_differ)
{
    pictures sets[] = {draw(100, 1, false), draw(100, 2, false),
                       draw(100, UINT64_C(1) << 32 | 1, false), draw(100, 1, true)};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < i; j++) {
            for (size_t k = 0; k < 100; k++)
                ck_assert(memcmp(sets[i].x + 784 * k, sets[j].x + 784 * k, 784 * sizeof(float)));
        }
    }
    for (size_t i = 0; i < 4; i++)
        pictures_free(&sets[i]);
}
END_TEST

START_TEST(a_digit_is_ink_on_paper)
{
    pictures set = draw(500, 11, false);
    for (size_t i = 0; i < set.count; i++) {
        int ink = 0, outside = 0;
        for (size_t j = 0; j < 784; j++) {
            float x = set.x[784 * i + j];
            outside += !(x >= 0 && x <= 1);
            ink += x > 0.5f;
        }
        ck_assert_int_eq(outside, 0);
        ck_assert(ink > 10 && ink < 400);
    }
    pictures_free(&set);
}
END_TEST

START_TEST(no_count_and_too_few_classes_are_refused)
{
    pictures_options options = pictures_defaults();
    options.count = 0;
    expect_refused("digits", &options, OCK_INVALID_ARGUMENT, "digits", "a count of 0, expected 1");
    options.count = SIZE_MAX;
    if (SIZE_MAX > UINT32_MAX)
        expect_refused("digits", &options, OCK_INVALID_ARGUMENT, "digits", "4294967295");
    else
        expect_refused("digits", &options, OCK_OUT_OF_MEMORY, "digits", "4294967295");
    options = pictures_defaults();
    options.classes = 9;
    expect_refused("digits", &options, OCK_INVALID_ARGUMENT, "9 classes", "ten digits");
    options.classes = -1;
    expect_refused("digits", &options, OCK_INVALID_ARGUMENT, "-1 classes", "at least 1");
}
END_TEST

START_TEST(what_is_no_source_is_refused)
{
    expect_refused(in_folder("none"), NULL, OCK_FILE_FAILED, in_folder("none"), "no such file");
    expect_refused("", NULL, OCK_FILE_FAILED, "", "no such file");
    write_text("set.tar.gz", "");
    expect_refused(in_folder("set.tar.gz"), NULL, OCK_INVALID_ARGUMENT, "set.tar.gz", "unpacked");
}
END_TEST

TEST_MAIN("input-digits", make_folder, remove_folder, a_seed_gives_the_same_pictures_everywhere,
          each_ten_hold_every_digit_in_an_order_of_their_own, more_pictures_begin_with_the_fewer,
          seeds_and_the_test_set_differ, a_digit_is_ink_on_paper,
          no_count_and_too_few_classes_are_refused, what_is_no_source_is_refused)
