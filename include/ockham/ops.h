/** @file
 * The operations. Each one runs on every device and in plain C alike.
 *
 * Common to all: tensors belong to one context and are OCK_F32 unless the text
 * says otherwise; the call enqueues and does not wait; outputs are the caller's
 * and keep their contents when the call fails; an output may not overlap an input
 * unless the text allows "in place", which means the very same tensor.
 * Errors of all: OCK_INVALID_ARGUMENT (a NULL, a number out of range, tensors of
 * two contexts, a forbidden overlap), OCK_SHAPE_MISMATCH, OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. Shapes: B rows of a batch, I inputs, O outputs of a layer. */
#ifndef OCKHAM_OPS_H
#define OCKHAM_OPS_H

#include <ockham/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Random numbers ---- */

/** Philox4x32-10 (Salmon et al., SC 2011). The counter is (element, step, layer,
 * purpose) and the key is the seed, low word first, so a draw depends on nothing
 * else: not on the device, the batch split or the number of threads. */
OCK_API void ock_philox(const uint32_t counter[4], uint64_t seed, uint32_t draw[4]);

/** What a draw is for, so that no two uses share one. */
typedef enum ock_purpose {
    OCK_PURPOSE_DROPOUT = 1, /**< masks of ock_dropout_apply() and the fused layers */
    OCK_PURPOSE_SHUFFLE = 2, /**< the rows' order in an epoch */
    OCK_PURPOSE_WEIGHTS = 3, /**< ock_model_initialize() */
    OCK_PURPOSE_AUGMENT = 4, /**< ock_augment_draw() */
    OCK_PURPOSE_NOISE = 5,   /**< ock_noise_apply() */
    OCK_PURPOSE_MIXUP = 6,   /**< ock_mixup_draw() */
    OCK_PURPOSE_ELASTIC = 7, /**< displacements of ock_augment_apply() */
    OCK_PURPOSE_SEARCH = 8,  /**< points and folds of ock_search() */
} ock_purpose;

/* ---- Products ---- */

/** What a product takes its operands for. */
typedef struct ock_matmul_options {
    bool transpose_a; /**< op(A) is A's transpose */
    bool transpose_b; /**< op(B) is B's transpose */
    float alpha;      /**< of the product */
    float beta;       /**< of what is in C */
} ock_matmul_options;

/** No transpose, alpha 1, beta 0. */
OCK_API ock_matmul_options ock_matmul_defaults(void);

/** C = alpha op(A) op(B) + beta C, with op(A) M x K, op(B) K x N, C M x N. Where
 * beta is 0, C is not read. options may be NULL.
 *
 * An OpenCL device has several ways to compute it. The first product of its kind, which is what is
 * transposed and the sizes, those up to 4 exactly and larger ones up to the next power of two,
 * waits while the few that may be best are timed on its operands: compiled, run twice each, and
 * then for up to some 0.2 s. The best is remembered, and kept in the files of
 * ock_context_options.untuned; with the same files the same way is taken. Contexts that measure
 * nothing take the default. Each element is within (K + 1) 2^-24 sum|a b| of the exact sum, before
 * alpha and beta. All ways but two give the same bits: "dots" and "clblast" add in orders of their
 * own. */
OCK_API ock_status ock_matmul(const ock_matmul_options *options, const ock_tensor *a,
                              const ock_tensor *b, ock_tensor *c);

/** A way to compute a product, and the least seconds it took. */
typedef struct ock_tuned {
    char name[16];  /**< as the cache and the environment's OCKHAM_TILES have it */
    double seconds; /**< of one product */
} ock_tuned;

#define OCK_TUNING_MOST 8 /**< candidates of an ock_tuning */

/** What ock_matmul_tune() found. */
typedef struct ock_tuning {
    size_t count;                          /**< of the candidates */
    size_t best;                           /**< candidates[best] is the one that is remembered */
    ock_tuned candidates[OCK_TUNING_MOST]; /**< the fastest first */
} ock_tuning;

