/* How small may the study's network become? It is trained with group lasso of growing strength,
 * which leaves units without a single weight; what remains without them is trained on without a
 * penalty. */
#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "commands.h"
#include "report.h"
#include "run.h"
#include "train.h"

/* What one strength leads to. */
struct attempt {
    float strength;
    size_t widths[RECIPE_LAYERS], parameters;
    double trained, tuned; /* validation accuracy: when compacted, and trained on */
    double ms_per_step;    /* while trained on */
    bool events_failed;    /* --tensorboard's, of either fit */
    ock_model *model;
};

static double last_accuracy(const struct result *result)
{
    const ock_history *history = &result->history;
    return history->count ? history->epochs[history->count - 1].val_accuracy : NAN;
}

/* The network of these widths with the small one's weights, and no penalty. */
static ock_status without_penalty(const struct recipe *plain, ock_model *small,
                                  struct attempt *attempt)
{
    struct recipe recipe = *plain;
    ock_model_tensor from, to;
    for (size_t i = 0; i < recipe.layers; i++)
        recipe.hidden[i] = (uint32_t)attempt->widths[i];
    ock_status status = recipe_build(&recipe, ock_model_context(small), ock_model_inputs(small),
                                     ock_model_outputs(small), &attempt->model);
    if (status == OCK_OK)
        status = ock_model_initialize(attempt->model, 0);
    for (size_t i = 0; i < ock_model_tensor_count(small) && status == OCK_OK; i++) {
        status = ock_model_tensor_at(small, i, &from);
        if (status == OCK_OK)
            status = ock_model_tensor_at(attempt->model, i, &to);
        if (status == OCK_OK)
            status = ock_tensor_copy(from.tensor, to.tensor);
    }
    return status;
}

/* Kernels stand before biases, so the hidden layers' are at even places. */
static ock_status measure_widths(const ock_model *small, size_t layers, struct attempt *attempt)
{
    ock_model_tensor kernel;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < layers && status == OCK_OK; i++) {
        status = ock_model_tensor_at(small, 2 * i, &kernel);
        if (status == OCK_OK)
            attempt->widths[i] = ock_tensor_cols(kernel.tensor);
    }
    return status;
}

static ock_status shrink(const struct recipe *plain, ock_model *large, FILE *talk,
                         struct attempt *attempt)
{
    ock_model *small = NULL;
    ock_compaction report;
    ock_status status = ock_model_compact(large, 0, &small, &report);
    attempt->parameters = report.parameters_left;
    if (status == OCK_OK)
        fprintf(talk, "%zu of %zu hidden units are left\n", report.units_left, report.units);
    if (status == OCK_OK)
        status = measure_widths(small, plain->layers, attempt);
    if (status == OCK_OK)
        status = without_penalty(plain, small, attempt);
    ock_model_destroy(small);
    return status;
}

/* ---- One strength ---- */

static bool train(const struct session *session, const struct recipe *recipe, ock_dataset *set,
                  struct result *result, ock_model **model)
{
    train_recipe(session, recipe, set, result, model);
    if (result->outcome == RAN)
        return true;
    if (result->outcome != INTERRUPTED)
        fprintf(stderr, "ockham-train: %s: %s\n", recipe->name, result->reason);
    return false;
}

/* Returns false, with the reason on standard error, where it could not be gone through with. */
static bool attempt_strength(const struct session *session, ock_dataset *set,
                             const struct recipe *plain, struct attempt *attempt)
{
    char name[32], smaller[48];
    struct recipe recipe = *plain;
    struct result result = {0}, tuned = {0};
    ock_model *large = NULL;
    snprintf(name, sizeof name, "%g", (double)attempt->strength);
    recipe.name = name;
    recipe.dense.kernel.group_lasso = attempt->strength;
    bool done = train(session, &recipe, set, &result, &large);
    if (done && shrink(plain, large, session->talk, attempt) != OCK_OK) {
        session_failed(session, "the network cannot be compacted");
        done = false;
    }
    ock_model_destroy(large);
    recipe = *plain;
    snprintf(smaller, sizeof smaller, "%s-smaller", name);
    recipe.name = smaller;
    recipe.schedule.kind = OCK_COSINE_DECAY; /* so that the end is no matter of chance */
    done = done && train(session, &recipe, set, &tuned, &attempt->model);
    attempt->trained = last_accuracy(&result);
    attempt->tuned = last_accuracy(&tuned);
    attempt->ms_per_step = tuned.ms_per_step;
    attempt->events_failed = result.events_failed || tuned.events_failed;
    ock_history_clear(&tuned.history);
    ock_history_clear(&result.history);
    return done;
}

