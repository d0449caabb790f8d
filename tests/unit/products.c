/* The ways to compute a product: which give the same bits, which one is taken, and that measuring
 * them shows in nothing else. */
#include <math.h>
#include <stdio.h>

#include "../absent.h"
#include "core/cache.h"
#include "folder.h"
#include "unit.h"

typedef struct shape {
    size_t m, n, k;
    bool transpose_a, transpose_b;
} shape;

enum {
    MOST = 1 << 16
};

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
    setenv("OCL_ICD_VENDORS", "/etc/OpenCL/vendors/pocl.icd", 1);
    unsetenv("OCKHAM_DEVICE");
    unsetenv("OCKHAM_TILES");
    unsetenv("OCKHAM_TUNE");
}

/* A context with the candidate of this name, or NULL for the choice by measurement. Without PoCL
 * there is none to test: NULL, unless it is required. */
static ock_context *open_with(const char *candidate)
{
    char message[2048];
    ock_context_options options = {.device = "cpu", .message = message, .message_size = 2048};
    ock_context *context = NULL;
    if (candidate)
        setenv("OCKHAM_TILES", candidate, 1);
    else
        unsetenv("OCKHAM_TILES");
    ock_status status = ock_context_create(&options, &context);
    ck_assert_msg(status == OCK_OK || (status == OCK_DEVICE_NOT_FOUND && !opencl_required()),
                  "%s: %s", candidate ? candidate : "measured", message);
    return context;
}

static ock_tensor *make(ock_context *context, size_t rows, size_t cols, uint32_t seed)
{
    static float data[MOST];
    ock_tensor *tensor = NULL;
    ck_assert_uint_le(rows * cols, MOST);
    for (uint32_t i = 0; i < rows * cols; i++) {
        uint32_t draw[4];
        ock_philox((uint32_t[4]){i, seed, 0, 0}, 3, draw);
        data[i] = (float)(draw[0] >> 8) * 0x1p-23f - 1;
    }
    assert_ok(ock_tensor_create(context, OCK_F32, rows, cols, &tensor));
    assert_ok(ock_tensor_write(tensor, data));
    return tensor;
}

static void take(ock_tensor *tensor, float *data)
{
    assert_ok(ock_tensor_read(tensor, data));
    ock_tensor_destroy(tensor);
}

/* C = op(A) op(B) + beta C of made-up matrices. */
static void multiply(ock_context *context, const shape *s, float beta, float *result)
{
    const ock_matmul_options options = {s->transpose_a, s->transpose_b, 1, beta};
    ock_tensor *a = make(context, s->transpose_a ? s->k : s->m, s->transpose_a ? s->m : s->k, 1);
    ock_tensor *b = make(context, s->transpose_b ? s->n : s->k, s->transpose_b ? s->k : s->n, 2);
    ock_tensor *c = make(context, s->m, s->n, 3);
    assert_ok(ock_matmul(&options, a, b, c));
    take(c, result);
    ock_tensor_destroy(b);
    ock_tensor_destroy(a);
}

/* ---- Bits ---- */

/* Edges of all tiles, one row, one column, more than a packed panel's depth. */
static const size_t sizes[][3] = {
    {13, 37, 21}, {1, 70, 300}, {70, 1, 300}, {70, 3, 5}, {67, 133, 1}};

enum {
    SHAPES = 4 * sizeof sizes / sizeof *sizes
};

static shape shape_of(int i)
{
    const size_t *size = sizes[i / 4];
    return (shape){size[0], size[1], size[2], i & 2, i & 1};
}

enum {
    BATCH = 37,
    INPUTS = 45,
    OUTPUTS = 10,
    LAYER = INPUTS * OUTPUTS + OUTPUTS + BATCH * OUTPUTS + BATCH * INPUTS
};

/* A layer's step: weights, output and the gradient at its input. */
static void train_layer(ock_context *context, float *results)
{
    const ock_optimizer sgd = ock_sgd_defaults();
    ock_tensor *x = make(context, BATCH, INPUTS, 4), *dy = make(context, BATCH, OUTPUTS, 5);
    ock_tensor *w = make(context, INPUTS, OUTPUTS, 6), *b = make(context, 1, OUTPUTS, 7);
    ock_tensor *y = make(context, BATCH, OUTPUTS, 8), *dx = make(context, BATCH, INPUTS, 9);
    ock_dense_parameters layer = {.kernel.value = w, .bias.value = b};
    assert_ok(ock_dense_forward(x, &layer, OCK_TANH, NULL, y));
    assert_ok(ock_dense_backward_input(dy, &layer, OCK_LINEAR, NULL, NULL, dx));
    assert_ok(ock_dense_backward_weights(&sgd, 1, x, dy, &layer, NULL));
    take(w, results);
    take(b, results += INPUTS * OUTPUTS);
    take(y, results += OUTPUTS);
    take(dx, results += BATCH * OUTPUTS);
    ock_tensor_destroy(dy);
    ock_tensor_destroy(x);
}

