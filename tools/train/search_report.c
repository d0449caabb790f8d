/* Results of a search: as a table, as JSON and as CSV. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "report.h"
#include "search.h"

static size_t digits(size_t number)
{
    return (size_t)snprintf(NULL, 0, "%zu", number);
}

const char *search_verdict(const ock_trial *trial)
{
    switch (trial->status) {
    case OCK_OK:
        return isnan(trial->mean) ? "not a number" : "ok";
    case OCK_DIVERGED:
        return "diverged";
    case OCK_OUT_OF_MEMORY:
        return "out of memory";
    default:
        return ock_status_name(trial->status);
    }
}

/* The best first; the caller's, NULL where memory is refused. */
static size_t *sorted(const struct search_report *report)
{
    size_t *order = malloc((report->results->count + 1) * sizeof *order);
    if (order)
        ock_search_sort(report->options, report->results, order);
    return order;
}

/* ---- For people ---- */

static void print_score(FILE *stream, const ock_trial *trial)
{
    if (isnan(trial->mean))
        fprintf(stream, "  %-18s", search_verdict(trial));
    else if (trial->runs > 1)
        fprintf(stream, "  %.4f +- %-8.4f", trial->mean, trial->deviation);
    else
        fprintf(stream, "  %-18.4f", trial->mean);
}

void search_line(const struct search_report *report, const ock_trial *trial)
{
    FILE *stream = report->session->talk;
    size_t points;
    uint32_t epochs;
    ock_search_rung(report->options, trial->rung, &points, &epochs);
    fprintf(stream, "trial %zu", report->results->count);
    if (report->options->halving)
        fprintf(stream, ", up to %" PRIu32 " epochs", epochs);
    fputc(':', stream);
    for (size_t a = 0; a < trial->axes; a++)
        fprintf(stream, " %s=%.4g", report->options->axes[a].name, trial->values[a]);
    print_score(stream, trial);
    fprintf(stream, " %.1f s\n", trial->seconds);
    fflush(stream);
}

/* A column is as wide as its name, and wide enough for four digits. */
static int width_of(const ock_search_axis *axis)
{
    size_t length = strlen(axis->name);
    return length > 9 ? (int)length : 9;
}

static void print_head(const struct search_report *report)
{
    FILE *stream = report->session->talk;
    fputs("rank", stream);
    for (size_t a = 0; a < report->options->axis_count; a++)
        fprintf(stream, "  %*s", width_of(&report->options->axes[a]),
                report->options->axes[a].name);
    fprintf(stream, "  %-18s", report->options->score);
    fprintf(stream, "%s  trained  seconds\n", report->options->halving ? "  rung" : "");
}

static void print_trial(const struct search_report *report, size_t rank, const ock_trial *trial)
{
    FILE *stream = report->session->talk;
    fprintf(stream, "%4zu", rank);
    for (size_t a = 0; a < trial->axes; a++)
        fprintf(stream, "  %*.4g", width_of(&report->options->axes[a]), trial->values[a]);
    print_score(stream, trial);
    if (report->options->halving)
        fprintf(stream, "  %4" PRIu32, trial->rung + 1);
    fprintf(stream, "  %7" PRIu64 "  %7.1f\n", trial->epochs, trial->seconds);
}

/* Whether the point's latest rung comes earlier in the order. */
static bool is_told(const ock_search_results *results, const size_t *order, size_t position)
{
    for (size_t i = 0; i < position; i++)
        if (results->trials[order[i]].point == results->trials[order[position]].point)
            return true;
    return false;
}

size_t search_table(const struct search_report *report, size_t most)
{
    const ock_search_results *results = report->results;
    size_t rank = 0, *order = sorted(report);
    if (!order)
        return 0;
    print_head(report);
    for (size_t i = 0; i < results->count && rank < most; i++)
        if (!is_told(results, order, i))
            print_trial(report, ++rank, &results->trials[order[i]]);
    fflush(report->session->talk);
    free(order);
    return rank + 1;
}

