/* Data sets: samples that live on the device, and their whitening. */
#ifndef OCKHAM_DATA_H
#define OCKHAM_DATA_H

#include <ockham/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ock_dataset ock_dataset;

/* Host arrays, row-major and contiguous. Either labels (rows class numbers, 0 ..
 * outputs - 1) or targets (rows x outputs), or neither for a set to predict on. */
typedef struct ock_arrays {
    size_t rows, features;
    const float *x; /* rows x features */
    size_t outputs;
    const int32_t *labels;
    const float *targets;
    /* What each row counts in the loss, in training and in evaluation (Keras's sample_weight):
     * finite and >= 0; NULL: all 1. */
    const float *weights;
} ock_arrays;

/* Copies the arrays to the device, in several buffers where one would be larger
 * than the device allows. Waits. *dataset is the caller's; NULL on failure.
 * Errors: OCK_INVALID_ARGUMENT (the message names the row of a label out of
 * range, or of a weight), OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_dataset_create(ock_context *context, const ock_arrays *arrays,
                                      ock_dataset **dataset);

/* Rows [first, first + rows) as a data set of their own, sharing the memory; either
 * may be destroyed first. Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH,
 * OCK_OUT_OF_MEMORY. */
OCK_API ock_status ock_dataset_view(const ock_dataset *dataset, size_t first, size_t rows,
                                    ock_dataset **view);

/* Row i is row rows[i] of the set, in any order and as often as listed: for folds and samples of a
 * set. The rows' memory is shared; the list is copied, and kept on the device as well, where each
 * batch looks its rows up first. Otherwise as ock_dataset_view(); a selection cannot be whitened.
 * Errors: OCK_INVALID_ARGUMENT (the message names an entry out of range), OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_dataset_select(const ock_dataset *dataset, const int32_t *rows, size_t count,
                                      ock_dataset **selection);

OCK_API void ock_dataset_destroy(ock_dataset *dataset);

OCK_API ock_context *ock_dataset_context(const ock_dataset *dataset);
OCK_API size_t ock_dataset_rows(const ock_dataset *dataset);
OCK_API size_t ock_dataset_features(const ock_dataset *dataset);
OCK_API size_t ock_dataset_outputs(const ock_dataset *dataset);
OCK_API bool ock_dataset_has_labels(const ock_dataset *dataset);

/* x[i], y[i] = sample indices[i]: indices is OCK_I32, B x 1, each within the set; x is B x
 * features; y is OCK_I32, B x 1 where the set has labels, else B x outputs, and may be
 * NULL. The three may not overlap. Enqueues. Errors: those of ock_gather(). */
OCK_API ock_status ock_dataset_batch(const ock_dataset *dataset, const ock_tensor *indices,
                                     ock_tensor *x, ock_tensor *y);

/* ZCA whitening (Bell and Sejnowski 1997; ImageDataGenerator's zca_whitening): x becomes
 * (x - mean) U diag(1/sqrt(s + epsilon)) U^T, s and U the eigenvalues and -vectors of
 * the covariance X^T X / n. */
typedef struct ock_zca ock_zca;

/* Fits on all rows of a set. Waits. *zca is the caller's; NULL on failure.
 * Errors: OCK_INVALID_ARGUMENT (epsilon not > 0, values that are not finite, a selection),
 * OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED, OCK_UNSUPPORTED (built without LAPACK, or more than 32766
 * features). */
OCK_API ock_status ock_zca_fit(const ock_dataset *dataset, float epsilon, ock_zca **zca);

/* Whitens every row of the set in its place, of a view its rows only. Waits.
 * Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH (other features); OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED, after which some rows may be whitened and others not. */
OCK_API ock_status ock_zca_apply(const ock_zca *zca, ock_dataset *dataset);
OCK_API void ock_zca_destroy(ock_zca *zca);

#ifdef __cplusplus
}
#endif
#endif