/** Times anew what may compute a product of this kind, on data of its own, and remembers the best
 * for ock_matmul() and, where it gives the same bits as the default, for the fused layers below,
 * whose penalties alone it may round otherwise. best may not be the fastest: the default gives way
 * only to what is clearly faster. A context that measures nothing remembers nothing. Plain C has
 * one way, "scalar". Waits. options may be NULL; *tuning is all zeros on failure. Errors: as for
 * ock_tensor_create(), and OCK_DEVICE_FAILED. */
OCK_API ock_status ock_matmul_tune(ock_context *context, const ock_matmul_options *options,
                                   size_t m, size_t n, size_t k, ock_tuning *tuning);

/* ---- Activations (Keras 3, keras.activations) ---- */

/** f(x) of each element. */
typedef enum ock_activation {
    OCK_LINEAR,     /**< x */
    OCK_RELU,       /**< max(x, 0) */
    OCK_LEAKY_RELU, /**< slope 0.2 below 0 */
    OCK_ELU,        /**< alpha 1 */
    OCK_GELU,       /**< exact, x/2 (1 + erf(x/sqrt 2)) */
    OCK_SIGMOID,    /**< 1/(1 + exp(-x)) */
    OCK_TANH,       /**< tanh(x) */
    OCK_SOFTMAX,    /**< over each row */
} ock_activation;

/** y = f(x), of one shape; in place allowed. */
OCK_API ock_status ock_activation_forward(ock_activation activation, const ock_tensor *x,
                                          ock_tensor *y);

/** dx = dy f'(x), all of one shape. y is f(x); x is read for OCK_GELU only and y
 * for all others, and the one that is not read may be NULL. dx may be dy. */
OCK_API ock_status ock_activation_backward(ock_activation activation, const ock_tensor *x,
                                           const ock_tensor *y, const ock_tensor *dy,
                                           ock_tensor *dx);

/* ---- Dropout ---- */

/** A mask, which is a function of these alone. */
typedef struct ock_dropout {
    float rate;        /**< the share of elements set to 0: 0 <= rate < 1 */
    uint64_t seed;     /**< the draw's key */
    uint32_t step;     /**< of its counter */
    uint32_t layer;    /**< of its counter */
    uint32_t channels; /**< 0: each element is drawn by itself; else cols / channels share one */
} ock_dropout;

/** y = x mask / (1 - rate), of one shape; in place allowed. Applied to dy it gives
 * the gradient, since the mask is drawn anew from the counter: element (row, col)
 * of a tensor with `cols` columns takes word col % 4 of the draw whose counter is
 * (row ceil(cols / 4) + col / 4, step, layer, OCK_PURPOSE_DROPOUT), and is kept
 * where that word is at least round(rate 2^32). rate 0 copies.
 * With channels, a row is cols / channels positions of so many channels each, a channel is kept or
 * dropped at all positions of a row (keras.layers.SpatialDropout1D, 2D and 3D, channels last;
 * Tompson et al. 2015), and what holds for col and cols above holds for channel and channels.
 * The fused layers below refuse it. */
OCK_API ock_status ock_dropout_apply(const ock_dropout *dropout, const ock_tensor *x,
                                     ock_tensor *y);

/* ---- Noise ---- */

/** What is done with N, normal variables. */
typedef enum ock_noise_kind {
    OCK_GAUSSIAN_NOISE,   /**< x + N(0, stddev) (keras.layers.GaussianNoise) */
    OCK_GAUSSIAN_DROPOUT, /**< x N(1, sqrt(rate/(1 - rate))) (keras.layers.GaussianDropout;
                           * Srivastava et al. 2014) */
} ock_noise_kind;

