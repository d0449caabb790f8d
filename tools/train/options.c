#include "options.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "values.h"

#define PROGRAM "ockham-train"
#define AT(member) offsetof(struct options, member)
#define BELOW_1 (1.0 - FLT_EPSILON / 2) /* the largest float below 1 */
#define WHOLE_FROM_1 "a whole number from 1 to 2147483647"
#define TRAINING (STUDY | FIT)
#define TRAINED (EVALUATE | PREDICT | COMPACT)
#define ALL (TRAINING | TRAINED | SHOW)

static const struct option_row table[] = {
    {"data", "SOURCE", "digits, a folder of IDX files, or a .csv [digits]",
     "digits, a folder with MNIST's IDX files, or a .csv file", ALL, read_data, AT(data), 0, 0},
    {"count", "N", "samples to use; digits to draw [all; 10000]", WHOLE_FROM_1, TRAINING | TRAINED,
     read_whole, AT(count), 1, INT32_MAX},
    {"count", "N", "samples to draw [10]", WHOLE_FROM_1, SHOW, read_whole, AT(count), 1, INT32_MAX},
    {"first", "N", "skip N samples [0]", "a whole number from 0 to 2147483647", TRAINED | SHOW,
     read_whole, AT(first), 0, INT32_MAX},
    {"test", NULL, "the folder's t10k files, or other digits", NULL, TRAINED | SHOW, read_flag,
     AT(test), 0, 0},
    {"rows", "A,B", "only these rows", "names out of " STUDY_ROWS ", separated by commas", STUDY,
     read_rows, AT(rows), 0, 0},
    {"load", "FILE", "the network that fit --save wrote", "a file that fit --save wrote", TRAINED,
     read_input, AT(load), 0, 0},
    {"hidden", "WIDTHS", "hidden layers, as 500x5 or 500,250x2 [500x5]",
     "widths from 1, each alone or as WIDTHxTIMES, of 64 layers in all at most", FIT, read_hidden,
     AT(recipe), 0, 0},
    {"activation", "NAME", "linear relu leaky-relu elu gelu sigmoid tanh [relu]",
     "linear, relu, leaky-relu, elu, gelu, sigmoid or tanh", FIT, read_activation,
     AT(recipe.activation), 0, 0},
    {"l1", "X", "penalty X sum |w| on each hidden kernel [0]", "a number from 0", FIT, read_float,
     AT(recipe.kernel.l1), 0, FLT_MAX},
    {"l2", "X", "penalty X sum w^2 on each hidden kernel [0]", "a number from 0", FIT, read_float,
     AT(recipe.kernel.l2), 0, FLT_MAX},
    {"dropout", "RATE", "after each hidden layer [0]", "a number from 0 to below 1", FIT,
     read_float, AT(recipe.dropout), 0, BELOW_1},
    {"batch-norm", NULL, "before each hidden activation", NULL, FIT, read_flag,
     AT(recipe.batch_norm), 0, 0},
    {"augment", NULL, "small random rotations, shifts and zoom", NULL, FIT, read_flag,
     AT(recipe.augment), 0, 0},
    {"optimizer", "NAME", "adam or sgd [adam]", "adam or sgd", FIT, read_optimizer,
     AT(recipe.optimizer.kind), 0, 0},
    {"lr", "X", "learning rate [adam 0.001, sgd 0.01]", "a number above 0", FIT, read_float,
     AT(recipe.optimizer.learning_rate), FLT_TRUE_MIN, FLT_MAX},
    {"momentum", "X", "of sgd [0]", "a number from 0 to below 1", FIT, read_float,
     AT(recipe.optimizer.momentum), 0, BELOW_1},
    {"nesterov", NULL, "of sgd with momentum", NULL, FIT, read_flag, AT(recipe.optimizer.nesterov),
     0, 0},
    {"early-stop", "MONITOR:N", "stop after N epochs without a better MONITOR",
     "MONITOR:PATIENCE, as val_accuracy:2; MONITOR is loss, data_loss, penalty or accuracy, or one "
     "of these after val_",
     FIT, read_early_stop, AT(recipe.early_stopping), 0, 0},
    {"restore-best", NULL, "keep the best epoch's weights, not the last's", NULL, FIT, read_flag,
     AT(recipe.early_stopping.restore_best_weights), 0, 0},
    {"validation-split", "X", "share of the last rows to validate on [0.3]",
     "a number from 0 to below 1", FIT, read_double, AT(validation_split), 0, BELOW_1},
    {"epochs", "N", "epochs to train [10]", WHOLE_FROM_1, TRAINING, read_whole, AT(epochs), 1,
     INT32_MAX},
    {"batch", "N", "samples a step [128]", WHOLE_FROM_1, TRAINING | TRAINED, read_whole, AT(batch),
     1, INT32_MAX},
    {"seed", "N", "of all that is random, digits too [128]",
     "a whole number from 0 to 18446744073709551615", ALL, read_whole, AT(seed), 0,
     (double)UINT64_MAX},
    {"device", "WISH", "scalar, gpu, cpu, PLATFORM:DEVICE, part of a name", "a device's name", ALL,
     read_text, AT(device), 0, 0},
    {"save", "FILE", "write the trained network", "a regular file in a folder that can be written",
     FIT, read_save, AT(save), 0, 0},
    {"save", "FILE", "write the smaller network", "a regular file in a folder that can be written",
     COMPACT, read_save, AT(save), 0, 0},
    {"threshold", "X", "weights up to X count as zeros [0]", "a number from 0", COMPACT, read_float,
     AT(threshold), 0, FLT_MAX},
    {"json", "FILE", "write the results (-: standard output)",
     "a file in a folder that can be written, or -", TRAINING, read_output, AT(json), 0, 0},
    {"csv", "FILE", "write each epoch's figures (-: standard output)",
     "a file in a folder that can be written, or -", TRAINING, read_output, AT(csv), 0, 0},
};

