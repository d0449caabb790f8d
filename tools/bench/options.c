#include "options.h"

#include "plot.h"

#define PROGRAM "ockham-bench"
#define AT(member) offsetof(struct options, member)
#define NETWORK (STEP | STARTUP | FIRST_STEP)
#define PRODUCTS (MATMUL | TUNE)
#define REPEATED (MATMUL | STEP | OPTIMIZER | STARTUP)
#define REPORTED (REPEATED | TUNE)
#define ALL (REPORTED | FIRST_STEP)
#define WIDTHS "a whole number from 1 to 16384"

static bool read_shape(const struct option_row *row, const char *text, void *options)
{
    (void)row;
    return shapes_add(&((struct options *)options)->shapes, text);
}

static bool read_transpose(const struct option_row *row, const char *text, void *options)
{
    (void)row;
    int transpose = transpose_find(text);
    if (transpose >= 0)
        ((struct options *)options)->transposes |= 1u << transpose;
    return transpose >= 0;
}

static bool read_plot(const struct option_row *row, const char *text, void *options)
{
    return plot_known(text) && read_output(row, text, options);
}

static const struct option_row table[] = {
    {"device", "WISH", "scalar, gpu, cpu, PLATFORM:DEVICE, part of a name", "a device's name", ALL,
     read_text, AT(device), 0, 0},
    {"threads", "N", "of plain C and of OpenBLAS [all processors]", "a whole number from 1 to 1024",
     ALL, read_whole, AT(threads), 1, 1024},
    {"runs", "N", "how often each figure is taken [7]", "a whole number from 1 to 100", REPEATED,
     read_whole, AT(runs), 1, RUNS_MAX},
    {"shape", "MxNxK", "this product, and not the list; may be repeated",
     "MxNxK, each from 1 to 16384, 64 times at most", PRODUCTS, read_shape, AT(shapes), 0, 0},
    {"transpose", "AB", "only nn, nt, tn or tt; may be repeated", "nn, nt, tn or tt", PRODUCTS,
     read_transpose, AT(transposes), 0, 0},
    {"no-openblas", NULL, "leave OpenBLAS out", NULL, MATMUL, read_flag, AT(no_openblas), 0, 0},
    {"no-clblast", NULL, "leave CLBlast out, which is slow on CPUs", NULL, MATMUL, read_flag,
     AT(no_clblast), 0, 0},
    {"inputs", "N", "features of a sample [784]", WIDTHS, NETWORK, read_whole, AT(inputs), 1,
     16384},
    {"width", "N", "of each hidden layer [500]", WIDTHS, NETWORK, read_whole, AT(width), 1, 16384},
    {"depth", "N", "hidden layers [5]", "a whole number from 1 to 64", NETWORK, read_whole,
     AT(depth), 1, 64},
    {"outputs", "N", "classes [10]", WIDTHS, NETWORK, read_whole, AT(outputs), 1, 16384},
    {"batch", "N", "samples a step [128]", WIDTHS, NETWORK, read_whole, AT(batch), 1, 16384},
    {"steps", "N", "steps a run [20]", "a whole number from 1 to 1000", STEP, read_whole, AT(steps),
     1, 1000},
    {"scaling", NULL, "the plain step alone, for 4 widths and 6 batches", NULL, STEP, read_flag,
     AT(scaling), 0, 0},
    {"size", "N", "of the N x N parameter [4096]", "a whole number from 1 to 16384", OPTIMIZER,
     read_whole, AT(size), 1, 16384},
    {"json", "FILE", "write the results (-: standard output)",
     "a file in a folder that can be written, or -", REPORTED | OPTION_WRITES, read_output,
     AT(json), 0, 0},
    {"plot", "FILE", "draw them, by gnuplot",
     "an .svg or .png file in a folder that can be written", REPORTED | OPTION_WRITES, read_plot,
     AT(plot), 0, 0},
};

#define LIMIT                                                                                      \
    "limit: share of the least time possible, FLOPs / measured peak + bytes /\n"                   \
    "measured bandwidth; "

