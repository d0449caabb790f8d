/* What is trained and how: a row of the study, or what fit's flags say. */
#ifndef OCKHAM_TRAIN_RECIPE_H
#define OCKHAM_TRAIN_RECIPE_H

#include <ockham/train.h>

enum {
    RECIPE_LAYERS = 64
};

struct recipe {
    const char *name;
    uint32_t hidden[RECIPE_LAYERS]; /* widths */
    size_t layers;
    ock_activation activation;
    ock_penalty kernel; /* of each hidden kernel; the last layer has none */
    float dropout;      /* after each hidden layer */
    bool batch_norm;    /* between each hidden product and its activation */
    bool whiten, augment;
    ock_optimizer optimizer;
    ock_early_stopping early_stopping;
};

/* The tutorial's network: five hidden layers of 500 ReLU, Adam, and nothing else. */
struct recipe recipe_plain(void);

/* The augmentation of `augment`: small rotations, shifts and zoom on empty paper. */
ock_augmentation recipe_augmentation(size_t height, size_t width, uint64_t seed);

/* Softmax over the classes comes last. On failure the context's message says why. */
ock_status recipe_build(const struct recipe *recipe, ock_context *context, size_t inputs,
                        size_t classes, ock_model **model);

#endif