/* ---- The table ---- */

static void print_attempt(FILE *stream, const struct attempt *attempt, const struct attempt *plain,
                          size_t layers, bool smallest)
{
    char widths[128] = "";
    for (size_t i = 0, length = 0; i < layers && length < sizeof widths - 12; i++)
        length += (size_t)snprintf(widths + length, sizeof widths - length, "%s%zu", i ? "-" : "",
                                   attempt->widths[i]);
    fprintf(stream, "%8g  %-24s %9zu %6.1f%% %9.4f %9.4f %9.2f%s\n", (double)attempt->strength,
            widths, attempt->parameters,
            100 * (double)attempt->parameters / (double)plain->parameters, attempt->trained,
            attempt->tuned, attempt->ms_per_step, smallest ? "  <-" : "");
}

/* attempts[0] is the plain network. */
static const struct attempt *find_smallest(const struct attempt *attempts, size_t count,
                                           double within)
{
    const struct attempt *smallest = attempts;
    for (size_t i = 1; i < count; i++)
        if (attempts[i].tuned >= attempts[0].tuned - within &&
            attempts[i].parameters < smallest->parameters)
            smallest = &attempts[i];
    return smallest;
}

static void print_table(const struct session *session, const struct attempt *attempts, size_t count,
                        const struct attempt *smallest)
{
    FILE *stream = session->talk;
    const struct options *options = session->options;
    fprintf(stream, "\n%8s  %-24s %9s %7s %9s %9s %9s\n", "group", "hidden", "", "", "accuracy",
            "trained", "ms per");
    fprintf(stream, "%8s  %-24s %9s %7s %9s %9s %9s\n", "lasso", "units", "parameters", "share",
            "compacted", "on", "step");
    for (size_t i = 0; i < count; i++)
        print_attempt(stream, &attempts[i], attempts, options->recipe.layers,
                      &attempts[i] == smallest);
    fprintf(stream, "\n<- the smallest within %g of the plain network's accuracy\n",
            options->within);
}

/* ---- The command ---- */

/* The smallest so far, since the next fit may lose it with a device. */
static bool save(const struct session *session, ock_model *model)
{
    const char *path = session->options->save;
    return !path || ock_model_save(model, path) == OCK_OK ||
           session_failed(session, "the network was not saved") == EXIT_SUCCESS;
}

/* It cannot be gone on with, since each command compares with a plain network of its own. */
static void tell_of_stop(const struct options *options, size_t done)
{
    if (done == 0) {
        fputs("ockham-train: stopped before the plain network was done: nothing is kept\n", stderr);
        return;
    }
    fputs("ockham-train: stopped; the table has what was done", stderr);
    if (options->save)
        fprintf(stderr, ", and %s is the smallest of it", options->save);
    fprintf(stderr, ".\nTo try the rest%s: --strengths ",
            options->save ? ", under another name" : "");
    for (size_t i = done - 1; i < options->strength_count; i++)
        fprintf(stderr, "%s%g", i < done ? "" : ",", (double)options->strengths[i]);
    fputc('\n', stderr);
}

static int shrink_all(const struct session *session, ock_dataset *set)
{
    const struct options *options = session->options;
    struct attempt attempts[1 + SHRINK_STRENGTHS] = {0};
    size_t count = 0;
    bool done = true, told = true;
    for (size_t i = 0; i <= options->strength_count && done; i++) {
        attempts[i].strength = i ? options->strengths[i - 1] : 0;
        done = attempt_strength(session, set, &options->recipe, &attempts[i]);
        count += done;
        told = told && !attempts[i].events_failed;
        if (done && find_smallest(attempts, count, options->within) == &attempts[i])
            done = save(session, attempts[i].model);
        ock_model_destroy(attempts[i].model);
    }
    if (count)
        print_table(session, attempts, count, find_smallest(attempts, count, options->within));
    if (done)
        return told ? EXIT_SUCCESS : EXIT_FAILURE;
    if (!run_interrupted())
        return EXIT_FAILURE;
    tell_of_stop(options, count);
    return EXIT_INTERRUPTED;
}

int run_shrink(const struct options *options)
{
    struct session session;
    ock_dataset *set;
    int exit_status = train_open(&session, options, &set);
    if (exit_status == EXIT_SUCCESS)
        exit_status = shrink_all(&session, set);
    ock_dataset_destroy(set);
    session_close(&session);
    return exit_status;
}
