/* Each operation refuses what does not fit, says which argument it was, and leaves every
 * tensor as it was. B 4 rows, I 5 inputs, O 3 outputs. */
#include <float.h>
#include <math.h>

#include "unit.h"

enum {
    B = 4,
    I = 5,
    O = 3,
    TENSORS = 21,
    LARGEST = 64
};

static struct house {
    ock_context *context, *second;
    ock_tensor *x, *y, *x2, *w, *b, *square;   /* B x I, B x O, B x I, I x O, 1 x O, B x B */
    ock_tensor *m, *v, *bm, *bv, *g;           /* moments; a gradient of I x O */
    ock_tensor *wide, *far, *labels, *indices; /* B x 64; B x I of another context; B x 1 */
    ock_tensor *totals, *totals2;              /* an epoch's */
    ock_tensor *pair, *pair2, *row, *row2;     /* 2 x O; 1 x O */
    ock_tensor *all[TENSORS];
    uint32_t before[TENSORS][LARGEST * B];
    int count;
} h;

static ock_tensor *make(ock_context *context, ock_dtype dtype, size_t rows, size_t cols)
{
    ock_tensor *tensor = NULL;
    uint32_t *contents = h.before[h.count];
    assert_ok(ock_tensor_create(context, dtype, rows, cols, &tensor));
    for (size_t i = 0; i < rows * cols; i++) {
        float value = 0.25f + (float)i;
        contents[i] = (uint32_t)i % O;
        if (dtype == OCK_F32)
            memcpy(&contents[i], &value, sizeof value);
    }
    assert_ok(ock_tensor_write(tensor, contents));
    h.all[h.count++] = tensor;
    return tensor;
}

