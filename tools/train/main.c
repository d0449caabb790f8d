#include <ockham/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"

static const struct {
    const char *name, *about;
    enum command command;
    int (*run)(const struct options *options);
} commands[] = {
    {"study", "train one network plainly and with each regularisation technique", STUDY, run_study},
    {"fit", "train one network and save it", FIT, run_fit},
    {"evaluate", "a saved network's accuracy, loss and confusion matrix", EVALUATE, run_evaluate},
    {"predict", "a saved network's predictions, a line per sample", PREDICT, run_predict},
    {"show", "draw samples before and after augmentation", SHOW, run_show},
};

enum {
    COMMANDS = sizeof commands / sizeof *commands
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "Usage: ockham-train COMMAND [OPTION]...\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].about);
    fprintf(stream, "\nockham-train COMMAND --help lists a command's options; --version tells the "
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
        printf("ockham-train %s\n", ock_version());
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
                return commands[i].run(&options);
            }
    if (*name)
        fprintf(stderr, "ockham-train: %s: no such command\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}
