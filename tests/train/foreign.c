/* Files of tensors alone, as Python's safetensors writes them: no list of layers, tensors and names
 * in an order of their own, the header padded by spaces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "suites.h"

enum {
    FEATURES = 3,
    UNITS = 2,
    OUTPUTS = 2,
    VALUES = FEATURES * UNITS + UNITS + UNITS * OUTPUTS + OUTPUTS
};

static const spec layers[] = {
    {SPEC_DENSE, .units = UNITS, .activation = OCK_RELU, .l2 = 0.1f},
    {SPEC_DROPOUT, .rate = 0.3f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

/* What the members of the header are, in this order. */
static const char *const members[] = {
    "\"2.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}",
    "\"0.kernel\":{\"data_offsets\":[8,32],\"shape\":[3,2],\"dtype\":\"F32\"}",
    "\"2.kernel\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[40,56]}",
    "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[32,40]}",
};

static const char plain[] = "@,@,@,@";

typedef struct bench {
    ock_context *context;
    ock_model *net;
    folder files;
} bench;

static void bench_open(bench *b)
{
    b->context = open_context();
    b->net = build(b->context, FEATURES, layers);
    b->files = folder_open();
    OK(b->context, ock_model_initialize(b->net, 0));
}

static void bench_close(bench *b)
{
    ock_model_destroy(b->net);
    ock_context_destroy(b->context);
    folder_close(&b->files);
}

/* The header is `form`, with the next of the members for each @; the values count from 1. */
static void write_tensors(const bench *b, const char *form)
{
    unsigned char bytes[2048] = {0};
    char *header = (char *)bytes + 8;
    size_t length = 0, member = 0;
    for (header[length++] = '{'; *form; form++) {
        if (*form == '@')
            length += (size_t)sprintf(header + length, "%s", members[member++]);
        else
            header[length++] = *form;
    }
    header[length++] = '}';
    while (length % 8)
        header[length++] = ' ';
    bytes[0] = (unsigned char)length;
    bytes[1] = (unsigned char)(length >> 8);
    for (size_t i = 0; i < VALUES; i++) {
        float value = (float)(i + 1);
        memcpy(header + length + i * sizeof value, &value, sizeof value);
    }
    write_file(b->files.path, bytes, 8 + length + VALUES * sizeof(float));
}

static void expect_loaded(const bench *b, const char *form)
{
    static const float expected[VALUES] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1, 2};
    size_t count;
    write_tensors(b, form);
    OK(b->context, ock_model_load(b->net, b->files.path));
    float *weights = weights_of(b->net, &count);
    ck_assert_uint_eq(count, VALUES);
    ck_assert_mem_eq(weights, expected, sizeof expected);
    free(weights);
}

START_TEST(any_order_with_or_without_metadata)
{
    bench b;
    bench_open(&b);
    expect_loaded(&b, plain);
    expect_loaded(&b, "@,\"__metadata__\":{\"format\":\"pt\"},@,@,@");
    expect_loaded(&b, "  @ , @\n,@,@  ");
    bench_close(&b);
}
END_TEST

/* A network cannot be made of it, and one that is there keeps its weights. */
static void expect_bad(const bench *b, const char *form, const char *words)
{
    ock_model *opened = NULL;
    size_t count, other;
    write_tensors(b, form);
    float *before = weights_of(b->net, &count);
    REFUSED(b->context, OCK_BAD_FILE, words, ock_model_load(b->net, b->files.path));
    float *after = weights_of(b->net, &other);
    ck_assert_mem_eq(before, after, count * sizeof *before);
    REFUSED(b->context, OCK_BAD_FILE, "", ock_model_open(b->context, b->files.path, &opened));
    ck_assert_ptr_null(opened);
    free(after);
    free(before);
}

START_TEST(what_is_not_of_these_layers)
{
    bench b;
    ock_model *opened = NULL;
    bench_open(&b);
    expect_bad(&b, "@,@,@", "0.bias is missing");
    expect_bad(&b, "@,\"0.kernel\":{\"dtype\":\"F16\",\"shape\":[3,2],\"data_offsets\":[8,32]}",
               "0.kernel is of dtype F16, but must be F32");
    expect_bad(
        &b, "\"0.kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]}",
        "0.kernel has not the shape [3,2] that the list of layers gives it: it is transposed");
    expect_bad(&b, "\"0.kernel\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[8,32]}",
               "0.kernel has not the shape [3,2]");
    expect_bad(&b, "@,@,@,@,\"3.bias\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[56,56]}",
               "more than the tensors");
    expect_bad(&b, "@,@,@,@,\"__metadata__\":{\"ockham\":\"?\"}", "no list of layers");
    expect_bad(&b, "@,@,@,@,\"__metadata__\":{\"ockham\":1}", "no list of layers");
    write_tensors(&b, plain);
    REFUSED(b.context, OCK_BAD_FILE, "tensors alone can be loaded into a network that is there",
            ock_model_open(b.context, b.files.path, &opened));
    bench_close(&b);
}
END_TEST

Suite *foreign_suite(void)
{
    Suite *suite = suite_create("foreign");
    TCase *cases = tcase_create("safetensors");
    tcase_add_test(cases, any_order_with_or_without_metadata);
    tcase_add_test(cases, what_is_not_of_these_layers);
    suite_add_tcase(suite, cases);
    return suite;
}
