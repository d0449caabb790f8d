/* Searches for good settings. */
#include "search.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command_line.h"
#include "commands.h"
#include "epoch_line.h"
#include "events.h"
#include "progress.h"
#include "run.h"
#include "train.h"

struct search {
    const struct session *session;
    const struct search_axes *axes;
    ock_search_options options;
    ock_search_results results;
    ock_augmentation augmentation; /* of the present trial */
    struct search_journal journal;
    bool journal_failed;
    struct events events;
    int columns, lines; /* of the terminal; 0: it is none */
    size_t drawn;       /* lines of the table that stand there */
    struct progress progress;
};

static struct search_report report_of(const struct search *search)
{
    return (struct search_report){search->session, &search->options, &search->results};
}

/* ---- Trials ---- */

static uint64_t steps_per_epoch(const struct search *search, const ock_fit *fit)
{
    const ock_search_options *options = &search->options;
    size_t rows = search->session->pictures.count;
    size_t train = options->folds
                       ? rows - rows / options->folds
                       : (size_t)((1 - search->session->options->validation_split) * (double)rows);
    return (train + fit->batch_size - 1) / fit->batch_size;
}

static void on_failover(const ock_failover *failover, void *user)
{
    struct search *search = user;
    progress_erase(&search->progress);
    failover_line(search->session->talk, "search", failover);
    search->drawn = 0; /* the table stands above that line */
}

static ock_status make(const double *values, ock_context *context, ock_model **model, ock_fit *fit,
                       void *user)
{
    struct search *search = user;
    const pictures *samples = &search->session->pictures;
    struct options point = *search->session->options;
    char message[512];
    if (!search_axes_apply(search->axes, values, &point, message, sizeof message))
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s", message);
    *fit = recipe_fit(&point.recipe, steps_per_epoch(search, &point.recipe.fit));
    fit->seed = point.seed;
    fit->failover = point.failover;
    fit->on_failover = on_failover;
    search->augmentation = session_augmentation(search->session, &point.recipe, point.seed);
    fit->augmentation = point.recipe.augment ? &search->augmentation : NULL;
    return recipe_build(&point.recipe, context, pictures_size(samples), (size_t)samples->classes,
                        model);
}

/* Before any training: each point's settings must go together. */
static bool check_points(const struct search *search)
{
    size_t points = ock_search_points(&search->options);
    double values[SEARCH_AXES];
    char message[512];
    for (size_t i = 0; i < points; i++) {
        struct options point = *search->session->options;
        ock_search_point(&search->options, i, values);
        if (!search_axes_apply(search->axes, values, &point, message, sizeof message)) {
            fprintf(stderr, "ockham-train search: %s\n", message);
            return false;
        }
    }
    return true;
}

/* ---- While it runs ---- */

static bool on_step(const ock_search_progress *at, void *user)
{
    struct search *search = user;
    double epochs = at->epoch - 1 + (double)at->step / (double)at->steps;
    double runs = (double)at->run + epochs / at->epochs;
    double trials = (double)at->trial - 1 + runs / (double)at->runs;
    char name[96], rung[32] = "";
    if (at->rungs > 1)
        snprintf(rung, sizeof rung, "rung %" PRIu32 "/%" PRIu32 ", ", at->rung + 1, at->rungs);
    snprintf(name, sizeof name, "%strial %zu/%zu", rung, at->trial, at->trials);
    progress_show(&search->progress, name, trials, (double)at->trials);
    return !run_interrupted();
}

/* The table takes the place of the one before. */
static void redraw_table(struct search *search)
{
    struct search_report report = report_of(search);
    FILE *stream = search->session->talk;
    if (search->drawn)
        fprintf(stream, "\033[%zuA\033[J", search->drawn);
    fputs("\033[?7l", stream); /* no wrapping: a line of the table is a line of the terminal */
    search->drawn = search_table(&report, search->lines > 4 ? (size_t)search->lines - 3 : 1);
    fputs("\033[?7h", stream);
}

/* The score and the point, at the trial's number. */
static void add_trial(struct search *search, const ock_search_results *results)
{
    const struct search_axes *axes = search->axes;
    const ock_trial *trial = &results->trials[results->count - 1];
    struct event_scalar scalars[2 + SEARCH_AXES] = {
        {search->options.score, trial->mean},
        {"seconds", trial->seconds},
    };
    for (size_t a = 0; a < axes->count; a++)
        scalars[2 + a] = (struct event_scalar){axes->names[a], trial->values[a]};
    events_add(&search->events, results->count, scalars, 2 + axes->count);
}

static bool on_trial(const ock_search_results *results, void *user)
{
    struct search *search = user;
    struct search_report report = report_of(search);
    progress_erase(&search->progress);
    search->journal_failed = !search_journal_add(&search->journal, results);
    add_trial(search, results);
    if (search->columns)
        redraw_table(search);
    else
        search_line(&report, &results->trials[results->count - 1]);
    return !search->journal_failed && !run_interrupted();
}

