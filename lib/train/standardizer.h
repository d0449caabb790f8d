/* A standardizer as fits see it. */
#ifndef OCKHAM_TRAIN_STANDARDIZER_H
#define OCKHAM_TRAIN_STANDARDIZER_H

#include <ockham/data.h>

/* Its tensors, NULL where it has none: mean, deviation, whitening, which comes with a mean. */
enum {
    STANDARDIZER_TENSORS = 3
};
void standardizer_tensors(const ock_standardizer *standardizer,
                          ock_tensor *tensors[STANDARDIZER_TENSORS]);

/* Whether it fits what `name` stands for, which has so many features, and is not lost. */
ock_status standardizer_check(const ock_standardizer *standardizer, ock_context *context,
                              size_t features, const char *name);

/* Whether batches need a place of their own to go to; NULL: no. */
bool standardizer_whitens(const ock_standardizer *standardizer);

/* Those it was fitted with, and what they bring with them. */
const ock_standardization *standardizer_options(const ock_standardizer *standardizer);

#endif
