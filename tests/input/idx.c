#include <stdio.h>

#include "files.h"

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"

/* Three pictures of 2 x 2, and their labels. */
static const unsigned char images[] = {0, 0, 8, 3, 0,  0,   0,   3, 0,   0, 0,   2,   0, 0,
                                       0, 2, 0, 1, 51, 255, 102, 0, 254, 9, 255, 255, 0, 153};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 4};

enum {
    IMAGE_HEADER = 16,
    LABEL_HEADER = 8,
};

/* The bytes with some of them replaced. */
static const unsigned char *altered(const unsigned char *bytes, size_t size, size_t at,
                                    const char *new, size_t count)
{
    static unsigned char copy[64];
    memcpy(copy, bytes, size);
    memcpy(copy + at, new, count);
    return copy;
}

#define IMAGES_WITH(at, bytes) altered(images, sizeof images, at, bytes, sizeof(bytes) - 1)
#define LABELS_WITH(at, bytes) altered(labels, sizeof labels, at, bytes, sizeof(bytes) - 1)

static void write_good(void)
{
    write_bytes(IMAGES, images, sizeof images);
    write_bytes(LABELS, labels, sizeof labels);
}

static void expect_good(const pictures *set)
{
    ck_assert_uint_eq(set->count, 3);
    ck_assert_uint_eq(set->height, 2);
    ck_assert_uint_eq(set->width, 2);
    ck_assert_int_eq(set->classes, 10);
    for (size_t i = 0; i < 12; i++)
        ck_assert(set->x[i] == (float)images[IMAGE_HEADER + i] / 255);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(set->labels[i], labels[LABEL_HEADER + i]);
}

static void expect_bad(const char *file, const char *reason)
{
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, file, reason);
}

START_TEST(plain_files_are_read)
{
    write_good();
    pictures set = load(in_folder(""), NULL);
    expect_good(&set);
    assert_contains(set.description, "3 pictures of 2 x 2");
    assert_contains(set.description, IMAGES);
    pictures_free(&set);
}
END_TEST

START_TEST(compressed_files_are_read)
{
    write_gzip(IMAGES ".gz", images, sizeof images);
    write_gzip(LABELS ".gz", labels, sizeof labels);
    pictures set = load(in_folder(""), NULL);
    expect_good(&set);
    pictures_free(&set);
}
END_TEST

START_TEST(one_file_may_be_compressed_and_names_may_have_a_dot)
{
    write_gzip("train-images.idx3-ubyte.gz", images, sizeof images);
    write_bytes("train-labels.idx1-ubyte", labels, sizeof labels);
    pictures set = load(in_folder(""), NULL);
    expect_good(&set);
    pictures_free(&set);
}
END_TEST

START_TEST(test_pictures_are_a_set_of_their_own)
{
    pictures_options options = pictures_defaults();
    options.test = true;
    write_good();
    expect_refused(in_folder(""), &options, OCK_FILE_FAILED, in_folder(""),
                   "t10k-images-idx3-ubyte");
    write_bytes("t10k-images-idx3-ubyte", images, sizeof images);
    expect_refused(in_folder(""), &options, OCK_FILE_FAILED, in_folder(""),
                   "t10k-labels-idx1-ubyte");
    write_bytes("t10k-labels-idx1-ubyte", LABELS_WITH(8, "\7\7\7"), sizeof labels);
    pictures set = load(in_folder(""), &options);
    ck_assert_int_eq(set.labels[0], 7);
    pictures_free(&set);
}
END_TEST

START_TEST(a_folder_without_the_files_is_told_what_is_expected)
{
    expect_refused(in_folder(""), NULL, OCK_FILE_FAILED, in_folder(""), IMAGES);
    write_bytes(IMAGES, images, sizeof images);
    expect_refused(in_folder(""), NULL, OCK_FILE_FAILED, "no " LABELS, "plain or .gz");
}
END_TEST

START_TEST(a_folder_in_a_files_place_is_no_file)
{
    make_subfolder(IMAGES);
    expect_refused(in_folder(""), NULL, OCK_FILE_FAILED, in_folder(""), "no " IMAGES);
}
END_TEST

START_TEST(what_is_cut_short_says_where)
{
    write_good();
    for (size_t size = 0; size < IMAGE_HEADER; size++) {
        write_bytes(IMAGES, images, size);
        expect_bad(in_folder(IMAGES), "within its header");
    }
    for (size_t size = IMAGE_HEADER; size < sizeof images; size++) {
        char reason[64];
        snprintf(reason, sizeof reason, "holds %zu of 3 pictures", (size - IMAGE_HEADER) / 4);
        write_bytes(IMAGES, images, size);
        expect_bad(in_folder(IMAGES), reason);
    }
    write_good();
    write_bytes(LABELS, labels, sizeof labels - 1);
    expect_bad(in_folder(LABELS), "holds 2 of 3 labels");
}
END_TEST

