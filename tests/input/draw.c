#include <math.h>
#include <stdio.h>

#include "draw.h"
#include "unit.h"

/* Two pictures of 2 x 3 (high x wide). */
static const float x[] = {0, 1, 0, /**/ 1, 1, 0, /**/ 0.25f, 0, 1, /**/ 0.25f, 1, 0};
static const float odd[] = {1, 0, 1, NAN, 1, -5, 1, 1, 7};
static const int32_t labels[] = {7, 42};

static void expect_drawn(const draw_sheet *sheet, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    ck_assert(draw_pictures(stream, sheet));
    fclose(stream);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(pictures_stand_side_by_side_under_their_labels)
{
    draw_sheet sheet = {.x = x, .labels = labels, .count = 2, .height = 2, .width = 3};
    expect_drawn(&sheet, "7   42\n+@  :++\n");
    sheet.unicode = true;
    expect_drawn(&sheet, "7   42\n▄█   ▄▀\n");
}
END_TEST

START_TEST(what_augmentation_made_stands_below)
{
    draw_sheet sheet = {
        .x = x, .below = x + 6, .labels = labels, .count = 1, .height = 2, .width = 3};
    expect_drawn(&sheet, "7\n+@ \n:++\n");
}
END_TEST

START_TEST(columns_wrap)
{
    draw_sheet sheet = {.x = x, .count = 2, .height = 2, .width = 3, .columns = 1, .unicode = true};
    expect_drawn(&sheet, "▄█ \n ▄▀\n");
}
END_TEST

START_TEST(an_odd_line_is_half_and_what_is_no_number_is_blank)
{
    draw_sheet sheet = {.x = odd, .count = 1, .height = 3, .width = 3, .unicode = true};
    expect_drawn(&sheet, "▀▄▀\n▀▀▀\n");
    sheet.unicode = false;
    expect_drawn(&sheet, " + \n++@\n");
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    FILE *stream = fopen("/dev/full", "w");
    if (!stream)
        return;
    setvbuf(stream, NULL, _IONBF, 0);
    draw_sheet sheet = {.x = x, .count = 2, .height = 2, .width = 3};
    ck_assert(!draw_pictures(stream, &sheet));
    fclose(stream);
}
END_TEST

START_TEST(the_locale_decides_on_unicode)
{
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    unsetenv("LANG");
    ck_assert(!draw_unicode());
    setenv("LANG", "en_GB.UTF-8", 1);
    ck_assert(draw_unicode());
    setenv("LC_CTYPE", "C", 1);
    ck_assert(!draw_unicode());
    setenv("LC_ALL", "C.utf8", 1);
    ck_assert(draw_unicode());
    setenv("LC_ALL", "", 1);
    ck_assert(!draw_unicode());
}
END_TEST

TEST_MAIN("input-draw", NULL, NULL, pictures_stand_side_by_side_under_their_labels,
          what_augmentation_made_stands_below, columns_wrap,
          an_odd_line_is_half_and_what_is_no_number_is_blank, a_full_disk_is_reported,
          the_locale_decides_on_unicode)
