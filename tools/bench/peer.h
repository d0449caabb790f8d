/* A library that multiplies beside Ockham. */
#ifndef OCKHAM_BENCH_PEER_H
#define OCKHAM_BENCH_PEER_H

#include "session.h"

/* Row-major and contiguous: a is M x K or, transposed, K x M; b is K x N or N x K; c is M x N. */
struct operands {
    float *a, *b, *c;
};

struct peer {
    /* `about` receives which version runs how or, where NULL is returned, why none does. */
    void *(*open)(const struct session *session, char *about, size_t size);
    void (*close)(void *state);
    /* The product, all of which stays the caller's, is what run() repeats until the next. Both say
     * on standard error what failed; run() is a contender's. */
    bool (*prepare)(void *state, const struct product *product, const struct operands *operands);
    double (*run)(void *state, size_t times);
};

enum {
    OPENBLAS,
    CLBLAST,
    PEERS
};

extern const struct peer openblas_peer, clblast_peer;

/* Before anything else: OpenBLAS's threads spin for up to 0.1 s after each product, which makes
 * runs beside it slow to take. How long they do is read as the library is loaded, so this calls
 * the program again with OPENBLAS_THREAD_TIMEOUT set, unless it is. */
void openblas_spin_less(char **arguments);

#endif
