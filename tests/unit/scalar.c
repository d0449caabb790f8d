/* The scalar path, which defines what the kernels are held to: products against double precision,
 * the fused forms against the unfused ones, and that neither padding nor threads change a bit. */
#include <math.h>

#include "tensors.h"

static const double unit = 0x1p-24; /* half an ulp of 1 */

static float random_float(uint32_t *state)
{
    uint32_t draw[4];
    ock_philox((uint32_t[4]){(*state)++, 0, 0, 0}, 7, draw);
    return (float)(draw[0] >> 8) * 0x1p-23f - 1;
}

static size_t random_size(uint32_t *state, size_t limit)
{
    return 1 + (size_t)((random_float(state) + 1) / 2 * (float)limit) % limit;
}

static ock_tensor *make_random(ock_context *context, size_t rows, size_t cols, uint32_t seed)
{
    ock_tensor *tensor = make(context, rows, cols);
    float *data = read_all(tensor);
    uint32_t state = seed * 100003u;
    for (size_t i = 0; i < rows * cols; i++)
        data[i] = random_float(&state);
    assert_ok(ock_tensor_write(tensor, data));
    free(data);
    return tensor;
}

static void assert_same_bits(const ock_tensor *a, const ock_tensor *b)
{
    size_t bytes = count_of(a) * sizeof(float);
    float *left = read_all(a), *right = read_all(b);
    ck_assert_mem_eq(left, right, bytes);
    free(left);
    free(right);
}

/* ---- Products ---- */

/* The product, and the sum of the terms' magnitudes that bounds its error. */
static void reference(const ock_matmul_options *o, const ock_tensor *a, const ock_tensor *b,
                      double *product, double *magnitude)
{
    float *left = read_all(a), *right = read_all(b);
    size_t rows = o->transpose_a ? a->cols : a->rows, depth = o->transpose_a ? a->rows : a->cols;
    size_t cols = o->transpose_b ? b->rows : b->cols;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            double sum = 0, absolute = 0;
            for (size_t k = 0; k < depth; k++) {
                double x = left[o->transpose_a ? k * rows + i : i * depth + k];
                double y = right[o->transpose_b ? j * depth + k : k * cols + j];
                sum += x * y;
                absolute += fabs(x * y);
            }
            product[i * cols + j] = sum;
            magnitude[i * cols + j] = absolute;
        }
    free(left);
    free(right);
}

/* C lies between rows that must stay as they are. */
static void check_product(ock_context *context, const ock_matmul_options *o, const size_t size[3])
{
    size_t rows = size[0], cols = size[1], depth = size[2];
    ock_tensor *a = o->transpose_a ? make_random(context, depth, rows, 1)
                                   : make_random(context, rows, depth, 1);
    ock_tensor *b = o->transpose_b ? make_random(context, cols, depth, 2)
                                   : make_random(context, depth, cols, 2);
    ock_tensor *all = make_random(context, rows + 2, cols, 3), *c = NULL;
    assert_ok(ock_tensor_view(all, 1, rows, &c));
    if (o->beta == 0)
        assert_ok(ock_tensor_fill(c, NAN));
    float *before = read_all(all);
    assert_ok(ock_matmul(o, a, b, c));
    float *after = read_all(all);

    double *product = malloc(2 * rows * cols * sizeof *product);
    ck_assert_ptr_nonnull(product);
    reference(o, a, b, product, product + rows * cols);
    ck_assert_mem_eq(before, after, cols * sizeof *before);
    ck_assert_mem_eq(before + (rows + 1) * cols, after + (rows + 1) * cols, cols * sizeof *before);
    for (size_t i = 0; i < rows * cols; i++) {
        double old = o->beta == 0 ? 0 : (double)o->beta * before[cols + i];
        double expected = o->alpha * product[i] + old;
        double bound = fabs(o->alpha) * product[rows * cols + i] + fabs(old);
        ck_assert_msg(fabs(after[cols + i] - expected) <= (double)(depth + 2) * unit * bound,
                      "%zux%zux%zu %d%d element %zu: got %.9g, expected %.9g", rows, cols, depth,
                      o->transpose_a, o->transpose_b, i, after[cols + i], expected);
    }
    free(product);
    free(before);
    free(after);
    ock_tensor_destroy(c);
    ock_tensor_destroy(all);
    ock_tensor_destroy(b);
    ock_tensor_destroy(a);
}

START_TEST(products_are_within_the_rounding_bound)
{
    ock_context *context = open_scalar(2);
    uint32_t state = 0;
    for (int trial = 0; trial < 100; trial++) {
        size_t size[] = {random_size(&state, 70), random_size(&state, 70), random_size(&state, 70)};
        for (int form = 0; form < 8; form++) {
            ock_matmul_options options = {form & 1, form & 2, 1, 0};
            if (form & 4)
                options.alpha = -0.75f, options.beta = 1.5f;
            check_product(context, &options, size);
        }
    }
    ock_context_destroy(context);
}
END_TEST

