#include "vectors/operations.h"

enum {
    BATCHES = 3,
    NORM_ROWS = 10
};
static const size_t batch_rows[BATCHES] = {6, 3, 1};

/* What a column of a batch is, and how far float32 may be from it: `centre` bounds the error of
 * x - mean, `scale` that of 1/sqrt(variance + epsilon) as a share of it. */
typedef struct column {
    double rows, mean, variance, scale, widest, largest;
    double centre_error, variance_error, scale_error, normal_error;
    double dy_sum, dot_sum; /* of |dy| and |dy xhat| */
} column;

static column column_of(size_t first, size_t rows, size_t j)
{
    column c = {.rows = (double)rows};
    for (size_t i = first; i < first + rows; i++) {
        c.mean += (double)norm_x[i * NORM_COLS + j] / c.rows;
        c.largest = fmax(c.largest, fabs((double)norm_x[i * NORM_COLS + j]));
    }
    for (size_t i = first; i < first + rows; i++) {
        double centred = (double)norm_x[i * NORM_COLS + j] - c.mean;
        c.variance += centred * centred / c.rows;
        c.widest = fmax(c.widest, fabs(centred));
    }
    c.scale = 1 / sqrt(c.variance + (double)norm_epsilon);
    for (size_t i = first; i < first + rows; i++) {
        double dy = fabs((double)norm_dy[i * NORM_COLS + j]);
        c.dy_sum += dy;
        c.dot_sum += dy * fabs((double)norm_x[i * NORM_COLS + j] - c.mean) * c.scale;
    }
    c.centre_error = UNIT * (c.rows + 2) * c.largest; /* a sum of `rows` terms, one difference */
    c.variance_error = 2 * c.centre_error * c.widest + UNIT * (c.rows + 3) * c.variance;
    c.scale_error = c.variance_error * c.scale * c.scale / 2 + 4 * UNIT;
    c.normal_error = c.scale * (c.centre_error + c.widest * c.scale_error);
    return c;
}

static void check_values(const column *c, size_t at, float y, float dx)
{
    size_t j = at % NORM_COLS;
    double gamma = fabs((double)norm_gamma[j]), beta = fabs((double)norm_beta[j]);
    double normal = fabs((double)norm_x[at] - c->mean) * c->scale;
    double dy_mean = c->dy_sum / c->rows, dot_mean = c->dot_sum / c->rows;
    double dy = fabs((double)norm_dy[at]);
    double terms = dy + dy_mean + normal * dot_mean;
    expect_near("y", at, y, norm_y[at],
                gamma * c->normal_error + 4 * UNIT * (gamma * normal + beta));
    expect_near("dx", at, dx, norm_dx[at],
                gamma * c->scale *
                    (terms * (UNIT * (c->rows + 8) + c->scale_error) +
                     c->normal_error * (dot_mean + c->scale * c->widest * dy_mean)));
}

static ock_batch_norm make_norm(ock_context *context)
{
    ock_batch_norm norm = {.momentum = norm_momentum, .epsilon = norm_epsilon};
    norm.gamma = make_floats(context, 1, NORM_COLS, norm_gamma);
    norm.beta = make_floats(context, 1, NORM_COLS, norm_beta);
    norm.mean = make_floats(context, 1, NORM_COLS, NULL);
    norm.variance = make_floats(context, 1, NORM_COLS, NULL);
    expect_ok(context, ock_tensor_fill(norm.variance, 1));
    return norm;
}

static void destroy_norm(ock_batch_norm *norm)
{
    ock_tensor_destroy(norm->gamma);
    ock_tensor_destroy(norm->beta);
    ock_tensor_destroy(norm->mean);
    ock_tensor_destroy(norm->variance);
}

