/* A network as training sees it: the layers as they were listed, and the plan made of them. */
#ifndef OCKHAM_TRAIN_NETWORK_H
#define OCKHAM_TRAIN_NETWORK_H

#include <ockham/train.h>

/* ---- Layers: what the user listed ---- */

typedef enum layer_kind {
    LAYER_DENSE,
    LAYER_ACTIVATION,
    LAYER_DROPOUT,
    LAYER_BATCH_NORM,
    LAYER_SPATIAL_DROPOUT,
    LAYER_GAUSSIAN_NOISE,
    LAYER_GAUSSIAN_DROPOUT,
} layer_kind;

typedef struct net_layer {
    layer_kind kind;
    size_t inputs, outputs;
    ock_activation activation; /* dense, activation */
    float rate;                /* dropouts */
    uint32_t channels;         /* spatial dropout */
    float stddev;              /* Gaussian noise */
    ock_dense dense;
    ock_normalization norm;
    ock_parameter trained[2]; /* kernel and bias, or gamma and beta; value NULL: none */
    ock_tensor *running[2];   /* batch-norm: mean and variance */
} net_layer;

/* ---- The plan: what runs ---- */

/* A tensor made for the largest batch, and a view of its first rows for the present one. */
typedef struct batch_tensor {
    ock_tensor *whole, *part;
} batch_tensor;

ock_status batch_tensor_create(ock_context *context, size_t rows, size_t cols,
                               batch_tensor *tensor);
ock_status batch_tensor_resize(batch_tensor *tensor, size_t rows);
void batch_tensor_free(batch_tensor *tensor);

/* One operation forward and its counterparts backward. Dense carries the activation and the
 * dropout after it only where another dense node follows, whose backward takes them back. */
typedef struct net_node {
    layer_kind kind;
    net_layer *layer;          /* dense, batch-norm */
    ock_activation activation; /* dense, activation */
    const net_layer *random;   /* the dropout or noise that it is, or of a dense node; NULL: none */
    uint32_t random_layer;     /* its position in the list of layers */
    const ock_penalty *activity; /* of its output; NULL: none */
    size_t inputs, outputs;
    batch_tensor y;
    batch_tensor dx; /* dense: of the gradient at its input; shared in turns. Activation: see
                      * add_last_activity() */
    ock_tensor *saved, *gradient; /* batch-norm: 2 x outputs each */
    /* Of the trained tensors; batch-norm: views of gradient's rows; dense: where they are clipped
     * by their norm. */
    ock_tensor *gradients[2];
    const ock_tensor *input; /* of the last forward pass */
} net_node;

typedef struct net_plan {
    net_node *nodes;
    size_t count;
    size_t first_trained;  /* nodes before it need no gradient; count: none is trained */
    size_t capacity, rows; /* of the batches: the largest, the present */
    bool training;         /* whether there is memory for gradients */
    batch_tensor gradient; /* of the loss, at its prediction */
} net_plan;

/* ---- The model ---- */

struct ock_model {
    ock_context *context;
    size_t inputs;
    net_layer *layers;
    size_t count;
    bool ready; /* has its weights: no layer may be added */
    net_plan plan;
    unsigned moments;                /* that each parameter has: 1 for moment1, 2 for moment2 */
    ock_optimizer_kind moments_kind; /* of the optimiser that they are for */
    uint64_t step;                   /* steps taken, over all fits */
    uint64_t first_step;             /* those taken before the moments were made */
    uint32_t epoch;                  /* epochs begun, over all fits */
    bool averages;                   /* parameters have averages */
    float rate;                      /* the learning rate of the last step */
    uint32_t renewals;               /* how often weights were drawn or loaded */
    uint32_t releases;               /* how often moments or averages went */
    bool lost;                       /* a device failed while its weights were put back */
};

/* ---- model.c ---- */

/* The tensor at `slot` of a layer: its trained ones, then its running ones; NULL where it has
 * none there. */
enum {
    LAYER_SLOTS = 4
};
ock_tensor **layer_tensor(net_layer *layer, size_t slot);
const char *layer_tensor_name(const net_layer *layer, size_t slot);

/* By ock_activation and ock_initializer: "relu", "he_normal"; NULL after the last. */
extern const char *const activation_names[], *const initializer_names[];

