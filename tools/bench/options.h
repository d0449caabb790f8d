/* The command line of ockham-bench. */
#ifndef OCKHAM_BENCH_OPTIONS_H
#define OCKHAM_BENCH_OPTIONS_H

#include <stdint.h>

#include "option_table.h"
#include "shapes.h"

/* As bits, since most options belong to several. */
enum command {
    MATMUL = 1,
    STEP = 2,
    OPTIMIZER = 4,
    STARTUP = 8,
    TUNE = 16,
    FIRST_STEP = 32, /* what startup runs, as a process of its own */
};

enum {
    RUNS_MAX = 100
};

struct options {
    enum command command;
    char **arguments;                 /* as it was called, to call it again */
    const char *device, *json, *plot; /* NULL: not given */
    uint64_t runs, threads;           /* threads 0: as many as there are processors */
    struct shape_list shapes;         /* of matmul; none: the built-in ones */
    unsigned transposes;              /* a bit each; 0: all */
    bool no_openblas, no_clblast;
    uint64_t inputs, width, depth, outputs, batch, steps; /* of step and startup */
    bool scaling;
    uint64_t size; /* of optimizer */
};

/* argv[0] is the command's name. Prints what is wrong, with what would be right. */
enum parse_result options_parse(enum command command, int argc, char **argv,
                                struct options *options);

#endif
