/* The network that step and startup train, on samples that mean nothing. */
#ifndef OCKHAM_BENCH_NETWORK_H
#define OCKHAM_BENCH_NETWORK_H

#include "session.h"

struct technique {
    const char *name;
    ock_dense dense;       /* each hidden layer's options */
    float dropout;         /* after each hidden layer, as what follows */
    float spatial_dropout; /* of ten positions, where they divide the width */
    float gaussian_dropout, gaussian_noise;
    float input_dropout; /* before the first layer */
    float label_smoothing, mixup_alpha;
    ock_optimizer optimizer; /* what it adds to Adam's defaults: decay, clips, averages */
};

struct network {
    size_t inputs, width, depth, outputs; /* depth: hidden layers */
};

struct network network_of(const struct options *options);

/* *model is the caller's. On failure the context's message says why. */
ock_status network_build(const struct session *session, const struct network *network,
                         const struct technique *technique, ock_model **model);

/* *set is the caller's: labelled samples. On failure the context's message says why. */
ock_status network_samples(const struct session *session, const struct network *network,
                           size_t rows, ock_dataset **set);

/* Of a training step: the products forward, back to each layer's weights, and back to the inputs
 * of all layers but the first; and each weight with its two moments read and written once. */
double network_flops(const struct network *network, size_t batch);
double network_bytes(const struct network *network);

#endif
