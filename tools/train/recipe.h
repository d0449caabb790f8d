/* What is trained and how: a row of the study, or what fit's flags say. */
#ifndef OCKHAM_TRAIN_RECIPE_H
#define OCKHAM_TRAIN_RECIPE_H

#include <ockham/train.h>

enum {
    RECIPE_LAYERS = 64,
    RECIPE_CLASSES = 64
};

/* As ock_schedule, but by epochs: how many steps an epoch has is not known yet. */
struct recipe_schedule {
    ock_schedule_kind kind;
    double decay_epochs; /* of the cosine: all that the warm-up leaves */
    float decay_rate, alpha;
};

struct recipe {
    const char *name;
    uint32_t hidden[RECIPE_LAYERS]; /* widths */
    size_t layers;
    ock_activation activation;
    ock_dense dense; /* of each hidden layer; the last layer has none. Constraints are below */
    float max_norm;  /* 0: none */
    bool non_negative, unit_norm;
    float input_dropout, dropout;           /* before the first, and after each hidden layer */
    float gaussian_dropout, gaussian_noise; /* after each, too */
    float class_weights[RECIPE_CLASSES];
    size_t class_weight_count; /* 0: all weigh 1 */
    bool batch_norm;           /* between each hidden product and its activation */
    bool whiten, augment, standardize;
    ock_augmentation augmentation; /* without size and seed */
    ock_standardization standardization;
    /* Its learning_rate 0 and weight_decay below 0: those that Keras has for `optimizer`. Seed,
     * data, schedule and callbacks are the run's. */
    ock_fit fit;
    enum recipe_optimizer {
        ADAM,
        ADAMW,
        RMSPROP,
        SGD
    } optimizer;
    struct recipe_schedule schedule;
    double warmup_epochs;
};

/* The tutorial's network: five hidden layers of 500 ReLU, Adam, and nothing else. */
struct recipe recipe_plain(void);

/* What settings that are each right do not go together, by their flags; NULL: they all do. */
const char *recipe_problem(const struct recipe *recipe);

/* What a fit is to be told: the optimiser's defaults filled in, and the schedule in steps. */
ock_fit recipe_fit(const struct recipe *recipe, uint64_t steps_per_epoch);

/* Softmax over the classes comes last. On failure the context's message says why. */
ock_status recipe_build(const struct recipe *recipe, ock_context *context, size_t inputs,
                        size_t classes, ock_model **model);

#endif
