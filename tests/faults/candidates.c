/* A way to compute products that the cache names, and whose kernels do not build or do not run: the
 * standard one serves, and what does not build is not tried again. On PoCL's CPU, by the layer that
 * the environment's OPENCL_LAYERS names; where there is none, exits 77. */
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "../train/support.h"
#include "../unit/folder.h"
#include "core/cache.h"
#include "find_layer.h"

enum {
    M = 70,
    N = 3,
    K = 300
};

static const layer_fault no_build = {
    .entry = "clBuildProgram", .position = 1, .code = CL_BUILD_PROGRAM_FAILURE, .lasting = true};

/* ---- Two products for which there are several tiles, of which "narrow" are some ---- */

static float values[K * M], standard[M * N], got[M * N];

static ock_tensor *make(ock_context *context, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    OK(context, ock_tensor_create(context, OCK_F32, rows, cols, &tensor));
    OK(context, ock_tensor_write(tensor, values));
    return tensor;
}

typedef struct product {
    const char *name; /* of its class, in the cache */
    void (*run)(ock_context *context, float *result);
} product;

static void multiply(ock_context *context, float *result)
{
    const ock_matmul_options options = {.transpose_a = true, .alpha = 1};
    ock_tensor *a = make(context, K, M), *b = make(context, K, N), *c = make(context, M, N);
    OK(context, ock_matmul(&options, a, b, c));
    OK(context, ock_tensor_read(c, result));
    ock_tensor_destroy(c);
    ock_tensor_destroy(b);
    ock_tensor_destroy(a);
}

static void forward(ock_context *context, float *result)
{
    ock_tensor *x = make(context, M, K), *w = make(context, K, N), *y = make(context, M, N);
    const ock_dense_parameters layers = {.kernel.value = w};
    OK(context, ock_dense_forward(x, &layers, OCK_LINEAR, NULL, y));
    OK(context, ock_tensor_read(y, result));
    ock_tensor_destroy(y);
    ock_tensor_destroy(w);
    ock_tensor_destroy(x);
}

static const product products[] = {{"matmul-tn-9-3-11", multiply}, {"matmul-nn-9-3-11", forward}};

enum {
    PRODUCTS = sizeof products / sizeof *products
};

/* ---- What the cache says ---- */

static ock_context *open_with(const char *tiles)
{
    if (tiles)
        setenv("OCKHAM_TILES", tiles, 1);
    else
        unsetenv("OCKHAM_TILES");
    return open_device("cpu", 0);
}

/* The cache of measured contexts, made by one if there is none. */
static ock_cache *open_cache(void)
{
    static char key[1024], names[8][256], path[300];
    ock_context *context = open_with(NULL);
    OK(context, ock_matmul_tune(context, NULL, 1, 2, 3, &(ock_tuning){0}));
    ock_context_destroy(context);
    ck_assert_int_eq(list_folder("cache", names, 8), 1);
    snprintf(path, sizeof path, "cache/%.255s", names[0]);
    key[read_bytes(path, key, sizeof key - 1)] = '\0';
    key[strcspn(key, "\n")] = '\0';
    return ock_cache_open(key);
}

static void plant(const char *name, const char *value)
{
    ock_cache *cache = open_cache();
    ock_cache_put(cache, name, value);
    ock_cache_close(cache);
}

static void compute_standard(const product *p)
{
    ock_context *context = open_with("cpu");
    p->run(context, standard);
    ock_context_destroy(context);
}

/* ---- Tests ---- */

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
    layer.arm(NULL);
    uint32_t seed = 3;
    for (size_t i = 0; i < K * M; i++)
        values[i] = random_unit(&seed) - 0.5f;
}

/* How many builds the second run tries, after the first. */
static size_t builds_of_two(const product *p, ock_context *context, size_t *first)
{
    p->run(context, got);
    ck_assert_mem_eq(got, standard, sizeof got);
    *first = layer.calls();
    p->run(context, got);
    ck_assert_mem_eq(got, standard, sizeof got);
    return layer.calls() - *first;
}

/* The control: what the cache names is built. */
START_TEST(what_builds_is_built_once)
{
    const layer_fault none = {.entry = "clBuildProgram", .position = SIZE_MAX};
    const product *p = &products[_i];
    size_t first;
    compute_standard(p);
    plant(p->name, "narrow");
    ock_context *context = open_with(NULL);
    layer.arm(&none);
    ck_assert_uint_eq(builds_of_two(p, context, &first), 0);
    ck_assert_uint_eq(first, 1);
    ock_context_destroy(context);
}
END_TEST

START_TEST(what_does_not_build_gives_way_to_the_standard)
{
    const product *p = &products[_i];
    size_t first;
    compute_standard(p);
    plant(p->name, "narrow");
    ock_context *context = open_with(NULL);
    layer.arm(&no_build);
    ck_assert_uint_eq(builds_of_two(p, context, &first), 0);
    ck_assert_uint_ge(first, 1);
    ck_assert_ptr_nonnull(
        strstr(ock_context_message(context), "clBuildProgram: CL_BUILD_PROGRAM_FAILURE"));
    layer.arm(NULL);
    ock_context_destroy(context);
}
END_TEST

/* Nor is anything kept of it. */
START_TEST(where_none_runs_the_failure_is_told)
{
    const ock_matmul_options options = {.transpose_a = true, .alpha = 1};
    const layer_fault no_launch = {.entry = "clEnqueueNDRangeKernel",
                                   .position = 3, /* after the operands' two */
                                   .code = CL_OUT_OF_RESOURCES,
                                   .lasting = true};
    char value[32];
    ock_tuning tuning = {.count = 7};
    ock_cache_close(open_cache());
    ock_context *context = open_with(NULL);
    layer.arm(&no_launch);
    REFUSED(context, OCK_DEVICE_FAILED, "CL_OUT_OF_RESOURCES",
            ock_matmul_tune(context, &options, M, N, K, &tuning));
    layer.arm(NULL);
    ck_assert_uint_eq(tuning.count, 0);
    ock_context_destroy(context);
    ock_cache *cache = open_cache();
    ck_assert(!ock_cache_get(cache, products[0].name, value, sizeof value));
    ock_cache_close(cache);
}
END_TEST

/* ---- Around them ---- */

static Suite *candidates_suite(void)
{
    Suite *suite = suite_create("candidates");
    TCase *cases = tcase_create("candidates");
    tcase_add_checked_fixture(cases, set_up, remove_folder);
    tcase_add_loop_test(cases, what_builds_is_built_once, 0, PRODUCTS);
    tcase_add_loop_test(cases, what_does_not_build_gives_way_to_the_standard, 0, PRODUCTS);
    tcase_add_test(cases, where_none_runs_the_failure_is_told);
    suite_add_tcase(suite, cases);
    return suite;
}

static bool has_cpu(void)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    options.device = "cpu";
    ock_status status = ock_context_create(&options, &context);
    ock_context_destroy(context);
    return status == OCK_OK;
}

int main(void)
{
    if (!has_cpu())
        return absent("no OpenCL device that is a CPU");
    if (!find_layer())
        return EXIT_FAILURE;
    SRunner *runner = srunner_create(candidates_suite());
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