/* ---- For programs ---- */

/* cJSON writes NaN as null. */
static bool add_trial(cJSON *list, const struct search_report *report, const ock_trial *trial)
{
    cJSON *row = cJSON_CreateObject();
    bool added = cJSON_AddItemToArray(list, row);
    cJSON *values = cJSON_AddObjectToObject(row, "values");
    for (size_t a = 0; added && a < trial->axes; a++)
        added = cJSON_AddNumberToObject(values, report->options->axes[a].name, trial->values[a]);
    cJSON *scores = cJSON_AddArrayToObject(row, "scores");
    for (size_t i = 0; added && i < trial->runs; i++)
        added = cJSON_AddItemToArray(scores, cJSON_CreateNumber(trial->scores[i]));
    return added && cJSON_AddNumberToObject(row, "mean", trial->mean) &&
           cJSON_AddNumberToObject(row, "deviation", trial->deviation) &&
           cJSON_AddNumberToObject(row, "point", (double)trial->point) &&
           cJSON_AddNumberToObject(row, "rung", trial->rung) &&
           cJSON_AddNumberToObject(row, "epochs", (double)trial->epochs) &&
           cJSON_AddNumberToObject(row, "seconds", trial->seconds) &&
           json_add_text(row, "status", search_verdict(trial));
}

static bool add_all(cJSON *document, const struct search_report *report)
{
    size_t *order = sorted(report);
    bool added = order && report_begin(document, report->session) &&
                 json_add_text(document, "score", report->options->score);
    cJSON *list = cJSON_AddArrayToObject(document, "trials");
    for (size_t i = 0; added && i < report->results->count; i++)
        added = add_trial(list, report, &report->results->trials[order[i]]);
    free(order);
    return added;
}

bool search_json(const struct search_report *report)
{
    const char *path = report->session->options->json;
    if (!path)
        return true;
    cJSON *document = cJSON_CreateObject();
    errno = ENOMEM;
    bool written = add_all(document, report) && json_write(path, document);
    cJSON_Delete(document);
    return written || session_not_written(path);
}

static void print_cell(FILE *stream, double value)
{
    char number[NUMBER_SIZE] = "";
    if (isfinite(value))
        search_number(value, number);
    fprintf(stream, ",%s", number);
}

static void print_csv(FILE *stream, const struct search_report *report, const size_t *order)
{
    const ock_search_options *options = report->options;
    size_t runs = (options->folds ? options->folds : 1) * (size_t)options->seeds;
    fputs("point,rung", stream);
    for (size_t a = 0; a < options->axis_count; a++)
        fprintf(stream, ",%s", options->axes[a].name);
    fputs(",mean,deviation,trained,seconds,status", stream);
    for (size_t run = 0; run < runs; run++)
        fprintf(stream, ",score_%0*zu", (int)digits(runs), run + 1);
    fputc('\n', stream);
    for (size_t i = 0; i < report->results->count; i++) {
        const ock_trial *trial = &report->results->trials[order[i]];
        fprintf(stream, "%zu,%" PRIu32, trial->point, trial->rung);
        for (size_t a = 0; a < trial->axes; a++)
            print_cell(stream, trial->values[a]);
        print_cell(stream, trial->mean);
        print_cell(stream, trial->deviation);
        fprintf(stream, ",%" PRIu64 ",%.3f,%s", trial->epochs, trial->seconds,
                search_verdict(trial));
        for (size_t run = 0; run < trial->runs; run++)
            print_cell(stream, trial->scores[run]);
        fputc('\n', stream);
    }
}

bool search_csv(const struct search_report *report)
{
    const char *path = report->session->options->csv;
    if (!path)
        return true;
    char *text = NULL;
    size_t size, *order = sorted(report);
    FILE *stream = order ? open_memstream(&text, &size) : NULL;
    if (stream)
        print_csv(stream, report, order);
    bool written = stream && fclose(stream) == 0 && cli_write_file(path, text);
    free(text);
    free(order);
    return written || session_not_written(path);
}
