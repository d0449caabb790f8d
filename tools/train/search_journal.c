/* The journal: append-only, so that a search may be killed at any moment and go on. */
#define _DEFAULT_SOURCE /* flock() */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "command_line.h"
#include "search.h"

#define BEGINNING "{\"search\":" /* of every journal */

static bool failed(const char *path, const char *reason)
{
    fprintf(stderr, "ockham-train: --resume %s: %s\n", path, reason);
    return false;
}

/* ---- Lines ---- */

static bool write_line(const struct search_journal *journal, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(journal->file, text, length);
        if (written < 0 && errno != EINTR)
            return failed(journal->path, strerror(errno));
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return fsync(journal->file) == 0 || failed(journal->path, strerror(errno));
}

static void print_numbers(FILE *stream, const char *key, const double *numbers, size_t count)
{
    fprintf(stream, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[i]))
            fprintf(stream, "%s%.17g", i ? "," : "", numbers[i]);
        else
            fprintf(stream, "%snull", i ? "," : "");
    fputc(']', stream);
}

bool search_journal_add(const struct search_journal *journal, const ock_search_results *results)
{
    if (journal->file < 0)
        return true;
    const ock_trial *trial = &results->trials[results->count - 1];
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return failed(journal->path, strerror(errno));
    fprintf(stream,
            "{\"point\":%zu,\"rung\":%" PRIu32 ",\"status\":%d,\"epochs\":%" PRIu64
            ",\"seconds\":%.3f",
            trial->point, trial->rung, (int)trial->status, trial->epochs, trial->seconds);
    print_numbers(stream, "summary", (const double[]){trial->mean, trial->deviation}, 2);
    print_numbers(stream, "values", trial->values, trial->axes);
    print_numbers(stream, "scores", trial->scores, trial->runs);
    fputs("}\n", stream);
    bool written = fclose(stream) == 0 && write_line(journal, text, size);
    free(text);
    return written;
}

