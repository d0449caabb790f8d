#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include <spng.h>

#include "files.h"

/* ---- Pictures ---- */

/* A PNG file of these pixels, packed as PNG packs them. */
static void write_png(const char *name, struct spng_ihdr header, const void *pixels, size_t size)
{
    static const struct spng_plte palette = {
        .n_entries = 3, .entries = {{10, 20, 30, 255}, {255, 0, 0, 255}, {0, 0, 255, 255}}};
    FILE *file = fopen(in_folder(name), "wb");
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
    ck_assert(file && ctx);
    header.height = header.height ? header.height : 1;
    ck_assert_int_eq(spng_set_png_file(ctx, file), 0);
    ck_assert_int_eq(spng_set_ihdr(ctx, &header), 0);
    if (header.color_type == SPNG_COLOR_TYPE_INDEXED) {
        struct spng_plte copy = palette;
        ck_assert_int_eq(spng_set_plte(ctx, &copy), 0);
    }
    ck_assert_int_eq(spng_encode_image(ctx, pixels, size, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
    spng_ctx_free(ctx);
    ck_assert_int_eq(fclose(file), 0);
}

/* One grey row. */
static void write_grey(const char *name, const char *row)
{
    const struct spng_ihdr header = {.width = (uint32_t)strlen(row), .bit_depth = 8};
    write_png(name, header, row, strlen(row));
}

/* The picture as it is read, of one row. */
static pictures read_png(struct spng_ihdr header, const void *pixels, size_t size)
{
    write_png("kind.png", header, pixels, size);
    write_text("kind.csv", "filename,label\nkind.png,0\n");
    return load(in_folder("kind.csv"), NULL);
}

static void expect_kind(struct spng_ihdr header, const void *pixels, size_t size,
                        const double expected[3])
{
    header.width = 3;
    pictures set = read_png(header, pixels, size);
    ck_assert_uint_eq(set.width, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_msg(set.x[i] == (float)expected[i],
                      "depth %d, colour type %d, pixel %zu: %.9g, not %.9g", header.bit_depth,
                      header.color_type, i, set.x[i], expected[i]);
    pictures_free(&set);
}

START_TEST(grey_of_every_depth_is_read)
{
    const double bits[] = {1, 0, 1}, pairs[] = {1 / 3., 2 / 3., 1},
                 nibbles[] = {1 / 15., 0, 10 / 15.};
    const double bytes[] = {7 / 255., 1, 0}, words[] = {258 / 65535., 1, 255 / 65535.};
    expect_kind((struct spng_ihdr){.bit_depth = 1}, "\xa0", 1, bits);
    expect_kind((struct spng_ihdr){.bit_depth = 2}, "\x6c", 1, pairs);
    expect_kind((struct spng_ihdr){.bit_depth = 4}, "\x10\xa0", 2, nibbles);
    expect_kind((struct spng_ihdr){.bit_depth = 8}, "\7\xff\0", 3, bytes);
    expect_kind((struct spng_ihdr){.bit_depth = 8, .interlace_method = 1}, "\7\xff\0", 3, bytes);
    const uint16_t native[] = {258, 65535, 255};
    expect_kind((struct spng_ihdr){.bit_depth = 16}, native, sizeof native, words);
}
END_TEST

START_TEST(colour_is_made_grey_as_the_eye_sees_it)
{
    const double hues[] = {0.299, 0.587, 0.114};
    const double palette[] = {(299 * 10 + 587 * 20 + 114 * 30) / 255e3, 0.114, 0.299};
    const uint16_t deep[] = {65535, 0, 0, 0, 65535, 0, 0, 0, 65535};
    expect_kind((struct spng_ihdr){.bit_depth = 8, .color_type = SPNG_COLOR_TYPE_TRUECOLOR},
                "\xff\0\0\0\xff\0\0\0\xff", 9, hues);
    expect_kind((struct spng_ihdr){.bit_depth = 16, .color_type = SPNG_COLOR_TYPE_TRUECOLOR}, deep,
                sizeof deep, hues);
    expect_kind((struct spng_ihdr){.bit_depth = 8, .color_type = SPNG_COLOR_TYPE_INDEXED}, "\0\2\1",
                3, palette);
    expect_kind((struct spng_ihdr){.bit_depth = 2, .color_type = SPNG_COLOR_TYPE_INDEXED}, "\x24",
                1, (const double[]){palette[0], 0.114, 0.299});
}
END_TEST

START_TEST(transparency_is_left_aside)
{
    const double greys[] = {1, 51 / 255., 0};
    expect_kind((struct spng_ihdr){.bit_depth = 8, .color_type = SPNG_COLOR_TYPE_GRAYSCALE_ALPHA},
                "\xff\0\x33\x80\0\xff", 6, greys);
    expect_kind((struct spng_ihdr){.bit_depth = 8, .color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA},
                "\xff\xff\xff\0\x33\x33\x33\1\0\0\0\xff", 12, greys);
}
END_TEST

/* ---- Tables ---- */

static void write_pictures(void)
{
    write_grey("a.png", "\1\2");
    write_grey("b.png", "\3\4");
}

/* The file holds a.png labelled 5 and the named picture labelled 6. */
static void expect_table(const char *text)
{
    write_text("train.csv", text);
    pictures set = load(in_folder("train.csv"), NULL);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_uint_eq(set.height, 1);
    ck_assert_uint_eq(set.width, 2);
    for (size_t i = 0; i < 4; i++)
        ck_assert(set.x[i] == (float)(i + 1) / 255);
    ck_assert_int_eq(set.labels[0], 5);
    ck_assert_int_eq(set.labels[1], 6);
    assert_contains(set.description, "2 pictures of 2 x 1");
    assert_contains(set.description, in_folder("train.csv"));
    pictures_free(&set);
}

START_TEST(columns_come_in_any_order_and_others_are_ignored)
{
    write_pictures();
    expect_table("filename,label\na.png,5\nb.png,6\n");
    expect_table("label,filename\n5,a.png\n6,b.png");
    expect_table("id,label,note,filename\n1,5,,a.png\n2,6,\"x\ny\",b.png\n");
}
END_TEST

START_TEST(line_ends_of_windows_its_mark_and_empty_lines_are_read)
{
    write_pictures();
    expect_table("\xef\xbb\xbf"
                 "filename,label\r\na.png,5\r\nb.png,6\r\n");
    expect_table("\n\r\nfilename,label\n\na.png,5\r\n\r\n\nb.png,6\n\n");
    expect_table("\"filename\",\"label\"\r\n\"a.png\",\"5\"\r\n\"b.png\",\"6\"");
}
END_TEST

START_TEST(quotes_hold_commas_quotes_and_line_ends)
{
    write_pictures();
    write_grey("b, \"the\nsecond\".png", "\3\4");
    expect_table("filename,label\na.png,5\n\"b, \"\"the\nsecond\"\".png\",6\n");
}
END_TEST

START_TEST(pictures_lie_in_folders_beside_the_table)
{
    static const char *const places[] = {"images",       "Images",       "train",
                                         "images/train", "Images/train", "deep/er"};
    static const char *const names[] = {"b.png", "b.png", "b.png",
                                        "b.png", "b.png", "deep/er/b.png"};
    make_subfolder("images");
    make_subfolder("Images");
    make_subfolder("deep");
    write_grey("a.png", "\1\2");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char file[64], text[128];
        snprintf(file, sizeof file, "%s/b.png", places[i]);
        snprintf(text, sizeof text, "filename,label\na.png,5\n%s,6\n", names[i]);
        if (i > 1)
            make_subfolder(places[i]);
        write_grey(file, "\3\4");
        expect_table(text);
        remove(in_folder(file));
    }
}
END_TEST

START_TEST(a_picture_may_have_a_path_from_the_root)
{
    char text[600];
    write_pictures();
    snprintf(text, sizeof text, "filename,label\n%s,5\nb.png,6\n", in_folder("a.png"));
    expect_table(text);
}
END_TEST

/* ---- Refusals ---- */

/* The message names the table, with the line where there is one, and gives the reason. */
static void expect_line(const char *text, ock_status status, int line, const char *reason)
{
    char place[600];
    snprintf(place, sizeof place, "%s:%d: ", in_folder("train.csv"), line);
    write_text("train.csv", text);
    expect_refused(in_folder("train.csv"), NULL, status, place, reason);
}

static void expect_bad(const char *text, int line, const char *reason)
{
    expect_line(text, OCK_BAD_FILE, line, reason);
}

START_TEST(a_missing_picture_says_where_it_was_looked_for)
{
    write_pictures();
    expect_line("filename,label\na.png,5\nc.png,6\n", OCK_FILE_FAILED, 3, "no picture 'c.png'");
    expect_line("filename,label\nc.png,5\n", OCK_FILE_FAILED, 2, in_folder(" or its"));
    expect_line("filename,label\nc.png,5\n", OCK_FILE_FAILED, 2, "images/train");
    expect_line("filename,label\n/none/c.png,5\n", OCK_FILE_FAILED, 2, "/none/c.png");
    expect_line("filename,label\n,5\n", OCK_FILE_FAILED, 2, "no picture ''");
}
END_TEST

START_TEST(what_is_no_png_is_refused)
{
    write_pictures();
    write_text("b.png", "GIF89a, which is something else");
    expect_bad("filename,label\na.png,5\nb.png,6\n", 3, in_folder("b.png"));
    write_text("b.png", "");
    expect_bad("filename,label\na.png,5\nb.png,6\n", 3, in_folder("b.png"));
}
END_TEST

START_TEST(a_damaged_png_is_refused)
{
    unsigned char bytes[256];
    write_grey("a.png", "\1\2\3\4\5\6\7\x8\x9");
    FILE *file = fopen(in_folder("a.png"), "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 1; cut < size - 12; cut++) { /* the closing chunk holds no pixels */
        write_bytes("b.png", bytes, cut);
        expect_bad("filename,label\nb.png,6\n", 2, in_folder("b.png"));
    }
    for (size_t i = 16; i < size - 12; i++) { /* from the header on, all is under a checksum */
        bytes[i] ^= 0x10;
        write_bytes("b.png", bytes, size);
        expect_bad("filename,label\nb.png,6\n", 2, in_folder("b.png"));
        bytes[i] ^= 0x10;
    }
}
END_TEST

START_TEST(another_size_is_refused)
{
    write_pictures();
    write_grey("b.png", "\1\2\3");
    expect_bad("filename,label\na.png,5\nb.png,6\n", 3,
               "b.png is 3 wide and 1 high, the first picture 2 and 1");
}
END_TEST

START_TEST(an_absurd_size_asks_for_no_memory)
{
    unsigned char bytes[33] =
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x8\0\0\0";
    uint32_t crc = (uint32_t)crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (unsigned char)(crc >> (24 - 8 * i));
    write_bytes("a.png", bytes, sizeof bytes);
    expect_bad("filename,label\na.png,5\n", 2, in_folder("a.png"));
    expect_bad("filename,label\na.png,5\n", 2, "exceeds");
}
END_TEST

START_TEST(a_bad_label_is_refused)
{
    static const char *const bad[] = {"10", "-1", "x", "", "5x", " 5", "99999999999999999999",
                                      "0x1"};
    write_pictures();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[80], reason[80];
        snprintf(text, sizeof text, "filename,label\na.png,5\nb.png,%s\n", bad[i]);
        snprintf(reason, sizeof reason, "label '%s', expected a whole number from 0 to 9", bad[i]);
        expect_bad(text, 3, reason);
    }
}
END_TEST

START_TEST(missing_columns_are_named)
{
    write_pictures();
    expect_bad("file,label\na.png,5\n", 1, "no column 'filename'");
    expect_bad("filename\na.png\n", 1, "no column 'label'");
    expect_bad("a.png,5\nb.png,6\n", 1, "must name filename and label");
}
END_TEST

START_TEST(an_empty_table_is_refused)
{
    expect_bad("", 1, "empty; expected a header");
    expect_bad("\xef\xbb\xbf", 1, "empty; expected a header");
    expect_bad("\n\n", 3, "empty; expected a header");
    expect_bad("filename,label\n", 2, "names no pictures");
}
END_TEST

START_TEST(broken_quotes_are_refused)
{
    write_pictures();
    expect_bad("filename,label\na.png,5\n\"b.png,6\na.png,5\n", 3, "a quote that is never closed");
    expect_bad("filename,label\na.png,5\nb\"c.png,6\n", 3, "a quote within a field");
    expect_bad("filename,label\n\"a.png\"x,5\n", 2, "text after a closing quote");
    expect_bad("filename,label,note\na.png,5,\"two\nlines\"\nb.png,x,\n", 4, "label 'x'");
}
END_TEST

START_TEST(too_few_and_too_many_fields_are_refused)
{
    write_pictures();
    expect_bad("filename,label\na.png,5\nb.png\n", 3, "1 fields where the header has 2");
    expect_bad("filename,label\nb,c.png,6\n", 2, "3 fields where the header has 2");
    expect_bad("filename,label\na.png,5,\n", 2, "3 fields where the header has 2");
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
    write_bytes("train.csv", "filename,label\n\0", 16);
    expect_refused(in_folder("train.csv"), NULL, OCK_BAD_FILE, in_folder("train.csv"), "zero byte");
}
END_TEST

START_TEST(a_table_is_one_set)
{
    pictures_options options = pictures_defaults();
    options.test = true;
    write_text("test.csv", "filename,label\n");
    expect_refused(in_folder("test.csv"), &options, OCK_INVALID_ARGUMENT, in_folder("test.csv"),
                   "no test pictures");
}
END_TEST

TEST_MAIN("input-table", make_folder, remove_folder, grey_of_every_depth_is_read,
          colour_is_made_grey_as_the_eye_sees_it, transparency_is_left_aside,
          columns_come_in_any_order_and_others_are_ignored,
          line_ends_of_windows_its_mark_and_empty_lines_are_read,
          quotes_hold_commas_quotes_and_line_ends, pictures_lie_in_folders_beside_the_table,
          a_picture_may_have_a_path_from_the_root, a_missing_picture_says_where_it_was_looked_for,
          what_is_no_png_is_refused, a_damaged_png_is_refused, another_size_is_refused,
          an_absurd_size_asks_for_no_memory, a_bad_label_is_refused, missing_columns_are_named,
          an_empty_table_is_refused, broken_quotes_are_refused,
          too_few_and_too_many_fields_are_refused, what_is_no_text_is_refused, a_table_is_one_set)
