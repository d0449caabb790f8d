/** @file
 * Data sets: samples that live on the device, and their standardisation. */
#ifndef OCKHAM_DATA_H
#define OCKHAM_DATA_H

#include <ockham/augment.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Made by ock_dataset_create(). */
typedef struct ock_dataset ock_dataset;

/** Host arrays, row-major and contiguous. Either labels (rows class numbers, 0 ..
 * outputs - 1) or targets (rows x outputs), or neither for a set to predict on. */
typedef struct ock_arrays {
    size_t rows;           /**< samples */
    size_t features;       /**< numbers of each */
    const float *x;        /**< rows x features */
    size_t outputs;        /**< of a network that learns from it: classes, or columns of targets */
    const int32_t *labels; /**< rows; or NULL */
    const float *targets;  /**< rows x outputs; or NULL */
    /** What each row counts in the loss, in training and in evaluation (Keras's sample_weight):
     * finite and >= 0; NULL: all 1. */
    const float *weights;
} ock_arrays;

/** Copies the arrays to the device, in several buffers where one would be larger
 * than the device allows. Waits. *dataset is the caller's; NULL on failure.
 * Errors: OCK_INVALID_ARGUMENT (the message names the row of a label out of
 * range, or of a weight), OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_dataset_create(ock_context *context, const ock_arrays *arrays,
                                      ock_dataset **dataset);

/** Rows [first, first + rows) as a data set of their own, sharing the memory; either
 * may be destroyed first. Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH,
 * OCK_OUT_OF_MEMORY. */
OCK_API ock_status ock_dataset_view(const ock_dataset *dataset, size_t first, size_t rows,
                                    ock_dataset **view);

/** Row i is row rows[i] of the set, in any order and as often as listed: for folds and samples of a
 * set. The rows' memory is shared; the list is copied, and kept on the device as well, where each
 * batch looks its rows up first. Otherwise as ock_dataset_view(), but no standardizer is fitted or
 * applied to a selection in its place.
 * Errors: OCK_INVALID_ARGUMENT (the message names an entry out of range), OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_dataset_select(const ock_dataset *dataset, const int32_t *rows, size_t count,
                                      ock_dataset **selection);

/** NULL is allowed. */
OCK_API void ock_dataset_destroy(ock_dataset *dataset);

/** Where it was made. */
OCK_API ock_context *ock_dataset_context(const ock_dataset *dataset);

/** How many samples it has. */
OCK_API size_t ock_dataset_rows(const ock_dataset *dataset);

/** How many numbers each sample has. */
OCK_API size_t ock_dataset_features(const ock_dataset *dataset);

/** How many outputs a network needs that learns from it; 0: neither labels nor targets. */
OCK_API size_t ock_dataset_outputs(const ock_dataset *dataset);

/** Whether it has labels, rather than targets or neither. */
OCK_API bool ock_dataset_has_labels(const ock_dataset *dataset);

/** x[i], y[i] = sample indices[i]: indices is OCK_I32, B x 1, each within the set; x is B x
 * features; y is OCK_I32, B x 1 where the set has labels, else B x outputs, and may be
 * NULL. The three may not overlap. Enqueues. Errors: those of ock_gather(). */
OCK_API ock_status ock_dataset_batch(const ock_dataset *dataset, const ock_tensor *indices,
                                     ock_tensor *x, ock_tensor *y);

/** What whitening multiplies by. */
typedef enum ock_zca_form {
    OCK_ZCA_COVARIANCE, /**< U diag(1/sqrt(s + epsilon)) U^T, s the eigenvalues of X^T X / n */
    OCK_ZCA_SINGULAR, /**< U diag(sqrt(n)/(S + epsilon)) U^T, S the singular values of X: Keras 3's
                       */
} ock_zca_form;

/** What is done to each row, in this order, which is ImageDataGenerator.standardize()'s, whose
 * names these are: times rescale; less the row's mean; over the row's standard deviation + 1e-6;
 * less the training set's mean of the channel; over its standard deviation + 1e-6; whitened by ZCA
 * (Bell and Sejnowski 1997). X, whose eigenvectors are U, is the training set less its means; as in
 * Keras without what is done row by row. As in Keras, too, a deviation brings its centring with it,
 * and whitening brings featurewise_center and leaves featurewise_std_normalization out. In
 * directions that are never lit the singular form has a gain of up to sqrt(n)/epsilon. */
typedef struct ock_standardization {
    size_t channels;        /**< feature i is of channel i mod channels; 0: each is its own */
    float rescale;          /**< 0: none */
    bool samplewise_center; /**< less the row's mean */
    bool samplewise_std_normalization;  /**< over the row's deviation */
    bool featurewise_center;            /**< less the training set's mean */
    bool featurewise_std_normalization; /**< over the training set's deviation */
    bool zca_whitening;                 /**< last of all */
    ock_zca_form zca_form;              /**< how */
    float zca_epsilon;                  /**< > 0; Keras: 1e-6 */
} ock_standardization;

/** A standardisation with what it was fitted to. */
typedef struct ock_standardizer ock_standardizer;

/** Fits on all rows of a set. Waits. *standardizer is the caller's; NULL on failure.
 * Errors: OCK_INVALID_ARGUMENT (an option; means or deviations that are not finite; a selection),
 * OCK_SHAPE_MISMATCH (features that are no multiple of channels), OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED, OCK_UNSUPPORTED (whitening in a build without LAPACK, or of more than 32766
 * features). Whitening of more features than that, or than a square of the device's largest buffer
 * has, is refused before anything is computed. */
OCK_API ock_status ock_standardizer_fit(const ock_dataset *dataset,
                                        const ock_standardization *options,
                                        ock_standardizer **standardizer);

/** Standardises every row of the set in its place, of a view its rows only. Waits.
 * Errors: OCK_INVALID_ARGUMENT (a selection, among them), OCK_SHAPE_MISMATCH (other features);
 * OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED, after which some rows may be standardised and others not.
 */
OCK_API ock_status ock_standardizer_apply(const ock_standardizer *standardizer,
                                          ock_dataset *dataset);

/** The same of a batch: y (B x features) receives x (B x features), which is itself overwritten by
 * what comes before a whitening. y may be x where nothing is whitened. Enqueues. Errors:
 * OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH, either of which leaves both as they were;
 * OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_standardizer_batch(const ock_standardizer *standardizer, ock_tensor *x,
                                          ock_tensor *y);

/** NULL is allowed. */
OCK_API void ock_standardizer_destroy(ock_standardizer *standardizer);

#ifdef __cplusplus
}
#endif
#endif
