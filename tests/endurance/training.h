/* One training with everything at once: what long, repeated and parallel runs have in common. */
#ifndef TRAINING_H
#define TRAINING_H

#include <ockham/ockham.h>

enum {
    TRAINING_STEPS = 200 /* an epoch's */
};

typedef struct training {
    const char *device;
    int threads; /* of plain C; 0: the default */
    uint64_t seed;
    uint32_t epochs;
    const char *file; /* NULL: not saved and read back on the way */
    ock_epoch_callback on_epoch;
    void *user;
    uint64_t digest;    /* of the trained weights, their bits */
    char message[1024]; /* of what failed */
} training;

/* Opens a context, trains, evaluates, and destroys all it has made. */
ock_status training_run(training *t);

#endif
