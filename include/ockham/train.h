/* Training: fit, evaluate, a single step, early stopping. What the numbers mean follows
 * Keras 3. */
#ifndef OCKHAM_TRAIN_H
#define OCKHAM_TRAIN_H

#include <ockham/data.h>
#include <ockham/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Early stopping (keras.callbacks.EarlyStopping) ---- */

typedef enum ock_mode {
    OCK_MODE_AUTO, /* by the name: larger is better for accuracies, smaller for the rest */
    OCK_MODE_MIN,
    OCK_MODE_MAX,
} ock_mode;

typedef struct ock_early_stopping {
    /* NULL: off. "loss", "data_loss", "penalty", "accuracy", the same with
     * "val_" before, and Keras's older "acc" and "val_acc". */
    const char *monitor;
    double min_delta; /* >= 0: a smaller improvement is none */
    int patience;     /* >= 0: epochs without improvement before the stop */
    ock_mode mode;
    bool use_baseline; /* epochs must also beat baseline for `wait` to reset */
    double baseline;
    bool restore_best_weights;
    int start_from_epoch; /* >= 0: epochs before this one, from 0, are not looked at */
} ock_early_stopping;

/* The state of one run, for users with a loop of their own. Its fields are to be read only. */
typedef struct ock_stopper {
    ock_early_stopping options;
    bool maximize;
    double best;
    int best_epoch; /* from 0; -1: none yet */
    int wait;
    bool stopped;
} ock_stopper;

/* Errors: OCK_INVALID_ARGUMENT (an unknown monitor, a negative number). */
OCK_API ock_status ock_stopper_init(ock_stopper *stopper, const ock_early_stopping *options);

/* Takes the value at the end of `epoch`, from 0. Returns true where it is a new best;
 * stopper->stopped says whether to stop. Unlike in Keras a NaN is never the best. */
OCK_API bool ock_stopper_update(ock_stopper *stopper, int epoch, double value);

/* ---- Learning rates (keras.optimizers.schedules, keras.callbacks.ReduceLROnPlateau) ---- */

typedef enum ock_schedule_kind {
    OCK_CONSTANT_RATE,
    OCK_STEP_DECAY,        /* ExponentialDecay with staircase */
    OCK_EXPONENTIAL_DECAY, /* learning_rate decay_rate^(step / decay_steps) */
    OCK_COSINE_DECAY,      /* to alpha times learning_rate (Loshchilov and Hutter 2017) */
} ock_schedule_kind;

/* Of the optimiser's learning_rate, by the steps that the network has taken. */
typedef struct ock_schedule {
    ock_schedule_kind kind;
    uint64_t decay_steps;
    float decay_rate;
    float alpha;
    uint64_t warmup_steps; /* of any kind: from warmup_from up to learning_rate, linearly */
    float warmup_from;
} ock_schedule;

typedef struct ock_plateau {
    const char *monitor; /* NULL: off; as in ock_early_stopping */
    float factor;
    int patience, cooldown;
    double min_delta;
    ock_mode mode;
    float min_learning_rate;
} ock_plateau;

/* ---- Fitting ---- */

/* One epoch. Training figures are means over its rows, as it went: loss = data_loss
 * (with dropout) + penalty (at the weights before each step). Validation figures are
 * at the epoch's end, without dropout; NaN without validation. Accuracies leave the penalty
 * out, and are NaN for the squared error. */
typedef struct ock_epoch {
    uint32_t epoch; /* from 1, within this fit */
    uint64_t steps;
    double loss, data_loss, penalty, accuracy;
    double val_loss, val_data_loss, val_penalty, val_accuracy;
    double learning_rate; /* of its last step */
    double seconds;       /* with validation */
    double ms_per_step;   /* training alone */
} ock_epoch;

typedef struct ock_history {
    ock_epoch *epochs;
    size_t count;
    bool stopped_early;
    size_t best; /* position of early stopping's best epoch; count where there is none */
} ock_history;

/* Frees what a fit put there; NULL is allowed. */
OCK_API void ock_history_clear(ock_history *history);

