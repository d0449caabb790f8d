/* A network in a file: its layers as a JSON list, and its tensors. */
#ifndef OCKHAM_TRAIN_LAYERS_H
#define OCKHAM_TRAIN_LAYERS_H

#include "network.h"
#include "safetensors.h"

/* The list, which is the caller's; NULL where memory did not suffice. */
char *layers_text(const ock_model *model);

/* Makes the network of the list that the file has under the key "ockham", without weights; of a
 * file of tensors alone, as other programs write it, one of the layers of `like`, which may be
 * NULL. On failure there may be a part of one: *model is the caller's, or NULL. */
ock_status layers_make(const tensor_file *file, const ock_model *like, ock_model **model);

/* That network with its weights. *model is the caller's; NULL on failure. Waits. */
ock_status layers_open(const tensor_file *file, const ock_model *like, ock_model **model);

/* The tensors of a network's weights, which there need not be yet; *tensors is the caller's. */
ock_status layers_tensors(const ock_model *model, file_tensor **tensors, size_t *count);

/* For ock_model_load(): whether they compute the same; and `model` gets the weights of `read`, or
 * is as before. */
ock_status layers_check_same(const ock_model *model, const ock_model *read, const char *path);
ock_status layers_take_weights(ock_model *model, ock_model *read);

#endif
