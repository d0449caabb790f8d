/* What --standardize says. */
#ifndef OCKHAM_TRAIN_STANDARDIZATION_H
#define OCKHAM_TRAIN_STANDARDIZATION_H

#include <ockham/data.h>

/* What is right, for messages. */
#define STANDARDIZATION_RIGHT                                                                      \
    "some of samplewise-center, samplewise-std, featurewise-center, featurewise-std, zca or "      \
    "zca:EPSILON above 0, rescale=X other than 0, separated by commas"

/* Reads a SPEC; false where it is not right. */
bool standardization_read(const char *text, ock_standardization *standardization);

#endif