/** Noise, which is a function of these alone. */
typedef struct ock_noise {
    ock_noise_kind kind; /**< which */
    float stddev;        /**< OCK_GAUSSIAN_NOISE: >= 0 */
    float rate;          /**< OCK_GAUSSIAN_DROPOUT: 0 <= rate < 1 */
    uint64_t seed;       /**< the draw's key */
    uint32_t step;       /**< of its counter */
    uint32_t layer;      /**< of its counter */
} ock_noise;

/** y = x with the noise, of one shape; in place allowed. The gradient of the first kind is dy, that
 * of the second this operation on dy. Element (row, col) takes the word that a dropout takes, but
 * with OCK_PURPOSE_NOISE, and the normal variable is the quantile of (word + 1/2) 2^-32: within 4
 * ulps of the exact one for each of the 2^32 words, of magnitude 2.9e-10 to 6.34, and of the same
 * bits on every device. stddev or rate 0 copies. */
OCK_API ock_status ock_noise_apply(const ock_noise *noise, const ock_tensor *x, ock_tensor *y);

/* ---- Losses ---- */

/** Sums of an epoch, kept on the device: a 1 x OCK_TOTALS_SIZE tensor, of zeros to
 * begin with, that ock_loss() and the steps add to and ock_totals_read() reads. */
#define OCK_TOTALS_SIZE 9

/** Such sums, read. */
typedef struct ock_totals {
    double loss;        /**< over the rows */
    double correct;     /**< rows, or for the binary loss the sum of each row's share */
    double penalty;     /**< of each step, times its rows */
    double rows;        /**< whose loss was added */
    uint64_t batches;   /**< calls of ock_loss() */
    uint64_t first_bad; /**< from 1: the first batch whose loss was not finite; 0: none */
} ock_totals;

/** Waits. */
OCK_API ock_status ock_totals_read(const ock_tensor *totals, ock_totals *values);

/** What is made small. */
typedef enum ock_loss_kind {
    OCK_SOFTMAX_CROSSENTROPY, /**< of logits; targets are labels or probabilities */
    OCK_BINARY_CROSSENTROPY,  /**< of logits; targets in 0..1; mean over the columns */
    OCK_MEAN_SQUARED_ERROR,   /**< of values; mean over the columns */
} ock_loss_kind;

/** How a loss is counted. */
typedef struct ock_loss_options {
    ock_loss_kind kind;        /**< which */
    float label_smoothing;     /**< 0 <= s <= 1, of the cross-entropies: a target t counts as
                                * (1 - s) t + s/O, for the binary loss as (1 - s) t + s/2 (Szegedy
                                * et al. 2016; Keras's label_smoothing); labels as if one-hot */
    const ock_tensor *weights; /**< B x 1: of each row; NULL: all 1 */
} ock_loss_options;

/** The loss of B x O predictions, as keras.losses with from_logits=True; options NULL means
 * OCK_SOFTMAX_CROSSENTROPY with neither smoothing nor weights. target is B x O, or for
 * OCK_SOFTMAX_CROSSENTROPY also OCK_I32, B x 1, of labels 0..O-1; a label outside that range makes
 * the loss NaN. A row's loss is times its weight. gradient (B x O, may be NULL, may be prediction)
 * receives the gradient of the sum over the rows divided by B, whatever the weights (Keras's
 * sum_over_batch_size). totals (may be NULL) receives the sum over the rows, the correct count,
 * which knows neither weights nor smoothing (largest prediction where the target is largest, the
 * first of equals; for the binary loss the share of columns with prediction > 0 where target > 0.5;
 * 0 for squared error), the rows and the batch. */
OCK_API ock_status ock_loss(const ock_loss_options *options, const ock_tensor *prediction,
                            const ock_tensor *target, ock_tensor *gradient, ock_tensor *totals);

/* ---- Batch normalisation (Ioffe and Szegedy 2015; keras.layers.BatchNormalization) ---- */

