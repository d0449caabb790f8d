/* What weighs the loss of a set's rows: their own weights, and those of their classes. */
#ifndef OCKHAM_TRAIN_ROW_WEIGHTS_H
#define OCKHAM_TRAIN_ROW_WEIGHTS_H

#include "dataset.h"

/* Of arrays.weights. */
ock_status check_row_weights(ock_context *context, const ock_arrays *arrays);

/* Copies weights and classes to the store, which frees them. */
ock_status row_weights_keep(ock_dataset *set, const ock_arrays *arrays);

/* How many class_weights a set takes: its outputs, or two where the one output is a choice. */
size_t class_count(const ock_dataset *set);

/* Of fit.class_weights. */
ock_status check_class_weights(const ock_dataset *set, const ock_fit *fit);

/* Whether any row may weigh other than 1; class_weights may be NULL. */
bool has_weights(const ock_dataset *set, const float *class_weights);
float row_weight(const ock_dataset *set, const float *class_weights, size_t row);

#endif
