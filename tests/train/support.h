/* What the tests of training share: the device under test, small data, small networks. */
#ifndef OCKHAM_TESTS_TRAIN_SUPPORT_H
#define OCKHAM_TESTS_TRAIN_SUPPORT_H

#include <check.h>
#include <math.h>

#include <ockham/ockham.h>

/* ---- Checks ---- */

#define OK(context, call) expect_ok(context, call, #call)
void expect_ok(const ock_context *context, ock_status status, const char *call);

/* The call fails with this status, and the message has these words. */
#define REFUSED(context, status, words, call) expect_refused(context, status, words, call)
void expect_refused(const ock_context *context, ock_status expected, const char *words,
                    ock_status status);

/* Within the tolerance, itself included. */
#define expect_close(got, expected, tolerance)                                                     \
    ck_assert_msg(fabs((got) - (expected)) <= (tolerance), #got " is %.9g, not %.9g within %g",    \
                  (double)(got), (double)(expected), (double)(tolerance))

/* ---- Contexts ---- */

/* The device under test, as ock_context_options takes it. */
extern const char *test_device;

/* Whether the trajectories are those of the whole study, which takes minutes. */
extern bool test_study;

ock_context *open_context(void);
ock_context *open_device(const char *device, size_t max_allocation);

/* ---- Data ---- */

/* One of 2^24 values in 0 <= u < 1; the same sequence for a seed. */
float random_unit(uint32_t *seed);

typedef struct samples {
    size_t rows, features, outputs;
    float *x, *targets; /* targets: one-hot */
    int32_t *labels;
} samples;

/* Classes around centres of their own, near enough that a network must learn. */
samples samples_create(size_t rows, size_t features, size_t outputs);
void samples_free(samples *data);

/* The order in which a fit visits its rows. */
void shuffle_rows(size_t *order, size_t rows, uint64_t seed, uint32_t epoch);

ock_dataset *labelled(ock_context *context, const samples *data);
ock_dataset *targeted(ock_context *context, const samples *data);

/* ---- Networks ---- */

typedef enum spec_kind {
    SPEC_END,
    SPEC_DENSE,
    SPEC_ACTIVATION,
    SPEC_DROPOUT,
    SPEC_BATCH_NORM,
    SPEC_SPATIAL_DROPOUT, /* units: the channels */
    SPEC_GAUSSIAN_NOISE,  /* rate: the deviation */
    SPEC_GAUSSIAN_DROPOUT,
} spec_kind;

typedef struct spec {
    spec_kind kind;
    size_t units;
    ock_activation activation;
    float rate, l1, l2, activity_l1, activity_l2;
    bool no_bias;
} spec;

/* `layers` ends with a SPEC_END. */
ock_model *build(ock_context *context, size_t inputs, const spec *layers);

/* All tensors of a network, one after the other; *count receives their elements. */
float *weights_of(const ock_model *model, size_t *count);
void expect_same_weights(const ock_model *a, const ock_model *b);
void expect_same_history(const ock_history *a, const ock_history *b);

#endif
