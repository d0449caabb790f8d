/* Training in double precision, one plain operation after the other: what every plan of fused
 * operations must amount to. */
#ifndef OCKHAM_TESTS_TRAIN_REFERENCE_H
#define OCKHAM_TESTS_TRAIN_REFERENCE_H

#include "support.h"

typedef struct reference reference;

/* Begins with the weights of the model, which was built of the same layers. */
reference *reference_create(const ock_model *model, const spec *layers, ock_loss_kind loss);
void reference_free(reference *reference);

/* From now on what is kept, weights, outputs, gradients, is kept as float, and the forward products
 * are sums of floats, in another order for each `order` from 1. */
void reference_round(reference *reference, size_t order);

/* Means over the rows; the penalty is that before the step. */
typedef struct outcome {
    double data_loss, penalty, accuracy;
} outcome;

/* x is rows x inputs, targets rows x outputs. The first step is 1. */
outcome reference_step(reference *reference, const ock_fit *fit, const float *x,
                       const float *targets, size_t rows);
outcome reference_loss(reference *reference, const float *x, const float *targets, size_t rows);

/* The largest difference of a weight from the model's. */
double reference_distance(const reference *reference, const ock_model *model);

#endif