/* ---- When it is stopped ---- */

/* All that is done, in a journal that nobody asked for. */
static bool keep(const struct search *search, const char *path)
{
    struct search_journal journal;
    ock_search_results none = {0}, done = search->results;
    bool kept = search_journal_open(&journal, path, search->session, &search->options, &none);
    for (done.count = 1; kept && done.count <= search->results.count; done.count++)
        kept = search_journal_add(&journal, &done);
    search_journal_close(&journal);
    return kept;
}

/* Says how to go on. Returns false, with the reason on standard error, where what was done is not
 * kept. */
static bool tell_of_stop(const struct search *search)
{
    const struct options *options = search->session->options;
    const char *path = options->search.journal;
    char own[STOPPED_PATH];
    if (search->results.count == 0) {
        fputs("ockham-train: stopped in the first trial: there is nothing to go on with\n", stderr);
        return true;
    }
    if (!path && !command_line_stopped_path(own)) {
        perror("ockham-train: stopped; the trials are not kept, since in this folder");
        return false;
    }
    if (!path && !keep(search, own))
        return false;
    path = path ? path : own;
    fprintf(stderr, "ockham-train: stopped after %zu trials, which %s keeps. To go on:\n",
            search->results.count, path);
    command_line_print_next(options, path);
    return true;
}

/* ---- The search ---- */

static void prepare(struct search *search, const struct session *session,
                    const struct search_axes *axes)
{
    const struct options *options = session->options;
    const struct search_flags *flags = &options->search;
    *search = (struct search){
        .session = session,
        .axes = axes,
        .journal = {.file = -1},
        .events = {.file = -1},
        .columns = run_columns(session->talk),
        .lines = run_lines(session->talk),
    };
    search->options = ock_search_defaults();
    search->options.axes = axes->axes;
    search->options.axis_count = axes->count;
    search->options.points = flags->random;
    search->options.seed = options->seed;
    search->options.seeds = (uint32_t)session->options->seeds;
    search->options.folds = (uint32_t)flags->folds;
    search->options.validation_split = (float)options->validation_split;
    search->options.score = flags->score;
    search->options.epochs = options->recipe.fit.epochs;
    search->options.halving = (uint32_t)flags->halving;
    search->options.make = make;
    search->options.on_step = on_step;
    search->options.on_trial = on_trial;
    search->options.user = search;
}

static int run(struct search *search, ock_dataset *set)
{
    struct search_report report = report_of(search);
    FILE *stream = search->session->talk;
    if (search->results.count)
        fprintf(stream, "resumed: %zu trials are done\n", search->results.count);
    fflush(stream);
    progress_begin(&search->progress, "trials");
    ock_status status = ock_search(set, NULL, &search->options, &search->results);
    progress_erase(&search->progress);
    if (search->columns && search->drawn)
        fprintf(stream, "\033[%zuA\033[J", search->drawn);
    else if (search->results.count)
        fputc('\n', stream);
    if (search->results.count)
        search_table(&report, SIZE_MAX);
    if (status != OCK_OK)
        session_failed(search->session, "the search ended");
    bool json = search_json(&report), csv = search_csv(&report), heat = search_heat(&report);
    bool told = !run_interrupted() || tell_of_stop(search);
    if (status != OCK_OK || search->journal_failed || search->events.failed || !json || !csv ||
        !heat || !told)
        return EXIT_FAILURE;
    return run_interrupted() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}

static bool open_events(struct search *search)
{
    const char *folder = search->session->options->tensorboard;
    if (events_open(&search->events, folder, NULL))
        return true;
    fprintf(stderr, "ockham-train: --tensorboard %s: %s\n", folder, strerror(errno));
    return false;
}

static int search_with(const struct session *session, const struct search_axes *axes,
                       ock_dataset *set)
{
    const char *path = session->options->search.journal;
    struct search search;
    int exit_status = EXIT_USAGE;
    prepare(&search, session, axes);
    if (ock_search_check(session->context, &search.options, session->pictures.count, false) !=
        OCK_OK)
        fprintf(stderr, "ockham-train search: %s\n", ock_context_message(session->context));
    else if (check_points(&search) &&
             (!path || search_journal_open(&search.journal, path, session, &search.options,
                                           &search.results)) &&
             open_events(&search))
        exit_status = run(&search, set);
    events_close(&search.events);
    search_journal_close(&search.journal);
    ock_search_results_clear(&search.results);
    return exit_status;
}

int run_search(const struct options *options)
{
    struct session session = {0};
    struct search_axes axes;
    ock_dataset *set = NULL;
    int exit_status = EXIT_USAGE;
    if (search_axes_read(options, &axes))
        exit_status = train_open(&session, options, &set);
    if (exit_status == EXIT_SUCCESS)
        exit_status = search_with(&session, &axes, set);
    ock_dataset_destroy(set);
    session_close(&session);
    search_axes_free(&axes);
    return exit_status;
}
