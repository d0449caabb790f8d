/* Processes from their start to the end of their first training step. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benchmarks.h"
#include "cli.h"
#include "folder.h"
#include "network.h"
#include "process.h"
#include "progress.h"
#include "report.h"
#include "run.h"

/* What a first step goes through; each phase ends where the next begins. */
enum phase {
    PROCESS, /* loading and linking */
    DEVICES, /* listing them, which loads the drivers */
    CONTEXT, /* choosing, building the kernels, the self-test */
    FIRST,   /* the network, its data, and the step */
    PHASES
};

static const char *const phase_names[PHASES] = {"process", "devices", "context", "step"};

/* ---- The process that is timed ---- */

static ock_status train_one_step(const struct session *session)
{
    const struct network network = network_of(session->options);
    const size_t batch = (size_t)session->options->batch;
    ock_model *model = NULL;
    ock_dataset *samples = NULL;
    ock_fit fit = ock_fit_defaults();
    fit.batch_size = (uint32_t)batch;
    ock_status status = network_build(session, &network, &(struct technique){0}, &model);
    if (status == OCK_OK)
        status = network_samples(session, &network, batch, &samples);
    if (status == OCK_OK)
        status = ock_model_fit(model, samples, NULL, &fit, NULL);
    ock_dataset_destroy(samples);
    ock_model_destroy(model);
    return status;
}

/* A wish for plain C leaves the drivers alone. */
static void list_devices(const struct options *options)
{
    ock_device *devices = NULL;
    size_t count;
    if (!options->device || strcmp(options->device, "scalar") != 0)
        ock_device_list(&devices, &count);
    ock_device_list_free(devices);
}

int run_first_step(const struct options *options)
{
    struct session session = {.options = options};
    double ends[PHASES] = {[PROCESS] = run_now()};
    list_devices(options);
    ends[DEVICES] = run_now();
    int exit_status =
        run_open("ockham-bench", options->device, (int)options->threads, &session.context);
    ends[CONTEXT] = run_now();
    if (exit_status == EXIT_SUCCESS && train_one_step(&session) != OCK_OK)
        exit_status = session_failed(&session, "the first step failed");
    ends[FIRST] = run_now();
    for (int i = 0; i < PHASES && exit_status == EXIT_SUCCESS; i++)
        printf("%.9f\n", ends[i]);
    session_close(&session);
    return exit_status;
}

/* ---- Caches ---- */

/* Where kernels and measurements are kept by Ockham, by PoCL, by NVIDIA's driver, and by those
 * that follow the XDG base directory specification, as Mesa's and Intel's do. */
static const char *const cache_variables[] = {"OCKHAM_CACHE", "POCL_CACHE_DIR", "CUDA_CACHE_PATH",
                                              "XDG_CACHE_HOME"};

static bool make_caches(char folder[FOLDER_SIZE])
{
    bool made = folder_make("ockham-bench", folder);
    for (size_t i = 0; made && i < sizeof cache_variables / sizeof *cache_variables; i++)
        made = setenv(cache_variables[i], folder, 1) == 0;
    if (!made)
        perror("ockham-bench: a folder for caches");
    return made;
}

static void remove_caches(const char *folder)
{
    if (!folder_remove(folder))
        perror(folder);
}

/* ---- Runs ---- */

enum {
    FIGURES = 1 + PHASES, /* the whole and its phases */
    STATES = 2,           /* cold, warm */
};

static const char *const state_names[STATES] = {"cold", "warm"};

struct startup {
    struct session session;
    struct contender figures[STATES][FIGURES];
};

/* Runs first-step with the options that it shares with startup. */
static int call_first_step(const struct options *options, FILE *output)
{
    const uint64_t values[] = {options->inputs,  options->width, options->depth,
                               options->outputs, options->batch, options->threads};
    const char *const names[] = {"--inputs",  "--width", "--depth",
                                 "--outputs", "--batch", "--threads"};
    enum {
        VALUES = sizeof values / sizeof *values
    };
    char texts[VALUES][24];
    const char *arguments[2 + 2 * VALUES + 2 + 1] = {options->arguments[0], "first-step"};
    const char **next = arguments + 2;
    for (int i = 0; i < VALUES; i++) {
        if (values[i] == 0)
            continue;
        snprintf(texts[i], sizeof texts[i], "%" PRIu64, values[i]);
        *next++ = names[i];
        *next++ = texts[i];
    }
    if (options->device) {
        *next++ = "--device";
        *next++ = options->device;
    }
    return process_run(arguments, STDIN_FILENO, fileno(output));
}

/* False, with the reason on standard error, where the process failed. */
static bool sample(const struct options *options, struct contender figures[FIGURES], size_t run)
{
    FILE *output = tmpfile();
    double start = run_now(), from = start, end = NAN;
    bool done = output && call_first_step(options, output) == EXIT_SUCCESS;
    if (done)
        rewind(output);
    for (int i = 0; i < PHASES && done; i++) {
        done = fscanf(output, "%lf", &end) == 1;
        figures[1 + i].samples[run] = end - from;
        from = end;
    }
    figures[0].samples[run] = end - start;
    if (!done)
        fputs("ockham-bench: startup: a process did not get through its first step\n", stderr);
    if (output)
        fclose(output);
    return done;
}

static int measure(struct startup *startup)
{
    const struct options *options = startup->session.options;
    struct progress progress;
    bool done = true;
    double started = 0;
    progress_begin(&progress, "processes");
    progress_show(&progress, state_names[0], 0, STATES * (double)options->runs);
    for (size_t run = 0; run < options->runs && done && !run_interrupted(); run++) {
        char folder[FOLDER_SIZE];
        done = make_caches(folder);
        if (!done)
            break;
        for (int state = 0; state < STATES && done && !run_interrupted(); state++) {
            done = sample(options, startup->figures[state], run);
            progress_show(&progress, state_names[state], ++started, STATES * (double)options->runs);
        }
        remove_caches(folder);
    }
    progress_erase(&progress);
    return run_interrupted() ? EXIT_INTERRUPTED : done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int report(const struct startup *startup)
{
    struct row rows[STATES * FIGURES];
    const struct report report = {.session = &startup->session,
                                  .benchmark = "startup",
                                  .unit = "ms",
                                  .rows = rows,
                                  .count = STATES * FIGURES};
    for (int i = 0; i < STATES * FIGURES; i++) {
        int figure = i % FIGURES;
        rows[i] = row_of(contest_spread(&startup->figures[i / FIGURES][figure],
                                        (size_t)startup->session.options->runs));
        snprintf(rows[i].name, sizeof rows[i].name, "%s%s%s", state_names[i / FIGURES],
                 figure ? " " : "", figure ? phase_names[figure - 1] : "");
    }
    return report_all(&report);
}

int run_startup(const struct options *options)
{
    struct startup *startup = calloc(1, sizeof *startup);
    if (!startup) {
        fputs("ockham-bench: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    int exit_status = session_open(&startup->session, options);
    if (exit_status == EXIT_SUCCESS)
        exit_status = measure(startup);
    if (exit_status == EXIT_SUCCESS)
        exit_status = report(startup);
    session_close(&startup->session);
    free(startup);
    return exit_status;
}