static void open_house(void)
{
    h = (struct house){0};
    h.context = open_context("scalar");
    h.second = open_context("scalar");
    h.x = make(h.context, OCK_F32, B, I);
    h.y = make(h.context, OCK_F32, B, O);
    h.x2 = make(h.context, OCK_F32, B, I);
    h.w = make(h.context, OCK_F32, I, O);
    h.m = make(h.context, OCK_F32, I, O);
    h.v = make(h.context, OCK_F32, I, O);
    h.g = make(h.context, OCK_F32, I, O);
    h.b = make(h.context, OCK_F32, 1, O);
    h.bm = make(h.context, OCK_F32, 1, O);
    h.bv = make(h.context, OCK_F32, 1, O);
    h.square = make(h.context, OCK_F32, B, B);
    h.wide = make(h.context, OCK_F32, B, LARGEST);
    h.far = make(h.second, OCK_F32, B, I);
    h.labels = make(h.context, OCK_I32, B, 1);
    h.indices = make(h.context, OCK_I32, B, 1);
    h.totals = make(h.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    h.totals2 = make(h.context, OCK_F32, 1, OCK_TOTALS_SIZE);
    h.pair = make(h.context, OCK_F32, 2, O);
    h.pair2 = make(h.context, OCK_F32, 2, O);
    h.row = make(h.context, OCK_F32, 1, O);
    h.row2 = make(h.context, OCK_F32, 1, O);
}

static void close_house(void)
{
    for (int i = 0; i < h.count; i++)
        ock_tensor_destroy(h.all[i]);
    ock_context_destroy(h.second);
    ock_context_destroy(h.context);
}

/* A call without any tensor has no context to leave a message with: says is "". */
static void refused(ock_status expected, const char *says, const char *call, ock_status status)
{
    const char *message = ock_context_message(h.context);
    ck_assert_msg(status == expected, "%s gave %s, not %s", call, ock_status_name(status),
                  ock_status_name(expected));
    ck_assert_msg(strstr(message, says), "%s: \"%s\" does not say \"%s\"", call, message, says);
    for (int i = 0; i < h.count; i++) {
        uint32_t now[LARGEST * B];
        size_t size = ock_tensor_rows(h.all[i]) * ock_tensor_cols(h.all[i]) * sizeof *now;
        assert_ok(ock_tensor_read(h.all[i], now));
        ck_assert_msg(memcmp(now, h.before[i], size) == 0, "%s changed tensor %d", call, i);
    }
}

#define INVALID(says, call) refused(OCK_INVALID_ARGUMENT, says, #call, call)
#define MISFIT(says, call) refused(OCK_SHAPE_MISMATCH, says, #call, call)

START_TEST(matmul)
{
    ock_matmul_options turned = ock_matmul_defaults();
    turned.transpose_a = true;
    INVALID("a is NULL", ock_matmul(NULL, NULL, h.w, h.y));
    INVALID("b is NULL", ock_matmul(NULL, h.x, NULL, h.y));
    INVALID("c is NULL", ock_matmul(NULL, h.x, h.w, NULL));
    INVALID("a must be of type OCK_F32", ock_matmul(NULL, h.labels, h.w, h.y));
    INVALID("b belongs to another context", ock_matmul(NULL, h.x, h.far, h.y));
    MISFIT("op(a) has 4 columns and op(b) 5 rows", ock_matmul(&turned, h.x, h.w, h.y));
    MISFIT("op(a) has 5 columns and op(b) 4 rows", ock_matmul(NULL, h.x, h.x2, h.y));
    MISFIT("c is 4 x 5 and must be 4 x 3", ock_matmul(NULL, h.x, h.w, h.x2));
    INVALID("c may not overlap a", ock_matmul(NULL, h.square, h.square, h.square));
}
END_TEST

START_TEST(activation)
{
    ock_tensor *upper, *lower;
    assert_ok(ock_tensor_view(h.x, 0, 3, &upper));
    assert_ok(ock_tensor_view(h.x, 1, 3, &lower));
    INVALID("activation is none", ock_activation_forward((ock_activation)99, h.x, h.x2));
    INVALID("activation is none", ock_activation_forward((ock_activation)-1, h.x, h.x2));
    INVALID("x is NULL", ock_activation_forward(OCK_RELU, NULL, h.x2));
    INVALID("y is NULL", ock_activation_forward(OCK_RELU, h.x, NULL));
    MISFIT("y is 4 x 3", ock_activation_forward(OCK_RELU, h.x, h.y));
    INVALID("y may not overlap x", ock_activation_forward(OCK_RELU, upper, lower));
    INVALID("y is NULL", ock_activation_backward(OCK_RELU, h.x, NULL, h.x, h.x2));
    INVALID("x is NULL", ock_activation_backward(OCK_GELU, NULL, h.x, h.x, h.x2));
    INVALID("dy is NULL", ock_activation_backward(OCK_RELU, NULL, h.x, NULL, h.x2));
    MISFIT("dx is 4 x 3", ock_activation_backward(OCK_RELU, NULL, h.x, h.x, h.y));
    INVALID("overlap", ock_activation_backward(OCK_RELU, NULL, h.x, h.x2, h.x));
    ock_tensor_destroy(upper);
    ock_tensor_destroy(lower);
}
END_TEST

START_TEST(dropout)
{
    static const float rates[] = {-0.1f, 1, 1.5f, NAN, INFINITY};
    ock_dropout half = {.rate = 0.5f};
    INVALID("dropout is NULL", ock_dropout_apply(NULL, h.x, h.x2));
    INVALID("x is NULL", ock_dropout_apply(&half, NULL, h.x2));
    MISFIT("y is 4 x 3", ock_dropout_apply(&half, h.x, h.y));
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        half.rate = rates[i];
        INVALID("dropout rate", ock_dropout_apply(&half, h.x, h.x2));
    }
    ock_dropout shared = {.rate = 0.5f, .channels = 4};
    MISFIT("channels is 4 and must divide x's", ock_dropout_apply(&shared, h.x, h.x2));
}
END_TEST