static double number_of(const cJSON *item)
{
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* The caller's; NULL where it is no list of numbers and nulls. */
static double *numbers_of(const cJSON *line, const char *key, size_t *count)
{
    const cJSON *list = cJSON_GetObjectItem(line, key), *item;
    *count = (size_t)cJSON_GetArraySize(list);
    double *numbers = malloc((*count + 1) * sizeof *numbers), *next = numbers;
    if (!cJSON_IsArray(list) || !numbers) {
        free(numbers);
        return NULL;
    }
    cJSON_ArrayForEach(item, list) *next++ = number_of(item);
    return numbers;
}

static bool whole_of(const cJSON *line, const char *key, double low, double high, double *value)
{
    *value = number_of(cJSON_GetObjectItem(line, key));
    return *value >= low && *value <= high && floor(*value) == *value;
}

/* Of this search's points, rungs, axes and runs: the reports index by them. */
static bool read_trial(const cJSON *line, const ock_search_options *options,
                       ock_search_results *results)
{
    const double last_point = (double)ock_search_points(options) - 1;
    const size_t all_runs = (options->folds ? (size_t)options->folds : 1) * options->seeds;
    double point, rung, status, epochs;
    size_t axes, runs, two;
    if (!whole_of(line, "point", 0, last_point, &point) ||
        !whole_of(line, "rung", 0, ock_search_rungs(options) - 1, &rung) ||
        !whole_of(line, "status", INT32_MIN, 0, &status) ||
        !whole_of(line, "epochs", 0, 0x1p53, &epochs))
        return false;
    double *summary = numbers_of(line, "summary", &two);
    double *values = numbers_of(line, "values", &axes);
    double *scores = numbers_of(line, "scores", &runs);
    bool read =
        summary && values && scores && two == 2 && axes == options->axis_count && runs == all_runs;
    if (read)
        read = ock_search_results_add(
                   results, &(ock_trial){.point = (size_t)point,
                                         .rung = (uint32_t)rung,
                                         .status = (ock_status)status,
                                         .epochs = (uint64_t)epochs,
                                         .seconds = number_of(cJSON_GetObjectItem(line, "seconds")),
                                         .mean = summary[0],
                                         .deviation = summary[1],
                                         .axes = axes,
                                         .values = values,
                                         .runs = runs,
                                         .scores = scores}) == OCK_OK;
    free(scores);
    free(values);
    free(summary);
    return read;
}

/* ---- The file ---- */

static char *read_all(int file, size_t *size)
{
    off_t end = lseek(file, 0, SEEK_END);
    char *text = end >= 0 ? malloc((size_t)end + 1) : NULL;
    ssize_t got = text ? 1 : -1;
    for (*size = 0; got > 0 && *size < (size_t)end; *size += (size_t)(got > 0 ? got : 0))
        do
            got = pread(file, text + *size, (size_t)end - *size, (off_t)*size);
        while (got < 0 && errno == EINTR);
    if (got < 0) {
        int reason = errno;
        free(text);
        errno = reason;
        return NULL;
    }
    text[*size] = '\0';
    return text;
}

static bool read_line(const struct search_journal *journal, const char *text, size_t length,
                      size_t number, const cJSON *mine, ock_search_results *results)
{
    char reason[64];
    cJSON *line = strlen(text) == length ? cJSON_ParseWithOpts(text, NULL, true) : NULL;
    bool right =
        number == 1 ? cJSON_Compare(line, mine, true) : read_trial(line, journal->options, results);
    snprintf(reason, sizeof reason, "line %zu is damaged", number);
    if (!right && number == 1)
        command_line_report_other(journal->session, "--resume", journal->path, line);
    else if (!right)
        failed(journal->path, reason);
    cJSON_Delete(line);
    return right;
}

/* A last line without its end was being written when the program was ended. */
static bool read_lines(const struct search_journal *journal, char *text, size_t size,
                       const cJSON *mine, ock_search_results *results)
{
    char *line = text;
    size_t number = 1, left = size, known = strlen(BEGINNING);
    for (char *end; (end = memchr(line, '\n', left)); line = end + 1) {
        left -= (size_t)(end + 1 - line);
        *end = '\0';
        if (!read_line(journal, line, (size_t)(end - line), number++, mine, results))
            return false;
    }
    if (number == 1 && strncmp(line, BEGINNING, left < known ? left : known) != 0)
        return failed(journal->path,
                      "is no journal of a search; name a new file, or one that --resume has kept");
    if (left && ftruncate(journal->file, line - text) != 0)
        return failed(journal->path, strerror(errno));
    if (number > 1)
        return true;
    char *first = cJSON_PrintUnformatted(mine);
    size_t length = first ? strlen(first) : 0;
    if (first)
        first[length] = '\n'; /* in the place of its end */
    bool written = first && write_line(journal, first, length + 1);
    free(first);
    return written;
}

bool search_journal_open(struct search_journal *journal, const char *path,
                         const struct session *session, const ock_search_options *options,
                         ock_search_results *results)
{
    *journal = (struct search_journal){path, -1, session, options};
    journal->file = open(journal->path, O_RDWR | O_CREAT | O_APPEND, 0666);
    if (journal->file < 0)
        return failed(journal->path, strerror(errno));
    if (flock(journal->file, LOCK_EX | LOCK_NB) != 0)
        return failed(journal->path,
                      errno == EWOULDBLOCK ? "another search is using it" : strerror(errno));
    cJSON *mine = command_line_describe(session);
    size_t size = 0;
    char *text = read_all(journal->file, &size);
    bool read = mine && text ? read_lines(journal, text, size, mine, results)
                             : failed(journal->path, strerror(errno));
    free(text);
    cJSON_Delete(mine);
    return read;
}

void search_journal_close(struct search_journal *journal)
{
    if (journal->file >= 0)
        close(journal->file);
}
