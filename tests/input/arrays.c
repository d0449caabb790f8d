/* NumPy's arrays: every form that a user would save is read, and what is wrong is refused by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "npy.h"

#define X "x_train.npy"
#define Y "y_train.npy"
#define HEADER(descr, fortran, shape)                                                              \
    "{'descr': '" descr "', 'fortran_order': " fortran ", 'shape': " shape ", }"

/* A file of version `major`, its header padded as NumPy does; returns the bytes. */
static size_t make_npy(int major, const char *header, const void *data, size_t size,
                       unsigned char *out)
{
    const size_t prefix = major == 1 ? 10 : 12;
    const size_t length = (prefix + strlen(header) + 1 + 63) / 64 * 64 - prefix;
    memcpy(out, "\x93NUMPY", 6);
    memset(out + 6, 0, prefix - 6);
    out[6] = (unsigned char)major;
    out[8] = (unsigned char)length;
    out[9] = (unsigned char)(length >> 8);
    memset(out + prefix, ' ', length);
    memcpy(out + prefix, header, strlen(header));
    out[prefix + length - 1] = '\n';
    memcpy(out + prefix + length, data, size);
    return prefix + length + size;
}

static void write_npy(const char *name, int major, const char *header, const void *data,
                      size_t size)
{
    unsigned char file[1024];
    write_bytes(name, file, make_npy(major, header, data, size, file));
}

/* Two labels, in bytes. */
static void write_labels(void)
{
    write_npy(Y, 1, HEADER("|u1", "False", "(2,)"), "\1\2", 2);
}

/* Two samples of 2 x 2, whose eight numbers are 0, 1, 2 and so on. */
static void expect_counted(int major, const char *header, const void *data, size_t size,
                           float scale)
{
    write_labels();
    write_npy(X, major, header, data, size);
    pictures set = load(in_folder(""), NULL);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_uint_eq(set.height, 2);
    ck_assert_uint_eq(set.width, 2);
    for (size_t i = 0; i < 8; i++)
        ck_assert_msg(set.x[i] == (float)i / scale, "%s: element %zu is %g", header, i,
                      (double)set.x[i]);
    pictures_free(&set);
}