START_TEST(noise)
{
    ock_noise added = {.stddev = 1}, multiplied = {.kind = OCK_GAUSSIAN_DROPOUT, .rate = 0.5f};
    INVALID("noise is NULL", ock_noise_apply(NULL, h.x, h.x2));
    INVALID("x is NULL", ock_noise_apply(&added, NULL, h.x2));
    MISFIT("y is 4 x 3", ock_noise_apply(&multiplied, h.x, h.y));
    added.stddev = -1;
    INVALID("stddev is -1", ock_noise_apply(&added, h.x, h.x2));
    added.stddev = NAN;
    INVALID("stddev is nan", ock_noise_apply(&added, h.x, h.x2));
    multiplied.rate = 1;
    INVALID("rate is 1", ock_noise_apply(&multiplied, h.x, h.x2));
    multiplied.kind = (ock_noise_kind)2;
    INVALID("ock_noise_kind", ock_noise_apply(&multiplied, h.x, h.x2));
}
END_TEST

START_TEST(loss)
{
    const ock_loss_options squared = {.kind = OCK_MEAN_SQUARED_ERROR};
    const ock_loss_options binary = {.kind = OCK_BINARY_CROSSENTROPY};
    ock_loss_options options = {.kind = (ock_loss_kind)9};
    ock_totals values;
    INVALID("kind is none", ock_loss(&options, h.x, h.x2, NULL, NULL));
    INVALID("prediction is NULL", ock_loss(&squared, NULL, h.x2, NULL, NULL));
    INVALID("target is NULL", ock_loss(&squared, h.x, NULL, NULL, NULL));
    INVALID("labels go with", ock_loss(&binary, h.x, h.labels, NULL, NULL));
    MISFIT("target is 4 x 3", ock_loss(&squared, h.x, h.y, NULL, NULL));
    MISFIT("gradient is 4 x 3", ock_loss(&squared, h.x, h.x2, h.y, NULL));
    MISFIT("totals is 1 x 3", ock_loss(&squared, h.x, h.x2, NULL, h.b));
    INVALID("overlap", ock_loss(&squared, h.x, h.x2, h.x2, NULL));
    INVALID("totals may not overlap prediction",
            ock_loss(&squared, h.totals, h.totals, NULL, h.totals));
    options = (ock_loss_options){.label_smoothing = 1.1f};
    INVALID("label_smoothing is 1.1", ock_loss(&options, h.x, h.x2, NULL, NULL));
    options.label_smoothing = NAN;
    INVALID("label_smoothing is nan", ock_loss(&options, h.x, h.x2, NULL, NULL));
    options = (ock_loss_options){.kind = OCK_MEAN_SQUARED_ERROR, .label_smoothing = 0.1f};
    INVALID("goes with the cross-entropies", ock_loss(&options, h.x, h.x2, NULL, NULL));
    options = (ock_loss_options){.weights = h.b};
    MISFIT("weights is 1 x 3", ock_loss(&options, h.x, h.x2, NULL, NULL));
    options.weights = h.labels;
    INVALID("weights", ock_loss(&options, h.x, h.x2, NULL, NULL));
    INVALID("", ock_totals_read(NULL, &values));
    INVALID("values is NULL", ock_totals_read(h.totals, NULL));
    MISFIT("totals is 1 x 3", ock_totals_read(h.b, &values));
}
END_TEST