static void compare_bits(const char *name, ock_context *one, ock_context *other)
{
    static float expected[MOST], got[MOST];
    for (int i = 0; i < SHAPES; i++) {
        shape s = shape_of(i);
        multiply(one, &s, 0.5f, expected);
        multiply(other, &s, 0.5f, got);
        ck_assert_msg(memcmp(got, expected, s.m * s.n * sizeof *got) == 0,
                      "%s at %zu x %zu x %zu, transposed %d %d", name, s.m, s.n, s.k, s.transpose_a,
                      s.transpose_b);
    }
    train_layer(one, expected);
    train_layer(other, got);
    ck_assert_msg(memcmp(got, expected, LAYER * sizeof *got) == 0, "%s in a step", name);
}

/* With those of vectors of 16. */
static void expect_same_bits(const char *const *names)
{
    ock_context *one = open_with("cpu16");
    for (; one && *names; names++) {
        ock_context *other = open_with(*names);
        compare_bits(*names, one, other);
        ock_context_destroy(other);
    }
    ock_context_destroy(one);
}

START_TEST(tiles_of_a_cpu_give_the_same_bits)
{
    expect_same_bits((const char *const[]){"cpu4", "cpu8", "narrow", "flat8", "swap", NULL});
}
END_TEST

START_TEST(tiles_of_a_gpu_give_the_same_bits)
{
    expect_same_bits((const char *const[]){"gpu", "gpu-large", "gpu-small", NULL});
}
END_TEST

/* ---- The choice ---- */

/* For one row and a transposed matrix there are several ways, one of which rounds otherwise. */
static const shape row = {1, 70, 300, false, true};
static const char row_name[] = "matmul-nt-1-9-11";

static float by_tiles[70], by_dots[70], chosen[70];

/* Also the control: the two differ. False without PoCL. */
static bool find_both(void)
{
    ock_context *tiles = open_with("cpu"), *dots = open_with("dots");
    if (tiles) {
        multiply(tiles, &row, 0, by_tiles);
        multiply(dots, &row, 0, by_dots);
        ck_assert_mem_ne(by_tiles, by_dots, sizeof by_tiles);
        for (int i = 0; i < 70; i++) /* 300 products of at most 1, each way within 301 2^-24 */
            ck_assert_float_le(fabsf(by_tiles[i] - by_dots[i]), 2 * 301 * 300 * 0x1p-24f);
    }
    ock_context_destroy(dots);
    ock_context_destroy(tiles);
    return tiles;
}

/* The cache of measured contexts, made by one if there is none. */
static ock_cache *open_cache(void)
{
    static char key[1024], names[8][256], path[300];
    ock_context *context = open_with(NULL);
    assert_ok(ock_matmul_tune(context, NULL, 1, 2, 3, &(ock_tuning){0}));
    ock_context_destroy(context);
    ck_assert_int_eq(list_folder("cache", names, 8), 1);
    snprintf(path, sizeof path, "cache/%.255s", names[0]);
    key[read_bytes(path, key, sizeof key - 1)] = '\0';
    key[strcspn(key, "\n")] = '\0';
    return ock_cache_open(key);
}

static void plant(const char *value)
{
    ock_cache *cache = open_cache();
    ock_cache_put(cache, row_name, value);
    ock_cache_close(cache);
}

/* What the cache has for the row afterwards. */
static const char *multiply_measured(void)
{
    static char value[64];
    ock_context *context = open_with(NULL);
    multiply(context, &row, 0, chosen);
    ock_context_destroy(context);
    ock_cache *cache = open_cache();
    ck_assert(ock_cache_get(cache, row_name, value, sizeof value));
    ock_cache_close(cache);
    return value;
}

START_TEST(what_was_measured_is_taken)
{
    if (!find_both())
        return;
    plant("dots");
    ck_assert_str_eq(multiply_measured(), "dots");
    ck_assert_mem_eq(chosen, by_dots, sizeof chosen);
    plant("cpu");
    ck_assert_str_eq(multiply_measured(), "cpu");
    ck_assert_mem_eq(chosen, by_tiles, sizeof chosen);
}
END_TEST

START_TEST(what_cannot_be_is_measured_anew)
{
    static const char *const wrong[] = {"round", "", "swap", "gpu", "dots dots"};
    if (!find_both())
        return;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        plant(wrong[i]);
        const char *value = multiply_measured();
        bool dots = strcmp(value, "dots") == 0;
        ck_assert_msg(dots || strcmp(value, "cpu") == 0, "%s", value);
        ck_assert_mem_eq(chosen, dots ? by_dots : by_tiles, sizeof chosen);
    }
}
END_TEST

/* Nor is there memory to measure in. */
START_TEST(untuned_takes_the_default_and_measures_nothing)
{
    ock_memory forced, untuned;
    if (!find_both())
        return;
    ock_context *context = open_with("cpu");
    multiply(context, &row, 0, chosen);
    assert_ok(ock_context_memory(context, &forced));
    ock_context_destroy(context);
    setenv("OCKHAM_TUNE", "0", 1);
    context = open_with(NULL);
    multiply(context, &row, 0, chosen);
    assert_ok(ock_context_memory(context, &untuned));
    ck_assert_uint_eq(untuned.peak, forced.peak);
    ck_assert_mem_eq(chosen, by_tiles, sizeof chosen);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 0);
    ock_context_destroy(context);
}
END_TEST

