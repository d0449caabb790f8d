/* Comma-separated values by RFC 4180, with LF as well as CRLF, and a byte-order mark skipped.
 * Empty lines are skipped too. */
#ifndef OCKHAM_TOOLS_CSV_H
#define OCKHAM_TOOLS_CSV_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct csv_file {
    size_t line;   /* on which the record starts, from 1; of an error, its own line */
    char **fields; /* of the record, valid until the next one is read */
    size_t count;
    const char *error; /* why csv_next() gave up; NULL at the end */
    char *text, *next; /* the file, and what of it has not been read */
    size_t next_line, room;
} csv_file;

/* Reads the file into memory. On failure `error` says why; close it in any case. */
ock_status csv_open(const char *path, csv_file *csv);
void csv_close(csv_file *csv);

/* Reads a record. False at the end and on an error. */
bool csv_next(csv_file *csv);

#endif