START_TEST(pictures_may_have_channels)
{
    const unsigned char bytes[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    write_labels();
    write_npy(X, 1, HEADER("|i1", "False", "(2, 1, 2, 3)"), bytes, sizeof bytes);
    pictures set = load(in_folder(""), NULL);
    ck_assert_uint_eq(set.height, 1);
    ck_assert_uint_eq(set.width, 2);
    ck_assert_uint_eq(set.channels, 3);
    ck_assert_uint_eq(pictures_size(&set), 6);
    ck_assert_ptr_nonnull(strstr(set.description, "2 samples of 1 x 2 x 3"));
    for (size_t i = 0; i < sizeof bytes; i++)
        ck_assert(set.x[i] == (float)i);
    pictures_free(&set);
}
END_TEST

START_TEST(each_type_is_read)
{
    const unsigned char u1[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const char big_i2[] = "\0\0\0\1\0\2\0\3\0\4\0\5\0\6\0\7";
    const char little_i4[] = "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0\6\0\0\0\7\0\0\0";
    const char big_f4[] = "\0\0\0\0\x3f\x80\0\0\x40\0\0\0\x40\x40\0\0\x40\x80\0\0\x40\xa0\0\0"
                          "\x40\xc0\0\0\x40\xe0\0\0";
    const int64_t i8[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double f8[] = {0, 1, 2, 3, 4, 5, 6, 7};
    expect_counted(1, HEADER("|u1", "False", "(2, 2, 2)"), u1, sizeof u1, 255);
    expect_counted(2, HEADER("|i1", "False", "(2, 2, 2)"), u1, sizeof u1, 1);
    expect_counted(1, HEADER(">i2", "False", "(2, 2, 2)"), big_i2, 16, 1);
    expect_counted(3, HEADER("<i4", "False", "(2L, 2L, 2L)"), little_i4, 32, 1);
    expect_counted(1, HEADER(">f4", "False", "(2, 2, 2, 1)"), big_f4, 32, 1);
    expect_counted(1, HEADER("=i8", "False", "(2,2,2)"), i8, sizeof i8, 1);
    expect_counted(1, HEADER("=f8", "False", "(2, 2, 2)"), f8, sizeof f8, 1);
    expect_counted(1, "{\"shape\":(2,2,2),\"fortran_order\":False,\"descr\":\"|i1\"}", u1,
                   sizeof u1, 1);
}
END_TEST

START_TEST(signs_and_large_numbers)
{
    const int64_t extremes[] = {-1, INT64_MIN};
    const uint64_t large[] = {UINT64_MAX, 0};
    write_labels();
    write_npy(X, 1, HEADER("=i8", "False", "(2, 1)"), extremes, sizeof extremes);
    pictures set = load(in_folder(""), NULL);
    ck_assert(set.x[0] == -1 && set.x[1] == (float)INT64_MIN);
    pictures_free(&set);
    write_npy(X, 1, HEADER("|i1", "False", "(2, 1)"), "\x80\xff", 2);
    set = load(in_folder(""), NULL);
    ck_assert(set.x[0] == -128 && set.x[1] == -1);
    pictures_free(&set);
    write_npy(X, 1, HEADER("=u8", "False", "(2, 1)"), large, sizeof large);
    set = load(in_folder(""), NULL);
    ck_assert(set.x[0] == (float)UINT64_MAX && set.x[1] == 0);
    pictures_free(&set);
}
END_TEST

START_TEST(fortran_order_is_turned)
{
    const unsigned char cube[] = {0, 4, 2, 6, 1, 5, 3, 7};
    expect_counted(1, HEADER("|i1", "True", "(2, 2, 2)"), cube, sizeof cube, 1);
    write_npy(X, 1, HEADER("|i1", "True", "(2, 3)"), "\0\3\1\4\2\5", 6);
    pictures set = load(in_folder(""), NULL);
    ck_assert_uint_eq(set.height, 1);
    ck_assert_uint_eq(set.width, 3);
    for (size_t i = 0; i < 6; i++)
        ck_assert(set.x[i] == (float)i);
    pictures_free(&set);
}
END_TEST

START_TEST(labels_tell_how_many_classes_there_are)
{
    pictures_options options = pictures_defaults();
    const double labels[] = {3, 11};
    write_npy(X, 1, HEADER("|u1", "False", "(2, 1)"), "\0\1", 2);
    write_npy(Y, 1, HEADER("=f8", "False", "(2, 1)"), labels, sizeof labels);
    pictures set = load(in_folder(""), NULL);
    ck_assert_int_eq(set.classes, 12);
    ck_assert(set.labels[0] == 3 && set.labels[1] == 11);
    pictures_free(&set);
    options.classes = 11;
    expect_refused(in_folder(""), &options, OCK_BAD_FILE, Y ": label 1 is 11", "0 to 10");
    options.test = true;
    expect_refused(in_folder(""), &options, OCK_FILE_FAILED, "x_test.npy", "No such file");
}
END_TEST

static void expect_bad_labels(const char *header, const void *data, size_t size, const char *words)
{
    write_npy(Y, 1, header, data, size);
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, Y, words);
}

START_TEST(labels_that_are_none)
{
    const float half[] = {0.5f, 1};
    write_npy(X, 1, HEADER("|u1", "False", "(2, 1)"), "\0\1", 2);
    expect_bad_labels(HEADER("|i1", "False", "(2,)"), "\1\xff", 2, "label 1 is -1");
    expect_bad_labels(HEADER("=f4", "False", "(2,)"), half, sizeof half, "label 0 is 0.5");
    expect_bad_labels(HEADER("|u1", "False", "(2, 2)"), "\0\1\1\0", 4, "argmax");
    expect_bad_labels(HEADER("|u1", "False", "(1,)"), "\0", 1, "2 samples");
}
END_TEST

static void expect_bad(const char *header, size_t size, const char *words)
{
    static const unsigned char zeros[64];
    write_npy(X, 1, header, zeros, size);
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, X, words);
}

START_TEST(arrays_that_are_none)
{
    const float rows[] = {0, INFINITY};
    const double beyond[] = {1e300, 0};
    write_labels();
    expect_bad(HEADER("<f2", "False", "(2, 1)"), 4, ".astype('float32')");
    expect_bad(HEADER("|O", "False", "(2, 1)"), 16, ".astype('float32')");
    expect_bad(HEADER("<c8", "False", "(2, 1)"), 16, ".astype('float32')");
    expect_bad("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8, ".astype");
    expect_bad("{'descr': '<f4', 'shape': (2, 1), }", 8, "no array");
    expect_bad(HEADER("<f4", "Perhaps", "(2, 1)"), 8, "no array");
    expect_bad(HEADER("<f4", "False", "(2, 1)") " more", 8, "no array");
    expect_bad(HEADER("<f4", "False", "(2, -1)"), 8, "no array");
    expect_bad(HEADER("<f4", "False", "(99999999999999999999, 1)"), 8, "cut short");
    expect_bad(HEADER("<f4", "False", "(2, 4294967296, 4294967296)"), 8, "cut short");
    expect_bad(HEADER("<f4", "False", "(2, 2)"), 8, "cut short");
    expect_bad(HEADER("<f4", "False", "(2, 1)"), 12, "oversized");
    expect_bad(HEADER("<f4", "False", "(2, 0)"), 0, "empty");
    expect_bad(HEADER("<f4", "False", "()"), 4, "single number");
    expect_bad(HEADER("<f4", "False", "(2,)"), 8, "samples x features");
    write_npy(X, 4, HEADER("<f4", "False", "(2, 1)"), rows, sizeof rows);
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, X, "another .npy version");
    write_npy(X, 1, HEADER("=f4", "False", "(2, 1)"), rows, sizeof rows);
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, X, "sample 1, feature 0 is inf");
    write_npy(X, 1, HEADER("=f8", "False", "(2, 1)"), beyond, sizeof beyond);
    expect_refused(in_folder(""), NULL, OCK_BAD_FILE, X, "sample 0, feature 0 is 1e+300");
}
END_TEST

