/** @file
 * Training: fit, evaluate, a single step, early stopping. What the numbers mean follows
 * Keras 3. */
#ifndef OCKHAM_TRAIN_H
#define OCKHAM_TRAIN_H

#include <ockham/data.h>
#include <ockham/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Early stopping (keras.callbacks.EarlyStopping) ---- */

/** Which values are better. */
typedef enum ock_mode {
    OCK_MODE_AUTO, /**< by the name: larger is better for accuracies, smaller for the rest */
    OCK_MODE_MIN,  /**< smaller ones */
    OCK_MODE_MAX,  /**< larger ones */
} ock_mode;

/** When to stop for want of improvement. */
typedef struct ock_early_stopping {
    /** NULL: off. "loss", "data_loss", "penalty", "accuracy", the same with
     * "val_" before, and Keras's older "acc" and "val_acc". */
    const char *monitor;
    double min_delta;          /**< >= 0: a smaller improvement is none */
    int patience;              /**< >= 0: epochs without improvement before the stop */
    ock_mode mode;             /**< what improvement is */
    bool use_baseline;         /**< epochs must also beat baseline for `wait` to reset */
    double baseline;           /**< with use_baseline */
    bool restore_best_weights; /**< the network ends with those of the best epoch */
    int start_from_epoch;      /**< >= 0: epochs before this one, from 0, are not looked at */
} ock_early_stopping;

/** The state of one run, for users with a loop of their own. Its fields are to be read only. */
typedef struct ock_stopper {
    ock_early_stopping options; /**< as they came */
    bool maximize;              /**< larger is better */
    double best;                /**< value so far */
    int best_epoch;             /**< from 0; -1: none yet */
    int wait;                   /**< epochs without improvement */
    bool stopped;               /**< whether to stop */
} ock_stopper;

/** Errors: OCK_INVALID_ARGUMENT (an unknown monitor, a negative number). */
OCK_API ock_status ock_stopper_init(ock_stopper *stopper, const ock_early_stopping *options);

/** Takes the value at the end of `epoch`, from 0. Returns true where it is a new best;
 * stopper->stopped says whether to stop. Unlike in Keras a NaN is never the best. */
OCK_API bool ock_stopper_update(ock_stopper *stopper, int epoch, double value);

/* ---- Learning rates (keras.optimizers.schedules) ---- */

/** The rate at step s. */
typedef enum ock_schedule_kind {
    OCK_CONSTANT_RATE, /**< rate */
    OCK_STEP_DECAY,    /**< rate decay_rate^floor(s / decay_steps): ExponentialDecay, staircase */
    OCK_EXPONENTIAL_DECAY, /**< rate decay_rate^(s / decay_steps): ExponentialDecay */
    OCK_COSINE_DECAY, /**< rate (alpha + (1 - alpha) (1 + cos(pi min(s / decay_steps, 1))) / 2):
                       * CosineDecay (Loshchilov and Hutter 2017, without restarts) */
} ock_schedule_kind;

/** How the learning rate goes with the steps. `rate` is the optimiser's learning_rate, which is
 * Keras's initial_learning_rate, or the warmup_target where there is a warm-up: then Keras's
 * initial_learning_rate is warmup_from, and s, else the step, counts from the warm-up's end. Keras
 * warms up CosineDecay alone; here it goes before any kind. */
typedef struct ock_schedule {
    ock_schedule_kind kind; /**< which */
    uint64_t decay_steps;   /**< >= 1, but for a constant rate */
    float decay_rate;       /**< of step and exponential decay; > 0 */
    float alpha;            /**< of the cosine's; 0..1: the share of the rate that is left */
    uint64_t warmup_steps;  /**< before step warmup_steps: warmup_from + (rate - warmup_from)
                             * step / warmup_steps; 0: no warm-up */
    float warmup_from;      /**< >= 0 */
} ock_schedule;

