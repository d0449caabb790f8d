/* The tutorial's study: one network, plain and with each technique. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "curves.h"
#include "kept.h"
#include "report.h"
#include "train.h"

/* In the order of STUDY_ROWS. */
static const struct technique {
    const char *name;
    ock_penalty kernel;
    float dropout;
    bool whiten, augment;
    ock_early_stopping early_stopping;
} techniques[] = {
    {.name = "plain"},
    {.name = "l2", .kernel = {.l2 = 1e-4f}},
    {.name = "l1", .kernel = {.l1 = 1e-4f}},
    {.name = "dropout", .dropout = 0.25f},
    {.name = "zca", .dropout = 0.25f, .whiten = true},
    {.name = "augment", .dropout = 0.25f, .augment = true},
    {.name = "early-stop", .early_stopping = {.monitor = "val_accuracy", .patience = 2}},
};

enum {
    ROWS = sizeof techniques / sizeof *techniques
};

static struct recipe row_recipe(const struct session *session, const struct technique *technique)
{
    struct recipe recipe = session->options->recipe; /* the plain one, with --epochs and --batch */
    recipe.name = technique->name;
    recipe.dense.kernel = technique->kernel;
    recipe.dropout = technique->dropout;
    recipe.whiten = technique->whiten;
    recipe.augment = technique->augment;
    recipe.fit.early_stopping = technique->early_stopping;
    return recipe;
}

static bool add_row(char *name, void *rows)
{
    for (int i = 0; i < ROWS; i++)
        if (strcmp(techniques[i].name, name) == 0) {
            *(unsigned *)rows |= 1u << i;
            return true;
        }
    return false;
}

bool study_read_rows(const char *text, unsigned *rows)
{
    *rows = 0;
    return cli_read_list(text, add_row, rows);
}

static void skip(const struct session *session, const struct recipe *recipe, struct result *result)
{
    *result = (struct result){.row = recipe->name, .outcome = SKIPPED};
    snprintf(result->reason, sizeof result->reason, "%s", ock_context_message(session->context));
}

/* Whitening is of pixels 0 .. 255 and changes the set, so that row has one of its own. A device
 * that fails meanwhile takes the others' set with it, which is made anew for the next row. */
static void run_row(const struct session *session, const struct recipe *recipe, ock_dataset **set,
                    struct result *result)
{
    ock_dataset *own = NULL;
    ock_status status = OCK_OK;
    if (recipe->whiten)
        status = train_dataset(session, 255, &own);
    else if (!*set)
        status = train_dataset(session, 1, set);
    if (status != OCK_OK) {
        skip(session, recipe, result);
        return;
    }
    train_recipe(session, recipe, own ? own : *set, result, NULL);
    if (own && result->history.failovers) {
        ock_dataset_destroy(*set);
        *set = NULL;
    }
    ock_dataset_destroy(own);
}

/* Stops at the first row that fails, since its cause would most often befall the rest too. */
static int run_rows(const struct session *session, ock_dataset **set, struct kept *kept,
                    struct report *report)
{
    unsigned asked = session->options->rows;
    int exit_status = EXIT_SUCCESS;
    for (int i = 0; i < ROWS; i++) {
        if (asked && !(asked >> i & 1))
            continue;
        struct recipe recipe = row_recipe(session, &techniques[i]);
        struct result *result = &report->results[report->count++];
        if (kept_take(kept, recipe.name, result))
            continue;
        kept_begin_row(kept, (size_t)i + 1, &recipe.fit);
        run_row(session, &recipe, set, result);
        if (!kept_add(kept, result))
            return EXIT_FAILURE;
        if (result->outcome == SKIPPED && asked)
            exit_status = EXIT_FAILURE;
        if (result->outcome == INTERRUPTED)
            return EXIT_INTERRUPTED;
        if (result->outcome == FAILED) {
            fprintf(stderr, "ockham-train: %s: %s\n", result->row, result->reason);
            return EXIT_FAILURE;
        }
    }
    return exit_status;
}

static int study(const struct session *session, ock_dataset **set, struct kept *kept)
{
    struct result results[ROWS];
    struct report report = {.session = session, .results = results};
    int exit_status = run_rows(session, set, kept, &report);
    report_table(&report);
    bool json = report_json(&report), csv = report_csv(&report);
    bool plot = curves_write(&report), events = report_events(&report);
    bool told = exit_status != EXIT_INTERRUPTED || kept_stop(kept, &results[report.count - 1]);
    for (size_t i = 0; i < report.count; i++)
        ock_history_clear(&results[i].history);
    return json && csv && plot && events && told ? exit_status : EXIT_FAILURE;
}

int run_study(const struct options *options)
{
    struct session session;
    ock_dataset *set;
    int exit_status = train_open(&session, options, &set);
    struct kept kept = {0};
    if (exit_status == EXIT_SUCCESS && !kept_open(&kept, &session))
        exit_status = EXIT_USAGE;
    if (exit_status == EXIT_SUCCESS)
        exit_status = study(&session, &set, &kept);
    kept_close(&kept);
    ock_dataset_destroy(set);
    session_close(&session);
    return exit_status;
}
