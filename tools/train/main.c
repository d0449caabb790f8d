#include <stdlib.h>

#include "cli.h"
#include "commands.h"
#include "program.h"

static const struct command_name names[] = {
    {"study", "train one network plainly and with each regularisation technique"},
    {"fit", "train one network and save it"},
    {"search", "find good settings, by a grid or at random"},
    {"evaluate", "a saved network's accuracy, loss and confusion matrix"},
    {"predict", "a saved network's predictions, a line per sample"},
    {"show", "draw samples before and after augmentation"},
    {"compact", "a saved network without its dead units"},
    {"shrink", "how small the network may become"},
    {"best", "how far a network without convolutions comes, and by what"},
};

/* In the order of names. */
static const struct {
    enum command command;
    int (*run)(const struct options *options);
} commands[] = {
    {STUDY, run_study},       {FIT, run_fit},         {SEARCH, run_search},
    {EVALUATE, run_evaluate}, {PREDICT, run_predict}, {SHOW, run_show},
    {COMPACT, run_compact},   {SHRINK, run_shrink},   {BEST, run_best},
};

static int run(size_t index, int argc, char **argv)
{
    struct options options;
    switch (options_parse(commands[index].command, argc - 1, argv + 1, &options)) {
    case PARSE_HELP:
        return EXIT_SUCCESS;
    case PARSE_WRONG:
        return EXIT_USAGE;
    case PARSE_RUN:
        break;
    }
    options.program = argv[0];
    return commands[index].run(&options);
}

int main(int argc, char **argv)
{
    const struct program program = {
        "ockham-train", names, sizeof names / sizeof *names,
        "  ockham-train study --plot curves.svg\n"
        "  ockham-train fit --l2 1e-4 --dropout .25 --save net.safetensors\n"
        "  ockham-train evaluate --load net.safetensors --test\n",
        run};
    return program_main(&program, argc, argv);
}
