/* A CSV with the columns `filename` and `label` beside PNG files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "png.h"
#include "reader.h"

typedef struct picture_table {
    const input_request *request;
    csv_file csv;
    char *folder; /* that the CSV lies in, with a slash */
    char *stem;   /* the CSV's name with a slash for .csv */
    size_t columns, filename, label;
} picture_table;

static int is_csv(const char *source, const struct stat *about)
{
    size_t size = strlen(source);
    return size > 4 && !strcasecmp(source + size - 4, ".csv") && S_ISREG(about->st_mode);
}

#define FAIL_LINE(table, status, format, ...)                                                      \
    request_fail((table)->request, status, "%s:%zu: " format, (table)->request->source,            \
                 (table)->csv.line, __VA_ARGS__)

static ock_status no_memory(const picture_table *table)
{
    return FAIL_LINE(table, OCK_OUT_OF_MEMORY, "%s", "no memory");
}

static ock_status bad_csv(const picture_table *table)
{
    return FAIL_LINE(table, OCK_BAD_FILE, "%s", table->csv.error);
}

static ock_status find_columns(picture_table *table)
{
    csv_file *csv = &table->csv;
    if (!csv_next(csv))
        return csv->error
                   ? bad_csv(table)
                   : FAIL_LINE(table, OCK_BAD_FILE, "%s",
                               "empty; expected a header with the columns filename and label");
    table->columns = table->filename = table->label = csv->count;
    for (size_t i = csv->count; i-- > 0;) {
        if (!strcmp(csv->fields[i], "filename"))
            table->filename = i;
        if (!strcmp(csv->fields[i], "label"))
            table->label = i;
    }
    if (table->filename == csv->count || table->label == csv->count)
        return FAIL_LINE(table, OCK_BAD_FILE,
                         "no column '%s'; the header must name filename and label",
                         table->filename == csv->count ? "filename" : "label");
    return OCK_OK;
}

/* Where the picture lies: beside the CSV, in images/ or Images/, or in a folder in one of these
 * that has the CSV's name. *path begins as NULL and is the caller's to free, also on failure. */
static ock_status find_picture(const picture_table *table, const char *name, char **path)
{
    static const char *const parents[] = {"", "images/", "Images/"};
    const size_t places = sizeof parents / sizeof parents[0];
    const char *stem = table->stem;
    for (size_t i = 0; i < 2 * places; i++) {
        const char *parts[] = {table->folder, parents[i % places], i < places ? "" : stem, name,
                               NULL};
        struct stat about;
        free(*path);
        *path = path_join(*name == '/' ? parts + 3 : parts);
        if (!*path)
            return no_memory(table);
        const int error = path_look(*path, &about);
        if (S_ISREG(about.st_mode))
            return OCK_OK;
        if (error)
            return FAIL_LINE(table, OCK_FILE_FAILED, "%s: %s", *path, strerror(error));
    }
    if (*name == '/')
        return FAIL_LINE(table, OCK_FILE_FAILED, "no picture '%s'", name);
    return FAIL_LINE(table, OCK_FILE_FAILED,
                     "no picture '%s' in %s or its images/, Images/, %s, images/%s and Images/%s",
                     name, table->folder, stem, stem, stem);
}

static ock_status parse_label(const picture_table *table, const char *text, int32_t *label)
{
    const int classes = table->request->options.classes;
    int64_t value = 0;
    const char *digit = text;
    for (; *digit >= '0' && *digit <= '9' && value < classes; digit++)
        value = 10 * value + (*digit - '0');
    if (digit == text || *digit || value >= classes)
        return FAIL_LINE(table, OCK_BAD_FILE, "label '%s', expected a whole number from 0 to %d",
                         text, classes - 1);
    *label = (int32_t)value;
    return OCK_OK;
}

static ock_status check_size(const picture_table *table, const char *path, const png_picture *png,
                             pictures *set)
{
    if (set->count == 0) {
        set->height = png->height;
        set->width = png->width;
    }
    if (png->height != set->height || png->width != set->width)
        return FAIL_LINE(table, OCK_BAD_FILE,
                         "%s is %zu wide and %zu high, the first picture %zu and %zu", path,
                         png->width, png->height, set->width, set->height);
    return OCK_OK;
}

static ock_status add_picture(const picture_table *table, const char *path, int32_t label,
                              pictures *set)
{
    png_picture png;
    const char *why = NULL;
    ock_status status = png_read(path, &png, &why);
    if (status != OCK_OK)
        return FAIL_LINE(table, status, "%s: %s%s", path,
                         status == OCK_BAD_FILE ? "no PNG picture, or a damaged one: " : "", why);
    status = check_size(table, path, &png, set);
    if (status == OCK_OK)
        status = pictures_grow(table->request, set);
    if (status == OCK_OK) {
        const size_t size = pictures_size(set);
        memcpy(set->x + set->count * size, png.x, size * sizeof *set->x);
        set->labels[set->count++] = label;
    }
    free(png.x);
    return status;
}

static ock_status read_row(const picture_table *table, pictures *set)
{
    const csv_file *csv = &table->csv;
    if (csv->count != table->columns)
        return FAIL_LINE(table, OCK_BAD_FILE,
                         "%zu fields where the header has %zu; a name with a comma needs quotes",
                         csv->count, table->columns);
    int32_t label = 0;
    char *path = NULL;
    ock_status status = parse_label(table, csv->fields[table->label], &label);
    if (status == OCK_OK)
        status = find_picture(table, csv->fields[table->filename], &path);
    if (status == OCK_OK)
        status = add_picture(table, path, label, set);
    free(path);
    return status;
}

static ock_status read_table(picture_table *table, pictures *set)
{
    const csv_file *csv = &table->csv;
    const size_t bytes = strlen(csv->next);
    ock_status status = find_columns(table);
    while (status == OCK_OK && csv_next(&table->csv)) {
        status = read_row(table, set);
        if (status == OCK_OK) /* by the share of the CSV that is done */
            status = request_tell(
                table->request, set->count,
                (size_t)((double)bytes * (double)set->count / (double)(csv->next - csv->text)));
    }
    if (status != OCK_OK)
        return status;
    if (table->csv.error)
        return bad_csv(table);
    if (!set->count)
        return FAIL_LINE(table, OCK_BAD_FILE, "%s", "names no pictures below its header");
    snprintf(set->description, sizeof set->description, "%zu pictures of %zu x %zu from %s",
             set->count, set->width, set->height, table->request->source);
    return OCK_OK;
}

/* Splits "FOLDER/STEM.csv"; without a folder it is the working one. */
static bool split_source(picture_table *table)
{
    const char *source = table->request->source;
    const char *slash = strrchr(source, '/');
    const char *name = slash ? slash + 1 : source;
    table->folder = slash ? strndup(source, (size_t)(name - source)) : strdup("./");
    table->stem = strdup(name);
    if (!table->folder || !table->stem)
        return false;
    strcpy(strrchr(table->stem, '.'), "/");
    return true;
}

static ock_status load(const input_request *request, pictures *out)
{
    if (request->options.test)
        return request_fail(request, OCK_INVALID_ARGUMENT,
                            "%s: a CSV file is one set, with no test pictures of its own",
                            request->source);
    picture_table table = {.request = request};
    ock_status status = csv_open(request->source, &table.csv);
    if (status != OCK_OK)
        request_fail(request, status, "%s: %s", request->source, table.csv.error);
    else if (!split_source(&table))
        status = no_memory(&table);
    else
        status = read_table(&table, out);
    csv_close(&table.csv);
    free(table.stem);
    free(table.folder);
    return status;
}

const input_reader table_reader = {is_csv, load, 10};
