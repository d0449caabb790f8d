/* checkcl: every operation on an OpenCL device against the scalar path, on random data.
 *
 * A test is a function `void check_NAME(checkcl *t)` and a line of CHECKCL_TESTS. Each call is
 * one case: it makes pairs of tensors, one on the scalar path and one on the device, runs
 * the operation ON_BOTH sides and says how far apart the outputs may be. The
 * framework owns and frees what a test makes, and after each case sees to it that no
 * input and no row around a tensor has changed. */
#ifndef CHECKCL_H
#define CHECKCL_H

#include <float.h>

#include <ockham/ockham.h>

#define CHECKCL_TESTS(X)                                                                           \
    X(tensor_write)                                                                                \
    X(tensor_fill)                                                                                 \
    X(tensor_copy)                                                                                 \
    X(tensor_blend)                                                                                \
    X(tensor_views)                                                                                \
    X(matmul)                                                                                      \
    X(matmul_special)                                                                              \
    X(dense_forward)                                                                               \
    X(dense_backward_input)                                                                        \
    X(dense_backward_weights)                                                                      \
    X(activation_forward)                                                                          \
    X(activation_backward)                                                                         \
    X(softmax_forward)                                                                             \
    X(softmax_backward)                                                                            \
    X(dropout)                                                                                     \
    X(dropout_channels)                                                                            \
    X(noise)                                                                                       \
    X(draws)                                                                                       \
    X(draws_weights)                                                                               \
    X(draws_shuffle)                                                                               \
    X(draws_pictures)                                                                              \
    X(draws_batches)                                                                               \
    X(precision)                                                                                   \
    X(loss_labels)                                                                                 \
    X(loss_probabilities)                                                                          \
    X(loss_binary)                                                                                 \
    X(loss_squared)                                                                                \
    X(loss_bad)                                                                                    \
    X(batch_norm_forward)                                                                          \
    X(batch_norm_backward)                                                                         \
    X(reduce)                                                                                      \
    X(reduce_long)                                                                                 \
    X(reduce_max_special)                                                                          \
    X(gather)                                                                                      \
    X(gather_integers)                                                                             \
    X(one_hot)                                                                                     \
    X(mix)                                                                                         \
    X(transform)                                                                                   \
    X(warp)                                                                                        \
    X(tone)                                                                                        \
    X(erase)                                                                                       \
    X(standardize)                                                                                 \
    X(step)                                                                                        \
    X(penalty)                                                                                     \
    X(penalty_compensated)                                                                         \
    X(penalty_gradient)                                                                            \
    X(clip_norm)                                                                                   \
    X(clip_norm_special)                                                                           \
    X(fma_chains)

typedef struct checkcl checkcl;

#define CHECKCL_DECLARE(name) void check_##name(checkcl *t);
CHECKCL_TESTS(CHECKCL_DECLARE)
#undef CHECKCL_DECLARE

/* The unit roundoff of float: one rounding errs by at most UNIT times the result. */
#define UNIT (0.5 * (double)FLT_EPSILON)

enum {
    SCALAR,
    DEVICE,
    SIDES
};

/* ---- Random choices, a function of seed, test and iteration ---- */

/* 1 .. the largest size; half of the time beside a power of two, where tiles end. */
size_t any_size(checkcl *t);

/* 0 .. count - 1. The first choice of a case takes each in turn, the others are random. */
unsigned choose(checkcl *t, unsigned count);

/* `count` values in low .. high; one in sixteen is 0 where the range allows. */
float *uniform(checkcl *t, size_t count, float low, float high);
int32_t *integers(checkcl *t, size_t count, int32_t low, int32_t high);

/* What a failure says of the case: sizes and options. */
void describe(checkcl *t, const char *format, ...) OCK_PRINTF(2, 3);

/* ---- Tensors ---- */

/* A tensor on both sides, with the same contents. Each is a view of a larger tensor whose other
 * rows hold a NaN that must stay; where an output is not written, the same NaN gives it away. */
typedef struct pair {
    struct pair *next;
    ock_dtype dtype;
    size_t rows, cols;
    void *data; /* as written; NULL for an output */
    bool constant;
    size_t before, after; /* rows around the view */
    ock_tensor *whole[SIDES];
    ock_tensor *on[SIDES];
} pair;