START_TEST(batch_norm)
{
    ock_batch_norm norm = {.gamma = h.b, .beta = h.bm, .mean = h.bv, .momentum = 0.9f};
    INVALID("norm is NULL", ock_batch_norm_forward(NULL, h.y, h.y, NULL));
    INVALID("variance is NULL", ock_batch_norm_forward(&norm, h.y, h.y, NULL));
    norm.variance = h.bv;
    INVALID("epsilon is 0", ock_batch_norm_forward(&norm, h.y, h.y, NULL));
    norm.epsilon = 1e-3f;
    MISFIT("gamma is 1 x 3", ock_batch_norm_forward(&norm, h.x, h.x2, NULL));
    MISFIT("saved is 5 x 3", ock_batch_norm_forward(&norm, h.y, h.y, h.w));
    MISFIT("gradients is 5 x 3", ock_batch_norm_backward(&norm, h.y, h.pair, h.y, h.y, h.w));
    INVALID("dx may not overlap x", ock_batch_norm_backward(&norm, h.y, h.pair, h.y, h.y, h.pair));
    INVALID("y may not overlap gamma", ock_batch_norm_forward(&norm, h.row, h.b, NULL));
    INVALID("y may not overlap mean", ock_batch_norm_forward(&norm, h.row, h.bv, NULL));
    INVALID("mean may not overlap variance", ock_batch_norm_forward(&norm, h.y, h.y, h.pair));
    norm.variance = h.b;
    INVALID("variance may not overlap gamma", ock_batch_norm_forward(&norm, h.y, h.y, h.pair));
    norm.variance = h.row;
    INVALID("variance may not overlap x", ock_batch_norm_forward(&norm, h.row, h.row2, h.pair));
    INVALID("dx may not overlap gamma",
            ock_batch_norm_backward(&norm, h.row2, h.pair, h.b, h.b, h.pair2));
    INVALID("dx may not overlap saved",
            ock_batch_norm_backward(&norm, h.pair2, h.pair, h.pair, h.pair, h.pair2));
    norm.variance = h.bv;
    norm.momentum = 1;
    INVALID("momentum is 1", ock_batch_norm_forward(&norm, h.y, h.y, NULL));
    norm.momentum = NAN;
    INVALID("momentum is nan", ock_batch_norm_forward(&norm, h.y, h.y, NULL));
}
END_TEST

START_TEST(reduce)
{
    INVALID("reduction is none", ock_reduce((ock_reduction)9, OCK_ALL, h.x, h.b));
    INVALID("axis is none", ock_reduce(OCK_SUM, (ock_axis)9, h.x, h.b));
    INVALID("x is NULL", ock_reduce(OCK_SUM, OCK_ALL, NULL, h.b));
    INVALID("y is NULL", ock_reduce(OCK_SUM, OCK_ALL, h.x, NULL));
    MISFIT("must be 1 x 1", ock_reduce(OCK_SUM, OCK_ALL, h.x, h.b));
    MISFIT("must be 1 x 5", ock_reduce(OCK_SUM, OCK_ROWS, h.x, h.b));
    MISFIT("must be 4 x 1", ock_reduce(OCK_SUM, OCK_COLS, h.x, h.b));
}
END_TEST

START_TEST(gather)
{
    INVALID("source is NULL", ock_gather(NULL, h.indices, 0, h.x2));
    INVALID("indices is NULL", ock_gather(h.x, NULL, 0, h.x2));
    INVALID("y is NULL", ock_gather(h.x, h.indices, 0, NULL));
    INVALID("indices must be of type OCK_I32", ock_gather(h.x, h.y, 0, h.x2));
    INVALID("y must be of type OCK_F32", ock_gather(h.x, h.indices, 0, h.labels));
    MISFIT("y has 3 columns and source 5", ock_gather(h.x, h.indices, 0, h.y));
    MISFIT("indices is 4 x 1", ock_gather(h.y, h.indices, 0, h.w));
    INVALID("first is", ock_gather(h.x, h.indices, INT64_MAX, h.x2));
    INVALID("y may not overlap source", ock_gather(h.x, h.indices, 0, h.x));
}
END_TEST