START_TEST(cut_at_every_length)
{
    unsigned char file[256];
    write_labels();
    size_t size = make_npy(1, HEADER("|u1", "False", "(2, 1)"), "\0\1", 2, file);
    while (size-- > 0) {
        write_bytes(X, file, size);
        expect_refused(in_folder(""), NULL, OCK_BAD_FILE, X, "");
    }
}
END_TEST

START_TEST(what_is_written_is_read)
{
    const float values[] = {1, 2, 3, 4, 5, 6};
    unsigned char file[NPY_HEADER + sizeof values];
    npy_array array;
    const char *why = NULL;
    npy_header(2, 3, file);
    memcpy(file + NPY_HEADER, values, sizeof values);
    write_bytes("written.npy", file, sizeof file);
    ck_assert_int_eq(npy_read(in_folder("written.npy"), &array, &why), OCK_OK);
    ck_assert(array.rows == 2 && array.columns == 3 && array.kind == 'f' && array.size == 4);
    for (size_t i = 0; i < 6; i++)
        ck_assert(npy_at(&array, i / 3, i % 3) == (double)values[i]);
    npy_free(&array);
}
END_TEST

TEST_MAIN("input-arrays", make_folder, remove_folder, each_type_is_read, pictures_may_have_channels,
          signs_and_large_numbers, fortran_order_is_turned, labels_tell_how_many_classes_there_are,
          labels_that_are_none, arrays_that_are_none, cut_at_every_length, what_is_written_is_read)
