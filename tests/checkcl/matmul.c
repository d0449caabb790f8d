#include <math.h>

#include "checkcl.h"

static const float scales[] = {0, 1, -1, 0.75f};

static pair *operand(checkcl *t, bool transpose, size_t rows, size_t cols)
{
    float *data = uniform(t, rows * cols, -1, 1);
    return transpose ? input(t, cols, rows, data) : input(t, rows, cols, data);
}

static void describe_matmul(checkcl *t, const ock_matmul_options *o, size_t m, size_t n, size_t k)
{
    describe(t, "m %zu, n %zu, k %zu%s%s, alpha %g, beta %g", m, n, k,
             o->transpose_a ? ", transpose a" : "", o->transpose_b ? ", transpose b" : "",
             (double)o->alpha, (double)o->beta);
}

/* With beta 0 C is all NaN to begin with: reading it would show. */
void check_matmul(checkcl *t)
{
    size_t m = any_size(t), n = any_size(t), k = any_size(t);
    unsigned form = choose(t, 4);
    ock_matmul_options options = {
        .transpose_a = form & 1,
        .transpose_b = form & 2,
        .alpha = scales[choose(t, 4)],
        .beta = scales[choose(t, 4)],
    };
    describe_matmul(t, &options, m, n, k);
    pair *a = operand(t, options.transpose_a, m, k), *b = operand(t, options.transpose_b, k, n);
    pair *c = options.beta == 0 ? output(t, m, n) : inout(t, m, n, uniform(t, m * n, -1, 1));
    ON_BOTH(t, ock_matmul(&options, a->on[side], b->on[side], c->on[side]));

    /* alpha sum + beta c: the sum's own error, then two products and a sum, each rounded. */
    product p = multiply(t, a, options.transpose_a, b, options.transpose_b);
    const float *old = c->data;
    for (size_t i = 0; i < m * n; i++) {
        double scaled = fabs((double)options.alpha) * p.magnitude[i];
        double added = old ? fabs((double)options.beta * (double)old[i]) : 0;
        p.magnitude[i] = product_bound(k, scaled) + 4 * UNIT * (scaled + added);
    }
    expect_within(t, "c", c, p.magnitude);
}

/* Infinities and NaNs come through, each where it should and nowhere else. */
void check_matmul_special(checkcl *t)
{
    static const float specials[] = {INFINITY, -INFINITY, NAN};
    size_t m = any_size(t), n = any_size(t), k = any_size(t);
    unsigned form = choose(t, 4);
    ock_matmul_options options = ock_matmul_defaults();
    options.transpose_a = form & 1;
    options.transpose_b = form & 2;
    describe_matmul(t, &options, m, n, k);
    float *data = uniform(t, m * k, 0.5f, 1);
    data[choose(t, (unsigned)(m * k))] = specials[choose(t, 3)];
    pair *a = options.transpose_a ? input(t, k, m, data) : input(t, m, k, data);
    pair *b = operand(t, options.transpose_b, k, n);
    pair *c = output(t, m, n);
    ON_BOTH(t, ock_matmul(&options, a->on[side], b->on[side], c->on[side]));
    product p = multiply(t, a, options.transpose_a, b, options.transpose_b);
    for (size_t i = 0; i < m * n; i++)
        p.magnitude[i] = isfinite(p.magnitude[i]) ? product_bound(k, p.magnitude[i]) : 0;
    expect_within(t, "c", c, p.magnitude);
}