/* The product is added to C once, however often it was timed, and no memory stays. */
START_TEST(measuring_leaves_no_trace)
{
    static const float betas[] = {1, 0.5f, 0};
    ock_context *forced = open_with("cpu");
    for (size_t i = 0; forced && i < 3; i++) {
        static const shape few = {300, 3, 64, false, false};
        static float expected[900], got[900];
        ock_memory before, after;
        setenv("OCKHAM_CACHE", "off", 1);
        ock_context *context = open_with(NULL);
        multiply(forced, &few, betas[i], expected);
        assert_ok(ock_context_memory(context, &before));
        multiply(context, &few, betas[i], got);
        assert_ok(ock_context_memory(context, &after));
        ck_assert_uint_eq(after.in_use, before.in_use);
        for (int j = 0; j < 900; j++) /* dots may have been the fastest */
            ck_assert_float_le(fabsf(got[j] - expected[j]), 2 * 66 * 65 * 0x1p-24f);
        ock_context_destroy(context);
    }
    ock_context_destroy(forced);
}
END_TEST

/* ---- Ahead of time ---- */

START_TEST(tuning_tells_the_best_and_keeps_it)
{
    const ock_matmul_options options = {false, true, 1, 0};
    ock_tuning tuning;
    char value[64];
    ock_context *context = open_with(NULL);
    if (!context)
        return;
    assert_ok(ock_matmul_tune(context, &options, 1, 70, 300, &tuning));
    ck_assert_uint_ge(tuning.count, 2);
    ck_assert_uint_lt(tuning.best, tuning.count);
    for (size_t i = 0; i < tuning.count; i++)
        ck_assert_double_ge(tuning.candidates[i].seconds,
                            i ? tuning.candidates[i - 1].seconds : 1e-9);
    ock_context_destroy(context);
    ock_cache *cache = open_cache();
    ck_assert(ock_cache_get(cache, row_name, value, sizeof value));
    ck_assert_str_eq(value, tuning.candidates[tuning.best].name);
    ock_cache_close(cache);
}
END_TEST

START_TEST(plain_c_has_one_way)
{
    ock_context *context = open_context("scalar");
    ock_tuning tuning;
    assert_ok(ock_matmul_tune(context, NULL, 5, 6, 7, &tuning));
    ck_assert_uint_eq(tuning.count, 1);
    ck_assert_uint_eq(tuning.best, 0);
    ck_assert_str_eq(tuning.candidates[0].name, "scalar");
    ck_assert_double_gt(tuning.candidates[0].seconds, 0);
    ock_context_destroy(context);
}
END_TEST

START_TEST(tuning_refuses_what_is_no_product)
{
    ock_context *context = open_context("scalar");
    ock_tuning tuning = {.count = 1};
    assert_status(OCK_INVALID_ARGUMENT, ock_matmul_tune(NULL, NULL, 5, 6, 7, &tuning));
    ck_assert_uint_eq(tuning.count, 0);
    assert_status(OCK_INVALID_ARGUMENT, ock_matmul_tune(context, NULL, 5, 6, 7, NULL));
    assert_contains(ock_context_message(context), "tuning is NULL");
    assert_status(OCK_INVALID_ARGUMENT, ock_matmul_tune(context, NULL, 0, 6, 7, &tuning));
    assert_status(OCK_INVALID_ARGUMENT, ock_matmul_tune(context, NULL, 5, SIZE_MAX, 7, &tuning));
    ck_assert_uint_eq(tuning.count, 0);
    ock_context_destroy(context);
}
END_TEST

START_TEST(an_unknown_name_is_refused)
{
    static const char *const wrong[] = {"round", "cpu5", "cpu16x", "cp", "dots 4"};
    char message[2048];
    ock_context_options options = {.device = "cpu", .message = message, .message_size = 2048};
    ock_context *context = open_with(NULL);
    for (size_t i = 0; context && i < sizeof wrong / sizeof *wrong; i++) {
        ock_context *none = NULL;
        setenv("OCKHAM_TILES", wrong[i], 1);
        assert_status(OCK_INVALID_ARGUMENT, ock_context_create(&options, &none));
        assert_contains(message, "gpu-large");
    }
    ock_context_destroy(context);
}
END_TEST

TEST_MAIN("products", set_up, remove_folder, tiles_of_a_cpu_give_the_same_bits,
          tiles_of_a_gpu_give_the_same_bits, what_was_measured_is_taken,
          what_cannot_be_is_measured_anew, untuned_takes_the_default_and_measures_nothing,
          measuring_leaves_no_trace, tuning_tells_the_best_and_keeps_it, plain_c_has_one_way,
          tuning_refuses_what_is_no_product, an_unknown_name_is_refused)
