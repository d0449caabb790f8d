/* The command line of ockham-train. */
#ifndef OCKHAM_TRAIN_OPTIONS_H
#define OCKHAM_TRAIN_OPTIONS_H

#include "option_table.h"
#include "recipe.h"

/* As bits, since most options belong to several. */
enum command {
    STUDY = 1,
    FIT = 2,
    EVALUATE = 4,
    PREDICT = 8,
    SHOW = 16,
    COMPACT = 32,
    SHRINK = 64,
    SEARCH = 128,
    BEST = 256,
    FITTING = FIT | SEARCH,
    TRAINING = STUDY | FITTING | SHRINK | BEST,
};

enum {
    SHRINK_STRENGTHS = 16,
    SEARCH_AXES = 16
};

/* What search's flags say; axes.h reads the axes. */
struct search_flags {
    struct axis_flag {
        const char *flag, *text; /* "grid", "NAME=VALUES" */
    } axes[SEARCH_AXES];
    size_t axis_count;
    uint64_t random, halving, folds; /* 0: not given */
    const char *score, *journal;     /* journal NULL: not given */
};

struct options {
    enum command command;
    const char *program; /* as it was called */
    char **arguments;    /* from the command's name on */
    int argument_count;
    /* NULL: not given */
    const char *data, *device, *json, *csv, *save, *load, *png, *plot, *out, *weights, *tensorboard;
    uint64_t seed, batch;  /* batch: of commands that do not train */
    uint64_t count, first; /* count 0: not given */
    bool test;
    unsigned rows;   /* of the study, a bit each; 0: all */
    float threshold; /* of compact */
    float strengths[SHRINK_STRENGTHS];
    size_t strength_count;
    double within;           /* shrink: accuracy that may be lost */
    uint64_t seeds;          /* of search and best: how many */
    bool failover;           /* training: go on with the next device when one fails */
    bool ablate;             /* best: tell what each ingredient adds */
    double validation_split; /* share of the last samples */
    struct recipe recipe;    /* of fit */
    struct search_flags search;
};

/* argv[0] is the command's name. Prints what is wrong, with what would be right. */
enum parse_result options_parse(enum command command, int argc, char **argv,
                                struct options *options);

#endif