/* Float tensors: an input must not change; inout may; an output is all NaN and must be written.
 * data may come from uniform() or scratch(). */
pair *input(checkcl *t, size_t rows, size_t cols, const float *data);
pair *inout(checkcl *t, size_t rows, size_t cols, const float *data);
pair *output(checkcl *t, size_t rows, size_t cols);

/* The same of integers. */
pair *input_i32(checkcl *t, size_t rows, size_t cols, const int32_t *data);
pair *inout_i32(checkcl *t, size_t rows, size_t cols, const int32_t *data);

/* An epoch's sums, of zeros. */
pair *totals(checkcl *t);

/* Runs a call once for each value of `side` and fails the case unless it returns OCK_OK. */
#define ON_BOTH(t, call)                                                                           \
    for (int side = 0; side < SIDES; side++)                                                       \
    expect_ok((t), side, #call, (call))
void expect_ok(checkcl *t, int side, const char *call, ock_status status);

/* The contents of one side, rows x cols; the framework's. */
float *result(checkcl *t, const pair *y, int side);

/* `count` zeros; the framework's. */
double *scratch(checkcl *t, size_t count);

/* ---- Expectations: the device against the scalar path. Two NaNs agree. ---- */

void expect_same(checkcl *t, const char *name, const pair *y); /* bit for bit */

/* Within `ulps` units in the last place of the scalar path's value, or within `floor`. */
void expect_ulps(checkcl *t, const char *name, const pair *y, double ulps, double floor);

/* Each element within its own bound. */
void expect_within(checkcl *t, const char *name, const pair *y, const double *bound);

/* Loss, correct and penalty within those of `bound`, the counts alike. */
void expect_totals(checkcl *t, const pair *totals, const ock_totals *bound);

/* What does not fit the forms above. */
void expect_true(checkcl *t, bool condition, const char *format, ...) OCK_PRINTF(3, 4);

/* ---- Bounds on the distance of two float evaluations of one formula. Second-order terms in
 * UNIT are left out, and covered by first-order ones being rounded up. ---- */

/* One op(A) op(B) of inputs, exactly enough: M x N sums of products, and of magnitudes. */
typedef struct product {
    size_t m, n, k;
    double *value, *magnitude;
} product;

product multiply(checkcl *t, const pair *a, bool transpose_a, const pair *b, bool transpose_b);

/* Sums of k products, in whatever order: each errs by at most k u/(1 - k u) times the sum of
 * the magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). */
double product_bound(size_t k, double magnitude);

/* f(x) for all but OCK_SOFTMAX, the greatest |f'|, and how far apart two f(x) may be: libm's
 * and the errors that OpenCL C 1.2, table 7.2, allows. */
double activation_value(ock_activation activation, double x);
double activation_slope(ock_activation activation);
double activation_bound(ock_activation activation, double x);

/* A parameter of a case: moments and averages that the optimiser does not keep are NULL. */
typedef struct parameter_pair {
    pair *value, *moment1, *moment2, *average;
    ock_penalty penalty;
    ock_constraint constraint;
    bool vector;
} parameter_pair;

/* Of random weights, with second moments of at least 0.01. */
parameter_pair any_parameter(checkcl *t, const ock_optimizer *optimizer, size_t rows, size_t cols);
ock_parameter parameter_on(const parameter_pair *parameter, int side);

/* SGD without and with momentum, Nesterov's, Adam, and RMSprop without and with momentum, with or
 * without decay, clipping and averages; and none, one or both penalties, proximal or not. */
#define OPTIMIZERS 6
ock_optimizer any_optimizer(checkcl *t);
const char *optimizer_name(const ock_optimizer *optimizer);
uint64_t any_iteration(checkcl *t); /* the first as often as a later one */

/* Expects value and moments after a step on `gradient`, of which the two sides' own
 * differ by at most gradient_bound (NULL: not at all). */
void expect_step(checkcl *t, const ock_optimizer *optimizer, uint64_t iteration,
                 const parameter_pair *parameter, const double *gradient,
                 const double *gradient_bound);

/* Of `rows` times the penalty. */
double penalty_bound(const parameter_pair *parameter, size_t rows);

#endif
