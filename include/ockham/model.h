/** @file
 * Sequential networks: a list of layers goes in, the library plans the fused
 * operations. */
#ifndef OCKHAM_MODEL_H
#define OCKHAM_MODEL_H

#include <ockham/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Made by ock_model_create() or ock_model_open(). */
typedef struct ock_model ock_model;

/** An empty network over `inputs` features. *model is the caller's; NULL on
 * failure. Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY. */
OCK_API ock_status ock_model_create(ock_context *context, size_t inputs, ock_model **model);

/** NULL is allowed. */
OCK_API void ock_model_destroy(ock_model *model);

/** How a kernel's initial weights are drawn. */
typedef enum ock_initializer {
    OCK_GLOROT_UNIFORM, /**< within sqrt(6/(I + O)) (Glorot and Bengio 2010); Keras's default */
    OCK_HE_NORMAL,      /**< deviation sqrt(2/I), cut at two (He et al. 2015; keras HeNormal) */
} ock_initializer;

/** A kernel's columns are its units: group lasso and norms are of each; a bias is one vector. */
typedef struct ock_dense {
    ock_penalty kernel; /**< of the weights */
    ock_penalty bias;   /**< of the biases */
    /** Of the output, after the activation and before what follows (keras's activity_regularizer):
     * the sum over a batch divided by its rows, in training and evaluation. l1 and l2 alone; a
     * layer that has it is not fused with what follows. */
    ock_penalty activity;
    ock_constraint kernel_constraint; /**< of the weights, per unit */
    ock_constraint bias_constraint;   /**< of the biases, as one vector */
    ock_initializer initializer;      /**< of the kernel; biases begin at 0 */
    bool no_bias;                     /**< the product alone */
} ock_dense;

/** Layers are added before the first use of the network; afterwards
 * OCK_INVALID_ARGUMENT. A dropout or activation that follows a dense layer is fused
 * into it where its gradient allows; what is computed is the same. Dropout and noise may come
 * first, on the inputs, and act in training alone. options may be NULL.
 * Errors of all: OCK_INVALID_ARGUMENT (the message names the value and its range),
 * OCK_OUT_OF_MEMORY. On failure the network is as before. */
OCK_API ock_status ock_model_add_dense(ock_model *model, size_t units, ock_activation activation,
                                       const ock_dense *options);

/** A layer of its own; as for ock_model_add_dense(). */
OCK_API ock_status ock_model_add_activation(ock_model *model, ock_activation activation);

/** 0 <= rate < 1; as for ock_model_add_dense(). */
OCK_API ock_status ock_model_add_dropout(ock_model *model, float rate);

/** Dropout of whole channels: a row is outputs / channels positions of so many channels each
 * (keras.layers.SpatialDropout1D, 2D). channels must divide the layer's width. */
OCK_API ock_status ock_model_add_spatial_dropout(ock_model *model, uint32_t channels, float rate);

/** x + N(0, stddev), stddev >= 0 (keras.layers.GaussianNoise). */
OCK_API ock_status ock_model_add_gaussian_noise(ock_model *model, float stddev);

/** x N(1, sqrt(rate/(1 - rate))), 0 <= rate < 1 (keras.layers.GaussianDropout). */
OCK_API ock_status ock_model_add_gaussian_dropout(ock_model *model, float rate);

/** Options of batch normalisation. */
typedef struct ock_normalization {
    float momentum; /**< 0 <= momentum < 1 */
    float epsilon;  /**< > 0 */
} ock_normalization;

/** Keras's: 0.99 and 1e-3. */
OCK_API ock_normalization ock_normalization_defaults(void);

/** Batch normalisation (keras.layers.BatchNormalization); options may be NULL. */
OCK_API ock_status ock_model_add_batch_norm(ock_model *model, const ock_normalization *options);

/** Draws the initial weights: layer k's kernel, row-major element e, from word e % 4 of
 * the draw at counter (e / 4, 0, k, OCK_PURPOSE_WEIGHTS) with this seed, so
 * they are the same on every device. Forgets moments and step count. The first use
 * of a network that has no weights yet does it, with the fit's seed or 0. Waits.
 * Errors: OCK_INVALID_ARGUMENT (no layers), OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_initialize(ock_model *model, uint64_t seed);

/** Where it was made. */
OCK_API ock_context *ock_model_context(const ock_model *model);

/** The features that it takes. */
OCK_API size_t ock_model_inputs(const ock_model *model);

