#include "vectors/standardise.h"

/* As many roundings follow each other as the longest sum has terms, and a few; each does to the
 * result at most what it does to disturb all inputs by one. */
static double bound_of(const golden_standard *c, size_t i)
{
    double chain = STANDARDISE_ROWS * (double)c->features + 8;
    return chain * (double)c->spread + 8 * UNIT * fabs((double)c->y[i]);
}

static void check_standard(ock_context *context, const golden_standard *c)
{
    size_t size = STANDARDISE_ROWS * c->features;
    ock_arrays arrays = {
        .rows = STANDARDISE_ROWS, .features = c->features, .x = c->x, .outputs = 1};
    ock_dataset *set = NULL;
    ock_standardizer *standardizer = NULL;
    float y[256];
    ck_assert_uint_le(size, LENGTH(y));
    expect_ok(context, ock_dataset_create(context, &arrays, &set));
    ock_status status = ock_standardizer_fit(set, &c->options, &standardizer);
    if (status != OCK_UNSUPPORTED) { /* without LAPACK nothing is whitened */
        expect_ok(context, status);
        ock_tensor *x = make_floats(context, STANDARDISE_ROWS, c->features, c->x);
        ock_tensor *to = make_floats(context, STANDARDISE_ROWS, c->features, NULL);
        expect_ok(context, ock_standardizer_batch(standardizer, x, to));
        read_floats(to, y);
        for (size_t i = 0; i < size; i++)
            expect_near(c->name, i, y[i], c->y[i], bound_of(c, i));
        expect_ok(context, ock_standardizer_apply(standardizer, set));
        ock_tensor_destroy(to);
        ock_tensor_destroy(x);
    }
    ock_standardizer_destroy(standardizer);
    ock_dataset_destroy(set);
}

START_TEST(standardised)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(standards); i++)
        check_standard(context, &standards[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_standardise(void)
{
    TCase *topic = tcase_create("standardise");
    tcase_add_loop_test(topic, standardised, 0, GOLDEN_DEVICES);
    return topic;
}
