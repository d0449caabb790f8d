/* Headers of weight files that are not what they should be, written byte by byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"

typedef struct scratch {
    ock_context *context;
    char path[64];
} scratch;

static scratch scratch_open(void)
{
    scratch made = {.context = open_context()};
    const char *temporary = getenv("TMPDIR");
    snprintf(made.path, sizeof made.path, "%.40s/ockham-XXXXXX", temporary ? temporary : "/tmp");
    int file = mkstemp(made.path);
    ck_assert_int_ge(file, 0);
    close(file);
    return made;
}

static void scratch_close(scratch *s)
{
    ock_context_destroy(s->context);
    remove(s->path);
}

/* A file that says its header is of `length`; zeros, as a hole, fill it up to `size` bytes. */
static void write_header(const scratch *s, uint64_t length, const char *header, size_t size)
{
    unsigned char prefix[8];
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix[i] = (unsigned char)(length >> (8 * i));
    FILE *out = fopen(s->path, "wb");
    ck_assert_ptr_nonnull(out);
    fwrite(prefix, 1, sizeof prefix, out);
    fputs(header, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(truncate(s->path, (off_t)size), 0);
}

static void expect_bad(const scratch *s, const char *words)
{
    ock_model *opened = NULL;
    REFUSED(s->context, OCK_BAD_FILE, words, ock_model_open(s->context, s->path, &opened));
    ck_assert_ptr_null(opened);
}

START_TEST(absurd_lengths)
{
    scratch s = scratch_open();
    const uint64_t lengths[] = {0,          1,          9,         17,         1 << 20,
                                UINT32_MAX, 1ull << 62, INT64_MAX, UINT64_MAX, UINT64_MAX - 8};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_header(&s, lengths[i], "                ", 24);
        expect_bad(&s, lengths[i] > 16 ? "longer than the file" : "JSON object");
    }
    scratch_close(&s);
}
END_TEST

START_TEST(longer_than_the_format_allows)
{
    scratch s = scratch_open();
    write_header(&s, 100000001, "", 8 + 100000001);
    expect_bad(&s, "100 MB");
    scratch_close(&s);
}
END_TEST

#define METADATA(layers) "{\"__metadata__\":{\"ockham\":\"" layers "\"}"
#define INPUT "{\\\"layer\\\":\\\"input\\\",\\\"units\\\":1}"
#define DENSE_OF(units, activation, l1)                                                            \
    "{\\\"layer\\\":\\\"dense\\\",\\\"units\\\":" units ",\\\"activation\\\":\\\"" activation      \
    "\\\",\\\"bias\\\":false,\\\"initializer\\\":\\\"he_normal\\\",\\\"kernel_l1\\\":" l1          \
    ",\\\"kernel_l2\\\":0,\\\"bias_l1\\\":0,\\\"bias_l2\\\":0}"
#define DENSE DENSE_OF("1", "relu", "0")
#define ONE METADATA("[" INPUT "," DENSE "]")
#define TENSOR(shape, offsets)                                                                     \
    ",\"0.kernel\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

#define TWO(first, second)                                                                         \
    METADATA("[" INPUT "," DENSE "," DENSE "]")                                                    \
    TENSOR("[1,1]", first)                                                                         \
    ",\"1.kernel\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":" second "}}"