/** The learning rate of a step, counted from 0 as Keras counts an optimiser's iterations. NULL is a
 * constant rate; NaN where a field is out of its range. */
OCK_API float ock_schedule_rate(const ock_schedule *schedule, float rate, uint64_t step);

/* ---- Reduction on a plateau (keras.callbacks.ReduceLROnPlateau) ---- */

/** When to lower the learning rate for want of improvement. */
typedef struct ock_plateau {
    const char *monitor;     /**< NULL: off; as in ock_early_stopping */
    float factor;            /**< the rate becomes factor times itself; 0 < factor < 1 */
    int patience;            /**< >= 0: epochs without improvement before that */
    int cooldown;            /**< >= 0: epochs after it that are not counted */
    double min_delta;        /**< >= 0: a smaller improvement is none */
    ock_mode mode;           /**< as in ock_early_stopping */
    float min_learning_rate; /**< >= 0: Keras's min_lr, below which the rate does not go */
} ock_plateau;

/** Keras's, but off: factor 0.1, patience 10, min_delta 1e-4, no cooldown, no least rate. */
OCK_API ock_plateau ock_plateau_defaults(void);

/** The state of one run, for users with a loop of their own. Its fields are to be read only. */
typedef struct ock_plateau_state {
    ock_plateau options; /**< as they came */
    bool maximize;       /**< larger is better */
    double best;         /**< NaN: none yet */
    int wait;            /**< epochs without improvement */
    int cooldown;        /**< epochs left of it */
} ock_plateau_state;

/** Errors: OCK_INVALID_ARGUMENT (an unknown monitor, a number out of its range). */
OCK_API ock_status ock_plateau_init(ock_plateau_state *state, const ock_plateau *options);

/** Takes the value at an epoch's end and the learning rate; returns the one to go on with. Unlike
 * in Keras a NaN is never the best. */
OCK_API float ock_plateau_update(ock_plateau_state *state, double value, float learning_rate);

/* ---- Fitting ---- */

/** One epoch. Training figures are means over its rows, as it went: loss = data_loss
 * (with dropout) + penalty (at the weights before each step). Validation figures are
 * at the epoch's end, without dropout; NaN without validation. Accuracies leave the penalty
 * out, and are NaN for the squared error. */
typedef struct ock_epoch {
    uint32_t epoch;       /**< from 1, within this fit */
    uint64_t steps;       /**< batches */
    double loss;          /**< data_loss + penalty */
    double data_loss;     /**< of the predictions */
    double penalty;       /**< of weights and activities */
    double accuracy;      /**< share of rows, or for the binary loss of outputs, that are right */
    double val_loss;      /**< the same of the validation set */
    double val_data_loss; /**< likewise */
    double val_penalty;   /**< likewise */
    double val_accuracy;  /**< likewise */
    double learning_rate; /**< of its last step */
    double seconds;       /**< with validation */
    double ms_per_step;   /**< training alone */
} ock_epoch;

/** What a fit did; zeros to begin with, then ock_history_clear()'s to free. */
typedef struct ock_history {
    ock_epoch *epochs;  /**< the completed ones */
    size_t count;       /**< of these */
    bool stopped_early; /**< by early stopping */
    size_t best;        /**< position of early stopping's best epoch; count where there is none */
    size_t failovers;   /**< how often the run has gone on to another device */
} ock_history;

/** Frees what a fit put there; NULL is allowed. */
OCK_API void ock_history_clear(ock_history *history);

/** Called between epochs; false stops the run, which then ends with OCK_OK. It may use the network:
 * after ock_model_load() or ock_model_initialize() the run goes on from the new weights, without
 * moments. */
typedef bool (*ock_epoch_callback)(const ock_epoch *epoch, void *user);

/** Called after each step has been enqueued; otherwise as ock_epoch_callback. */
typedef bool (*ock_step_callback)(uint32_t epoch, uint64_t step, uint64_t steps, void *user);