/** y = gamma (x - mean)/sqrt(variance + epsilon) + beta, of each column. */
typedef struct ock_batch_norm {
    ock_tensor *gamma;    /**< 1 x O */
    ock_tensor *beta;     /**< 1 x O */
    ock_tensor *mean;     /**< 1 x O, running: m = momentum m + (1 - momentum) batch's */
    ock_tensor *variance; /**< 1 x O, running likewise */
    float momentum;       /**< Keras: 0.99 */
    float epsilon;        /**< Keras: 1e-3 */
} ock_batch_norm;

/** Training, with saved (2 x O: the batch's mean and 1/sqrt(variance + epsilon),
 * variance without Bessel's correction): y from the batch's statistics, and the
 * running ones move. Otherwise (saved NULL): y from the running statistics.
 * x and y are B x O; in place allowed. */
OCK_API ock_status ock_batch_norm_forward(const ock_batch_norm *norm, const ock_tensor *x,
                                          ock_tensor *y, ock_tensor *saved);

/** The gradients of the training form: dx (B x O, may be dy) and gradients (2 x O: of gamma,
 * of beta), from its input x and saved. */
OCK_API ock_status ock_batch_norm_backward(const ock_batch_norm *norm, const ock_tensor *x,
                                           const ock_tensor *saved, const ock_tensor *dy,
                                           ock_tensor *dx, ock_tensor *gradients);

/* ---- Reductions ---- */

/** What elements come to. */
typedef enum ock_reduction {
    OCK_SUM,        /**< sum x */
    OCK_MEAN,       /**< sum x / n */
    OCK_MAX,        /**< NaN where any is */
    OCK_ABS_SUM,    /**< sum of magnitudes */
    OCK_SQUARE_SUM, /**< sum of squares */
} ock_reduction;

/** Which elements. */
typedef enum ock_axis {
    OCK_ALL,  /**< y is 1 x 1 */
    OCK_ROWS, /**< over the rows: y is 1 x cols */
    OCK_COLS, /**< over the columns: y is rows x 1 */
} ock_axis;

/** In an order that does not depend on the run. */
OCK_API ock_status ock_reduce(ock_reduction reduction, ock_axis axis, const ock_tensor *x,
                              ock_tensor *y);

/* ---- Batches ---- */

/** y[i] = source[indices[i] - first] for each i whose index lies in [first, first +
 * rows of source); other rows of y stay as they are, so a set kept in several
 * tensors is gathered by one call each. indices is OCK_I32, B x 1; y is B x cols and of
 * source's type. */
OCK_API ock_status ock_gather(const ock_tensor *source, const ock_tensor *indices, int64_t first,
                              ock_tensor *y);

/** y[i] = the unit vector of labels[i] (OCK_I32, B x 1); y is B x O. A label outside 0..O-1 makes
 * its row NaN. */
OCK_API ock_status ock_one_hot(const ock_tensor *labels, ock_tensor *y);

/** y[i] = share[i] x[i] + (1 - share[i]) other[i], row by row: share is B x 1, the others of one
 * shape; y may be x. */
OCK_API ock_status ock_mix(const ock_tensor *share, const ock_tensor *x, const ock_tensor *other,
                           ock_tensor *y);

/* ---- Steps ---- */

/** How a step follows the gradient: ock_optimizer tells. */
typedef enum ock_optimizer_kind {
    OCK_SGD,     /**< stochastic gradient descent */
    OCK_ADAM,    /**< with weight_decay: AdamW */
    OCK_RMSPROP, /**< root mean square propagation */
} ock_optimizer_kind;

/** SGD (keras.optimizers.SGD): w -= lr g; with momentum m = momentum m - lr g and
 * w += m, or with Nesterov w += momentum m - lr g.
 * Adam (Kingma and Ba 2015; keras.optimizers.Adam): m += (1 - beta1)(g - m),
 * v += (1 - beta2)(g^2 - v), w -= lr sqrt(1 - beta2^t)/(1 - beta1^t) m/(sqrt(v) + epsilon).
 * RMSprop (Hinton 2012; keras.optimizers.RMSprop): v = rho v + (1 - rho) g^2 and
 * w -= lr g/sqrt(v + epsilon); with momentum m = momentum m + lr g/sqrt(v + epsilon), w -= m.
 * Adam's amsgrad and RMSprop's centred form are left out. */
