#define _GNU_SOURCE /* sched_getaffinity() */

#include "session.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "run.h"

/* Those that this process may run on. */
static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int session_open(struct session *session, const struct options *options)
{
    *session = (struct session){.options = options};
    session->talk = options->json && strcmp(options->json, "-") == 0 ? stderr : stdout;
    session->threads = options->threads ? (int)options->threads : processors();
    int exit_status =
        run_open("ockham-bench", options->device, session->threads, &session->context);
    if (exit_status != EXIT_SUCCESS)
        return exit_status;
    fprintf(session->talk, "device: %s\n", ock_context_message(session->context));
    fflush(session->talk);
    struct waiting waiting;
    waiting_begin(&waiting, "measuring the device");
    exit_status = session_measure(session);
    waiting_end(&waiting);
    return exit_status;
}

void session_close(struct session *session)
{
    ock_context_destroy(session->context);
}

int session_measure(struct session *session)
{
    ock_measurement measured;
    if (ock_context_measure(session->context, &measured) != OCK_OK)
        return session_failed(session, "the device cannot be measured");
    if (measured.peak_gflops > session->peak_gflops)
        session->peak_gflops = measured.peak_gflops;
    if (measured.stream_gbs > session->stream_gbs)
        session->stream_gbs = measured.stream_gbs;
    return EXIT_SUCCESS;
}

static double remeasure(void *state, size_t times)
{
    int exit_status = EXIT_SUCCESS;
    for (size_t i = 0; i < times && exit_status == EXIT_SUCCESS; i++)
        exit_status = session_measure(state);
    return exit_status == EXIT_SUCCESS ? 0 : NAN;
}

struct contender session_contender(struct session *session)
{
    return (struct contender){
        .name = "peak and bandwidth", .run = remeasure, .state = session, .times = 1};
}

int session_failed(const struct session *session, const char *what)
{
    fprintf(stderr, "ockham-bench: %s: %s\n", what, ock_context_message(session->context));
    return EXIT_FAILURE;
}

float *random_numbers(size_t count)
{
    float *numbers = malloc(count * sizeof *numbers);
    uint32_t draw[4];
    for (size_t i = 0; numbers && i < count; i++) {
        if (i % 4 == 0)
            ock_philox((uint32_t[]){(uint32_t)(i / 4), 0, 0, 0}, 1, draw);
        numbers[i] = (float)(draw[i % 4] >> 8) * 0x1p-24f - 0.5f;
    }
    return numbers;
}

ock_status session_tensor(const struct session *session, size_t rows, size_t cols,
                          ock_tensor **tensor, float **host)
{
    *tensor = NULL;
    float *numbers = random_numbers(rows * cols);
    if (host)
        *host = numbers;
    if (!numbers)
        return ock_context_report(session->context, OCK_OUT_OF_MEMORY,
                                  "no memory for %zu x %zu numbers", rows, cols);
    ock_status status = ock_tensor_create(session->context, OCK_F32, rows, cols, tensor);
    if (status == OCK_OK)
        status = ock_tensor_write(*tensor, numbers);
    if (!host)
        free(numbers);
    return status;
}