/* "relu", "dense"; static; the first is NULL beyond the list. */
const char *activation_name(ock_activation activation);
const char *layer_kind_name(layer_kind kind);

/* Dropouts and noise: what acts in training alone, by random numbers. */
bool layer_is_random(layer_kind kind);

/* ---- initialize.c ---- */

/* The shape of a layer's tensor; false where it has none in that slot. */
bool layer_shape(const net_layer *layer, size_t slot, size_t *rows, size_t *cols);

/* Makes the weights' tensors where there are none yet, and takes them back. */
ock_status model_allocate(ock_model *model);
void model_free_weights(ock_model *model);

/* Whether a network was lost with a device and not renewed since. */
bool model_is_lost(const ock_model *model);

/* What the first use of a network does; refuses one that is lost. */
ock_status model_ensure_ready(ock_model *model, uint64_t seed);

/* Makes these moments, 1 for the first and 2 for the second, of zeros, and averages as the weights
 * are; or does nothing where there are just those. What there was of others is forgotten. */
ock_status model_set_moments(ock_model *model, unsigned moments, ock_optimizer_kind kind);
ock_status model_set_averages(ock_model *model, bool averages);

/* Sees to the moments that the optimiser needs; those of another kind are forgotten. */
ock_status model_ensure_moments(ock_model *model, const ock_optimizer *optimizer);

/* Sees to the averages that the optimiser needs, which begin as the weights. */
ock_status model_ensure_averages(ock_model *model, const ock_optimizer *optimizer);

/* Sets the weights to the averages, where there are any. */
ock_status model_use_averages(ock_model *model);

/* Forgets moments, averages, steps and epochs. */
void model_forget(ock_model *model);

/* ---- fit_checks.c ---- */

/* Of label_smoothing, which all uses of a loss take. */
ock_status check_smoothing(const ock_model *model, const ock_fit *fit);

/* Of what a single step takes of a fit. */
ock_status check_settings(const ock_model *model, const ock_fit *fit);

/* ---- plan.c ---- */

ock_status plan_create(ock_model *model);
void plan_free(net_plan *plan);

/* Memory for batches of up to `rows`, with gradients for training. */
ock_status plan_reserve(ock_model *model, size_t rows, bool training);
ock_status plan_resize(ock_model *model, size_t rows);

/* ---- clip.c ---- */

/* Whether gradients are clipped by norm, which a fused step cannot do. */
bool clip_asked(const ock_optimizer *optimizer);

/* Memory for all gradients. */
ock_status clip_reserve(net_plan *plan);

/* Leaves a dense node's gradients of the data loss there. */
ock_status clip_dense_gradients(const net_node *node, const ock_tensor *dy);

/* Clips them with the penalties', and takes a step on all that is trained. */
typedef struct clip_step {
    ock_context *context;
    const ock_optimizer *optimizer;
    uint64_t iteration;
    size_t rows;
    ock_tensor *totals; /* or NULL */
} clip_step;
ock_status clip_and_step(const net_plan *plan, const clip_step *step);

/* ---- pass.c ---- */

typedef struct net_batch {
    const ock_tensor *x, *y;
    const ock_tensor *weights; /* of the rows' losses; NULL: all 1 */
} net_batch;

const char *loss_name(ock_loss_kind loss); /* NULL beyond the list */

/* The loss's own view of the network: whether it takes the last activation's input, and with it
 * that activation's gradient, upon itself. Reports a loss that does not go with the network. */
ock_status loss_folds(const ock_model *model, ock_loss_kind loss, bool *folds);

/* A batch norm's tensors and settings, as the operations take them. */
ock_batch_norm layer_norm(const net_layer *layer);

/* One step on a batch of at most the reserved rows. */
ock_status pass_train(ock_model *model, const ock_fit *fit, const net_batch *batch,
                      ock_tensor *totals);

/* Moves the running statistics of batch norms, momentum theirs plus the rest a batch's, and nothing
 * else: without dropout. */
ock_status pass_measure(ock_model *model, const ock_tensor *x, float momentum);

/* Adds the loss of a batch, without dropout, to totals. */
ock_status pass_loss(ock_model *model, const ock_fit *fit, const net_batch *batch,
                     ock_tensor *totals);

#endif
