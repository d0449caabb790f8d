/* Trains the network that the flags describe. */
#include <stdlib.h>

#include "cli.h"
#include "commands.h"
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

static void tell_of_checkpoint(const struct session *session, const struct result *result)
{
    const char *path = session->options->recipe.fit.checkpoint;
    if (path && result->outcome == INTERRUPTED && result->history.count > 0)
        fprintf(session->talk, "to go on after epoch %zu: the same command with --resume\n",
                result->history.count);
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
    train_recipe(session, &session->options->recipe, set, &result, &model);
    report_table(&report);
    if (*result.reason)
        fprintf(stderr, "ockham-train: %s\n", result.reason);
    tell_of_checkpoint(session, &result);
    bool saved = !model || save(session, model);
    bool json = report_json(&report), csv = report_csv(&report);
    ock_history_clear(&result.history);
    ock_model_destroy(model);
    return saved && json && csv ? exit_statuses[result.outcome] : EXIT_FAILURE;
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