START_TEST(augment)
{
    ock_augmentation a = {.height = 1, .width = 5, .channels = 1};
    INVALID("augmentation is NULL", ock_augment(NULL, 0, h.indices, h.x, h.x2));
    INVALID("indices is NULL", ock_augment(&a, 0, NULL, h.x, h.x2));
    INVALID("overlap", ock_augment(&a, 0, h.indices, h.x, h.x));
    MISFIT("y is 4 x 3", ock_augment(&a, 0, h.indices, h.x, h.y));
    a.width = 4;
    MISFIT("pictures of 1 x 4 x 1", ock_augment(&a, 0, h.indices, h.x, h.x2));
    a.height = a.width = UINT32_MAX;
    INVALID("height, width and channels", ock_augment(&a, 0, h.indices, h.x, h.x2));
    a.height = a.channels = 0;
    INVALID("height, width and channels", ock_augment(&a, 0, h.indices, h.x, h.x2));
}
END_TEST

START_TEST(optimizers)
{
    static const float bad[] = {-1, NAN, INFINITY};
    ock_parameter p = {.value = h.w, .moment1 = h.m, .moment2 = h.v};
    ock_optimizer o = ock_adam_defaults();
    INVALID("optimizer is NULL", ock_step(NULL, 1, &p, h.g, B, NULL));
    INVALID("iteration counts from 1", ock_step(&o, 0, &p, h.g, B, NULL));
    o.epsilon = 0;
    INVALID("epsilon is 0", ock_step(&o, 1, &p, h.g, B, NULL));
    for (int i = 0; i < 3; i++) {
        o = ock_adam_defaults();
        o.learning_rate = bad[i];
        INVALID("learning_rate is", ock_step(&o, 1, &p, h.g, B, NULL));
        o = ock_adam_defaults();
        o.beta1 = bad[i];
        INVALID("beta1 is", ock_step(&o, 1, &p, h.g, B, NULL));
        o = ock_adam_defaults();
        o.epsilon = bad[i];
        INVALID("epsilon is", ock_step(&o, 1, &p, h.g, B, NULL));
        o = ock_sgd_defaults();
        o.momentum = bad[i];
        INVALID("momentum is", ock_step(&o, 1, &p, h.g, B, NULL));
        o = ock_sgd_defaults();
        p.penalty = (ock_penalty){.l1 = bad[i]};
        INVALID("l1 is", ock_step(&o, 1, &p, h.g, B, NULL));
        p.penalty = (ock_penalty){.l2 = bad[i]};
        INVALID("l2 is", ock_penalty_add(&p, B, h.totals));
        p.penalty = (ock_penalty){.group_lasso = bad[i]};
        INVALID("group_lasso is", ock_penalty_add(&p, B, h.totals));
        p.penalty = (ock_penalty){0};
        p.constraint = (ock_constraint){OCK_MAX_NORM, bad[i]};
        INVALID("max_norm is", ock_step(&o, 1, &p, h.g, B, NULL));
        p.constraint = (ock_constraint){0};
        o = ock_rmsprop_defaults();
        o.rho = bad[i];
        INVALID("rho is", ock_step(&o, 1, &p, h.g, B, NULL));
        o = ock_adamw_defaults();
        o.weight_decay = bad[i];
        INVALID("weight_decay is", ock_step(&o, 1, &p, h.g, B, NULL));
        o.weight_decay = 0, o.clip_value = bad[i];
        INVALID("clip_value is", ock_step(&o, 1, &p, h.g, B, NULL));
        o.clip_value = 0, o.ema_momentum = bad[i];
        INVALID("ema_momentum is", ock_step(&o, 1, &p, h.g, B, NULL));
    }
    o = ock_adam_defaults();
    o.clip_norm = 1;
    INVALID("clip_norm", ock_step(&o, 1, &p, h.g, B, NULL));
    o.clip_value = 1;
    INVALID("only one of clip_value, clip_norm", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_adam_defaults();
    o.ema_momentum = 0.5f;
    INVALID("average is NULL", ock_step(&o, 1, &p, h.g, B, NULL));
    p.average = h.m;
    INVALID("average may not overlap moment1", ock_step(&o, 1, &p, h.g, B, NULL));
    p.average = NULL;
    p.constraint.kind = (ock_constraint_kind)9;
    o = ock_sgd_defaults();
    INVALID("constraint kind is none", ock_step(&o, 1, &p, h.g, B, NULL));
    p.constraint = (ock_constraint){0};
    o.beta2 = 1;
    o.kind = (ock_optimizer_kind)5;
    INVALID("kind is none", ock_step(&o, 1, &p, h.g, B, NULL));
    o.kind = OCK_ADAM;
    INVALID("beta2 is 1", ock_step(&o, 1, &p, h.g, B, NULL));
    o = ock_sgd_defaults();
    o.nesterov = true;
    INVALID("nesterov needs a momentum", ock_step(&o, 1, &p, h.g, B, NULL));
}
END_TEST

START_TEST(steps)
{
    ock_optimizer o = ock_adam_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.m};
    INVALID("parameter is NULL", ock_step(&o, 1, NULL, h.g, B, NULL));
    INVALID("", ock_step(&o, 1, &p, NULL, B, NULL));
    INVALID("moment2 is NULL", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.m;
    INVALID("moment2 may not overlap moment1", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.y;
    MISFIT("moment2 is 4 x 3", ock_step(&o, 1, &p, h.g, B, NULL));
    p.moment2 = h.v;
    MISFIT("parameter value is 5 x 3", ock_step(&o, 1, &p, h.y, B, NULL));
    INVALID("may not overlap gradient", ock_step(&o, 1, &p, h.w, B, NULL));
    INVALID("may not overlap gradient", ock_step(&o, 1, &p, h.m, B, NULL));
    MISFIT("totals is 1 x 3", ock_step(&o, 1, &p, h.g, B, h.b));
    p.value = h.totals2;
    o = ock_sgd_defaults();
    INVALID("totals may not overlap gradient", ock_step(&o, 1, &p, h.totals, B, h.totals));
    INVALID("totals may not overlap", ock_penalty_add(&p, B, h.totals2));
    INVALID("parameter is NULL", ock_penalty_add(NULL, B, h.totals));
    p.value = h.w;
    INVALID("parameter is NULL", ock_penalty_gradient(NULL, h.g));
    INVALID("gradient is NULL", ock_penalty_gradient(&p, NULL));
    INVALID("gradient may not overlap", ock_penalty_gradient(&p, h.w));
    MISFIT("parameter value is 5 x 3", ock_penalty_gradient(&p, h.y));
    ock_tensor *pair[] = {h.g, NULL};
    INVALID("", ock_clip_norm(1, NULL, 1));
    INVALID("", ock_clip_norm(1, pair, 0));
    INVALID("a gradient is NULL", ock_clip_norm(1, pair, 2));
    pair[1] = h.g;
    INVALID("a gradient may not overlap another", ock_clip_norm(1, pair, 2));
    INVALID("norm is 0", ock_clip_norm(0, pair, 1));
    INVALID("norm is inf", ock_clip_norm(INFINITY, pair, 1));
    p.value = h.totals2;
    INVALID("totals is NULL", ock_penalty_add(&p, B, NULL));
}
END_TEST

START_TEST(dense)
{
    ock_optimizer o = ock_adam_defaults();
    ock_dropout full = {.rate = 1};
    ock_dense_parameters p = {.kernel = {.value = h.w, .moment1 = h.m, .moment2 = h.v},
                              .bias = {.value = h.b, .moment1 = h.bm, .moment2 = h.bv}};
    ock_dense_parameters q = p;
    INVALID("parameters is NULL", ock_dense_forward(h.x, NULL, OCK_RELU, NULL, h.y));
    INVALID("not OCK_SOFTMAX", ock_dense_forward(h.x, &p, OCK_SOFTMAX, NULL, h.y));
    INVALID("dropout rate is 1", ock_dense_forward(h.x, &p, OCK_RELU, &full, h.y));
    full = (ock_dropout){.rate = 0.5f, .channels = 1};
    INVALID("dropout channels must be 0", ock_dense_forward(h.x, &p, OCK_RELU, &full, h.y));
    MISFIT("parameter value is 5 x 3", ock_dense_forward(h.y, &p, OCK_RELU, NULL, h.x));
    MISFIT("y is 5 x 3", ock_dense_forward(h.x, &p, OCK_RELU, NULL, h.m));
    q.kernel.value = NULL;
    INVALID("parameter value is NULL", ock_dense_forward(h.x, &q, OCK_RELU, NULL, h.y));
    q = p;
    q.bias.value = h.pair;
    MISFIT("parameter value is 2 x 3", ock_dense_forward(h.x, &q, OCK_RELU, NULL, h.y));
    INVALID("not OCK_GELU", ock_dense_backward_input(h.y, &p, OCK_GELU, NULL, h.x, h.x2));
    INVALID("y is NULL", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, NULL, h.x2));
    INVALID("dx may not overlap y", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, h.x, h.x));
    MISFIT("parameter value", ock_dense_backward_input(h.y, &p, OCK_RELU, NULL, h.wide, h.wide));
    MISFIT("dy is 5 x 3", ock_dense_backward_weights(&o, 1, h.x, h.w, &p, NULL));
    MISFIT("parameter value", ock_dense_backward_weights(&o, 1, h.wide, h.y, &p, NULL));
    MISFIT("totals is 1 x 3", ock_dense_backward_weights(&o, 1, h.x, h.y, &p, h.b));
    q = p;
    q.bias.moment2 = NULL;
    INVALID("moment2 is NULL", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
    q = p;
    assert_ok(ock_tensor_view(h.w, 0, 1, &q.bias.value));
    INVALID("overlap bias", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
    ock_tensor_destroy(q.bias.value);
    q = p;
    q.kernel.penalty.l1 = -1;
    INVALID("l1 is -1", ock_dense_backward_weights(&o, 1, h.x, h.y, &q, NULL));
}
END_TEST

/* What an operation does not read may be of any shape and context. */
START_TEST(what_is_not_read)
{
    ock_optimizer sgd = ock_sgd_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.far, .moment2 = h.g};
    ock_dense_parameters q = {.kernel = p, .bias = {.moment1 = h.x}};
    assert_ok(ock_step(&sgd, 1, &p, h.g, B, NULL));
    assert_ok(ock_dense_backward_weights(&sgd, 1, h.x, h.y, &q, NULL));
    assert_ok(ock_dense_backward_input(h.y, &q, OCK_LINEAR, NULL, h.far, h.x2));
    assert_ok(ock_activation_backward(OCK_RELU, h.far, h.x, h.x2, h.x2));
    assert_ok(ock_activation_backward(OCK_GELU, h.x, h.far, h.x2, h.x2));
}
END_TEST

/* The ends of the ranges that ops.h and model.h name. */
START_TEST(what_is_in_range)
{
    float before[I * O], after[I * O];
    ock_optimizer o = ock_adam_defaults();
    ock_parameter p = {.value = h.w, .moment1 = h.m, .moment2 = h.v};
    ock_batch_norm norm = {h.b, h.bm, h.row, h.row2, .momentum = 0, .epsilon = 2};
    o.learning_rate = 0;
    o.epsilon = 2;
    assert_ok(ock_tensor_read(h.w, before));
    assert_ok(ock_step(&o, 1, &p, h.g, B, NULL));
    assert_ok(ock_tensor_read(h.w, after));
    ck_assert_mem_eq(before, after, sizeof before);
    assert_ok(ock_batch_norm_forward(&norm, h.y, h.y, h.pair));
    p.penalty.l2 = FLT_MAX;
    assert_ok(ock_penalty_add(&p, B, h.totals));
}
END_TEST

TEST_MAIN("ops_errors", open_house, close_house, matmul, activation, dropout, noise, loss,
          batch_norm, reduce, gather, augment, optimizers, steps, dense, what_is_not_read,
          what_is_in_range)
