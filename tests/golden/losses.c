#include "vectors/labels.h"
#include "vectors/operations.h"

/* With smoothing. */
static double target_at(const golden_loss *c, size_t i, size_t j)
{
    double s = (double)c->smoothing, n = c->kind == OCK_BINARY_CROSSENTROPY ? 2 : (double)c->cols;
    float target = c->labels ? (float)((size_t)c->labels[i] == j) : c->targets[i * c->cols + j];
    return (1 - s) * (double)target + s / n;
}

static double weight_of(const golden_loss *c, size_t i)
{
    return c->weights ? (double)c->weights[i] : 1;
}

/* Of one row: the largest prediction for the softmax, whose logits count from there; else 0. */
static double origin(const golden_loss *c, size_t i)
{
    const float *z = c->prediction + i * c->cols;
    double highest = z[0];
    for (size_t j = 1; j < c->cols; j++)
        highest = fmax(highest, z[j]);
    return c->kind == OCK_SOFTMAX_CROSSENTROPY ? highest : 0;
}

/* A dozen roundings of the row's terms, exp() and log() within 4 ulp included. What the terms
 * are of: the logits' distance and 1 for the cross-entropies, the loss for the squared error. */
static double loss_bound(const golden_loss *c, size_t i)
{
    double terms = 1, from = origin(c, i);
    if (c->kind == OCK_MEAN_SQUARED_ERROR)
        return 12 * UNIT * c->losses[i];
    for (size_t j = 0; j < c->cols; j++) {
        double z = fabs((double)c->prediction[i * c->cols + j] - from);
        terms += c->kind == OCK_SOFTMAX_CROSSENTROPY ? z * target_at(c, i, j)
                                                     : (z + 1) / (double)c->cols;
    }
    return 12 * UNIT * terms * weight_of(c, i);
}

/* p - t, with p of the exponential of a logit that has been rounded. */
static double gradient_bound(const golden_loss *c, size_t i, size_t j)
{
    double scale = (double)c->rows / weight_of(c, i), gradient = c->gradient[i * c->cols + j];
    if (weight_of(c, i) == 0)
        return 0;
    if (c->kind != OCK_SOFTMAX_CROSSENTROPY)
        scale *= (double)c->cols;
    double target = target_at(c, i, j), share = gradient * scale + target;
    double z = fabs((double)c->prediction[i * c->cols + j] - origin(c, i));
    if (c->kind == OCK_MEAN_SQUARED_ERROR)
        return 6 * UNIT * fabs(gradient);
    return FLT_MIN +
           UNIT * (fabs(share) * (16 + fmin(z, 100)) + 4 * fabs(gradient) * scale) / scale;
}

static ock_tensor *make_target(ock_context *context, const golden_loss *c)
{
    return c->labels ? make_ints(context, c->rows, c->labels)
                     : make_floats(context, c->rows, c->cols, c->targets);
}

/* `all` views each tensor of the batch: prediction, target, and weights or NULL. */
static double one_loss(const golden_loss *c, ock_tensor *const all[3], size_t row)
{
    ock_tensor *one[3] = {NULL, NULL, NULL};
    ock_tensor *totals = make_floats(ock_tensor_context(all[0]), 1, OCK_TOTALS_SIZE, NULL);
    for (int i = 0; i < 3; i++)
        if (all[i])
            expect_ok(NULL, ock_tensor_view(all[i], row, 1, &one[i]));
    const ock_loss_options options = {c->kind, c->smoothing, one[2]};
    expect_ok(ock_tensor_context(totals), ock_loss(&options, one[0], one[1], NULL, totals));
    double loss = read_totals(totals).loss;
    ock_tensor_destroy(totals);
    for (int i = 0; i < 3; i++)
        ock_tensor_destroy(one[i]);
    return loss;
}

static void check_loss(ock_context *context, const golden_loss *c)
{
    float gradient[64];
    ock_tensor *z = make_floats(context, c->rows, c->cols, c->prediction);
    ock_tensor *target = make_target(context, c),
               *dz = make_floats(context, c->rows, c->cols, NULL);
    ock_tensor *totals = make_floats(context, 1, OCK_TOTALS_SIZE, NULL);
    ock_tensor *weights = c->weights ? make_floats(context, c->rows, 1, c->weights) : NULL;
    ock_tensor *const all[] = {z, target, weights};
    const ock_loss_options options = {c->kind, c->smoothing, weights};
    expect_ok(context, ock_loss(&options, z, target, dz, totals));
    read_floats(dz, gradient);
    ock_totals sums = read_totals(totals);
    double sum = 0, bound = 0;
    for (size_t i = 0; i < c->rows; i++) {
        double row_bound = loss_bound(c, i);
        expect_near(c->name, i, one_loss(c, all, i), c->losses[i], row_bound);
        for (size_t j = 0; j < c->cols; j++)
            expect_near(c->name, i * c->cols + j, gradient[i * c->cols + j],
                        c->gradient[i * c->cols + j], gradient_bound(c, i, j));
        sum += c->losses[i];
        bound += row_bound;
    }
    expect_near(c->name, 0, sums.loss, sum, bound + 4 * UNIT * sum);
    expect_near(c->name, 0, sums.correct, c->correct, (double)(c->rows * c->cols) * UNIT);
    ock_tensor_destroy(totals);
    ock_tensor_destroy(weights);
    ock_tensor_destroy(dz);
    ock_tensor_destroy(target);
    ock_tensor_destroy(z);
}

START_TEST(losses)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(loss_cases); i++)
        check_loss(context, &loss_cases[i]);
    for (size_t i = 0; context && i < LENGTH(label_cases); i++)
        check_loss(context, &label_cases[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_losses(void)
{
    TCase *topic = tcase_create("losses");
    tcase_add_loop_test(topic, losses, 0, GOLDEN_DEVICES);
    return topic;
}