/** A run that has gone on to another device, after the failure that the message `why` tells. */
typedef struct ock_failover {
    ock_device from; /**< the one that failed */
    ock_device to;   /**< the one in use now */
    const char *why; /**< valid during the call */
    uint32_t epochs; /**< completed */
} ock_failover;

/** Called when the run's state is on the new device. */
typedef void (*ock_failover_callback)(const ock_failover *failover, void *user);

/** How to train. */
typedef struct ock_fit {
    uint32_t epochs;         /**< 1..INT32_MAX */
    uint32_t batch_size;     /**< >= 1 */
    ock_optimizer optimizer; /**< of all parameters */
    ock_loss_kind loss;      /**< what is made small */
    uint64_t seed; /**< of shuffles, dropout, noise, mixup; of weights where there are none yet */
    bool shuffle;  /**< in each epoch anew */
    float validation_split; /**< 0 <= split < 1: the last rows, unshuffled, where no set is given */
    ock_early_stopping early_stopping; /**< off without a monitor */
    ock_schedule schedule;   /**< by the steps that the optimiser has taken, over all fits */
    ock_plateau plateau;     /**< with a constant rate alone; each fit begins at learning_rate */
    uint32_t swa_from_epoch; /**< averages weights from this epoch's end on; 0: no; up to epochs */
    float label_smoothing;   /**< 0 <= smoothing <= 1, of the cross-entropies */
    const float *class_weights; /**< as many as outputs, two for one output; NULL: all 1 */
    float mixup_alpha;          /**< >= 0; 0: none (Zhang et al. 2018) */
    const ock_augmentation *augmentation; /**< of training batches; NULL: none */
    const ock_standardizer *standardizer; /**< of all batches; NULL: none */
    const char *checkpoint;            /**< a file, replaced after each epoch; NULL: none. A new one
                                          is the user's alone to read */
    bool checkpoint_when_stopped;      /**< write it only if a callback stops the run */
    bool resume;                       /**< the run of the checkpoint, where there is one */
    bool failover;                     /**< after a device's failure, go on with the next one */
    ock_epoch_callback on_epoch;       /**< or NULL */
    ock_step_callback on_step;         /**< or NULL */
    ock_failover_callback on_failover; /**< or NULL */
    void *user;                        /**< what the three get */
} ock_fit;

/** As Keras: 1 epoch, batches of 32, Adam, shuffling; softmax cross-entropy; no early stopping. */
OCK_API ock_fit ock_fit_defaults(void);

/** @page fit_random Random numbers of a fit
 * The random numbers of a fit depend on the seed, augmentation's on its own, and on the model's
 * counts alone, which later fits go on with. Epoch e, from 0, visits the rows in the order of
 * Fisher and Yates: for i from the last down to 1, row i changes places with row r mod (i + 1),
 * where words 0 and 1 of the draw at counter (i, e, 0, OCK_PURPOSE_SHUFFLE) are the high and the
 * low half of r. Dropout and noise take the step's number, from 1, for `step` and the position
 * among all layers for `layer`; augmentation takes e, and for the sample's index the row's position
 * in the training set, which is its own in a view or a selection. */

/** @page fit_weights Weights of rows, and mixup
 * A row's loss counts as many times as its weight in the set says, and in training times
 * that of its class in class_weights, which is its label, the column of its largest target, the
 * first of equals, or where there is one output its target's rounded value, 0 or 1 (as Keras has
 * it; Keras takes one kind of weights at a time). The loss of a batch, and those of an epoch and of
 * an evaluation, are sums over the rows divided by their number, not by the weights' sum.
 * Accuracies are unweighted. Errors: a weight that is negative or not finite, class weights for the
 * squared error of one output.
 *
 * Mixup (keras.layers.MixUp, but over the whole set instead of a batch). In each epoch each row of
 * the training set gets a partner, any row of it, and a share by ock_mixup_draw(): the network
 * learns from share times the row plus (1 - share) times the partner, each augmented by its own
 * draw, towards the targets mixed alike, labels as one-hot vectors, which smoothing then smooths.
 * The mixed row's weight is that of both, mixed alike. Training accuracy counts the mixed targets'
 * largest. Validation is without. */

