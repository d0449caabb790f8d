#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

/* What is told of a row. NaN: it was not measured. */
struct figures {
    double epochs, train_loss, data_loss, penalty, train_accuracy, val_loss, val_accuracy;
    double near_zero, ms_per_step, seconds;
};

static struct figures figures_of(const struct result *result)
{
    const ock_history *history = &result->history;
    if (history->count == 0)
        return (struct figures){0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, result->seconds};
    const ock_epoch *epoch = &history->epochs[history->count - 1];
    return (struct figures){
        .epochs = (double)history->count,
        .train_loss = epoch->loss,
        .data_loss = epoch->data_loss,
        .penalty = epoch->penalty,
        .train_accuracy = epoch->accuracy,
        .val_loss = epoch->val_loss,
        .val_accuracy = epoch->val_accuracy,
        .near_zero = result->near_zero,
        .ms_per_step = result->ms_per_step,
        .seconds = result->seconds,
    };
}

static const struct column {
    const char *key;
    size_t field;        /* offset in figures */
    const char *head[2]; /* NULL: not in the table */
    int width, decimals;
} columns[] = {
    {"epochs", offsetof(struct figures, epochs), {"", "epochs"}, 6, 0},
    {"train_loss", offsetof(struct figures, train_loss), {"train", "loss"}, 7, 4},
    {"data_loss", offsetof(struct figures, data_loss), {"data", "loss"}, 7, 4},
    {"penalty", offsetof(struct figures, penalty), {"", "penalty"}, 7, 4},
    {"train_accuracy", offsetof(struct figures, train_accuracy), {"train", "acc."}, 6, 4},
    {"val_loss", offsetof(struct figures, val_loss), {"val", "loss"}, 7, 4},
    {"val_accuracy", offsetof(struct figures, val_accuracy), {"val", "acc."}, 6, 4},
    {"near_zero", offsetof(struct figures, near_zero), {"|w| <", "1e-4"}, 6, 3},
    {"ms_per_step", offsetof(struct figures, ms_per_step), {"ms per", "step"}, 7, 2},
    {"seconds", offsetof(struct figures, seconds), {NULL}, 0, 0},
};

enum {
    COLUMNS = sizeof columns / sizeof *columns
};

static double figure(const struct figures *figures, const struct column *column)
{
    double value;
    memcpy(&value, (const char *)figures + column->field, sizeof value);
    return value;
}

static const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [RAN] = "ran", [SKIPPED] = "skipped", [FAILED] = "failed", [INTERRUPTED] = "interrupted"};
    return names[outcome];
}

/* ---- For people ---- */

static void print_cell(FILE *stream, double value, const struct column *column)
{
    char cell[16];
    if (!isfinite(value))
        strcpy(cell, "-");
    else if (snprintf(cell, sizeof cell, "%.*f", column->decimals, value) > column->width)
        snprintf(cell, sizeof cell, "%.1e", value);
    fprintf(stream, " %*s", column->width, cell);
}

static void print_row(FILE *stream, const struct result *result)
{
    struct figures figures = figures_of(result);
    fprintf(stream, "%-10s", result->row);
    for (int i = 0; i < COLUMNS && result->history.count; i++)
        if (columns[i].head[0])
            print_cell(stream, figure(&figures, &columns[i]), &columns[i]);
    if (result->outcome != RAN)
        fprintf(stream, "%s%s%s%s", result->history.count ? "\n           " : " ",
                outcome_name(result->outcome), *result->reason ? ": " : "", result->reason);
    fputc('\n', stream);
}

static uint64_t peak_bytes(const struct report *report)
{
    ock_memory memory = {0};
    ock_context_memory(report->session->context, &memory);
    return memory.peak;
}

void report_table(const struct report *report)
{
    FILE *stream = report->session->talk;
    for (int line = 0; line < 2; line++) {
        fprintf(stream, "%s%-10s", line ? "" : "\n", line ? "technique" : "");
        for (int i = 0; i < COLUMNS; i++)
            if (columns[i].head[0])
                fprintf(stream, " %*s", columns[i].width, columns[i].head[line]);
        fputc('\n', stream);
    }
    for (size_t i = 0; i < report->count; i++)
        print_row(stream, &report->results[i]);
    fprintf(stream, "\nmemory: %.1f MiB at most\n", (double)peak_bytes(report) / (1 << 20));
    fflush(stream);
}

