/* Runs the trials of a search. */
#include "search.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "monitor.h"
#include "network.h"
#include "sizes.h"

/* The networks of a trial that may go on, one for each run. */
typedef struct kept_trial {
    const ock_search_results *results;
    size_t trial; /* its position there */
    ock_model **models;
} kept_trial;

typedef struct kept_list {
    kept_trial *trials;
    size_t count, most;
} kept_list;

typedef struct search_state {
    const ock_search_options *options;
    const ock_dataset *train, *valid;
    ock_context *context;
    ock_search_results *results;
    ock_search_progress progress;
    size_t folds, runs;                /* 1 fold: no cross-validation */
    int32_t *rows;                     /* of the folds, shuffled, twice over; NULL: none */
    kept_list earlier, kept;           /* of the rung before, and of this one */
    ock_failover_callback on_failover; /* of the present run's fit */
    bool stop;
} search_state;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static ock_status no_memory(ock_context *context)
{
    return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for the search's lists");
}

/* ---- Networks that may go on ---- */

static void models_free(ock_model **models, size_t runs)
{
    for (size_t i = 0; models && i < runs; i++)
        ock_model_destroy(models[i]);
    free(models);
}

static void kept_free(kept_list *list, size_t runs)
{
    for (size_t i = 0; i < list->count; i++)
        models_free(list->trials[i].models, runs);
    free(list->trials);
    *list = (kept_list){0};
}

static const ock_trial *trial_of(const kept_trial *kept)
{
    return &kept->results->trials[kept->trial];
}

/* Takes the networks of the newest trial where it is one of the best so far, in the place of the
 * worst where there is no more; else frees them. */
static void keep(search_state *s, ock_model **models)
{
    bool maximize = monitor_maximizes(s->options->score, s->options->mode);
    kept_list *list = &s->kept;
    kept_trial added = {s->results, s->results->count - 1, models};
    if (list->count < list->most) {
        list->trials[list->count++] = added;
        return;
    }
    kept_trial *worst = &added;
    for (size_t i = 0; i < list->count; i++)
        if (search_before(maximize, trial_of(worst), trial_of(&list->trials[i])))
            worst = &list->trials[i];
    models_free(worst->models, s->runs);
    if (worst != &added)
        *worst = added;
}

/* The networks of a point in the rung before, else places for new ones; NULL: no memory. */
static ock_model **take_models(search_state *s, size_t point)
{
    kept_list *list = &s->earlier;
    for (size_t i = 0; i < list->count; i++)
        if (trial_of(&list->trials[i])->point == point) {
            ock_model **models = list->trials[i].models;
            list->trials[i] = list->trials[--list->count];
            return models;
        }
    return calloc(s->runs, sizeof(ock_model *));
}

/* ---- Folds ---- */

static ock_status shuffle_rows(search_state *s)
{
    size_t rows = ock_dataset_rows(s->train);
    if (!s->options->folds)
        return OCK_OK;
    s->rows = array_make(rows, 2 * sizeof *s->rows);
    if (!s->rows)
        return no_memory(s->context);
    for (size_t i = 0; i < rows; i++)
        s->rows[i] = (int32_t)i;
    for (size_t i = rows; i-- > 1;) {
        size_t j = (size_t)(search_draw(s->options, (uint32_t)i, 0, 1) % (i + 1));
        int32_t row = s->rows[i];
        s->rows[i] = s->rows[j];
        s->rows[j] = row;
    }
    for (size_t i = 0; i < rows; i++)
        s->rows[rows + i] = s->rows[i];
    return OCK_OK;
}

/* What is left for training begins at the fold's end, and goes around. */
static ock_status open_fold(const search_state *s, size_t fold, ock_dataset *sets[2])
{
    size_t rows = ock_dataset_rows(s->train);
    size_t first = (size_t)((uint64_t)fold * rows / s->folds);
    size_t end = (size_t)((uint64_t)(fold + 1) * rows / s->folds);
    ock_status status = ock_dataset_select(s->train, s->rows + end, rows - (end - first), &sets[0]);
    return status ? status : ock_dataset_select(s->train, s->rows + first, end - first, &sets[1]);
}

/* ---- A run ---- */

static bool on_step(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    search_state *s = user;
    s->progress.epoch = epoch;
    s->progress.step = step;
    s->progress.steps = steps;
    if (s->options->on_step && !s->options->on_step(&s->progress, s->options->user))
        s->stop = true;
    return !s->stop;
}

static void on_failover(const ock_failover *failover, void *user)
{
    const search_state *s = user;
    if (s->on_failover)
        s->on_failover(failover, s->options->user);
}

/* What the search does not take from make(). */
static void adopt(search_state *s, size_t run, ock_fit *fit)
{
    fit->seed += run / s->folds;
    fit->validation_split = s->options->validation_split;
    fit->checkpoint = NULL;
    fit->resume = false;
    fit->on_epoch = NULL;
    fit->on_step = on_step;
    s->on_failover = fit->on_failover;
    fit->on_failover = on_failover;
    fit->user = s;
}