/** The width of the last layer so far. */
OCK_API size_t ock_model_outputs(const ock_model *model);

/** A trained or running tensor of the network, in layer order, by name ("0.kernel",
 * "0.bias", "3.gamma", "3.mean": the number counts all layers from 0). */
typedef struct ock_model_tensor {
    char name[32];      /**< of the layer's position and the tensor's part in it */
    ock_tensor *tensor; /**< the model's */
    bool trained;       /**< false for running statistics */
} ock_model_tensor;

/** The number of those tensors. */
OCK_API size_t ock_model_tensor_count(const ock_model *model);

/** The one at index; the network must have its weights. Errors: OCK_INVALID_ARGUMENT (index out of
 * range, or no weights yet). */
OCK_API ock_status ock_model_tensor_at(const ock_model *model, size_t index,
                                       ock_model_tensor *tensor);

/** y (B x outputs) = the network's output for x (B x inputs), the last activation
 * included, without dropout and with running statistics. y may not
 * overlap x. Enqueues.
 * Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_predict(ock_model *model, const ock_tensor *x, ock_tensor *y);

/** Weights and layers as one safetensors file, its metadata key "ockham" a JSON list of
 * the layers. Written beside `path`, or beside the file that `path` links to, under a
 * temporary name, synced and renamed: on failure an older file stays as it was, and on success its
 * permissions are kept. What exists and is not a regular file is not replaced. Waits. Errors:
 * OCK_INVALID_ARGUMENT, OCK_FILE_FAILED, OCK_OUT_OF_MEMORY, OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_save(ock_model *model, const char *path);

/** Reads the weights into a network of the same layers, batch norm's epsilon included; dropout's
 * rates, penalties and batch norm's momentum are the network's own and may differ. Moments and step
 * count are forgotten. A file of tensors alone, as Python's safetensors.torch.save_file() writes
 * it, is taken to be of these layers: F32, with the names of ock_model_tensor_at() and no others,
 * kernels inputs x outputs. On failure the network is as before. Waits. Errors:
 * OCK_INVALID_ARGUMENT, OCK_FILE_FAILED, OCK_BAD_FILE (cut short, malformed, or tensors alone that
 * are not of these layers), OCK_SHAPE_MISMATCH (a list of other layers), OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_load(ock_model *model, const char *path);

/** Makes the network that the file describes, with its weights; the errors of
 * ock_model_load(). *model is the caller's; NULL on failure. */
OCK_API ock_status ock_model_open(ock_context *context, const char *path, ock_model **model);

/* ---- Sparsity and compaction ---- */

/** What a kernel has of zeros: weights of at most a threshold in magnitude, and units, its columns,
 * whose weights are all so. */
typedef struct ock_sparsity {
    size_t weights; /**< all of the kernel */
    size_t zeros;   /**< those at most the threshold */
    size_t units;   /**< columns */
    size_t dead;    /**< those all of zeros */
} ock_sparsity;

/** Of the kernel of layer `layer`, from 0, which must be dense, with threshold >= 0; all zeros on
 * failure. Reads the kernel, so it waits. Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_sparsity(ock_model *model, size_t layer, float threshold,
                                      ock_sparsity *sparsity);

/** What ock_model_compact() did. */
typedef struct ock_compaction {
    size_t units;           /**< of the layers whose units may go */
    size_t units_left;      /**< of these */
    size_t parameters;      /**< trained numbers of all layers */
    size_t parameters_left; /**< of these */
    float largest_dropped;  /**< the largest |weight| taken for 0; where it is 0, outputs differ by
                             * rounding alone */
} ock_compaction;

/** Makes a smaller network of the same layers without dead units: those of a dense layer whose
 * weights in, or whose weights out to the next dense layer, are all at most `threshold` (>= 0) in
 * magnitude, again and again until none is left. What a unit without weights in puts out is a
 * constant, which the next dense layer's bias takes over; a layer without a bias gets one then. A
 * layer keeps one unit at least. The units of the last dense layer stay, as do those before a
 * softmax within the network, which mixes them, and before a spatial dropout, which needs whole
 * positions; inputs stay as they are. Training settings are
 * taken over; moments and counts are not. *compacted is the caller's, NULL on failure; report may
 * be NULL. The model is not changed. Waits. Errors: OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED. */
OCK_API ock_status ock_model_compact(ock_model *model, float threshold, ock_model **compacted,
                                     ock_compaction *report);

#ifdef __cplusplus
}
#endif
#endif
