/* One run of ock_model_fit(). */
#ifndef OCKHAM_TRAIN_RUN_H
#define OCKHAM_TRAIN_RUN_H

#include "feed.h"

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

typedef struct fit_run {
    ock_model *model;
    ock_fit fit;                            /* the user's, at the state's learning rate */
    const ock_dataset *train, *valid;       /* valid NULL: none */
    ock_dataset *split_train, *split_valid; /* the run's own views */
    batch_feed train_feed, valid_feed;
    ock_tensor *totals;
    ock_history *history;
    size_t start;      /* of the run in the history */
    char *settings;    /* for its checkpoints; NULL: there are none */
    uint32_t renewals; /* of the model, as the averages know it */
    bool stop;
    fit_state state;
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
