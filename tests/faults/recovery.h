/* Runs on one device, and what must come of them. */
#ifndef OCKHAM_TESTS_FAULTS_RECOVERY_H
#define OCKHAM_TESTS_FAULTS_RECOVERY_H

#include "../train/files.h"
#include "../train/support.h"
#include "find_layer.h"

enum {
    SIDE = 4, /* of a picture */
    FEATURES = SIDE * SIDE,
    EPOCHS = 3
};

extern char first_device[24], next_device[24];

/* ---- Runs ---- */

extern folder files; /* the checkpoint under test */

void open_all(void); /* what all beds share */
void close_all(void);

typedef enum run_kind {
    PLAIN, /* nothing but what each step needs; goes on without a checkpoint, too */
    MOVING_AVERAGE,
    MEAN_OF_EPOCHS,
    KINDS
} run_kind;

/* What a run needs, on one device. */
typedef struct bed {
    size_t live; /* before it */
    ock_context *context;
    ock_dataset *set, *train, *valid;
    ock_standardizer *standardizer;
    ock_model *net;
    ock_fit fit;
    ock_history history;
} bed;

bed open_bed(const char *device, run_kind kind);
void open_sets(bed *b);
void close_bed(bed *b);

/* A new network, whose weights the fit draws; and with those weights, so that a fault hits the fit
 * and not their drawing. */
void rebuild(bed *b);
void renew(bed *b);

ock_status run(bed *b);

/* ---- What must come of them ---- */

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

/* A run without a fault: the network before and after each epoch, as on_epoch finds it, and at the
 * end; the checkpoints; and the networks at the end of runs on the next device and in plain C that
 * were resumed from these. */
typedef struct expected {
    float *epochs[EPOCHS + 1], *end;
    float *on_next[EPOCHS + 1], *on_plain[EPOCHS + 1];
    bytes checkpoints[EPOCHS + 1];
    ock_history history;
    size_t calls, size;
    const ock_model *net;
} expected;

/* Counts the calls at which a fault of that kind can be. */
expected expect(run_kind kind, layer_fault fault);
void expected_free(expected *e);

void expect_weights(const expected *e, const bed *b, const float *weights);

/* Those of the history are the run's first ones. */
void expect_epochs(const expected *e, const bed *b, size_t epochs);

/* ---- recovery_search.c ---- */

void add_searches(TCase *cases);

#endif
