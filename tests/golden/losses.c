#include "vectors/operations.h"

static float target_at(const golden_loss *c, size_t i, size_t j)
{
    return c->labels ? (float)((size_t)c->labels[i] == j) : c->targets[i * c->cols + j];
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
        terms += c->kind == OCK_SOFTMAX_CROSSENTROPY ? z * (double)target_at(c, i, j)
                                                     : (z + 1) / (double)c->cols;
    }
    return 12 * UNIT * terms;
}

/* p - t, with p of the exponential of a logit that has been rounded. */
static double gradient_bound(const golden_loss *c, size_t i, size_t j)
{
    double scale = (double)c->rows, gradient = c->gradient[i * c->cols + j];
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

static double one_loss(const golden_loss *c, const ock_tensor *z, const ock_tensor *target,
                       size_t row)
{
    ock_tensor *one_z = NULL, *one_target = NULL;
    ock_tensor *totals = make_floats(ock_tensor_context(z), 1, OCK_TOTALS_SIZE, NULL);
    expect_ok(NULL, ock_tensor_view(z, row, 1, &one_z));
    expect_ok(NULL, ock_tensor_view(target, row, 1, &one_target));
    expect_ok(ock_tensor_context(z),
              ock_loss(&(ock_loss_options){.kind = c->kind}, one_z, one_target, NULL, totals));
    double loss = read_totals(totals).loss;
    ock_tensor_destroy(totals);
    ock_tensor_destroy(one_target);
    ock_tensor_destroy(one_z);
    return loss;
}

static void check_loss(ock_context *context, const golden_loss *c)
{
    float gradient[64];
    ock_tensor *z = make_floats(context, c->rows, c->cols, c->prediction);
    ock_tensor *target = make_target(context, c),
               *dz = make_floats(context, c->rows, c->cols, NULL);
    ock_tensor *totals = make_floats(context, 1, OCK_TOTALS_SIZE, NULL);
    expect_ok(context, ock_loss(&(ock_loss_options){.kind = c->kind}, z, target, dz, totals));
    read_floats(dz, gradient);
    ock_totals sums = read_totals(totals);
    double sum = 0, bound = 0;
    for (size_t i = 0; i < c->rows; i++) {
        double row_bound = loss_bound(c, i);
        expect_near(c->name, i, one_loss(c, z, target, i), c->losses[i], row_bound);
        for (size_t j = 0; j < c->cols; j++)
            expect_near(c->name, i * c->cols + j, gradient[i * c->cols + j],
                        c->gradient[i * c->cols + j], gradient_bound(c, i, j));
        sum += c->losses[i];
        bound += row_bound;
    }
    expect_near(c->name, 0, sums.loss, sum, bound + 4 * UNIT * sum);
    expect_near(c->name, 0, sums.correct, c->correct, (double)(c->rows * c->cols) * UNIT);
    ock_tensor_destroy(totals);
    ock_tensor_destroy(dz);
    ock_tensor_destroy(target);
    ock_tensor_destroy(z);
}

START_TEST(losses)
{
    ock_context *context = golden_open(_i);
    for (size_t i = 0; context && i < LENGTH(loss_cases); i++)
        check_loss(context, &loss_cases[i]);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_losses(void)
{
    TCase *topic = tcase_create("losses");
    tcase_add_loop_test(topic, losses, 0, GOLDEN_DEVICES);
    return topic;
}
