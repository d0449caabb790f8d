/* What a benchmark holds: a device, and what was measured of it. */
#ifndef OCKHAM_BENCH_SESSION_H
#define OCKHAM_BENCH_SESSION_H

#include <ockham/ockham.h>
#include <stdio.h>

#include "contest.h"

struct session {
    const struct options *options;
    FILE *talk; /* to people: standard output, or standard error where programs read that */
    ock_context *context;
    int threads; /* of plain C and OpenBLAS */
    double peak_gflops, stream_gbs;
};

/* Tells which device was taken. Returns EXIT_SUCCESS or, with what failed on standard error,
 * another exit status; close it in either case. */
int session_open(struct session *session, const struct options *options);
void session_close(struct session *session);

/* Measures the device's peak and bandwidth. What other programs do can only make them lower, so
 * of several measurements the best counts. */
int session_measure(struct session *session);

/* The same, to be repeated among other contenders. */
struct contender session_contender(struct session *session);

/* Prints "ockham-bench: " and the context's message; returns EXIT_FAILURE. */
int session_failed(const struct session *session, const char *what);

/* A rows x cols tensor of numbers from -0.5 to 0.5 and, if `host` is not NULL, the same there.
 * Both are the caller's. */
ock_status session_tensor(const struct session *session, size_t rows, size_t cols,
                          ock_tensor **tensor, float **host);

/* Numbers from -0.5 to 0.5, the caller's; NULL where memory is refused. */
float *random_numbers(size_t count);

#endif