static const struct command_help helps[] = {
    {MATMUL, "matmul", "Times C = op(A) op(B), beside OpenBLAS and CLBlast with its defaults.",
     "  ockham-bench matmul --no-clblast --json matmul.json --plot matmul.svg\n"
     "  ockham-bench matmul --shape 128x500x784 --transpose nt --device scalar\n",
     "Each run repeats a call for 10 ms at least. Runs of Ockham and its peers\n"
     "alternate, and wait until the threads of the one before have ceased to spin.\n"
     "--threads binds plain C and OpenBLAS; an OpenCL device takes all its units.\n" LIMIT
     "each matrix is moved once.\n"
     "OpenBLAS, CLBlast: its time / Ockham's; above 1 Ockham is the faster.\n"},
    {STEP, "step", "Times a training step of a ReLU network with Adam, plain and regularised.",
     "  ockham-bench step --json step.json\n"
     "  ockham-bench step --scaling --plot scaling.png\n",
     "A run is ock_model_fit() over an epoch of N shuffled batches, divided by N; runs\n"
     "of the techniques alternate.\n" LIMIT "each weight and its two moments are read and\n"
     "written once, 24 bytes.\n"
     "to plain: the median ratio of two runs in the same round.\n"
     "--scaling times --width by 1/2, 1, 2, 4 and --batch by 1/4 ... 8, with the steps\n"
     "of a run in proportion; to base: time per FLOP, by that of --width and --batch.\n"},
    {OPTIMIZER, "optimizer",
     "Times ock_step(), which is fused with no product, on a large parameter.",
     LIMIT "weights and moments are read and\nwritten once, the gradient is read.\n\n"
           "  ockham-bench optimizer --device cpu\n"
           "  ockham-bench optimizer --size 2048 --json optimizer.json\n",
     NULL},
    {STARTUP, "startup",
     "Times processes from their start to the end of their first training step.",
     "Each run begins with empty caches of kernels and of measurements, in a folder of\n"
     "its own (cold), and is repeated with what the first one left there (warm).\n\n"
     "  ockham-bench startup --device cpu --runs 3\n"
     "  ockham-bench startup --width 1000 --depth 2 --plot startup.svg\n",
     NULL},
    {TUNE, "tune",
     "Chooses the kernels for products, so that no program has to wait for that later.",
     "Prints the ways there are with the least time that each took, the fastest first;\n"
     "* marks the one that is remembered for all products of about these sizes.\n" LIMIT
     "each matrix is moved once.\n\n"
     "  ockham-bench tune --device cpu\n"
     "  ockham-bench tune --shape 256x1000x784 --shape 256x1000x1000\n",
     NULL},
    {FIRST_STEP, "first-step",
     "Does one training step. Prints when it began, had listed the devices, had a\n"
     "context, and had done the step, in seconds; startup calls it.",
     "  ockham-bench first-step --device cpu\n"
     "  OCKHAM_TUNE=0 ockham-bench first-step\n",
     NULL},
};

static enum parse_result check(const char *name, const struct options *options)
{
    if (options->plot && plot_problem(options->plot))
        return option_wrong(PROGRAM, name, "--plot %s: %s", options->plot,
                            plot_problem(options->plot));
    return PARSE_RUN;
}

enum parse_result options_parse(enum command command, int argc, char **argv,
                                struct options *options)
{
    static const struct option_table options_table = {
        .program = PROGRAM,
        .rows = table,
        .count = sizeof table / sizeof *table,
        .helps = helps,
        .help_count = sizeof helps / sizeof *helps,
    };
    *options = (struct options){
        .command = command,
        .runs = command == TUNE ? 1 : 7,
        .inputs = 784,
        .width = 500,
        .depth = 5,
        .outputs = 10,
        .batch = 128,
        .steps = 20,
        .size = 4096,
    };
    enum parse_result result = option_table_parse(&options_table, command, argc, argv, options);
    return result == PARSE_RUN ? check(argv[0], options) : result;
}