/** @page fit_standardisation Standardisation in a fit
 * Batches go through ock_standardizer_batch() as in ImageDataGenerator: those of
 * training after the augmentation, those of validation, of ock_model_evaluate() and of
 * swa_from_epoch's statistics too. Mixup comes after it, of rows that each are standardised; but
 * for rounding and a samplewise deviation, which is not linear, it could as well come before. The
 * data sets stay as they are, and so does x of ock_model_train_step() and ock_model_predict(),
 * which the caller standardises. */

/** What a row is mixed with. */
typedef struct ock_mixup {
    uint32_t partner; /**< a row */
    float share;      /**< of the row itself: Beta(alpha, alpha), 0..1 */
} ock_mixup;

/** The draw of a row of `rows` in an epoch, from 0: a function of these alone, from the counter
 * (row, epoch, draw, OCK_PURPOSE_MIXUP) in double precision on the host. alpha <= 0 or not finite,
 * or no rows: the row alone. */
OCK_API ock_mixup ock_mixup_draw(float alpha, uint64_t seed, uint32_t epoch, uint32_t row,
                                 uint32_t rows);

/** @page fit_averages Averages of the weights
 * With optimizer.ema_momentum the average of each trained tensor moves with every step
 * (keras's use_ema); it begins as the weights after the network's first step, or before the first
 * step with an ema_momentum. With swa_from_epoch it is the mean of the weights at the ends of that
 * epoch and those after it (Izmailov et al. 2018); one of the two at most. Training goes on with
 * the weights themselves, and so do its figures, but once there are averages all else is theirs:
 * the validation figures, what on_epoch finds in the network (what it writes there is not trained
 * on), the best weights, and the network's weights when the fit has ended (in Keras:
 * SwapEMAWeights(swap_on_epoch=True)). Batch norm's
 * running statistics are the training's own with an ema_momentum, as in Keras. With swa_from_epoch
 * a pass over the training data, without dropout, takes them anew at each such epoch's end: means
 * of the batches' statistics, weighted by their rows. */

/** @page fit_checkpoints Checkpoints and resumption
 * After each epoch, before on_epoch is called, all that the run needs to go on is
 * written, as ock_model_save() does it: a kill at any moment leaves the file of this epoch or of
 * the one before, whole. With checkpoint_when_stopped that is
 * written only when a callback has stopped the run: of the last completed epoch, though the network
 * has the steps since; nothing where there is none. With `resume` a run goes on after the file's
 * epoch. It ends, on the same device, with the weights, the history, which has the epochs before,
 * but for its seconds, and the verdict of one that was never stopped, bit for bit. Without a file
 * it begins anew; where all epochs are done, or early stopping has ended them, nothing is trained.
 * The layers with all their options, the sizes of the sets and every field above must be the same,
 * or the resumption is refused with what differs; epochs, failover, the callbacks and what else is
 * said of the file may differ. Of a standardizer the options are compared: that it was fitted to
 * the same rows is the caller's to see to. The data themselves are not compared, and what on_epoch
 * does to the network is in the next epoch's file.
 *
 * The file is safetensors: the network's tensors by their names, so that ock_model_open() takes it
 * too, and after "moment1.", "moment2." and "average." those of the optimiser, "best." early
 * stopping's, "mean." those of swa_from_epoch, "own." the network's own while averages stand in for
 * them; last a digest of the file. The metadata has, in JSON, "settings" and "state", with the
 * history, whose doubles are hexadecimal strings (in Python: float.fromhex). */