static const struct command_help helps[] = {
    {STUDY, "Trains one network plainly and with each regularisation technique.",
     "Rows: " STUDY_ROWS ".\n"
     "A row that cannot run is skipped with its reason, and fails if --rows named it.\n\n"
     "  ockham-train study --data mnist/ --json study.json --csv history.csv\n"
     "  ockham-train study --rows plain,dropout --epochs 3 --device scalar\n"},
    {FIT, "Trains one network.",
     "Ctrl-C ends training; the network is saved as it is then.\n\n"
     "  ockham-train fit --hidden 500x5 --l2 1e-4 --dropout .25 \\\n"
     "                   --early-stop val_accuracy:2 --save net.safetensors\n"},
    {EVALUATE, "Tells a saved network's accuracy, loss and confusion matrix.",
     "  ockham-train evaluate --load net.safetensors --data mnist/ --test\n"},
    {PREDICT, "Prints each sample's index, predicted class and probability, one a line.",
     "  ockham-train predict --load net.safetensors --first 100 --count 20\n"},
    {COMPACT, "Takes dead units out of a saved network, and tells what that saves.",
     "A unit is dead whose weights in or out are all zero. What it puts out is a\n"
     "constant, which goes into the next layer's bias.\n\n"
     "  ockham-train compact --load net.safetensors --save small.safetensors \\\n"
     "                       --data mnist/ --test\n"},
    {SHOW, "Draws samples, and below each what the row `augment` makes of it.",
     "  ockham-train show --data mnist/ --first 40 --count 20\n"},
};

/* What no option can check alone. */
static enum parse_result check(enum command command, const char *name, struct options *options)
{
    ock_optimizer *optimizer = &options->recipe.optimizer;
    const ock_early_stopping *stop = &options->recipe.early_stopping;
    if (optimizer->learning_rate == 0)
        optimizer->learning_rate = optimizer->kind == OCK_SGD ? ock_sgd_defaults().learning_rate
                                                              : ock_adam_defaults().learning_rate;
    if (optimizer->kind == OCK_ADAM && (optimizer->momentum > 0 || optimizer->nesterov))
        return option_wrong(PROGRAM, name, "--momentum and --nesterov go with --optimizer sgd");
    if (optimizer->nesterov && optimizer->momentum == 0)
        return option_wrong(PROGRAM, name, "--nesterov needs --momentum above 0");
    if (stop->restore_best_weights && !stop->monitor)
        return option_wrong(PROGRAM, name, "--restore-best needs --early-stop");
    if (stop->monitor && strncmp(stop->monitor, "val_", 4) == 0 && options->validation_split == 0)
        return option_wrong(PROGRAM, name, "--early-stop %s needs a --validation-split above 0",
                            stop->monitor);
    if ((command & TRAINED) && !options->load)
        return option_wrong(PROGRAM, name,
                            "--load is missing: it names the file that fit --save wrote");
    if (command == COMPACT && !options->save)
        return option_wrong(PROGRAM, name,
                            "--save is missing: it names the smaller network's file");
    if (options->json && options->csv && strcmp(options->json, "-") == 0 &&
        strcmp(options->csv, "-") == 0)
        return option_wrong(PROGRAM, name, "--json - and --csv - cannot share the standard output");
    return PARSE_RUN;
}

enum parse_result options_parse(enum command command, int argc, char **argv,
                                struct options *options)
{
    memset(options, 0, sizeof *options);
    options->command = command;
    options->data = "digits";
    options->seed = 128;
    options->epochs = 10;
    options->batch = 128;
    options->count = command == SHOW ? 10 : 0;
    options->validation_split = 0.3;
    options->recipe = recipe_plain();
    options->recipe.name = "fit";
    options->recipe.optimizer.learning_rate = 0; /* until its kind is known */
    static const struct option_table options_table = {PROGRAM, table, sizeof table / sizeof *table,
                                                      helps};
    enum parse_result result = option_table_parse(&options_table, command, argc, argv, options);
    return result == PARSE_RUN ? check(command, argv[0], options) : result;
}
