#include "option_table.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "nearest.h"

enum {
    HELP = 256, /* what getopt_long() returns: above all characters */
    HELP_ALL,
    FIRST_OPTION,
};

/* ---- Readers ---- */

static void *field_of(const struct option_row *row, void *options)
{
    return (char *)options + row->field;
}

bool read_flag(const struct option_row *row, const char *text, void *options)
{
    (void)text;
    *(bool *)field_of(row, options) = true;
    return true;
}

bool read_text(const struct option_row *row, const char *text, void *options)
{
    *(const char **)field_of(row, options) = text;
    return *text != '\0';
}

bool read_whole(const struct option_row *row, const char *text, void *options)
{
    uint64_t high = row->high < (double)UINT64_MAX ? (uint64_t)row->high : UINT64_MAX;
    return cli_read_whole(text, (uint64_t)row->low, high, field_of(row, options));
}

bool read_double(const struct option_row *row, const char *text, void *options)
{
    return cli_read_real(text, row->low, row->high, field_of(row, options));
}

bool read_float(const struct option_row *row, const char *text, void *options)
{
    double value;
    if (!cli_read_real(text, row->low, row->high, &value))
        return false;
    *(float *)field_of(row, options) = (float)value;
    return true;
}

bool read_output(const struct option_row *row, const char *text, void *options)
{
    return read_text(row, text, options) && cli_can_write(text);
}

/* ---- Rows ---- */

static size_t row_count(const struct option_table *table)
{
    return table->count + table->more_count;
}

static const struct option_row *row_at(const struct option_table *table, size_t index)
{
    return index < table->count ? &table->rows[index] : &table->more[index - table->count];
}

/* ---- Help ---- */

static void print_row(const struct option_row *row)
{
    const char *argument = row->argument ? row->argument : "";
    printf("  --%s %-*s %s\n", row->name, 22 - (int)strlen(row->name), argument, row->help);
}

/* Returns whether there are more. */
static bool print_rows(const struct option_table *table, unsigned command, bool all)
{
    bool more = false;
    for (size_t i = 0; i < row_count(table); i++) {
        const struct option_row *row = row_at(table, i);
        if (!(row->commands & command))
            continue;
        if (!all && (!row->name || row->commands & OPTION_RARE(command)))
            more = more || row->name;
        else if (row->name)
            print_row(row);
        else
            printf("%s:\n", row->help);
    }
    return more;
}

static void print_help(const struct option_table *table, unsigned command, const char *name,
                       bool all)
{
    const struct command_help *help = table->helps;
    while (help->command != command)
        help++;
    printf("Usage: %s %s [OPTION]...\n%s\n\n", table->program, name, help->about);
    bool more = print_rows(table, command, all) || (help->details && !all);
    printf("\n%s%s%s\nExit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.%s\n",
           all && help->details ? help->details : "", all && help->details ? "\n" : "",
           help->examples, more ? " More: --help-all" : "");
}

/* ---- Parsing ---- */

enum parse_result option_wrong(const char *program, const char *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "%s %s: ", program, command);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return PARSE_WRONG;
}

static enum parse_result wrong_value(const struct option_table *table, const char *name,
                                     const struct option_row *row, const char *text)
{
    /* a number out of range is told by what would be right */
    const char *reason = errno && errno != ERANGE ? strerror(errno) : "";
    return option_wrong(table->program, name, "--%s %s:%s%s%s must be %s", row->name,
                        *text ? text : "''", *reason ? " " : "", reason, *reason ? ";" : "",
                        row->right);
}

/* The commands that know the option, as "fit, search"; empty where none does. */
static void tell_others(const struct option_table *table, const char *word, char *text, size_t size)
{
    unsigned commands = 0;
    int length = 0;
    for (size_t i = 0; i < row_count(table); i++)
        if (row_at(table, i)->name && strcmp(row_at(table, i)->name, word) == 0)
            commands |= row_at(table, i)->commands;
    *text = '\0';
    for (size_t i = 0; i < table->help_count && (size_t)length < size; i++)
        if (table->helps[i].command & commands)
            length += snprintf(text + length, size - (size_t)length, "%s%s", length ? ", " : "",
                               table->helps[i].name);
}

