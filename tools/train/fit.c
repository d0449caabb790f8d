/* Trains the network that the flags describe. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command_line.h"
#include "commands.h"
#include "curves.h"
#include "report.h"
#include "train.h"

static bool save(const struct session *session, ock_model *model)
{
    const char *path = session->options->save;
    if (!path)
        return true;
    if (ock_model_save(model, path) != OCK_OK) {
        session_failed(session, "the network was not saved");
        return false;
    }
    fprintf(session->talk, "saved: %s\n", path);
    return true;
}

/* Where a run is stopped that was not asked to, so that it can go on. */
static void keep_when_stopped(ock_fit *fit, char path[STOPPED_PATH])
{
    if (fit->checkpoint || !command_line_stopped_path(path))
        return;
    fit->checkpoint = path;
    fit->checkpoint_when_stopped = true;
}

static void tell_of_stop(const struct options *options, const ock_fit *fit, size_t epochs)
{
    if (epochs == 0 || !fit->checkpoint) {
        fprintf(stderr, "ockham-train: stopped%s\n",
                epochs ? "; the run is not kept, since this folder cannot be written to"
                       : " in the first epoch: there is nothing to go on with");
        return;
    }
    fprintf(stderr, "ockham-train: stopped after epoch %zu, which %s keeps. To go on:\n", epochs,
            fit->checkpoint);
    command_line_print_next(options, fit->checkpoint);
}

/* Of each dense layer that has a weight of exactly 0. */
static void print_sparsity(const struct session *session, ock_model *model)
{
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor named;
        ock_sparsity found;
        size_t layer;
        char rest[16];
        if (ock_model_tensor_at(model, i, &named) != OCK_OK ||
            sscanf(named.name, "%zu.%15s", &layer, rest) != 2 || strcmp(rest, "kernel") != 0 ||
            ock_model_sparsity(model, layer, 0, &found) != OCK_OK || found.zeros == 0)
            continue;
        fprintf(session->talk,
                "layer %zu: %.1f %% of %zu weights are 0, and %zu of %zu units dead\n", layer,
                100 * (double)found.zeros / (double)found.weights, found.weights, found.dead,
                found.units);
    }
}

static int fit(const struct session *session, ock_dataset *set)
{
    static const int exit_statuses[] = {[RAN] = EXIT_SUCCESS,
                                        [SKIPPED] = EXIT_FAILURE,
                                        [FAILED] = EXIT_FAILURE,
                                        [INTERRUPTED] = EXIT_INTERRUPTED};
    ock_model *model = NULL;
    struct result result;
    struct report report = {.session = session, .results = &result, .count = 1};
    struct recipe recipe = session->options->recipe;
    char path[STOPPED_PATH];
    keep_when_stopped(&recipe.fit, path);
    train_recipe(session, &recipe, set, &result, &model);
    report_table(&report);
    if (model)
        print_sparsity(session, model);
    if (*result.reason)
        fprintf(stderr, "ockham-train: %s\n", result.reason);
    bool saved = !model || save(session, model);
    bool json = report_json(&report), csv = report_csv(&report);
    bool plot = curves_write(&report), events = report_events(&report);
    if (result.outcome == INTERRUPTED)
        tell_of_stop(session->options, &recipe.fit, result.history.count);
    ock_history_clear(&result.history);
    ock_model_destroy(model);
    return saved && json && csv && plot && events ? exit_statuses[result.outcome] : EXIT_FAILURE;
}

int run_fit(const struct options *options)
{
    struct session session;
    ock_dataset *set;
    int exit_status = train_open(&session, options, &set);
    if (exit_status == EXIT_SUCCESS)
        exit_status = fit(&session, set);
    ock_dataset_destroy(set);
    session_close(&session);
    return exit_status;
}
