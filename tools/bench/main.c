#include <ockham/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmarks.h"
#include "cli.h"

static const struct {
    const char *name, *about;
    enum command command;
    int (*run)(const struct options *options);
} commands[] = {
    {"matmul", "matrix products, beside OpenBLAS and CLBlast", MATMUL, run_matmul},
    {"step", "training steps, plain and regularised", STEP, run_step},
    {"optimizer", "the optimisers' steps on a large parameter", OPTIMIZER, run_optimizer},
    {"startup", "from a process's start to its first training step", STARTUP, run_startup},
    {"tune", "choose the kernels for products ahead of time", TUNE, run_tune},
    {"first-step", "what startup runs: one step, and when it was done", FIRST_STEP, run_first_step},
};

enum {
    COMMANDS = sizeof commands / sizeof *commands
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "Usage: ockham-bench COMMAND [OPTION]...\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(stream, "\nockham-bench COMMAND --help lists a command's options; --version tells the "
                    "version.\nOCKHAM_DEVICE says, as --device does, what to run on.\n");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct options options;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(name, "--version") == 0) {
        printf("ockham-bench %s\n", ock_version());
        return EXIT_SUCCESS;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            switch (options_parse(commands[i].command, argc - 1, argv + 1, &options)) {
            case PARSE_HELP:
                return EXIT_SUCCESS;
            case PARSE_WRONG:
                return EXIT_USAGE;
            case PARSE_RUN:
                options.arguments = argv;
                return commands[i].run(&options);
            }
    if (*name)
        fprintf(stderr, "ockham-bench: %s: no such command\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}
