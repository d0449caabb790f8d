/* Command lines from a table: a program's commands, and the options that each knows. */
#ifndef OCKHAM_TOOLS_OPTION_TABLE_H
#define OCKHAM_TOOLS_OPTION_TABLE_H

#include <ockham/status.h>
#include <stdbool.h>
#include <stddef.h>

struct option_row;

/* Puts the value into options; false where it is not right, with errno set where a file or its
 * folder is not what it should be. */
typedef bool (*value_reader)(const struct option_row *row, const char *text, void *options);

struct option_row {
    const char *name;     /* NULL: `help` is a heading of those that follow, in --help-all */
    const char *argument; /* NULL: a flag */
    const char *help;
    const char *right; /* what a value must be */
    unsigned commands; /* that know it, a bit each; and OPTION_RARE(), OPTION_WRITES */
    value_reader read;
    size_t field; /* offset in options */
    double low, high;
};

/* Of these commands told by --help-all, but not by --help, which is to fit a screen of 24 lines. */
#define OPTION_RARE(commands) ((commands) << 12)

/* Its value is a file that is written, which no other option may name. */
#define OPTION_WRITES (1u << 30)

struct command_help {
    unsigned command; /* its bit */
    const char *name;
    const char *about;
    const char *examples; /* and what must be known before */
    const char *details;  /* told by --help-all alone; or NULL */
};

struct option_table {
    const char *program;
    const struct option_row *rows;
    size_t count;
    const struct command_help *helps; /* one of each command */
    size_t help_count;
    const struct option_row *more; /* further rows, told after those; or NULL */
    size_t more_count;
};

enum parse_result {
    PARSE_RUN,
    PARSE_HELP, /* was printed */
    PARSE_WRONG,
};

/* Reads the options of a command, whose name argv[0] is, into *options. Prints what is wrong,
 * with what would be right. */
enum parse_result option_table_parse(const struct option_table *table, unsigned command, int argc,
                                     char **argv, void *options);

/* For what no option can check alone: prints "PROGRAM COMMAND: " and the text. */
enum parse_result option_wrong(const char *program, const char *command, const char *format, ...)
    OCK_PRINTF(3, 4);

/* Readers of values by the row's field and bounds: bool, const char *, uint64_t, double, float. */
bool read_flag(const struct option_row *row, const char *text, void *options);
bool read_text(const struct option_row *row, const char *text, void *options);
bool read_whole(const struct option_row *row, const char *text, void *options);
bool read_double(const struct option_row *row, const char *text, void *options);
bool read_float(const struct option_row *row, const char *text, void *options);

/* A path that cli_write_file() can write to. */
bool read_output(const struct option_row *row, const char *text, void *options);

#endif
