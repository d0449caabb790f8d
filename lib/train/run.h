/* One run of ock_model_fit(). */
#ifndef OCKHAM_TRAIN_RUN_H
#define OCKHAM_TRAIN_RUN_H

#include "feed.h"
#include "safetensors.h"

/* ---- Sets of weights ---- */

/* Copies of all of a network's tensors, running statistics included, in their order. */
typedef struct weight_set {
    ock_tensor **tensors; /* NULL: none kept yet */
    size_t count;
} weight_set;

/* The set from the model, the model's from the set, and set += share (model's - set). All enqueue.
 * A set of zeros may be freed. */
ock_status weights_keep(const ock_model *model, weight_set *set);
ock_status weights_put(const ock_model *model, const weight_set *set);
ock_status weights_blend(const ock_model *model, float share, weight_set *set);
void weights_free(weight_set *set);

/* ---- State ---- */

/* All that the epochs of a run leave behind for the next ones, beside what is the model's: weights,
 * moments, averages, counts. A run with the same state goes on in the same way. */
typedef struct fit_state {
    uint32_t epochs;     /* completed */
    float learning_rate; /* the optimiser's, less what a plateau has taken */
    ock_stopper stopper;
    ock_plateau_state plateau;
    uint32_t averaged;    /* how many epochs' ends `mean` is the mean of */
    bool averages_in_use; /* the network has the averages, `own` has its own weights */
    weight_set own, mean; /* of averages.c */
    weight_set best;      /* the best epoch's */
} fit_state;

typedef struct tensor_list {
    file_tensor *tensors;
    size_t count;
} tensor_list;

/* The state after the last completed epoch, or before the first, on the host. Of the state's sets
 * of weights it only says which there were. */
typedef struct run_image {
    tensor_list list;  /* what the tensors held then */
    uint32_t releases; /* of the model; since a later one some of the tensors are gone */
    float *values;
    fit_state state;
    size_t epochs; /* in the history */
    uint64_t step, first_step;
    uint32_t epoch;
    float rate;
    unsigned moments;
    ock_optimizer_kind moments_kind;
    bool averages;
} run_image;

/* What the run reads and never writes, on the host. */
typedef struct input_copy {
    ock_tensor *tensor;
    void *values;
} input_copy;

typedef struct input_copies {
    input_copy *copies;
    size_t count;
} input_copies;

typedef struct fit_run {
    ock_model *model;
    ock_fit fit;                            /* the user's, at the state's learning rate */
    const ock_dataset *train, *valid;       /* valid NULL: none */
    ock_dataset *split_train, *split_valid; /* the run's own views */
    batch_feed train_feed, valid_feed;
    ock_tensor *totals;
    ock_history *history;
    size_t start;      /* of the run in the history */
    bool had_weights;  /* the network, before the run */
    char *settings;    /* for its checkpoints; NULL: there are none */
    uint32_t renewals; /* of the model, as the averages know it */
    bool stop;         /* as a callback asked */
    fit_state state;
    run_image image;
    input_copies inputs; /* for failovers; of none: there are to be no failovers */
} fit_run;

/* ---- fit_checks.c ---- */

/* All that a fit would refuse, before it has changed anything. */
ock_status check_run(const fit_run *run);

/* ---- averages.c ---- */

/* Gives the network the averages, if there are any, and keeps its own weights; or these back. Both
 * do nothing where it is already so. After a callback has renewed the weights these are kept, and
 * averages begin anew. */
ock_status averages_enter(fit_run *run);
ock_status averages_leave(fit_run *run);

/* What the end of an epoch, from 1, adds to the averages; the network has them afterwards. */
ock_status averages_end_epoch(fit_run *run, uint32_t epoch);

#endif