static ock_status make(search_state *s, const double *values, ock_model **model, ock_fit *fit)
{
    const ock_search_options *options = s->options;
    *fit = ock_fit_defaults();
    fit->epochs = options->epochs;
    ock_status status = options->make(values, s->context, model, fit, options->user);
    if (status)
        return status;
    if (!*model)
        return ock_context_report(s->context, OCK_INVALID_ARGUMENT, "make() made no network");
    if (options->halving && fit->swa_from_epoch)
        return ock_context_report(s->context, OCK_INVALID_ARGUMENT,
                                  "swa_from_epoch is %" PRIu32 ", and must be 0 with halving",
                                  fit->swa_from_epoch);
    if (fit->loss == OCK_MEAN_SQUARED_ERROR && monitor_find(options->score)->maximize)
        return ock_context_report(s->context, OCK_INVALID_ARGUMENT,
                                  "score is %s, which the squared error is without",
                                  options->score);
    return OCK_OK;
}

/* Of the epoch whose weights the network has. */
static double score_of(const search_state *s, const ock_fit *fit, const ock_history *history)
{
    bool restored = fit->early_stopping.monitor && fit->early_stopping.restore_best_weights &&
                    history->best < history->count;
    size_t epoch = restored ? history->best : history->count - 1;
    return history->count ? monitor_value(s->options->score, &history->epochs[epoch]) : NAN;
}

/* The epochs of the rungs from `from` on to the present one, a fit for each. */
static ock_status fit_rungs(search_state *s, uint32_t from, ock_model *model, ock_fit *fit,
                            const ock_dataset *const sets[2], ock_trial *trial)
{
    const ock_search_options *options = s->options;
    ock_status status = OCK_OK;
    for (uint32_t k = from; k <= trial->rung && !status && !s->stop; k++) {
        ock_history history = {0};
        size_t points;
        uint32_t done = 0, all = fit->epochs;
        if (options->halving)
            ock_search_rung(options, k, &points, &all);
        if (k > 0)
            ock_search_rung(options, k - 1, &points, &done);
        fit->epochs = s->progress.epochs = all - done;
        status = ock_model_fit(model, sets[0], sets[1], fit, &history);
        trial->epochs += k == trial->rung ? history.count : 0;
        trial->scores[s->progress.run] = status ? NAN : score_of(s, fit, &history);
        ock_history_clear(&history);
    }
    return status;
}

/* A network of the rung before goes on; NULL is made, and so is one that was lost with a device. */
static ock_status run_one(search_state *s, ock_trial *trial, size_t run, ock_model **model)
{
    ock_fit fit;
    ock_model *made = NULL;
    ock_dataset *folds[2] = {NULL, NULL};
    if (*model && model_is_lost(*model)) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    uint32_t from = *model ? trial->rung : 0;
    ock_status status = make(s, trial->values, &made, &fit);
    if (!status) {
        adopt(s, run, &fit);
        if (s->rows)
            status = open_fold(s, run % s->folds, folds);
    }
    if (!*model) {
        *model = made;
        made = NULL;
    }
    const ock_dataset *sets[2] = {s->rows ? folds[0] : s->train, s->rows ? folds[1] : s->valid};
    if (!status)
        status = fit_rungs(s, from, *model, &fit, sets, trial);
    ock_dataset_destroy(folds[1]);
    ock_dataset_destroy(folds[0]);
    ock_model_destroy(made);
    return status;
}

/* ---- A trial ---- */

static ock_status run_all(search_state *s, ock_trial *trial, ock_model **models)
{
    double start = now();
    ock_status status = OCK_OK;
    for (size_t run = 0; run < s->runs; run++)
        trial->scores[run] = NAN;
    for (size_t run = 0; run < s->runs && !status && !s->stop; run++) {
        s->progress.run = run;
        status = run_one(s, trial, run, &models[run]);
    }
    trial->seconds = now() - start;
    search_summarize(trial);
    return status;
}

static bool is_result(ock_status status)
{
    return !status || status == OCK_DIVERGED || status == OCK_OUT_OF_MEMORY;
}

/* The message gets the point that it is about. */
static ock_status at_point(const search_state *s, size_t point, ock_status status)
{
    char message[1024];
    snprintf(message, sizeof message, "%s", ock_context_message(s->context));
    return ock_context_report(s->context, status, "point %zu: %s", point, message);
}

static ock_status run_trial(search_state *s, size_t point)
{
    const ock_search_options *options = s->options;
    ock_trial trial = {.point = point,
                       .rung = s->progress.rung,
                       .axes = options->axis_count,
                       .runs = s->runs,
                       .values = array_make(options->axis_count, sizeof *trial.values),
                       .scores = array_make(s->runs, sizeof *trial.scores)};
    ock_model **models = take_models(s, point);
    ock_status status = trial.values && trial.scores && models ? OCK_OK : no_memory(s->context);
    bool added = false;
    if (!status) {
        ock_search_point(options, point, trial.values);
        trial.status = run_all(s, &trial, models);
        if (!is_result(trial.status))
            status = at_point(s, point, trial.status);
        else if (!s->stop)
            status = ock_search_results_add(s->results, &trial) ? no_memory(s->context) : OCK_OK;
        added = !status && !s->stop;
    }
    if (added && !trial.status)
        keep(s, models);
    else
        models_free(models, s->runs);
    free(trial.scores);
    free(trial.values);
    if (added && options->on_trial && !options->on_trial(s->results, options->user))
        s->stop = true;
    return status;
}