/* NULL where none is near. */
static const char *nearest_option(const struct option *known, const char *word)
{
    struct nearest nearest = {.word = word};
    for (; known->name; known++)
        nearest_offer(&nearest, known->name);
    return nearest.name;
}

static enum parse_result unknown(const struct option_table *table, const char *name,
                                 const struct option *known, int code, const char *text)
{
    const char *program = table->program;
    if (code == ':')
        return option_wrong(program, name, "%s: a value is missing", text);
    if (optopt >= HELP)
        return option_wrong(program, name, "%s: takes no value", text);
    if (optopt)
        return option_wrong(program, name, "-%c: no such option; %s %s --help-all lists them",
                            optopt, program, name);
    char word[64], others[128];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(text + 2, "="), text + 2);
    tell_others(table, word, others, sizeof others);
    const char *meant = nearest_option(known, word);
    if (*others)
        return option_wrong(program, name, "--%s: no option of %s, but of %s", word, name, others);
    if (meant)
        return option_wrong(program, name, "%s: no such option; did you mean --%s?", text, meant);
    return option_wrong(program, name, "%s: no such option; %s %s --help-all lists them", text,
                        program, name);
}

/* The rows that the command knows, then the two of help, then the end. The caller's; NULL on
 * failure. */
static struct option *known_options(const struct option_table *table, unsigned command)
{
    struct option *known = calloc(row_count(table) + 3, sizeof *known), *next = known;
    if (!known)
        return NULL;
    for (size_t i = 0; i < row_count(table); i++) {
        const struct option_row *row = row_at(table, i);
        if (row->name && row->commands & command)
            *next++ = (struct option){
                .name = row->name,
                .has_arg = row->argument ? required_argument : no_argument,
                .val = FIRST_OPTION + (int)i,
            };
    }
    *next++ = (struct option){.name = "help", .val = HELP};
    *next = (struct option){.name = "help-all", .val = HELP_ALL};
    return known;
}

static const char *output_of(const struct option_row *row, unsigned command, void *options)
{
    bool writes = row->commands & OPTION_WRITES && row->commands & command;
    return writes ? *(const char **)field_of(row, options) : NULL;
}

/* The later of two that are written to one file would be all that is left. */
static enum parse_result check_outputs(const struct option_table *table, unsigned command,
                                       const char *name, void *options)
{
    for (size_t i = 0; i < row_count(table); i++) {
        const char *path = output_of(row_at(table, i), command, options);
        for (size_t j = 0; path && j < i; j++) {
            const char *other = output_of(row_at(table, j), command, options);
            if (other && strcmp(path, other) == 0)
                return option_wrong(table->program, name, "--%s and --%s cannot both write to %s",
                                    row_at(table, j)->name, row_at(table, i)->name, path);
        }
    }
    return PARSE_RUN;
}

static enum parse_result parse(const struct option_table *table, unsigned command, int argc,
                               char **argv, void *options, const struct option *known)
{
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (code == 'h' || code == HELP || code == HELP_ALL) {
            print_help(table, command, argv[0], code == HELP_ALL);
            return PARSE_HELP;
        }
        if (code == '?' || code == ':')
            return unknown(table, argv[0], known, code, argv[optind - 1]);
        const struct option_row *row = row_at(table, (size_t)(code - FIRST_OPTION));
        errno = 0;
        if (!row->read(row, optarg, options))
            return wrong_value(table, argv[0], row, optarg);
    }
    if (optind < argc)
        return option_wrong(table->program, argv[0], "%s: no such argument; options begin with --",
                            argv[optind]);
    return check_outputs(table, command, argv[0], options);
}

enum parse_result option_table_parse(const struct option_table *table, unsigned command, int argc,
                                     char **argv, void *options)
{
    struct option *known = known_options(table, command);
    if (!known)
        return option_wrong(table->program, argv[0], "no memory for the options");
    enum parse_result result = parse(table, command, argc, argv, options, known);
    free(known);
    return result;
}
