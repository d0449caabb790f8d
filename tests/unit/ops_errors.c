/* What operations refuse, but those of a step. */
#include <math.h>

#include "refusals.h"

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
    options.kind = (ock_loss_kind)-1;
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
    INVALID("reduction is none", ock_reduce((ock_reduction)-1, OCK_ALL, h.x, h.b));
    INVALID("axis is none", ock_reduce(OCK_SUM, (ock_axis)9, h.x, h.b));
    INVALID("axis is none", ock_reduce(OCK_SUM, (ock_axis)-1, h.x, h.b));
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
    a = (ock_augmentation){.height = 1, .width = 3, .channels = 2};
    MISFIT("pictures of 1 x 3 x 2", ock_augment(&a, 0, h.indices, h.x, h.x2));
}
END_TEST

START_TEST(augment_parts)
{
    const ock_augmentation a = {.height = 1, .width = 5, .channels = 1};
    INVALID("augmentation is NULL", ock_augment_draw(NULL, 0, h.indices, h.transforms));
    INVALID("indices is NULL", ock_augment_draw(&a, 0, NULL, h.transforms));
    INVALID("transforms is NULL", ock_augment_draw(&a, 0, h.indices, NULL));
    MISFIT("transforms is 4 x 5", ock_augment_draw(&a, 0, h.indices, h.x));
    INVALID("x is NULL", ock_augment_apply(&a, 0, h.indices, h.transforms, NULL, h.x2));
    INVALID("transforms is NULL", ock_augment_apply(&a, 0, h.indices, NULL, h.x, h.x2));
    MISFIT("transforms is 4 x 5", ock_augment_apply(&a, 0, h.indices, h.x2, h.x, h.x2));
    MISFIT("y is 4 x 3", ock_augment_apply(&a, 0, h.indices, h.transforms, h.x, h.y));
}
END_TEST

START_TEST(standardize)
{
    ock_standardize options = {.rescale = 1};
    INVALID("options is NULL", ock_standardize_apply(NULL, h.x, h.x2));
    INVALID("x is NULL", ock_standardize_apply(&options, NULL, h.x2));
    MISFIT("y is 4 x 3", ock_standardize_apply(&options, h.x, h.y));
    options.mean = h.b;
    MISFIT("mean is 1 x 3", ock_standardize_apply(&options, h.x, h.x2));
    options.mean = h.row;
    INVALID("y may not overlap mean", ock_standardize_apply(&options, h.row, h.row));
    options = (ock_standardize){.rescale = 1, .deviation = h.row};
    INVALID("y may not overlap deviation", ock_standardize_apply(&options, h.row2, h.row));
    options = (ock_standardize){.rescale = NAN};
    INVALID("rescale is nan", ock_standardize_apply(&options, h.x, h.x2));
}
END_TEST

START_TEST(mixtures)
{
    ock_tensor *column = NULL;
    assert_ok(ock_tensor_create(h.context, OCK_F32, B, 1, &column));
    INVALID("labels is NULL", ock_one_hot(NULL, h.y));
    INVALID("y is NULL", ock_one_hot(h.labels, NULL));
    INVALID("labels must be of type OCK_I32", ock_one_hot(h.x, h.y));
    MISFIT("labels is 4 x 1 and must be 5 x 1", ock_one_hot(h.labels, h.w));
    INVALID("share is NULL", ock_mix(NULL, h.x, h.x2, h.x));
    MISFIT("share is 4 x 5", ock_mix(h.x2, h.x, h.x2, h.x));
    MISFIT("other is 4 x 3", ock_mix(column, h.x, h.y, h.x));
    MISFIT("y is 4 x 3", ock_mix(column, h.x, h.x2, h.y));
    INVALID("y may not overlap other", ock_mix(column, h.x, h.x2, h.x2));
    ock_tensor_destroy(column);
}
END_TEST

START_TEST(copies)
{
    INVALID("source is NULL", ock_tensor_copy(NULL, h.x));
    INVALID("target is NULL", ock_tensor_copy(h.x, NULL));
    MISFIT("source is 4 x 5 and target 4 x 3", ock_tensor_copy(h.x, h.y));
    MISFIT("source is 4 x 5 and target 5 x 3", ock_tensor_copy(h.x, h.w));
    INVALID("target must be of type OCK_I32", ock_tensor_copy(h.labels, h.x));
    INVALID("target may not overlap source", ock_tensor_blend(0.5f, h.x, h.x));
    INVALID("share is 1.5", ock_tensor_blend(1.5f, h.x, h.x2));
    INVALID("", ock_tensor_fill(NULL, 1));
    INVALID("must be of type OCK_F32", ock_tensor_fill(h.labels, 1));
}
END_TEST

TEST_MAIN("ops_errors", open_house, close_house, matmul, activation, dropout, noise, loss,
          batch_norm, reduce, gather, augment, augment_parts, standardize, mixtures, copies)