typedef struct ock_optimizer {
    ock_optimizer_kind kind; /**< which */
    float learning_rate;     /**< >= 0 */
    float momentum;          /**< SGD, RMSprop; 0 <= momentum < 1 */
    bool nesterov;           /**< SGD, with momentum */
    float beta1;             /**< Adam; 0 <= beta1 < 1 */
    float beta2;             /**< Adam; 0 <= beta2 < 1 */
    float rho;               /**< RMSprop; 0 <= rho < 1 */
    float epsilon;           /**< Adam, RMSprop; > 0 */
    /** Decoupled decay, w -= learning_rate weight_decay w before the step (Loshchilov and Hutter
     * 2019; with Adam this is AdamW); of biases and norms too, as in Keras, unless
     * decay_kernels_only. */
    float weight_decay;      /**< >= 0 */
    bool decay_kernels_only; /**< biases and norms do not decay */
    /** Of the gradient with the penalty's, before the step; >= 0, 0: none; one of the three at
     * most. The norms need whole gradients: fits take them, single steps leave them to
     * ock_clip_norm().
     */
    float clip_value;       /**< each element, to -clip_value .. clip_value */
    float clip_norm;        /**< each tensor, to this norm at most */
    float global_clip_norm; /**< all tensors together */
    /** After each step, before constraints: average = ema_momentum average + (1 - ema_momentum) w,
     * and w itself after the first. 0 <= ema_momentum < 1; 0: no average is kept. */
    float ema_momentum;
} ock_optimizer;

/** Keras's Adam: lr 1e-3, beta 0.9 and 0.999, epsilon 1e-7. */
OCK_API ock_optimizer ock_adam_defaults(void);

/** Keras's AdamW: Adam with weight_decay 0.004. */
OCK_API ock_optimizer ock_adamw_defaults(void);

/** Keras's RMSprop: lr 1e-3, rho 0.9, epsilon 1e-7, without momentum. */
OCK_API ock_optimizer ock_rmsprop_defaults(void);

/** Keras's SGD: lr 0.01, without momentum. */
OCK_API ock_optimizer ock_sgd_defaults(void);

/** Whether a fit takes these values: for code that would know before it begins. Error:
 * OCK_INVALID_ARGUMENT. */
OCK_API ock_status ock_optimizer_check(ock_context *context, const ock_optimizer *optimizer);

/** The penalty l1 sum|w| + l2 sum w^2 + group_lasso sum||column||. The gradient l1 sign(w) + 2 l2
 * w, sign(0) = 0, joins that of the loss, unless l1 is proximal: then w = sign(w) max(|w| - lr l1,
 * 0) after the step, with the plain learning rate, which leaves exact zeros. The group lasso (Yuan
 * and Lin 2006) is always proximal: w *= max(0, 1 - lr group_lasso / ||column||). */
typedef struct ock_penalty {
    float l1;          /**< >= 0 */
    float l2;          /**< >= 0 */
    bool proximal_l1;  /**< l1 acts after the step */
    float group_lasso; /**< >= 0 */
} ock_penalty;

/** What a constraint does to each column. */
typedef enum ock_constraint_kind {
    OCK_UNCONSTRAINED, /**< nothing */
    OCK_MAX_NORM,      /**< w *= min(||column||, max_norm)/(1e-7 + ||column||) */
    OCK_NON_NEGATIVE,  /**< w = max(w, 0) */
    OCK_UNIT_NORM,     /**< w /= 1e-7 + ||column|| */
} ock_constraint_kind;

/** What weights are brought back to after each step (keras.constraints, axis 0: per unit). */
typedef struct ock_constraint {
    ock_constraint_kind kind; /**< which */
    float max_norm;           /**< OCK_MAX_NORM; > 0 */
} ock_constraint;

