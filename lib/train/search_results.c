#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"
#include "search.h"
#include "sizes.h"

static void trial_free(ock_trial *trial)
{
    free(trial->scores);
    free(trial->values);
}

/* calloc(0) may be NULL. */
static double *copy(const double *numbers, size_t count)
{
    double *copied = calloc(count ? count : 1, sizeof *copied);
    if (copied && count)
        memcpy(copied, numbers, count * sizeof *copied);
    return copied;
}

ock_status ock_search_results_add(ock_search_results *results, const ock_trial *trial)
{
    if (!results || !trial || !trial->values || !trial->scores)
        return OCK_INVALID_ARGUMENT;
    ock_trial added = *trial;
    ock_trial *grown = array_grow(results->trials, results->count + 1, sizeof *grown);
    if (grown)
        results->trials = grown;
    added.values = copy(trial->values, trial->axes);
    added.scores = copy(trial->scores, trial->runs);
    if (!grown || !added.values || !added.scores) {
        trial_free(&added);
        return OCK_OUT_OF_MEMORY;
    }
    grown[results->count++] = added;
    return OCK_OK;
}

void ock_search_results_clear(ock_search_results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->count; i++)
        trial_free(&results->trials[i]);
    free(results->trials);
    *results = (ock_search_results){0};
}

const ock_trial *search_find(const ock_search_results *results, size_t point, uint32_t rung)
{
    for (size_t i = 0; i < results->count; i++)
        if (results->trials[i].point == point && results->trials[i].rung == rung)
            return &results->trials[i];
    return NULL;
}

void search_summarize(ock_trial *trial)
{
    double sum = 0, squares = 0, runs = (double)trial->runs;
    for (size_t i = 0; i < trial->runs; i++)
        sum += trial->scores[i];
    trial->mean = sum / runs;
    for (size_t i = 0; i < trial->runs; i++)
        squares += (trial->scores[i] - trial->mean) * (trial->scores[i] - trial->mean);
    trial->deviation = trial->runs > 1 ? sqrt(squares / (runs - 1)) : NAN;
}

bool search_before(bool maximize, const ock_trial *a, const ock_trial *b)
{
    if (a->rung != b->rung)
        return a->rung > b->rung;
    if (isnan(a->mean) != isnan(b->mean))
        return isnan(b->mean);
    if (!isnan(a->mean) && a->mean != b->mean)
        return maximize == (a->mean > b->mean);
    return a->point < b->point;
}

void ock_search_sort(const ock_search_options *options, const ock_search_results *results,
                     size_t *order)
{
    bool maximize = monitor_maximizes(options->score, options->mode);
    for (size_t i = 0; i < results->count; i++) {
        size_t place = i;
        for (; place > 0 &&
               search_before(maximize, &results->trials[i], &results->trials[order[place - 1]]);
             place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
}
