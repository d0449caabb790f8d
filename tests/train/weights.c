/* Weights in files: all come back bit for bit, whatever is wrong is refused and changes nothing,
 * and an older file survives a failure. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../comma.h"
#include "files.h"
#include "suites.h"

enum {
    FEATURES = 6,
    OUTPUTS = 3,
    ROWS = 40
};

static const spec layers[] = {
    {SPEC_DENSE, .units = 7, .activation = OCK_RELU, .l1 = 1e-4f, .l2 = 0.1f},
    {SPEC_DROPOUT, .rate = 0.3f},
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DENSE, .units = 5, .no_bias = true},
    {SPEC_ACTIVATION, .activation = OCK_GELU},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

/* ---- A folder and a trained network ---- */

typedef struct bench {
    ock_context *context;
    ock_model *net;
    folder files;
    const char *path, *folder; /* in files */
} bench;

static ock_model *trained(ock_context *context, const spec *specs)
{
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, FEATURES, specs);
    OK(context, ock_model_fit(net, set, NULL, NULL, NULL));
    ock_dataset_destroy(set);
    samples_free(&data);
    return net;
}

static void bench_open(bench *b)
{
    b->context = open_context();
    b->net = trained(b->context, layers);
    b->files = folder_open();
    b->path = b->files.path;
    b->folder = b->files.name;
}

static void bench_close(bench *b)
{
    ock_model_destroy(b->net);
    ock_context_destroy(b->context);
    folder_close(&b->files);
}

/* ---- What comes back ---- */

START_TEST(round_trip)
{
    bench b;
    bench_open(&b);
    ock_model *opened = NULL, *loaded = build(b.context, FEATURES, layers);
    ock_context_report(b.context, OCK_OK, "as before");
    OK(b.context, ock_model_save(b.net, b.path));
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    OK(b.context, ock_model_load(loaded, b.path));
    ck_assert_str_eq(ock_context_message(b.context), "as before");
    expect_same_weights(b.net, opened);
    expect_same_weights(b.net, loaded);
    ck_assert_uint_eq(ock_model_inputs(opened), FEATURES);
    ck_assert_uint_eq(ock_model_outputs(opened), OUTPUTS);

    /* all options of the layers are in the header, which a second file therefore repeats */
    size_t size, again;
    char *first = read_file(b.path, &size);
    OK(b.context, ock_model_save(opened, b.path));
    char *second = read_file(b.path, &again);
    ck_assert_uint_eq(size, again);
    ck_assert_mem_eq(first, second, size);
    free(second);
    free(first);
    ock_model_destroy(loaded);
    ock_model_destroy(opened);
    bench_close(&b);
}
END_TEST

