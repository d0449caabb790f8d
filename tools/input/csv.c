#include "csv.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ock_status fail(csv_file *csv, ock_status status, const char *error)
{
    csv->error = error;
    return status;
}

/* The text with a zero after it. */
static ock_status slurp(FILE *file, csv_file *csv, size_t *size)
{
    size_t room = 0;
    for (*size = 0;;) {
        if (room - *size < 2) {
            if (room > SIZE_MAX / 2 - 4096)
                return fail(csv, OCK_OUT_OF_MEMORY, "too large for memory");
            room = 2 * room + 4096;
            char *text = realloc(csv->text, room);
            if (!text)
                return fail(csv, OCK_OUT_OF_MEMORY, "no memory for its text");
            csv->text = text;
        }
        size_t got = fread(csv->text + *size, 1, room - *size - 1, file);
        if (!got)
            break;
        *size += got;
    }
    csv->text[*size] = '\0';
    return ferror(file) ? fail(csv, OCK_FILE_FAILED, strerror(errno)) : OCK_OK;
}

ock_status csv_open(const char *path, csv_file *csv)
{
    memset(csv, 0, sizeof *csv);
    csv->line = csv->next_line = 1;
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(csv, OCK_FILE_FAILED, strerror(errno));
    size_t size;
    ock_status status = slurp(file, csv, &size);
    fclose(file);
    if (status != OCK_OK)
        return status;
    if (strlen(csv->text) != size)
        return fail(csv, OCK_BAD_FILE, "holds a zero byte; expected UTF-8 text");
    csv->next = csv->text + (strncmp(csv->text, "\xEF\xBB\xBF", 3) ? 0 : 3);
    return OCK_OK;
}

void csv_close(csv_file *csv)
{
    free(csv->text);
    free(csv->fields);
}

static size_t line_end(const char *text)
{
    return *text == '\n' ? 1 : text[0] == '\r' && text[1] == '\n' ? 2 : 0;
}

static char *bad_record(csv_file *csv, const char *error)
{
    csv->error = error;
    return NULL;
}

/* These two return the end of the field, where a comma, a line end or the end must be. */
static char *plain_field(csv_file *csv, char *field)
{
    char *end = field + strcspn(field, ",\"\n");
    if (*end == '"')
        return bad_record(csv, "a quote within a field; quote the field and double the quote");
    return end > field && line_end(end - 1) == 2 ? end - 1 : end;
}

/* Shortens the field to what the quotes hold. */
static char *quoted_field(csv_file *csv, char *field)
{
    char *to = field, *from = field + 1;
    for (;; from++) {
        if (!*from)
            return bad_record(csv, "a quote that is never closed");
        if (*from == '"' && *++from != '"')
            break;
        csv->next_line += *from == '\n';
        *to++ = *from;
    }
    *to = '\0';
    if (*from && *from != ',' && !line_end(from))
        return bad_record(csv, "text after a closing quote; expected a comma");
    return from;
}

static bool push(csv_file *csv, char *field)
{
    if (csv->count == csv->room) {
        size_t room = csv->room ? 2 * csv->room : 8;
        char **fields =
            room < SIZE_MAX / sizeof *fields ? realloc(csv->fields, room * sizeof *fields) : NULL;
        if (!fields)
            return bad_record(csv, "no memory for its fields");
        csv->fields = fields;
        csv->room = room;
    }
    csv->fields[csv->count++] = field;
    return true;
}

bool csv_next(csv_file *csv)
{
    csv->count = 0;
    for (size_t skip; (skip = line_end(csv->next)) > 0; csv->next_line++)
        csv->next += skip;
    csv->line = csv->next_line;
    for (char more = *csv->next; more;) {
        char *field = csv->next;
        char *end = *field == '"' ? quoted_field(csv, field) : plain_field(csv, field);
        if (!end || !push(csv, field))
            return false;
        size_t closing = line_end(end);
        more = *end == ',';
        csv->next = end + (more ? 1 : closing);
        csv->next_line += closing > 0;
        *end = '\0';
    }
    return csv->count > 0;
}
