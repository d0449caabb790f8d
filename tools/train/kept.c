#include "kept.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(const char *path, const char *reason)
{
    fprintf(stderr, "ockham-train: --checkpoint %s: %s\n", path, reason);
    return false;
}

/* ---- Rows ---- */

enum {
    EPOCH_NUMBERS = 2 + EPOCH_FIGURES
};

static cJSON *row_json(const struct result *result)
{
    const ock_history *history = &result->history;
    cJSON *row = cJSON_CreateObject(), *epochs = NULL;
    bool added = json_add_text(row, "row", result->row) && /* cJSON writes NaN as null */
                 cJSON_AddNumberToObject(row, "near_zero", result->near_zero) &&
                 cJSON_AddNumberToObject(row, "ms_per_step", result->ms_per_step) &&
                 cJSON_AddNumberToObject(row, "seconds", result->seconds) &&
                 cJSON_AddNumberToObject(row, "judged", result->judged) &&
                 cJSON_AddBoolToObject(row, "stopped_early", history->stopped_early) &&
                 cJSON_AddNumberToObject(row, "best", (double)history->best) &&
                 (epochs = cJSON_AddArrayToObject(row, "epochs"));
    for (size_t i = 0; added && i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        double numbers[EPOCH_NUMBERS] = {epoch->epoch, (double)epoch->steps};
        for (size_t f = 0; f < EPOCH_FIGURES; f++)
            numbers[2 + f] = epoch_figure(epoch, f);
        added = cJSON_AddItemToArray(epochs, cJSON_CreateDoubleArray(numbers, EPOCH_NUMBERS));
    }
    if (added)
        return row;
    cJSON_Delete(row);
    return NULL;
}

static double number_of(const cJSON *item)
{
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static double number_at(const cJSON *object, const char *key)
{
    return number_of(cJSON_GetObjectItem(object, key));
}

static bool read_epoch(const cJSON *item, uint32_t expected, ock_epoch *epoch)
{
    double numbers[EPOCH_NUMBERS];
    if (cJSON_GetArraySize(item) != EPOCH_NUMBERS)
        return false;
    for (int i = 0; i < EPOCH_NUMBERS; i++)
        numbers[i] = number_of(cJSON_GetArrayItem(item, i));
    if (numbers[0] != expected || !(numbers[1] >= 0 && numbers[1] < 0x1p53))
        return false;
    epoch->epoch = expected;
    epoch->steps = (uint64_t)numbers[1];
    epoch_set_figures(epoch, numbers + 2);
    return true;
}

static bool read_epochs(const cJSON *epochs, ock_history *history)
{
    const cJSON *item;
    history->epochs = calloc((size_t)cJSON_GetArraySize(epochs) + 1, sizeof *history->epochs);
    if (!history->epochs || !cJSON_IsArray(epochs))
        return false;
    cJSON_ArrayForEach(item, epochs)
    {
        if (!read_epoch(item, (uint32_t)history->count + 1, &history->epochs[history->count]))
            return false;
        history->count++;
    }
    return history->count > 0;
}

static bool read_row(const cJSON *row, struct result *result)
{
    ock_history *history = &result->history;
    *result = (struct result){.near_zero = number_at(row, "near_zero"),
                              .ms_per_step = number_at(row, "ms_per_step"),
                              .seconds = number_at(row, "seconds"),
                              .judged = number_at(row, "judged")};
    double best = number_at(row, "best");
    bool read = read_epochs(cJSON_GetObjectItem(row, "epochs"), history) && best >= 0 &&
                best <= (double)history->count;
    if (!read) {
        ock_history_clear(history);
        return false;
    }
    history->best = (size_t)best;
    history->stopped_early = cJSON_IsTrue(cJSON_GetObjectItem(row, "stopped_early"));
    return true;
}

bool kept_take(const struct kept *kept, const char *name, struct result *result)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, kept->rows)
    {
        const char *found = cJSON_GetStringValue(cJSON_GetObjectItem(row, "row"));
        if (found && strcmp(found, name) == 0 && read_row(row, result)) {
            result->row = name;
            return true;
        }
    }
    return false;
}

/* ---- The file ---- */

