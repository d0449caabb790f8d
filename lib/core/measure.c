/* What a device can do: its peak, its memory, and the training step by which one is chosen. */
#include <math.h>
#include <time.h>

#include <ockham/measure.h>

#include "core/core.h"

#define TRY(b, call)                                                                               \
    do {                                                                                           \
        if ((b)->status == OCK_OK)                                                                 \
            (b)->status = (call);                                                                  \
    } while (0)

enum {
    TENSORS = 12,
    RUNS = 9
};

/* What is timed: its tensors, and how to enqueue it once. */
typedef struct trial {
    ock_context *context;
    ock_status status;
    ock_tensor *tensors[TENSORS];
    size_t count;
    uint32_t times;
    uint64_t iteration;
    ock_dense_parameters layer;
    const ock_matmul_options *options;
} trial;

double ock_seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static ock_tensor *make(trial *t, size_t rows, size_t cols, float value)
{
    ock_tensor *tensor = NULL;
    TRY(t, ock_tensor_create(t->context, OCK_F32, rows, cols, &tensor));
    TRY(t, ock_tensor_fill(tensor, value));
    if (tensor)
        t->tensors[t->count++] = tensor;
    return tensor;
}

static ock_status end(trial *t)
{
    while (t->count > 0)
        ock_tensor_destroy(t->tensors[--t->count]);
    return t->status;
}

/* ---- Timing ---- */

static double time_run(trial *t, void (*enqueue)(trial *t))
{
    double start = ock_seconds_now();
    enqueue(t);
    TRY(t, ock_context_finish(t->context));
    return ock_seconds_now() - start;
}

/* The best of several runs after one that does not count, since what else the machine does can
 * only slow them down; fewer where the device is slow. */
static double best_run(trial *t, void (*enqueue)(trial *t))
{
    const double enough = 0.1;
    double best = INFINITY, spent = 0;
    time_run(t, enqueue);
    for (int run = 0; run < RUNS && spent < enough; run++) {
        double seconds = time_run(t, enqueue);
        best = fmin(best, seconds);
        spent += seconds;
    }
    return best;
}

/* ---- Peak ---- */

static void enqueue_chains(trial *t)
{
    TRY(t, ock_fma_chains(0.5f, 0.5f, t->times, t->tensors[0]));
}

/* As many elements as keep a device's units busy many times over, and longer and longer chains
 * until a run takes so long that its launch does not count, which on a busy machine may take as
 * long as the scheduler likes. */
ock_status ock_measure_peak(ock_context *context, double *gflops)
{
    const double shortest = 5e-3, too_long = 0.2;
    const uint32_t longest = 1 << 24;
    trial t = {.context = context, .times = 16};
    size_t units = context->device.compute_units ? context->device.compute_units : 1;
    size_t most = context->max_allocation / (2 * sizeof(float));
    size_t count = units < most >> 16 ? units << 16 : most;
    const ock_tensor *x = make(&t, 1, count, 1);
    double seconds = best_run(&t, enqueue_chains), launches = 16 * seconds;
    double long_enough = launches < shortest ? shortest : fmin(launches, too_long);
    while (t.status == OCK_OK && seconds < long_enough && t.times < longest) {
        t.times *= 4;
        seconds = best_run(&t, enqueue_chains);
    }
    if (t.status == OCK_OK)
        *gflops = 2e-9 * t.times * (double)x->stride / seconds;
    return end(&t);
}

/* ---- A launch ---- */

static void enqueue_least(trial *t)
{
    TRY(t, ock_fma_chains(0.5f, 0.5f, 1, t->tensors[0]));
}

ock_status ock_measure_launch(ock_context *context, double *seconds)
{
    trial t = {.context = context};
    make(&t, 1, 1, 1);
    *seconds = best_run(&t, enqueue_least);
    return end(&t);
}

/* ---- Memory ---- */

static void enqueue_copy(trial *t)
{
    TRY(t, ock_tensor_copy(t->tensors[0], t->tensors[1]));
}

static ock_status time_copy(ock_context *context, size_t bytes, double *seconds, double *gbs)
{
    enum {
        COLS = 1008 /* floats; rows of so many have no padding */
    };
    trial t = {.context = context};
    size_t row = COLS * sizeof(float), rows = bytes < row ? 1 : bytes / row;
    make(&t, rows, COLS, 1);
    make(&t, rows, COLS, 0);
    *seconds = best_run(&t, enqueue_copy);
    if (t.status == OCK_OK)
        *gbs = 2e-9 * (double)(rows * row) / *seconds;
    return end(&t);
}

/* By way of smaller buffers: where nobody would wait for the next ones, the last stand for all. */
ock_status ock_measure_stream(ock_context *context, double *gbs)
{
    const double too_long = 0.5;
    const size_t growth = 16;
    size_t most = 128 << 20, bytes = most / growth / growth;
    double seconds = 0;
    ock_status status = OCK_OK;
    if (context->device.global_memory / 8 < most)
        most = (size_t)context->device.global_memory / 8;
    if (context->max_allocation < most)
        most = context->max_allocation;
    for (bool last = false; status == OCK_OK && !last && seconds * (double)growth < too_long;
         bytes *= growth) {
        last = bytes >= most;
        status = time_copy(context, last ? most : bytes, &seconds, gbs);
    }
    return status;
}