/* ---- For programs ---- */

static bool add_row(cJSON *rows, const struct result *result)
{
    struct figures figures = figures_of(result);
    cJSON *row = cJSON_CreateObject();
    bool added = cJSON_AddItemToArray(rows, row) && json_add_text(row, "row", result->row);
    for (int i = 0; added && i < COLUMNS; i++) /* cJSON writes NaN as null */
        added = cJSON_AddNumberToObject(row, columns[i].key, figure(&figures, &columns[i]));
    if (added && result->outcome != RAN)
        added = json_add_text(row, outcome_name(result->outcome), result->reason);
    return added;
}

bool report_begin(cJSON *document, const struct session *session)
{
    const ock_device *device = ock_context_device(session->context);
    char name[sizeof device->id + sizeof device->name];
    snprintf(name, sizeof name, "%s %s", device->id, device->name);
    return json_add_text(document, "device", name) &&
           json_add_text(document, "data", session->pictures.description) &&
           json_add_whole(document, "seed", session->options->seed);
}

static bool add_all(cJSON *document, const struct report *report)
{
    if (!report_begin(document, report->session) ||
        !json_add_whole(document, "peak_bytes", peak_bytes(report)))
        return false;
    cJSON *rows = cJSON_AddArrayToObject(document, "rows");
    bool added = rows;
    for (size_t i = 0; added && i < report->count; i++)
        added = add_row(rows, &report->results[i]);
    return added;
}

bool report_json(const struct report *report)
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

const char *const epoch_figure_names[EPOCH_FIGURES] = {
    "loss",        "data_loss",    "penalty",       "accuracy", "val_loss",    "val_data_loss",
    "val_penalty", "val_accuracy", "learning_rate", "seconds",  "ms_per_step",
};

/* In the order of the names. */
static const size_t epoch_fields[EPOCH_FIGURES] = {
    offsetof(ock_epoch, loss),          offsetof(ock_epoch, data_loss),
    offsetof(ock_epoch, penalty),       offsetof(ock_epoch, accuracy),
    offsetof(ock_epoch, val_loss),      offsetof(ock_epoch, val_data_loss),
    offsetof(ock_epoch, val_penalty),   offsetof(ock_epoch, val_accuracy),
    offsetof(ock_epoch, learning_rate), offsetof(ock_epoch, seconds),
    offsetof(ock_epoch, ms_per_step),
};

double epoch_figure(const ock_epoch *epoch, size_t index)
{
    double value;
    memcpy(&value, (const char *)epoch + epoch_fields[index], sizeof value);
    return value;
}

void epoch_set_figures(ock_epoch *epoch, const double figures[EPOCH_FIGURES])
{
    for (size_t i = 0; i < EPOCH_FIGURES; i++)
        memcpy((char *)epoch + epoch_fields[i], &figures[i], sizeof figures[i]);
}

bool report_events(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->results[i].events_failed)
            return false;
    return true;
}

static void print_number(FILE *stream, double value)
{
    if (isfinite(value))
        fprintf(stream, ",%.9g", value);
    else
        fputc(',', stream);
}

static void print_history(FILE *stream, const struct result *result)
{
    for (size_t i = 0; i < result->history.count; i++) {
        const ock_epoch *epoch = &result->history.epochs[i];
        fprintf(stream, "%s,%" PRIu32 ",%" PRIu64, result->row, epoch->epoch, epoch->steps);
        for (size_t f = 0; f < EPOCH_FIGURES; f++)
            print_number(stream, epoch_figure(epoch, f));
        fputc('\n', stream);
    }
}

bool report_csv(const struct report *report)
{
    const char *path = report->session->options->csv;
    if (!path)
        return true;
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return session_not_written(path);
    fputs("row,epoch,steps", stream);
    for (size_t f = 0; f < EPOCH_FIGURES; f++)
        fprintf(stream, ",%s", epoch_figure_names[f]);
    fputc('\n', stream);
    for (size_t i = 0; i < report->count; i++)
        print_history(stream, &report->results[i]);
    bool written = fclose(stream) == 0 && cli_write_file(path, text);
    free(text);
    return written || session_not_written(path);
}