/** @page fit_failures Failures and failover
 * A fit that fails, unless it diverges, leaves network, moments, averages and counts as
 * they were at the end of the last epoch that the history has, or before the fit, bit for bit; what
 * callbacks have changed since is undone. A later fit goes on from there as if the epoch that
 * failed had not begun, and so does one that resumes from the checkpoint. The state is kept on the
 * host for that: at an epoch's end each of its tensors is read once. If it cannot be put back,
 * since the device takes nothing any more, the message says so, and the network is refused until
 * ock_model_load() or ock_model_initialize() has renewed its weights.
 *
 * With `failover` a fit does not end with OCK_DEVICE_FAILED or OCK_OUT_OF_MEMORY while there is
 * another device: it leaves its own by ock_context_failover() and goes on after the last completed
 * epoch with the same bits as a run on the next device that was resumed from that epoch's
 * checkpoint, or, before the first, after what the fit was given. The sets, the standardizer and
 * the network are read for that to begin with, and the first two kept on the host; a failure
 * meanwhile ends the fit. They and the network may be used as before afterwards; what
 * else the context has made is lost. The history counts failovers, and on_failover tells of each.
 */

/** Trains. The loss decides how the last activation is treated: OCK_SOFTMAX_CROSSENTROPY needs
 * OCK_SOFTMAX last, or logits (OCK_LINEAR); OCK_BINARY_CROSSENTROPY needs
 * OCK_SIGMOID or OCK_LINEAR; OCK_MEAN_SQUARED_ERROR takes any. The last batch may be
 * short. A second fit goes on with the moments, the step count and the shuffles of the first.
 * valid may be NULL; fit NULL means the defaults; history may be NULL, is cleared of
 * nothing (pass zeros), and is filled with every completed epoch on failure too.
 * Waits; within an epoch the device is not waited for.
 * Errors: OCK_INVALID_ARGUMENT, OCK_SHAPE_MISMATCH, OCK_OUT_OF_MEMORY,
 * OCK_FILE_FAILED, OCK_BAD_FILE (a checkpoint that is damaged, or none), OCK_DEVICE_FAILED,
 * OCK_DIVERGED (the message names the epoch, and the step whose loss
 * was the first that is no finite number; where only the penalty became so, the epoch alone).
 * What is refused leaves network and moments as they were. */
OCK_API ock_status ock_model_fit(ock_model *model, const ock_dataset *train,
                                 const ock_dataset *valid, const ock_fit *fit,
                                 ock_history *history);

/** One step on a batch x (B x inputs) and its targets y (as ock_loss() takes them), by
 * fit's optimizer, schedule, loss, label_smoothing and seed. totals may be NULL. Enqueues. Errors
 * as for ock_model_fit(), but that it does not look for OCK_DIVERGED. */
OCK_API ock_status ock_model_train_step(ock_model *model, const ock_fit *fit, const ock_tensor *x,
                                        const ock_tensor *y, ock_tensor *totals);

/** Sets the weights to the averages that steps with an ema_momentum have kept, which go on from
 * there: for loops of one's own, as ock_model_fit() does it at its end (in Keras:
 * finalize_variable_values). Enqueues. Errors: OCK_INVALID_ARGUMENT (there are none). */
OCK_API ock_status ock_model_use_averages(ock_model *model);

/** A network's figures on a set, as in ock_epoch. */
typedef struct ock_evaluation {
    double loss;      /**< data_loss + penalty */
    double data_loss; /**< of the predictions */
    double penalty;   /**< of weights and activities */
    double accuracy;  /**< share of what is right */
} ock_evaluation;

/** Means over the set, without dropout: what a fit says of its validation set. Of fit, NULL for the
 * defaults, it takes loss, label_smoothing, standardizer and batch_size. Waits. Errors as for
 * ock_model_fit(). */
OCK_API ock_status ock_model_evaluate(ock_model *model, const ock_dataset *dataset,
                                      const ock_fit *fit, ock_evaluation *evaluation);

#ifdef __cplusplus
}
#endif
#endif
