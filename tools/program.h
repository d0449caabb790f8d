/* What a program with commands does before one of them runs: PROGRAM COMMAND [OPTION]... */
#ifndef OCKHAM_TOOLS_PROGRAM_H
#define OCKHAM_TOOLS_PROGRAM_H

#include <stddef.h>

struct command_name {
    const char *name, *about;
};

struct program {
    const char *name;
    const struct command_name *commands;
    size_t count;
    const char *examples;                            /* lines of its help */
    int (*run)(size_t index, int argc, char **argv); /* of the command, which is argv[1] */
};

/* Prints what --help and --version ask for, or runs the command; returns the exit status. */
int program_main(const struct program *program, int argc, char **argv);

#endif