/* The running statistics' errors are those of the batches', weighted, and three roundings. */
static void check_batch(const ock_batch_norm *norm, size_t batch, size_t first, const float *y,
                        const float *dx, const float *gradients)
{
    float mean[NORM_COLS], variance[NORM_COLS];
    read_floats(norm->mean, mean);
    read_floats(norm->variance, variance);
    for (size_t j = 0; j < NORM_COLS; j++) {
        column c = column_of(first, batch_rows[batch], j), all = column_of(0, NORM_ROWS, j);
        size_t at = batch * NORM_COLS + j;
        for (size_t i = 0; i < batch_rows[batch]; i++)
            check_values(&c, (first + i) * NORM_COLS + j, y[i * NORM_COLS + j],
                         dx[i * NORM_COLS + j]);
        expect_near("dgamma", at, gradients[j], norm_dgamma[at],
                    c.dy_sum * c.normal_error + UNIT * (c.rows + 2) * c.dot_sum);
        expect_near("dbeta", at, gradients[NORM_COLS + j], norm_dbeta[at],
                    UNIT * c.rows * c.dy_sum);
        expect_near("mean", at, mean[j], norm_mean[at], all.centre_error);
        expect_near("variance", at, variance[j], norm_variance[at], all.variance_error + 8 * UNIT);
    }
}

static void run_batch(ock_context *context, const ock_batch_norm *norm, size_t batch, size_t first)
{
    float value[NORM_ROWS * NORM_COLS], gradient[NORM_ROWS * NORM_COLS];
    float gradients[2 * NORM_COLS];
    size_t rows = batch_rows[batch];
    ock_tensor *x = make_floats(context, rows, NORM_COLS, norm_x + first * NORM_COLS);
    ock_tensor *dy = make_floats(context, rows, NORM_COLS, norm_dy + first * NORM_COLS);
    ock_tensor *y = make_floats(context, rows, NORM_COLS, NULL);
    ock_tensor *saved = make_floats(context, 2, NORM_COLS, NULL);
    ock_tensor *sums = make_floats(context, 2, NORM_COLS, NULL);
    expect_ok(context, ock_batch_norm_forward(norm, x, y, saved));
    expect_ok(context, ock_batch_norm_backward(norm, x, saved, dy, dy, sums));
    read_floats(y, value);
    read_floats(dy, gradient);
    read_floats(sums, gradients);
    check_batch(norm, batch, first, value, gradient, gradients);
    ock_tensor_destroy(sums);
    ock_tensor_destroy(saved);
    ock_tensor_destroy(y);
    ock_tensor_destroy(dy);
    ock_tensor_destroy(x);
}

/* From our own running statistics, as far from Keras's as check_batch() allows. */
static void check_inference(ock_context *context, const ock_batch_norm *norm)
{
    float value[NORM_ROWS * NORM_COLS];
    ock_tensor *x = make_floats(context, NORM_ROWS, NORM_COLS, norm_x);
    expect_ok(context, ock_batch_norm_forward(norm, x, x, NULL));
    read_floats(x, value);
    for (size_t at = 0; at < NORM_ROWS * NORM_COLS; at++) {
        size_t j = at % NORM_COLS, last = (BATCHES - 1) * NORM_COLS + j;
        column all = column_of(0, NORM_ROWS, j);
        double gamma = fabs((double)norm_gamma[j]), beta = fabs((double)norm_beta[j]);
        double scale = 1 / sqrt((double)norm_variance[last] + (double)norm_epsilon);
        double centred = fabs((double)norm_x[at] - (double)norm_mean[last]);
        double share = (all.variance_error + 8 * UNIT) * scale * scale / 2 + 8 * UNIT;
        expect_near("inference", at, value[at], norm_inference[at],
                    gamma * scale * (all.centre_error + centred * share) + 2 * UNIT * beta);
    }
    ock_tensor_destroy(x);
}

START_TEST(batch_norm)
{
    ock_context *context = golden_open(_i);
    if (!context)
        return;
    ock_batch_norm norm = make_norm(context);
    size_t first = 0;
    for (size_t batch = 0; batch < BATCHES; batch++) {
        run_batch(context, &norm, batch, first);
        first += batch_rows[batch];
    }
    check_inference(context, &norm);
    destroy_norm(&norm);
    ock_context_destroy(context);
}
END_TEST

TCase *golden_norms(void)
{
    TCase *topic = tcase_create("norms");
    tcase_add_loop_test(topic, batch_norm, 0, GOLDEN_DEVICES);
    return topic;
}
