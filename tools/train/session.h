/* What a run of the tool holds: a device, and the pictures on it. */
#ifndef OCKHAM_TRAIN_SESSION_H
#define OCKHAM_TRAIN_SESSION_H

#include <ockham/data.h>
#include <stdio.h>

#include "input.h"
#include "options.h"

struct session {
    const struct options *options;
    FILE *talk; /* to people: standard output, or standard error where programs read that */
    ock_context *context;
    pictures pictures; /* --first and --count obeyed */
};

/* Tells which device was taken and what was read. Returns EXIT_SUCCESS or, with what failed on
 * standard error, another exit status; close it in either case. `classes` is the number of
 * labels that the network at hand knows; 0: the default. */
int session_open(struct session *session, const struct options *options);
int session_read(struct session *session, size_t classes);
void session_close(struct session *session);

/* The recipe's augmentation of the session's pictures. */
ock_augmentation session_augmentation(const struct session *session, const struct recipe *recipe,
                                      uint64_t seed);

/* Prints "ockham-train: " and the context's message; returns EXIT_FAILURE. */
int session_failed(const struct session *session, const char *what);

/* Prints why, by errno, a file that was asked for could not be written; false. */
bool session_not_written(const char *path);

#endif