START_TEST(products_larger_than_a_job_are_within_the_rounding_bound)
{
    static const size_t sizes[][3] = {{1, 1, 3000}, {401, 3, 2}, {2, 101, 1025}, {193, 33, 1024}};
    ock_context *context = open_scalar(2);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int form = 0; form < 4; form++)
            check_product(context, &(ock_matmul_options){form & 1, form & 2, 1, 0}, sizes[i]);
    ock_context_destroy(context);
}
END_TEST

/* ---- Fused forms ---- */

enum {
    BATCH = 133,
    INPUTS = 101,
    OUTPUTS = 75
};

static const ock_dropout dropout = {.rate = 0.4f, .seed = 11, .step = 5, .layer = 2};

/* A dense layer with Adam's moments, on a batch x with the gradient dy at its product. */
typedef struct layer {
    ock_context *context;
    ock_tensor *x, *y, *dy, *dx, *totals;
    ock_dense_parameters parameters;
} layer;

static ock_parameter make_parameter(ock_context *context, size_t rows, size_t cols)
{
    return (ock_parameter){
        .value = make_random(context, rows, cols, 21),
        .moment1 = make(context, rows, cols),
        .moment2 = make(context, rows, cols),
        .penalty = {.l1 = 1e-3f, .l2 = 1e-2f},
    };
}

static layer make_layer(int threads)
{
    ock_context *context = open_scalar(threads);
    return (layer){
        .context = context,
        .x = make_random(context, BATCH, INPUTS, 11),
        .y = make(context, BATCH, OUTPUTS),
        .dy = make_random(context, BATCH, OUTPUTS, 12),
        .dx = make(context, BATCH, INPUTS),
        .totals = make(context, 1, OCK_TOTALS_SIZE),
        .parameters = {.kernel = make_parameter(context, INPUTS, OUTPUTS),
                       .bias = make_parameter(context, 1, OUTPUTS)},
    };
}

static void destroy_parameter(ock_parameter *parameter)
{
    ock_tensor_destroy(parameter->value);
    ock_tensor_destroy(parameter->moment1);
    ock_tensor_destroy(parameter->moment2);
}

static void destroy_layer(layer *l)
{
    destroy_parameter(&l->parameters.kernel);
    destroy_parameter(&l->parameters.bias);
    ock_tensor_destroy(l->totals);
    ock_tensor_destroy(l->dx);
    ock_tensor_destroy(l->dy);
    ock_tensor_destroy(l->y);
    ock_tensor_destroy(l->x);
    ock_context_destroy(l->context);
}

/* x stands in for the output of the layer before; of a dropped and rectified one, since the fused
 * form reads the mask off its zeros. */
static void run_fused(layer *l)
{
    ock_optimizer adam = ock_adam_defaults();
    assert_ok(ock_activation_forward(OCK_RELU, l->x, l->x));
    assert_ok(ock_dropout_apply(&dropout, l->x, l->x));
    assert_ok(ock_dense_forward(l->x, &l->parameters, OCK_ELU, &dropout, l->y));
    assert_ok(ock_dense_backward_input(l->dy, &l->parameters, OCK_RELU, &dropout, l->x, l->dx));
    assert_ok(ock_dense_backward_weights(&adam, 3, l->x, l->dy, &l->parameters, l->totals));
}

/* y starts as the bias in each row, so that beta 1 adds it. */
static void run_unfused(layer *l)
{
    ock_optimizer adam = ock_adam_defaults();
    ock_matmul_options add = {.alpha = 1, .beta = 1}, to_input = {.transpose_b = true, .alpha = 1};
    ock_matmul_options to_weights = {.transpose_a = true, .alpha = 1};
    ock_tensor *kernel = make(l->context, INPUTS, OUTPUTS), *bias = make(l->context, 1, OUTPUTS);
    assert_ok(ock_activation_forward(OCK_RELU, l->x, l->x));
    assert_ok(ock_dropout_apply(&dropout, l->x, l->x));
    for (size_t i = 0; i < BATCH; i++) {
        ock_tensor *row = NULL;
        assert_ok(ock_tensor_view(l->y, i, 1, &row));
        assert_ok(ock_tensor_copy(l->parameters.bias.value, row));
        ock_tensor_destroy(row);
    }
    assert_ok(ock_matmul(&add, l->x, l->parameters.kernel.value, l->y));
    assert_ok(ock_activation_forward(OCK_ELU, l->y, l->y));
    assert_ok(ock_dropout_apply(&dropout, l->y, l->y));

    assert_ok(ock_matmul(&to_input, l->dy, l->parameters.kernel.value, l->dx));
    assert_ok(ock_activation_backward(OCK_RELU, NULL, l->x, l->dx, l->dx));
    assert_ok(ock_dropout_apply(&dropout, l->dx, l->dx));

    assert_ok(ock_matmul(&to_weights, l->x, l->dy, kernel));
    assert_ok(ock_reduce(OCK_SUM, OCK_ROWS, l->dy, bias));
    assert_ok(ock_step(&adam, 3, &l->parameters.kernel, kernel, BATCH, l->totals));
    assert_ok(ock_step(&adam, 3, &l->parameters.bias, bias, BATCH, l->totals));
    ock_tensor_destroy(kernel);
    ock_tensor_destroy(bias);
}