/* The caller's; NULL, with errno set. */
static char *whole_text(const char *path)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file && fstat(fileno(file), &about) == 0) {
        size_t size = (size_t)about.st_size;
        text = malloc(size + 1);
        if (text)
            text[fread(text, 1, size, file)] = '\0';
    }
    if (file)
        fclose(file);
    return text;
}

/* Of the same command and data; the rows are taken over. */
static bool take_over(struct kept *kept, cJSON *found)
{
    cJSON *rows = cJSON_DetachItemFromObject(found, "rows");
    cJSON *mine = cJSON_DetachItemFromObject(kept->document, "rows");
    bool same = cJSON_Compare(found, kept->document, true);
    if (!same)
        command_line_report_other(kept->session, "--checkpoint", kept->path, found);
    else if (!cJSON_IsArray(rows))
        same = failed(kept->path, "is damaged: it has no list of rows");
    cJSON_AddItemToObject(kept->document, "rows", same ? rows : mine);
    cJSON_Delete(same ? mine : rows);
    kept->rows = cJSON_GetObjectItem(kept->document, "rows");
    return same;
}

static bool resume(struct kept *kept)
{
    char *text = whole_text(kept->path);
    if (!text)
        return errno == ENOENT || failed(kept->path, strerror(errno));
    cJSON *found = cJSON_Parse(text);
    free(text);
    bool taken = found ? take_over(kept, found)
                       : failed(kept->path, "is not JSON; name a new file, or one that "
                                            "--checkpoint has kept");
    cJSON_Delete(found);
    return taken;
}

bool kept_open(struct kept *kept, const struct session *session)
{
    const ock_fit *fit = &session->options->recipe.fit;
    *kept = (struct kept){.session = session, .path = fit->checkpoint, .asked = fit->checkpoint};
    if (!kept->asked && command_line_stopped_path(kept->own))
        kept->path = kept->own;
    kept->document = command_line_describe(session);
    kept->rows = cJSON_AddArrayToObject(kept->document, "rows");
    if (!kept->rows) {
        fputs("ockham-train: no memory for what is done\n", stderr);
        return false;
    }
    return !fit->resume || resume(kept);
}

void kept_close(struct kept *kept)
{
    free(kept->row_path);
    cJSON_Delete(kept->document);
}

static bool write_file(const struct kept *kept)
{
    return json_write(kept->path, kept->document) || failed(kept->path, strerror(errno));
}

/* ---- The rows under way ---- */

void kept_begin_row(struct kept *kept, size_t number, ock_fit *fit)
{
    size_t size = kept->path ? strlen(kept->path) + 24 : 0;
    free(kept->row_path);
    kept->row_path = size ? malloc(size) : NULL;
    if (kept->row_path)
        snprintf(kept->row_path, size, "%s.%zu", kept->path, number);
    fit->checkpoint = kept->row_path;
    fit->checkpoint_when_stopped = kept->row_path && !kept->asked;
    fit->resume = kept->row_path && kept->session->options->recipe.fit.resume;
}

bool kept_add(struct kept *kept, const struct result *result)
{
    if (result->outcome != RAN)
        return true;
    cJSON *row = row_json(result);
    if (!row || !cJSON_AddItemToArray(kept->rows, row)) {
        fputs("ockham-train: no memory for what is done\n", stderr);
        cJSON_Delete(row);
        return false;
    }
    bool written = !kept->asked || write_file(kept);
    if (written && kept->row_path)
        unlink(kept->row_path); /* if there was one */
    return written;
}

bool kept_stop(const struct kept *kept, const struct result *result)
{
    int done = cJSON_GetArraySize(kept->rows);
    if (done == 0 && result->history.count == 0) {
        fputs("ockham-train: stopped in the first epoch: there is nothing to go on with\n", stderr);
        return true;
    }
    if (!kept->path) {
        fputs(
            "ockham-train: stopped; the run is not kept, since this folder cannot be written to\n",
            stderr);
        return true;
    }
    if (!write_file(kept))
        return false;
    fprintf(stderr, "ockham-train: stopped in %s after epoch %zu, which %s keeps. To go on:\n",
            result->row, result->history.count, kept->path);
    command_line_print_next(kept->session->options, kept->path);
    return true;
}