static const struct {
    const char *header;
    size_t data;
    const char *words; /* NULL: right */
} wrong[] = {
    {ONE TENSOR("[1,1]", "[0,4]") "}", 4, NULL},
    {ONE TENSOR("[1,1]", "[0,4]") "}   ", 4, NULL},
    {"", 0, "JSON object"},
    {"not JSON", 0, "JSON object"},
    {"[]", 0, "JSON object"},
    {"{}", 0, "list of layers"},
    {"{} {}", 0, "JSON object"},
    {"{\"__metadata__\":3}", 0, "list of layers"},
    {"{\"__metadata__\":{\"ockham\":7}}", 0, "list of layers"},
    {METADATA("[") "}", 0, "list of layers"},
    {METADATA("{}") "}", 0, "list of layers"},
    {METADATA("[]") "}", 0, "empty"},
    {METADATA("[" INPUT "]") "}", 0, "empty"},
    {METADATA("[" DENSE "]") "}", 0, "begin with the input"},
    {METADATA("[{\\\"layer\\\":\\\"input\\\",\\\"units\\\":0}," DENSE "]") "}", 0, "inputs is 0"},
    {METADATA("[{\\\"layer\\\":\\\"input\\\",\\\"units\\\":1.5}," DENSE "]") "}", 0, "input"},
    {METADATA("[" INPUT ",{\\\"layer\\\":\\\"convolution\\\"}]") "}", 0, "layer 0"},
    {METADATA("[" INPUT "," DENSE ",7]") "}", 0, "layer 1"},
    {METADATA("[" INPUT "," DENSE ",{\\\"layer\\\":\\\"dropout\\\",\\\"rate\\\":1}]") "}", 0,
     "layer 1 of the list: rate is 1"},
    {METADATA("[" INPUT "," DENSE ",{\\\"layer\\\":\\\"dropout\\\"}]") "}", 0, "layer 1"},
    {METADATA("[" INPUT "," DENSE_OF("1", "relu", "1e99") "]") "}", 0, "layer 0"},
    {METADATA("[" INPUT "," DENSE_OF("1", "relu", "-1") "]") "}", 0, "layer 0"},
    {METADATA("[" INPUT "," DENSE_OF("1", "swish", "0") "]") "}", 0, "layer 0"},
    {METADATA("[" INPUT ",{\\\"layer\\\":\\\"activation\\\",\\\"activation\\\":7}]") "}", 0,
     "layer 0"},
    {METADATA("[" INPUT "," DENSE_OF("0", "relu", "0") "]") "}", 0, "units is 0"},
    {METADATA("[" INPUT "," DENSE_OF("1e10", "relu", "0") "]") "}", 0, "layer 0"},
    /* two products of 2^62 bytes, refused before a byte is asked for */
    {METADATA("[" INPUT "," DENSE_OF("2147483647", "relu", "0") "," DENSE_OF(
         "2147483647", "relu", "0") "]") TENSOR("[1,2147483647]", "[0,8589934588]") "}",
     4, "0.kernel does not lie within the file"},
    {ONE "}", 4, "0.kernel is missing"},
    {ONE TENSOR("[1]", "[0,4]") "}", 4, "shape"},
    {ONE TENSOR("[1,2]", "[0,4]") "}", 4, "shape"},
    {ONE TENSOR("[1,1,1]", "[0,4]") "}", 4, "shape"},
    {ONE TENSOR("7", "[0,4]") "}", 4, "shape"},
    {ONE TENSOR("[1,1]", "[0,8]") "}", 8, "data_offsets"},
    {ONE TENSOR("[1,1]", "[4,0]") "}", 4, "data_offsets"},
    {ONE TENSOR("[1,1]", "[-4,0]") "}", 4, "data_offsets"},
    {ONE TENSOR("[1,1]", "[0.5,4.5]") "}", 8, "data_offsets"},
    {ONE TENSOR("[1,1]", "[4,8]") "}", 4, "data_offsets"},
    {ONE TENSOR("[1,1]", "[0]") "}", 4, "data_offsets"},
    {ONE TENSOR("[1,1]", "[0,4]") "}", 8, "more than"},
    {ONE TENSOR("[1,1]", "[4,8]") "}", 8, "0.kernel does not begin"},
    /* in another order, then with a gap that an overlap fills in the sum */
    {TWO("[4,8]", "[0,4]"), 8, NULL},
    {TWO("[0,4]", "[0,4]"), 8, "does not begin"},
    {ONE TENSOR("[1,1]", "[0,4]") ",\"9.kernel\":{}}", 4, "more than"},
    {ONE ",\"0.kernel\":{\"dtype\":\"F16\",\"shape\":[1,1],\"data_offsets\":[0,4]}}", 4, "F32"},
    {ONE ",\"0.kernel\":[]}", 4, "F32"},
};

START_TEST(wrong_headers)
{
    scratch s = scratch_open();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t length = strlen(wrong[i].header);
        write_header(&s, length, wrong[i].header, 8 + length + wrong[i].data);
        if (wrong[i].words) {
            expect_bad(&s, wrong[i].words);
            continue;
        }
        ock_model *opened = NULL;
        OK(s.context, ock_model_open(s.context, s.path, &opened));
        ock_model_destroy(opened);
    }
    scratch_close(&s);
}
END_TEST

Suite *headers_suite(void)
{
    Suite *suite = suite_create("headers");
    TCase *cases = tcase_create("headers");
    tcase_add_test(cases, absurd_lengths);
    tcase_add_test(cases, longer_than_the_format_allows);
    tcase_add_test(cases, wrong_headers);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