START_TEST(fused_forms_equal_the_unfused_ones)
{
    layer fused = make_layer(2), unfused = make_layer(2);
    run_fused(&fused);
    run_unfused(&unfused);
    assert_same_bits(fused.y, unfused.y);
    assert_same_bits(fused.dx, unfused.dx);
    const ock_parameter *a = &fused.parameters.kernel, *b = &unfused.parameters.kernel;
    assert_same_bits(a->value, b->value);
    assert_same_bits(a->moment1, b->moment1);
    assert_same_bits(a->moment2, b->moment2);

    ock_totals left, right;
    assert_ok(ock_totals_read(fused.totals, &left));
    assert_ok(ock_totals_read(unfused.totals, &right));
    ck_assert_double_gt(left.penalty, 0);
    ck_assert_double_eq_tol(left.penalty, right.penalty, 4 * unit * left.penalty);
    destroy_layer(&fused);
    destroy_layer(&unfused);
}
END_TEST

START_TEST(bits_do_not_depend_on_the_threads)
{
    layer one = make_layer(1);
    run_fused(&one);
    for (int threads = 2; threads <= 5; threads++) {
        layer many = make_layer(threads);
        run_fused(&many);
        assert_same_bits(one.y, many.y);
        assert_same_bits(one.dx, many.dx);
        assert_same_bits(one.parameters.kernel.value, many.parameters.kernel.value);
        assert_same_bits(one.parameters.bias.value, many.parameters.bias.value);
        assert_same_bits(one.totals, many.totals);
        destroy_layer(&many);
    }
    destroy_layer(&one);
}
END_TEST

/* ---- What lies between cols and stride ---- */

static void assert_finite(const ock_tensor *tensor)
{
    float *data = read_all(tensor);
    for (size_t i = 0; i < count_of(tensor); i++)
        ck_assert_msg(isfinite(data[i]), "element %zu of %zu x %zu is %g", i,
                      ock_tensor_rows(tensor), ock_tensor_cols(tensor), data[i]);
    free(data);
}

static void check_reductions(ock_context *context, const ock_tensor *x)
{
    for (ock_axis axis = OCK_ALL; axis <= OCK_COLS; axis++) {
        ock_tensor *y = make(context, axis == OCK_COLS ? ock_tensor_rows(x) : 1,
                             axis == OCK_ROWS ? ock_tensor_cols(x) : 1);
        for (ock_reduction reduction = OCK_SUM; reduction <= OCK_SQUARE_SUM; reduction++) {
            assert_ok(ock_reduce(reduction, axis, x, y));
            assert_finite(y);
        }
        ock_tensor_destroy(y);
    }
}

START_TEST(padding_never_leaks)
{
    layer l = make_layer(2);
    run_fused(&l);
    assert_finite(l.y);
    assert_finite(l.dx);
    assert_finite(l.parameters.kernel.value);
    assert_finite(l.parameters.bias.value);
    check_reductions(l.context, l.y);
    ock_tensor *slope = make(l.context, BATCH, OUTPUTS);
    for (ock_activation a = OCK_LINEAR; a <= OCK_SOFTMAX; a++) {
        assert_ok(ock_activation_forward(a, l.dy, l.y));
        assert_finite(l.y);
        assert_ok(ock_activation_backward(a, l.dy, l.y, l.dy, slope));
        assert_finite(slope);
    }
    ock_tensor *saved = make(l.context, 2, OUTPUTS), *gradients = make(l.context, 2, OUTPUTS);
    ock_parameter *p = &l.parameters.bias;
    ock_tensor *mean = make(l.context, 1, OUTPUTS);
    ock_batch_norm norm = {p->value, p->moment1, mean, p->moment2, 0.9f, 1e-3f};
    assert_ok(ock_batch_norm_forward(&norm, l.dy, l.y, saved));
    assert_finite(l.y);
    assert_ok(ock_batch_norm_backward(&norm, l.dy, saved, l.y, l.y, gradients));
    assert_finite(l.y);
    assert_finite(gradients);
    for (ock_loss_kind k = OCK_SOFTMAX_CROSSENTROPY; k <= OCK_MEAN_SQUARED_ERROR; k++) {
        assert_ok(ock_loss(&(ock_loss_options){.kind = k}, l.dy, l.dy, l.y, l.totals));
        assert_finite(l.y);
    }
    assert_finite(l.totals);
    ock_tensor_destroy(slope);
    ock_tensor_destroy(saved);
    ock_tensor_destroy(mean);
    ock_tensor_destroy(gradients);
    destroy_layer(&l);
}
END_TEST

TEST_MAIN("scalar", NULL, NULL, products_are_within_the_rounding_bound,
          products_larger_than_a_job_are_within_the_rounding_bound,
          fused_forms_equal_the_unfused_ones, bits_do_not_depend_on_the_threads,
          padding_never_leaks)
