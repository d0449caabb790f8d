/* What the programs need of a command line: exit statuses, numbers and whole files. */
#ifndef OCKHAM_TOOLS_CLI_H
#define OCKHAM_TOOLS_CLI_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beside EXIT_SUCCESS and EXIT_FAILURE (the work was begun and failed). */
enum {
    EXIT_USAGE = 2,         /* the command line is wrong, or names what is not there */
    EXIT_INTERRUPTED = 130, /* program_main() makes it 143 of SIGTERM */
};

/* The whole text must be a number from low to high; "10x", "", " 1", "nan" and "0x1" are none. */
bool cli_read_whole(const char *text, uint64_t low, uint64_t high, uint64_t *value);
bool cli_read_real(const char *text, double low, double high, double *value);

/* Hands on each item of a list with commas, to be written into at will; "" is one empty item. False
 * from where `read` is, or an item has 64 characters. */
bool cli_read_list(const char *text, bool (*read)(char *item, void *data), void *data);

/* For qsort(); NaN has no place. */
int cli_compare_doubles(const void *left, const void *right);

/* Writes the text to a file as a whole: to one beside it that then takes its name, so that an
 * older file stays as it was on failure, with errno set. A link stays a link. "-" is the standard
 * output; what is not a regular file, such as a pipe, is written in its place. */
bool cli_write_file(const char *path, const char *text);
bool cli_write_bytes(const char *path, const void *bytes, size_t size);

/* Whether cli_write_file() could begin, which is tried; with errno set where it could not. */
bool cli_can_write(const char *path);

#endif