/* ---- Rungs ---- */

static int compare_points(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    return (a > b) - (a < b);
}

/* All points, or the best of the rung before that have a mean; in their order. */
static ock_status choose_points(const search_state *s, uint32_t rung, size_t *points, size_t *count)
{
    const ock_search_results *results = s->results;
    size_t most = *count, chosen = 0;
    for (size_t i = 0; i < most && rung == 0; i++)
        points[i] = i;
    if (rung == 0)
        return OCK_OK;
    size_t *order = array_make(results->count + 1, sizeof *order);
    if (!order)
        return no_memory(s->context);
    ock_search_sort(s->options, results, order);
    for (size_t i = 0; i < results->count && chosen < most; i++) {
        const ock_trial *trial = &results->trials[order[i]];
        if (trial->rung == rung - 1 && !isnan(trial->mean))
            points[chosen++] = trial->point;
    }
    free(order);
    qsort(points, chosen, sizeof *points, compare_points);
    *count = chosen;
    return OCK_OK;
}

/* Where no rung follows, nothing is kept. */
static ock_status begin_rung(search_state *s, uint32_t rung)
{
    uint32_t epochs;
    s->progress.rung = rung;
    kept_free(&s->earlier, s->runs);
    s->earlier = s->kept;
    s->kept = (kept_list){0};
    if (rung + 1 >= s->progress.rungs)
        return OCK_OK;
    ock_search_rung(s->options, rung + 1, &s->kept.most, &epochs);
    s->kept.trials = calloc(s->kept.most, sizeof *s->kept.trials);
    return s->kept.trials ? OCK_OK : no_memory(s->context);
}

static ock_status run_rung(search_state *s, uint32_t rung)
{
    size_t count;
    uint32_t epochs;
    ock_search_rung(s->options, rung, &count, &epochs);
    size_t *points = array_make(count, sizeof *points);
    ock_status status = points ? begin_rung(s, rung) : no_memory(s->context);
    if (!status)
        status = choose_points(s, rung, points, &count);
    for (size_t i = 0; i < count && !status && !s->stop; i++) {
        s->progress.trial = i + 1;
        s->progress.trials = count;
        s->progress.point = points[i];
        if (!search_find(s->results, points[i], rung))
            status = run_trial(s, points[i]);
    }
    free(points);
    return status;
}

/* ---- The search ---- */

static ock_status check_trial(const search_state *s, size_t position, double *values)
{
    const ock_search_options *options = s->options;
    const ock_trial *trial = &s->results->trials[position];
    const char *problem = NULL;
    if (trial->point >= ock_search_points(options) || trial->rung >= s->progress.rungs)
        problem = "there is no such point or rung";
    else if (trial->axes != options->axis_count || trial->runs != s->runs)
        problem = "it has other numbers of axes or runs";
    else if (search_find(s->results, trial->point, trial->rung) != trial)
        problem = "it is there twice";
    else
        ock_search_point(options, trial->point, values);
    for (size_t a = 0; a < options->axis_count && !problem; a++)
        if (values[a] != trial->values[a])
            problem = "its values are others";
    if (!problem)
        return OCK_OK;
    return ock_context_report(s->context, OCK_INVALID_ARGUMENT,
                              "results: trial %zu, of point %zu, is none of this search: %s",
                              position, trial->point, problem);
}

static ock_status check_results(const search_state *s)
{
    double *values = array_make(s->options->axis_count, sizeof *values);
    ock_status status = values ? OCK_OK : no_memory(s->context);
    for (size_t i = 0; i < s->results->count && !status; i++)
        status = check_trial(s, i, values);
    free(values);
    return status;
}

ock_status ock_search(const ock_dataset *train, const ock_dataset *valid,
                      const ock_search_options *options, ock_search_results *results)
{
    ock_context *context = ock_dataset_context(train);
    if (!train || !results)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL",
                                  train ? "results" : "train");
    ock_status status = ock_search_check(context, options, ock_dataset_rows(train), valid);
    if (status)
        return status;
    size_t folds = options->folds ? options->folds : 1;
    search_state s = {.options = options,
                      .train = train,
                      .valid = valid,
                      .context = context,
                      .results = results,
                      .folds = folds,
                      .runs = folds * options->seeds};
    s.progress.rungs = ock_search_rungs(options);
    s.progress.runs = s.runs;
    status = check_results(&s);
    if (!status)
        status = shuffle_rows(&s);
    for (uint32_t rung = 0; rung < s.progress.rungs && !status && !s.stop; rung++)
        status = run_rung(&s, rung);
    kept_free(&s.kept, s.runs);
    kept_free(&s.earlier, s.runs);
    free(s.rows);
    return status;
}
