/* golden: Ockham's numbers against Keras's, which generate.py has written to vectors/.
 *
 * Keras computed them in float64 from float32 inputs, so each bound is what float32 may do to
 * Ockham alone. Every test runs on the scalar path and on the first OpenCL device. */
#ifndef OCKHAM_GOLDEN_H
#define OCKHAM_GOLDEN_H

#include <float.h>
#include <math.h>

#include <check.h>
#include <ockham/ockham.h>

/* The unit roundoff of float: one rounding errs by at most UNIT times the result. */
#define UNIT (0.5 * (double)FLT_EPSILON)

/* ---- The shapes of the vectors; NAN is no verdict ---- */

enum {
    STEPS = 10,
    SINGLE_ROWS = 2,
    SINGLE_COLS = 5,
    SINGLE_SIZE = SINGLE_ROWS * SINGLE_COLS,
    NETWORK_INPUTS = 3,
    NETWORK_HIDDEN = 3,
    NETWORK_OUTPUTS = 2,
    NETWORK_ROWS = 6,
    NETWORK_SIZE = 20,
    TOOLKIT_ROWS = 3,
    TOOLKIT_COLS = 4,
    TOOLKIT_SIZE = TOOLKIT_ROWS * TOOLKIT_COLS,
    LOSS_ROWS = 8,
    ACTIVATION_SIZE = 35,
    SOFTMAX_ROWS = 6,
    SOFTMAX_COLS = 5,
    NORM_COLS = 4,
    FIT_INPUTS = 4,
    FIT_TRAIN = 14,
    FIT_ROWS = 19,
    FIT_EPOCHS = 2,
    SCHEDULE_STEPS = 17,
    AVERAGE_ROWS = 6,
    AVERAGE_SIZE = 20,
    STOP_EPOCHS = 12,
    PLATEAU_EPOCHS = 16,
};

typedef struct golden_single {
    const char *name;
    ock_optimizer optimizer;
    ock_penalty penalty;
    double penalties[STEPS]; /* before each step */
    float weights[STEPS][SINGLE_SIZE];
} golden_single;

typedef struct golden_network {
    const char *name;
    ock_optimizer optimizer;
    ock_penalty kernel, bias, activity; /* with an activity a softmax comes last */
    double losses[STEPS];
    float loss_spread[STEPS];
    float weights[STEPS][NETWORK_SIZE];
    float weight_spread[STEPS];
} golden_network;

/* After STEPS steps of one tensor, and of a network. */
typedef struct toolkit_tensor {
    const char *name;
    ock_optimizer optimizer;
    ock_penalty penalty;
    ock_constraint constraint;
    bool vector;
    float weights[TOOLKIT_SIZE], average[TOOLKIT_SIZE]; /* of zeros where none is kept */
    float spread;
} toolkit_tensor;

typedef struct toolkit_network {
    const char *name;
    ock_optimizer optimizer;
    ock_penalty penalty; /* of kernels and biases, as is the constraint */
    ock_constraint constraint;
    float weights[NETWORK_SIZE];
    double loss; /* of the last step */
    float spread;
} toolkit_network;

typedef struct golden_loss {
    const char *name;
    ock_loss_kind kind;
    size_t rows, cols;
    const float *prediction, *targets;
    const int32_t *labels;
    float smoothing;
    const float *weights; /* NULL: none */
    const float *gradient;
    double losses[LOSS_ROWS]; /* weighted */
    double correct;
} golden_loss;

typedef struct golden_activation {
    const char *name;
    ock_activation activation;
    float y[ACTIVATION_SIZE], dx[ACTIVATION_SIZE];
} golden_activation;

typedef struct golden_tensor {
    const char *name;
    size_t size;
    const float *values; /* before the fit, then after it */
} golden_tensor;

typedef struct golden_fit {
    const char *name;
    ock_optimizer optimizer;
    size_t outputs;
    const float *x, *targets;
    const int32_t *labels;
    const float *row_weights, *class_weights; /* NULL: none */
    float smoothing;
    size_t tensor_count;
    const golden_tensor *tensors;
    double history[FIT_EPOCHS][4]; /* loss, accuracy, val_loss, val_accuracy */
    float loss_spread, weight_spread;
} golden_fit;

typedef struct golden_schedule {
    ock_schedule schedule;
    double rates[SCHEDULE_STEPS];
} golden_schedule;

typedef struct golden_stop {
    ock_early_stopping options;
    double values[STOP_EPOCHS];
    int epochs, waits[STOP_EPOCHS];
    bool stopped;
    double best;
    int best_epoch;
} golden_stop;

typedef struct golden_plateau {
    ock_plateau options;
    double values[PLATEAU_EPOCHS], rates[PLATEAU_EPOCHS];
    int waits[PLATEAU_EPOCHS], cooldowns[PLATEAU_EPOCHS];
    double best;
} golden_plateau;

typedef struct golden_average {
    const char *name;
    ock_optimizer optimizer;
    float ema_momentum;
    float weights[STEPS + 1][AVERAGE_SIZE]; /* the averages after each step; last the network's */
    float spread[STEPS + 1];
} golden_average;

typedef struct golden_picture {
    const char *name;
    ock_augmentation options;
    float transform[OCK_TRANSFORM_SIZE];
    const float *x, *y;
} golden_picture;

typedef struct golden_standard {
    const char *name;
    ock_standardization options;
    size_t features;
    const float *x, *y;
    float spread;
} golden_standard;

/* ---- Helpers; a failure ends the test ---- */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The scalar path for 0, the first OpenCL device for 1; NULL where there is none. */
ock_context *golden_open(int device);
enum {
    GOLDEN_DEVICES = 2
};

void expect_ok(const ock_context *context, ock_status status);

/* |got - expected| <= bound, where expected is not NAN. */
void expect_near(const char *name, size_t element, double got, double expected, double bound);

/* Tensors of given contents; values NULL: of zeros. */
ock_tensor *make_floats(ock_context *context, size_t rows, size_t cols, const float *values);
ock_tensor *make_ints(ock_context *context, size_t rows, const int32_t *values);
void read_floats(const ock_tensor *tensor, float *values);

/* All `size` of a network's, in the order of Keras's and of ours: kernel and bias of each layer. */
void write_weights(const ock_model *model, size_t size, const float *values);
void read_weights(const ock_model *model, size_t size, float *values);

ock_totals read_totals(const ock_tensor *totals);

/* ---- Topics ---- */

TCase *golden_steps(void);
TCase *golden_toolkit(void);
TCase *golden_networks(void);
TCase *golden_losses(void);
TCase *golden_activations(void);
TCase *golden_norms(void);
TCase *golden_initializers(void);
TCase *golden_fits(void);
TCase *golden_schedules(void);
TCase *golden_stopping(void);
TCase *golden_averages(void);
TCase *golden_augmentation(void);
TCase *golden_standardise(void);

#endif