/* ---- A training step ---- */

static void enqueue_step(trial *t)
{
    const ock_optimizer adam = ock_adam_defaults();
    ock_tensor *const *tensors = t->tensors;
    const ock_tensor *x = tensors[0], *dy = tensors[1];
    ock_tensor *y = tensors[2], *dx = tensors[3];
    TRY(t, ock_dense_forward(x, &t->layer, OCK_RELU, NULL, y));
    TRY(t, ock_dense_backward_input(dy, &t->layer, OCK_RELU, NULL, y, dx));
    TRY(t, ock_dense_backward_weights(&adam, ++t->iteration, x, dy, &t->layer, NULL));
}

static ock_parameter make_parameter(trial *t, size_t rows, size_t cols)
{
    return (ock_parameter){.value = make(t, rows, cols, 0.01f),
                           .moment1 = make(t, rows, cols, 0),
                           .moment2 = make(t, rows, cols, 0)};
}

static ock_status time_step(ock_context *context, size_t width, double *seconds)
{
    const size_t batch = 128;
    trial t = {.context = context};
    for (int i = 0; i < 4; i++)
        make(&t, batch, width, 0.1f);
    t.layer.kernel = make_parameter(&t, width, width);
    t.layer.bias = make_parameter(&t, 1, width);
    *seconds = best_run(&t, enqueue_step);
    return end(&t);
}

/* By way of narrower layers: where nobody would wait for the next one, the last stands for all. */
ock_status ock_measure_step(ock_context *context, double *seconds)
{
    const double widths[] = {64, 180, 500}, too_long = 0.5;
    bool untuned = context->backend->untuned;
    context->backend->untuned = true;
    ock_status status = time_step(context, (size_t)widths[0], seconds);
    for (int i = 1; i < 3 && status == OCK_OK; i++) {
        double growth = widths[i] / widths[i - 1] * widths[i] / widths[i - 1];
        *seconds *= growth;
        if (*seconds < too_long)
            status = time_step(context, (size_t)widths[i], seconds);
    }
    context->backend->untuned = untuned;
    return status;
}

/* ---- A product ---- */

static void enqueue_product(trial *t)
{
    TRY(t, ock_matmul(t->options, t->tensors[0], t->tensors[1], t->tensors[2]));
}

ock_status ock_matmul_tune(ock_context *context, const ock_matmul_options *options, size_t m,
                           size_t n, size_t k, ock_tuning *tuning)
{
    ock_matmul_options defaults = ock_matmul_defaults();
    trial t = {.context = context, .options = options ? options : &defaults};
    ock_tuning made = {.count = 1, .candidates = {{.name = "scalar"}}};
    if (tuning)
        *tuning = (ock_tuning){0};
    if (!context)
        return OCK_INVALID_ARGUMENT;
    if (!tuning)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "ock_matmul_tune: tuning is NULL");
    ock_backend *backend = context->backend;
    bool a_transposed = t.options->transpose_a, b_transposed = t.options->transpose_b;
    const ock_tensor *a = make(&t, a_transposed ? k : m, a_transposed ? m : k, 0.5f);
    const ock_tensor *b = make(&t, b_transposed ? n : k, b_transposed ? k : n, 0.5f);
    ock_tensor *c = make(&t, m, n, 0);
    if (backend->table->tune)
        TRY(&t, backend->table->tune(backend, t.options, a, b, c, &made));
    else
        made.candidates[0].seconds = best_run(&t, enqueue_product);
    if (end(&t) == OCK_OK)
        *tuning = made;
    return t.status;
}

/* ---- All of it ---- */

ock_status ock_context_measure(ock_context *context, ock_measurement *measurement)
{
    ock_measurement made = {0};
    if (measurement)
        *measurement = made;
    if (!context)
        return OCK_INVALID_ARGUMENT;
    if (!measurement)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "ock_context_measure: measurement is NULL");
    ock_status status = ock_measure_launch(context, &made.launch_seconds);
    if (status == OCK_OK)
        status = ock_measure_peak(context, &made.peak_gflops);
    if (status == OCK_OK)
        status = ock_measure_stream(context, &made.stream_gbs);
    if (status == OCK_OK)
        status = ock_measure_step(context, &made.step_seconds);
    if (status == OCK_OK)
        *measurement = made;
    return status;
}

ock_status ock_fma_chains(float a, float b, uint32_t times, ock_tensor *x)
{
    check c = check_begin("ock_fma_chains");
    check_tensor(&c, "x", x, OCK_F32);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return c.context->backend->table->fma_chains(c.context->backend, a, b, times, x);
}
