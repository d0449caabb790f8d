#include <stdlib.h>

#include "benchmarks.h"
#include "cli.h"
#include "program.h"

static const struct command_name names[] = {
    {"matmul", "matrix products, beside OpenBLAS and CLBlast"},
    {"step", "training steps, plain and regularised"},
    {"optimizer", "the optimisers' steps on a large parameter"},
    {"startup", "from a process's start to its first training step"},
    {"tune", "choose the kernels for products ahead of time"},
    {"first-step", "what startup runs: one step, and when it was done"},
};

/* In the order of names. */
static const struct {
    enum command command;
    int (*run)(const struct options *options);
} commands[] = {
    {MATMUL, run_matmul},   {STEP, run_step}, {OPTIMIZER, run_optimizer},
    {STARTUP, run_startup}, {TUNE, run_tune}, {FIRST_STEP, run_first_step},
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
    options.arguments = argv;
    return commands[index].run(&options);
}

int main(int argc, char **argv)
{
    const struct program program = {"ockham-bench", names, sizeof names / sizeof *names,
                                    "  ockham-bench step --plot step.svg\n"
                                    "  ockham-bench matmul --no-clblast --device scalar\n"
                                    "  ockham-bench tune\n",
                                    run};
    return program_main(&program, argc, argv);
}