/* Each option of a dense layer comes back, so that a second file has them again. */
START_TEST(options_of_dense)
{
    bench b;
    bench_open(&b);
    ock_model *net = NULL, *opened = NULL;
    size_t size, again;
    const ock_dense dense = {.kernel = {0.5f, 0.25f, true, 0.125f},
                             .bias = {1e-3f, 2e-3f, true, 3e-3f},
                             .activity = {.l1 = 4e-3f, .l2 = 5e-3f},
                             .kernel_constraint = {OCK_MAX_NORM, 3},
                             .bias_constraint = {OCK_NON_NEGATIVE, NAN}, /* without effect */
                             .initializer = OCK_HE_NORMAL};
    OK(b.context, ock_model_create(b.context, FEATURES, &net));
    OK(b.context, ock_model_add_dense(net, OUTPUTS, OCK_TANH, &dense));
    OK(b.context, ock_model_save(net, b.path));
    char *first = read_file(b.path, &size);
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    OK(b.context, ock_model_save(opened, b.path));
    char *second = read_file(b.path, &again);
    ck_assert_uint_eq(size, again);
    ck_assert_mem_eq(first, second, size);
    first[800] = '\0';
    ck_assert_ptr_nonnull(
        strstr(first + 8, "\\\"kernel_l1\\\":5.00000000e-01,\\\"kernel_l2\\\":2.50000000e-01,"
                          "\\\"bias_l1\\\":1.00000005e-03,\\\"bias_l2\\\":2.00000009e-03,"
                          "\\\"kernel_proximal_l1\\\":true,"
                          "\\\"kernel_group_lasso\\\":1.25000000e-01,"
                          "\\\"bias_proximal_l1\\\":true,"
                          "\\\"bias_group_lasso\\\":3.00000003e-03,"
                          "\\\"activity_l1\\\":4.00000019e-03,"
                          "\\\"activity_l2\\\":4.99999989e-03,"
                          "\\\"kernel_constraint\\\":\\\"max_norm\\\","
                          "\\\"kernel_max_norm\\\":3.00000000e+00,"
                          "\\\"bias_constraint\\\":\\\"non_negative\\\"}"));
    free(second);
    free(first);
    ock_model_destroy(opened);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* Layers without weights of their own come back with their options. */
START_TEST(random_layers)
{
    bench b;
    bench_open(&b);
    const spec random[] = {{SPEC_GAUSSIAN_NOISE, .rate = 0.5f},
                           {SPEC_SPATIAL_DROPOUT, .units = 2, .rate = 0.25f},
                           {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
                           {SPEC_GAUSSIAN_DROPOUT, .rate = 0.125f},
                           {.kind = SPEC_END}};
    ock_model *net = build(b.context, FEATURES, random), *opened = NULL;
    size_t size, again;
    OK(b.context, ock_model_save(net, b.path));
    char *first = read_file(b.path, &size);
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    OK(b.context, ock_model_save(opened, b.path));
    char *second = read_file(b.path, &again);
    ck_assert_uint_eq(size, again);
    ck_assert_mem_eq(first, second, size);
    first[600] = '\0';
    ck_assert_ptr_nonnull(strstr(first + 8, "gaussian_noise\\\",\\\"stddev\\\":5.0"));
    ck_assert_ptr_nonnull(
        strstr(first + 8, "spatial_dropout\\\",\\\"channels\\\":2,\\\"rate\\\":2.5"));
    ck_assert_ptr_nonnull(strstr(first + 8, "gaussian_dropout\\\",\\\"rate\\\":1.25"));
    free(second);
    free(first);
    ock_model_destroy(opened);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* Others read it too: a header of a length that is a multiple of 8, tensors without a gap. */
START_TEST(the_file_is_safetensors)
{
    bench b;
    bench_open(&b);
    size_t size, count;
    OK(b.context, ock_model_save(b.net, b.path));
    char *bytes = read_file(b.path, &size);
    float *weights = weights_of(b.net, &count);
    size_t length = (size_t)(unsigned char)bytes[0] + 256 * (size_t)(unsigned char)bytes[1];
    ck_assert_uint_eq(length % 8, 0);
    ck_assert_uint_eq(size, 8 + length + count * sizeof *weights);
    ck_assert_mem_eq(bytes + 8 + length, weights, count * sizeof *weights);
    bytes[8 + length - 1] = '\0';
    ck_assert_ptr_nonnull(strstr(bytes + 8, "\"__metadata__\":{\"format\":\"ockham\""));
    ck_assert_ptr_nonnull(strstr(
        bytes + 8, "\"0.kernel\":{\"dtype\":\"F32\",\"shape\":[6,7],\"data_offsets\":[0,168]}"));
    ck_assert_ptr_nonnull(strstr(
        bytes + 8, "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[7],\"data_offsets\":[168,196]}"));
    free(weights);
    free(bytes);
    bench_close(&b);
}
END_TEST

/* A first use: the weights are drawn, so that there is something to save. */
START_TEST(an_untrained_network_is_saved)
{
    bench b;
    bench_open(&b);
    ock_model *fresh = build(b.context, FEATURES, layers), *opened = NULL, *empty = NULL;
    OK(b.context, ock_model_save(fresh, b.path));
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    expect_same_weights(fresh, opened);
    OK(b.context, ock_model_create(b.context, FEATURES, &empty));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "no layers", ock_model_save(empty, b.path));
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "6 layers, the network has 0",
            ock_model_load(empty, b.path));
    ock_model_destroy(empty);
    ock_model_destroy(opened);
    ock_model_destroy(fresh);
    bench_close(&b);
}
END_TEST

/* JSON knows the point alone, whatever the user's language writes. */
START_TEST(a_decimal_comma_changes_nothing)
{
    bench b;
    bench_open(&b);
    write_decimal_commas();
    ock_model *opened = NULL;
    size_t size;
    OK(b.context, ock_model_save(b.net, b.path));
    char *bytes = read_file(b.path, &size);
    bytes[1000] = '\0';
    ck_assert_ptr_nonnull(strstr(bytes + 8, "\\\"rate\\\":3.00000012e-01}"));
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    expect_same_weights(b.net, opened);
    free(bytes);
    ock_model_destroy(opened);
    bench_close(&b);
}
END_TEST

/* Loading forgets moments, steps and epochs: what follows is as after the first loading. */
START_TEST(loading_begins_anew)
{
    bench b;
    bench_open(&b);
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(b.context, &data);
    ock_model *opened = NULL;
    OK(b.context, ock_model_save(b.net, b.path));
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    OK(b.context, ock_model_load(b.net, b.path));
    OK(b.context, ock_model_fit(b.net, set, NULL, NULL, NULL));
    OK(b.context, ock_model_fit(opened, set, NULL, NULL, NULL));
    expect_same_weights(b.net, opened);
    ock_model_destroy(opened);
    ock_dataset_destroy(set);
    samples_free(&data);
    bench_close(&b);
}
END_TEST

/* ---- What is refused ---- */

/* Neither opens nor loads, and the network keeps its weights. */
static void expect_bad(const bench *b, ock_model *net, const char *words)
{
    ock_model *opened = NULL;
    size_t count, other;
    float *before = weights_of(net, &count);
    REFUSED(b->context, OCK_BAD_FILE, words, ock_model_open(b->context, b->path, &opened));
    ck_assert_ptr_null(opened);
    REFUSED(b->context, OCK_BAD_FILE, b->path, ock_model_load(net, b->path));
    float *after = weights_of(net, &other);
    ck_assert_mem_eq(before, after, count * sizeof *before);
    free(after);
    free(before);
}

START_TEST(cut_at_every_length)
{
    bench b;
    bench_open(&b);
    size_t size;
    OK(b.context, ock_model_save(b.net, b.path));
    char *bytes = read_file(b.path, &size);
    bytes[size] = 0;
    write_file(b.path, bytes, size + 1);
    expect_bad(&b, b.net, "more than");
    while (size-- > 0) {
        ck_assert_int_eq(truncate(b.path, (off_t)size), 0);
        expect_bad(&b, b.net, "cut short");
    }
    free(bytes);
    bench_close(&b);
}
END_TEST

START_TEST(other_layers)
{
    bench b;
    bench_open(&b);
    OK(b.context, ock_model_save(b.net, b.path));
    spec wider[7], other[7], biased[7], freer[7], noisy[7];
    memcpy(wider, layers, sizeof layers);
    memcpy(other, layers, sizeof layers);
    memcpy(biased, layers, sizeof layers);
    memcpy(freer, layers, sizeof layers);
    memcpy(noisy, layers, sizeof layers);
    wider[0].units = 8;
    other[0].activation = OCK_TANH;
    biased[3].no_bias = false;
    noisy[1].kind = SPEC_GAUSSIAN_NOISE;
    freer[0].l2 = 0;
    freer[1].rate = 0.9f;
    const struct {
        const spec *specs;
        const char *words;
    } cases[] = {{wider, "layer 0 is dense, 6 to 7, relu; the network's is dense, 6 to 8, relu"},
                 {other, "tanh"},
                 {biased, "no bias"},
                 {noisy, "the network's is gaussian_noise"},
                 {layers + 1, "6 layers, the network has 5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ock_model *net = build(b.context, FEATURES, cases[i].specs);
        REFUSED(b.context, OCK_SHAPE_MISMATCH, cases[i].words, ock_model_load(net, b.path));
        ck_assert_uint_eq(ock_model_tensor_count(net), 0);
        ock_model_destroy(net);
    }
    ock_model *net = build(b.context, FEATURES + 1, layers);
    REFUSED(b.context, OCK_SHAPE_MISMATCH,
            "layer 0 is dense, 6 to 7, relu; the network's is dense, 7",
            ock_model_load(net, b.path));
    ock_model_destroy(net);
    net = build(b.context, FEATURES, freer);
    OK(b.context, ock_model_load(net, b.path));
    expect_same_weights(net, b.net);
    ock_model_destroy(net);
    bench_close(&b);
}
END_TEST

/* Epsilon is part of what the network computes, momentum only of how it learns. */
START_TEST(another_epsilon)
{
    bench b;
    bench_open(&b);
    const ock_normalization norms[] = {{0.9f, 1e-3f}, {0.5f, 1e-3f}, {0.9f, 1e-2f}, {0.9f, 1e-4f}};
    ock_model *nets[4];
    for (size_t i = 0; i < 4; i++) {
        OK(b.context, ock_model_create(b.context, FEATURES, &nets[i]));
        OK(b.context, ock_model_add_batch_norm(nets[i], &norms[i]));
    }
    OK(b.context, ock_model_save(nets[0], b.path));
    OK(b.context, ock_model_load(nets[1], b.path));
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "another epsilon", ock_model_load(nets[2], b.path));
    REFUSED(b.context, OCK_SHAPE_MISMATCH, "another epsilon", ock_model_load(nets[3], b.path));
    for (size_t i = 0; i < 4; i++)
        ock_model_destroy(nets[i]);
    bench_close(&b);
}
END_TEST

START_TEST(permissions_and_long_names)
{
    bench b;
    bench_open(&b);
    struct stat about;
    char name[320];
    snprintf(name, sizeof name, "%s/%0250d", b.folder, 7);
    mode_t mask = umask(022);
    OK(b.context, ock_model_save(b.net, name));
    ck_assert(!stat(name, &about) && (about.st_mode & 0777) == 0644);
    ck_assert_int_eq(chmod(name, 0600), 0);
    OK(b.context, ock_model_save(b.net, name));
    ck_assert(!stat(name, &about) && (about.st_mode & 0777) == 0600);
    ck_assert_int_eq(chmod(name, 0666), 0);
    OK(b.context, ock_model_save(b.net, name));
    ck_assert(!stat(name, &about) && (about.st_mode & 0777) == 0666);
    umask(mask);
    remove(name);
    bench_close(&b);
}
END_TEST

/* A link stays one, and leads to the new weights; a pipe is refused, not waited for. */
START_TEST(links_and_pipes)
{
    bench b;
    bench_open(&b);
    ock_model *opened = NULL;
    struct stat about;
    char link[96], pipe[96];
    snprintf(link, sizeof link, "%s/link", b.folder);
    snprintf(pipe, sizeof pipe, "%s/pipe", b.folder);
    write_file(b.path, "old", 3);
    ck_assert_int_eq(symlink("net", link), 0);
    OK(b.context, ock_model_save(b.net, link));
    ck_assert(!lstat(link, &about) && S_ISLNK(about.st_mode));
    OK(b.context, ock_model_open(b.context, b.path, &opened));
    expect_same_weights(b.net, opened);
    ock_model_destroy(opened);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    REFUSED(b.context, OCK_FILE_FAILED, "not a regular file", ock_model_load(b.net, pipe));
    REFUSED(b.context, OCK_FILE_FAILED, "not a regular file", ock_model_save(b.net, pipe));
    remove(pipe);
    remove(link);
    bench_close(&b);
}
END_TEST

START_TEST(arguments_and_places)
{
    bench b;
    bench_open(&b);
    ock_model *opened = NULL;
    char nowhere[96];
    snprintf(nowhere, sizeof nowhere, "%s/no/net", b.folder);
    ck_assert_int_eq(ock_model_save(NULL, b.path), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_load(NULL, b.path), OCK_INVALID_ARGUMENT);
    ck_assert_int_eq(ock_model_open(NULL, b.path, &opened), OCK_INVALID_ARGUMENT);
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "path", ock_model_save(b.net, NULL));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "path", ock_model_save(b.net, ""));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "path", ock_model_load(b.net, NULL));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "path", ock_model_open(b.context, NULL, &opened));
    REFUSED(b.context, OCK_INVALID_ARGUMENT, "model", ock_model_open(b.context, b.path, NULL));
    REFUSED(b.context, OCK_FILE_FAILED, "No such file", ock_model_open(b.context, b.path, &opened));
    REFUSED(b.context, OCK_FILE_FAILED, "No such file", ock_model_save(b.net, nowhere));
    REFUSED(b.context, OCK_FILE_FAILED, "not a regular file", ock_model_load(b.net, b.folder));
    REFUSED(b.context, OCK_FILE_FAILED, "not a regular file", ock_model_save(b.net, b.folder));
    REFUSED(b.context, OCK_FILE_FAILED, "not a regular file", ock_model_save(b.net, "/dev/null"));
    bench_close(&b);
}
END_TEST