START_TEST(what_goes_on_is_oversized)
{
    write_good();
    write_bytes(IMAGES, IMAGES_WITH(0, ""), sizeof images + 1);
    expect_bad(in_folder(IMAGES), "oversized");
    write_good();
    write_bytes(LABELS, LABELS_WITH(0, ""), sizeof labels + 1);
    expect_bad(in_folder(LABELS), "after the 3 labels");
}
END_TEST

START_TEST(another_magic_is_refused)
{
    write_good();
    write_bytes(IMAGES, labels, sizeof labels);
    expect_bad(in_folder(IMAGES), "starts with 0x00000801, expected 0x00000803");
    write_good();
    write_bytes(LABELS, LABELS_WITH(2, "\x0d"), sizeof labels);
    expect_bad(in_folder(LABELS), "starts with 0x00000d01, expected 0x00000801");
}
END_TEST

START_TEST(absurd_headers_ask_for_no_memory)
{
    write_good();
    write_bytes(IMAGES, IMAGES_WITH(4, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
                sizeof images);
    expect_bad(in_folder(IMAGES), "4294967295 x 4294967295; at most 4096 x 4096");
    write_bytes(IMAGES, IMAGES_WITH(8, "\0\0\x10\1"), sizeof images);
    expect_bad(in_folder(IMAGES), "4097 x 2; at most");
    write_bytes(IMAGES, IMAGES_WITH(4, "\0\0\0\0"), sizeof images);
    expect_bad(in_folder(IMAGES), "0 pictures");
    write_bytes(IMAGES, IMAGES_WITH(12, "\0\0\0\0"), sizeof images);
    expect_bad(in_folder(IMAGES), "2 x 0");
    write_bytes(IMAGES, IMAGES_WITH(4, "\xff\xff\xff\xff\0\0\x10\0\0\0\x10\0"), sizeof images);
    write_bytes(LABELS, LABELS_WITH(4, "\xff\xff\xff\xff"), sizeof labels);
    expect_bad(in_folder(IMAGES), "holds 0 of 4294967295 pictures");
}
END_TEST

START_TEST(counts_must_agree)
{
    write_good();
    write_bytes(LABELS, LABELS_WITH(7, "\2"), sizeof labels - 1);
    expect_bad(in_folder(IMAGES), "has 3 pictures");
    expect_bad(in_folder(LABELS), "2 labels");
}
END_TEST

START_TEST(a_label_out_of_range_is_named)
{
    write_good();
    write_bytes(LABELS, LABELS_WITH(9, "\x0a"), sizeof labels);
    expect_bad(in_folder(LABELS), "label 2 is 10, expected 0 to 9");
    pictures_options options = pictures_defaults();
    options.classes = 11;
    pictures set = load(in_folder(""), &options);
    ck_assert_int_eq(set.labels[1], 10);
    ck_assert_int_eq(set.classes, 11);
    pictures_free(&set);
}
END_TEST

/* Cuts a compressed file, or spoils a byte of it. */
static void spoil(const char *name, long cut, long flip)
{
    unsigned char bytes[256];
    FILE *file = fopen(in_folder(name), "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (flip)
        bytes[(long)size - flip] ^= 0xff;
    write_bytes(name, bytes, size - (size_t)cut);
}

START_TEST(damaged_compression_is_noticed)
{
    static const struct {
        long cut, flip;
        const char *reason;
    } damage[] = {{12, 0, "cut short"},
                  {4, 0, "damaged at its end"},
                  {0, 1, ".gz: damaged after 0 pictures: incorrect"},
                  {0, 5, "damaged after"},
                  {0, 20, "damaged after"},
                  {0, 25, "damaged after"}};
    write_gzip(LABELS ".gz", labels, sizeof labels);
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        write_gzip(IMAGES ".gz", images, sizeof images);
        spoil(IMAGES ".gz", damage[i].cut, damage[i].flip);
        expect_bad(in_folder(IMAGES ".gz"), damage[i].reason);
    }
}
END_TEST

TEST_MAIN("input-idx", make_folder, remove_folder, plain_files_are_read, compressed_files_are_read,
          one_file_may_be_compressed_and_names_may_have_a_dot, test_pictures_are_a_set_of_their_own,
          a_folder_without_the_files_is_told_what_is_expected, a_folder_in_a_files_place_is_no_file,
          what_is_cut_short_says_where, what_goes_on_is_oversized, another_magic_is_refused,
          absurd_headers_ask_for_no_memory, counts_must_agree, a_label_out_of_range_is_named,
          damaged_compression_is_noticed)