/** A trained tensor with what a step keeps beside it, all of one shape: moment1 where momentum is
 * not 0, moment2 for RMSprop, both for Adam, average with an ema_momentum. Those that are not used
 * may be NULL. */
typedef struct ock_parameter {
    ock_tensor *value;         /**< the weights */
    ock_tensor *moment1;       /**< of momentum, or Adam's m */
    ock_tensor *moment2;       /**< v of Adam and RMSprop */
    ock_penalty penalty;       /**< on the value */
    ock_constraint constraint; /**< on the value */
    ock_tensor *average;       /**< of the value, moving */
    bool vector; /**< a bias, gamma or beta: its norm is of all of it, and decay_kernels_only leaves
                  * it out */
} ock_parameter;

/** One step t = iteration, from 1, on the gradient of the data loss. In this order, which is
 * Keras's: the penalty's gradient joins it, it is clipped by value, the weights decay, the step,
 * the soft threshold of a proximal l1, the average, the group lasso, the constraint. totals (may
 * be NULL) receives `rows` times the penalty at the weights before the step. */
OCK_API ock_status ock_step(const ock_optimizer *optimizer, uint64_t iteration,
                            const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                            ock_tensor *totals);

/** Adds `rows` times the parameter's penalty to totals. */
OCK_API ock_status ock_penalty_add(const ock_parameter *parameter, size_t rows, ock_tensor *totals);

/** What a step does that clips by norm, before ock_step() without penalty: gradient += l1 sign(w) +
 * 2 l2 w, without a proximal l1; */
OCK_API ock_status ock_penalty_gradient(const ock_parameter *parameter, ock_tensor *gradient);

/** then all of `count` gradients times norm / max(norm, n), where n is the norm of all their
 * elements together; NaN where n is not finite (Pascanu et al. 2013; keras.optimizers, clipnorm and
 * global_clipnorm). norm > 0, count >= 1; none may overlap another. */
OCK_API ock_status ock_clip_norm(float norm, ock_tensor *const *gradients, size_t count);

/* ---- Fused dense layers ---- */

/** What a dense layer has of weights. */
typedef struct ock_dense_parameters {
    ock_parameter kernel; /**< I x O */
    ock_parameter bias;   /**< 1 x O, always taken for a vector; value NULL: no bias */
} ock_dense_parameters;

/** y = dropout(f(x W + b)): x is B x I, y is B x O. dropout may be NULL. f may be
 * any activation but OCK_SOFTMAX, which needs the whole row. */
OCK_API ock_status ock_dense_forward(const ock_tensor *x, const ock_dense_parameters *parameters,
                                     ock_activation activation, const ock_dropout *dropout,
                                     ock_tensor *y);

/** dx = (dy W^T) f'(.) mask / (1 - rate): from dy (B x O), the gradient at this
 * layer's product, to dx (B x I), the gradient at the product of the layer
 * before, whose activation, dropout and output y (B x I) these are. y is not read, and may be
 * NULL, where the activation is linear. f' is taken from y, so OCK_GELU and OCK_SOFTMAX
 * are refused. */
OCK_API ock_status ock_dense_backward_input(const ock_tensor *dy,
                                            const ock_dense_parameters *parameters,
                                            ock_activation activation, const ock_dropout *dropout,
                                            const ock_tensor *y, ock_tensor *dx);

/** ock_step() on kernel and bias with the gradients x^T dy and sum over rows of dy, which reach no
 * memory. x is B x I, dy is B x O. Run it after ock_dense_backward_input(), which reads
 * the kernel as it was. totals (may be NULL) receives B times the penalties. */
OCK_API ock_status ock_dense_backward_weights(const ock_optimizer *optimizer, uint64_t iteration,
                                              const ock_tensor *x, const ock_tensor *dy,
                                              const ock_dense_parameters *parameters,
                                              ock_tensor *totals);

#ifdef __cplusplus
}
#endif
#endif