/* As on a full disk: no more than so many bytes can be written. */
START_TEST(a_full_disk_keeps_the_older_file)
{
    bench b;
    bench_open(&b);
    size_t size, after;
    OK(b.context, ock_model_save(b.net, b.path));
    char *bytes = read_file(b.path, &size);
    ock_model *other = trained(b.context, layers);
    OK(b.context, ock_model_initialize(other, 99));
    signal(SIGXFSZ, SIG_IGN);
    const rlim_t room[] = {0, 100, size - 1};
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
        struct rlimit whole, limit;
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &whole), 0);
        limit = whole;
        limit.rlim_cur = room[i];
        /* No assertion within the limit: Check notes each one in a file of its own. */
        int limited = setrlimit(RLIMIT_FSIZE, &limit);
        ock_status status = ock_model_save(other, b.path);
        int lifted = setrlimit(RLIMIT_FSIZE, &whole);
        ck_assert_int_eq(limited, 0);
        ck_assert_int_eq(lifted, 0);
        REFUSED(b.context, OCK_FILE_FAILED, "File too large", status);
        char *kept = read_file(b.path, &after);
        ck_assert_uint_eq(after, size);
        ck_assert_mem_eq(bytes, kept, size);
        free(kept);
    }
    OK(b.context, ock_model_save(other, b.path));
    free(bytes);
    ock_model_destroy(other);
    bench_close(&b);
}
END_TEST

Suite *weights_suite(void)
{
    Suite *suite = suite_create("weights");
    TCase *cases = tcase_create("weights");
    tcase_add_test(cases, round_trip);
    tcase_add_test(cases, options_of_dense);
    tcase_add_test(cases, random_layers);
    tcase_add_test(cases, the_file_is_safetensors);
    tcase_add_test(cases, an_untrained_network_is_saved);
    tcase_add_test(cases, a_decimal_comma_changes_nothing);
    tcase_add_test(cases, loading_begins_anew);
    tcase_add_test(cases, cut_at_every_length);
    tcase_add_test(cases, other_layers);
    tcase_add_test(cases, another_epsilon);
    tcase_add_test(cases, links_and_pipes);
    tcase_add_test(cases, permissions_and_long_names);
    tcase_add_test(cases, arguments_and_places);
    tcase_add_test(cases, a_full_disk_keeps_the_older_file);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