/* Called between epochs, and after each step has been enqueued; false stops the run, which
 * then ends with OCK_OK. They may use the network: after ock_model_load() or
 * ock_model_initialize() the run goes on from the new weights, without moments. */
typedef bool (*ock_epoch_callback)(const ock_epoch *epoch, void *user);
typedef bool (*ock_step_callback)(uint32_t epoch, uint64_t step, uint64_t steps, void *user);

typedef struct ock_fit {
    uint32_t epochs, batch_size; /* >= 1; epochs up to INT32_MAX */
    ock_optimizer optimizer;
    ock_loss_kind loss;
    uint64_t seed; /* of shuffles, dropout, and initial weights where there are none */
    bool shuffle;
    float validation_split; /* 0 <= split < 1: the last rows, unshuffled, where no set is given */
    ock_early_stopping early_stopping;
    ock_schedule schedule;
    ock_plateau plateau;
    uint32_t swa_from_epoch; /* stochastic weight averaging from this epoch on, from 1; 0: none */
    float label_smoothing;   /* 0 <= smoothing <= 1, of the cross-entropies */
    const float *class_weights;           /* as many as outputs; NULL: all 1 */
    float mixup_alpha;                    /* 0: none (Zhang et al. 2018) */
    const ock_augmentation *augmentation; /* of training batches; NULL: none */
    const char *checkpoint;               /* a file, written after each epoch; NULL: none */
    bool resume;                          /* from the checkpoint, where there is one */
    ock_epoch_callback on_epoch;
    ock_step_callback on_step;
    void *user;
} ock_fit;

/* As Keras: 1 epoch, batches of 32, Adam, shuffling; softmax cross-entropy; no early stopping. */
OCK_API ock_fit ock_fit_defaults(void);

/* The random numbers of a fit depend on the seed and the model's own counts alone, which later fits
 * go on with. Epoch e, from 0, visits the rows in the order of Fisher and Yates: for i from the
 * last down to 1, row i changes places with row r mod (i + 1), where words 0 and 1 of the draw at
 * counter (i, e, 0, OCK_PURPOSE_SHUFFLE) are the high and the low half of r. Dropout takes the
 * step's number, from 1, for `step` and the position among all layers for `layer`. */

/* Trains. The loss decides how the last activation is treated: OCK_SOFTMAX_CROSSENTROPY needs
 * OCK_SOFTMAX last, or logits (OCK_LINEAR); OCK_BINARY_CROSSENTROPY needs
 * OCK_SIGMOID or OCK_LINEAR; OCK_MEAN_SQUARED_ERROR takes any. The last batch may be
 * short. A second fit goes on with the moments, the step count and the shuffles of the first.
 * valid may be NULL; fit NULL means the defaults; history may be NULL, is cleared of
 * nothing (pass zeros), and is filled with every completed epoch on failure too.
 * Waits; within an epoch the device is not waited for.
 * Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH, OCK_OUT_OF_MEMORY,
 * OCK_DEVICE_FAILED, OCK_DIVERGED (the message names the epoch, and the step whose loss
 * was the first that is no finite number; where only the penalty became so, the epoch alone).
 * What is refused leaves network and moments as they were. */
OCK_API ock_status ock_model_fit(ock_model *model, const ock_dataset *train,
                                 const ock_dataset *valid, const ock_fit *fit,
                                 ock_history *history);

/* One step on a batch x (B x inputs) and its targets y (as ock_loss() takes them), by
 * fit's optimizer, loss and seed. totals may be NULL. Enqueues. Errors as for
 * ock_model_fit(), but that it does not look for OCK_DIVERGED. */
OCK_API ock_status ock_model_train_step(ock_model *model, const ock_fit *fit, const ock_tensor *x,
                                        const ock_tensor *y, ock_tensor *totals);

typedef struct ock_evaluation {
    double loss, data_loss, penalty, accuracy;
} ock_evaluation;

/* Means over the set, without dropout. Waits. Errors as for ock_model_fit(). */
OCK_API ock_status ock_model_evaluate(ock_model *model, const ock_dataset *dataset,
                                      ock_loss_kind loss, uint32_t batch_size,
                                      ock_evaluation *evaluation);

#ifdef __cplusplus
}
#endif
#endif
