/* Labelled pictures for the tools: from MNIST's own files, from NumPy's arrays, from PNG files
 * that a CSV names, or from the built-in generator. */
#ifndef OCKHAM_TOOLS_INPUT_H
#define OCKHAM_TOOLS_INPUT_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pictures {
    size_t count, height, width;
    size_t channels; /* 1, but for arrays of four dimensions; the fastest index */
    float *x;        /* count x pictures_size(), 0 for paper to 1 for ink; arrays: any */
    int32_t *labels; /* count, each 0 .. classes - 1 */
    int classes;
    char description[256]; /* one line: what was read, and from where */
} pictures;

typedef struct pictures_options {
    /* The folder's t10k-* or *_test files in place of those to train on; of `digits` a set that
     * shares none with the training set. A CSV is its own set: the option is an error there. */
    bool test;
    /* A label of `classes` or more is an error. 0: ten, or of arrays as many as the largest label
     * asks for. */
    int classes;
    size_t count;  /* of `digits` alone: how many to draw */
    uint64_t seed; /* of `digits` alone */
    /* Told after each picture how many there are, and of about how many; where it returns false,
     * reading ends with OCK_FILE_FAILED. NULL: nobody is told. */
    bool (*on_picture)(size_t count, size_t total, void *user);
    void *user;
} pictures_options;

/* Numbers in one of them. */
static inline size_t pictures_size(const pictures *set)
{
    return set->height * set->width * set->channels;
}

/* The training set, all classes, 10,000 digits, seed 128. */
pictures_options pictures_defaults(void);

/* source: "digits"; a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte, each
 * plain or .gz, or with NumPy's x_train.npy (samples x features, or x height x width, or x height x
 * width x channels; bytes become 0 .. 1) and y_train.npy (a label each); or a .csv file with the
 * columns `filename` and `label`. NULL means "digits". options may be NULL. On success *out is the
 * caller's, to be freed by pictures_free(); on failure it is all zeros, nothing is left behind, and
 * message says which file (and of a CSV which line) is wrong, and what would be right. Errors:
 * OCK_INVALID_ARGUMENT, OCK_OUT_OF_MEMORY, OCK_FILE_FAILED (missing or unreadable), OCK_BAD_FILE
 * (the contents), OCK_UNSUPPORTED (PNG in a build without it). */
ock_status pictures_load(const char *source, const pictures_options *options, pictures *out,
                         char *message, size_t message_size);

/* Also of all zeros; leaves zeros. */
void pictures_free(pictures *set);

#endif
