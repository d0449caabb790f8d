#include "options.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "augmentation.h"
#include "commands.h"
#include "plot.h"
#include "settings.h"
#include "values.h"

#define PROGRAM "ockham-train"
#define AT(member) offsetof(struct options, member)
#define BELOW_1 (1.0 - FLT_EPSILON / 2) /* the largest float below 1 */
#define WHOLE_FROM_1 "a whole number from 1 to 2147483647"
#define TRAINED (EVALUATE | PREDICT | COMPACT)
#define AXIS_RIGHT(values) "NAME=" values ", of up to 16 axes"
#define ALL (TRAINING | TRAINED | SHOW)
#define RUNS (STUDY | FIT | BEST)

static const struct option_row table[] = {
    {"data", "SOURCE", "digits, a folder (IDX, .npy) or a .csv [digits]",
     "digits, a folder with MNIST's IDX files or with x_train.npy and y_train.npy, or a .csv file",
     ALL, read_data, AT(data), 0, 0},
    {"count", "N", "samples to use; digits to draw [all; 10000]", WHOLE_FROM_1,
     TRAINING | TRAINED | OPTION_RARE(TRAINING), read_whole, AT(count), 1, INT32_MAX},
    {"count", "N", "samples to draw [10]", WHOLE_FROM_1, SHOW, read_whole, AT(count), 1, INT32_MAX},
    {"first", "N", "skip N samples [0]", "a whole number from 0 to 2147483647", TRAINED | SHOW,
     read_whole, AT(first), 0, INT32_MAX},
    {"test", NULL, "the folder's t10k or _test files, or other digits", NULL, TRAINED | SHOW | BEST,
     read_flag, AT(test), 0, 0},
    {"rows", "A,B", "only these rows", "names out of " STUDY_ROWS ", separated by commas", STUDY,
     read_rows, AT(rows), 0, 0},
    {"load", "FILE", "the network that fit --save wrote", "a file that fit --save wrote", TRAINED,
     read_input, AT(load), 0, 0},
    {"validation-split", "X", "share of the last rows to validate on [0.3]",
     "a number from 0 to below 1", FITTING | SHRINK | OPTION_RARE(FITTING | SHRINK), read_double,
     AT(validation_split), 0, BELOW_1},
    {"batch", "N", "samples a step [128]", WHOLE_FROM_1, TRAINED, read_whole, AT(batch), 1,
     INT32_MAX},
    {"seed", "N", "of all that is random, digits too [128]",
     "a whole number from 0 to 18446744073709551615", ALL | OPTION_RARE(TRAINING), read_whole,
     AT(seed), 0, (double)UINT64_MAX},
    {"device", "WISH", "scalar, gpu, cpu, PLATFORM:DEVICE, part of a name", "a device's name", ALL,
     read_text, AT(device), 0, 0},
    {"out", "FILE.npy", "write all probabilities as a NumPy array",
     "a regular file in a folder that can be written", PREDICT | OPTION_WRITES, read_save, AT(out),
     0, 0},
    {"weights", "FILE", "begin with these, of fit --save or from Python",
     "a safetensors file that can be read", FIT | OPTION_RARE(FIT), read_input, AT(weights), 0, 0},
    {"failover", NULL, "when the device fails, go on with the next one", NULL,
     TRAINING | OPTION_RARE(FITTING), read_flag, AT(failover), 0, 0},
    {"save", "FILE", "write the trained network", "a regular file in a folder that can be written",
     FIT | SHRINK | OPTION_WRITES, read_save, AT(save), 0, 0},
    {"png", "FILE", "write the pictures as a PNG file too",
     "a file in a folder that can be written", SHOW | OPTION_WRITES, read_save, AT(png), 0, 0},
    {"save", "FILE", "write the smaller network", "a regular file in a folder that can be written",
     COMPACT | OPTION_WRITES, read_save, AT(save), 0, 0},
    {"strengths", "A,B", "of the group lasso on hidden kernels [0.5,1,2,4]",
     "1 to 16 numbers above 0, separated by commas", SHRINK, read_strengths, AT(strengths), 0, 0},
    {"within", "X", "accuracy that may be lost [0.002]", "a number from 0 to 1", SHRINK,
     read_double, AT(within), 0, 1},
    {"threshold", "X", "weights up to X count as zeros [0]", "a number from 0", COMPACT, read_float,
     AT(threshold), 0, FLT_MAX},
    {"checkpoint", "FILE", "keep the run in FILE after each epoch",
     "a regular file in a folder that can be written", RUNS | OPTION_WRITES, read_save,
     AT(recipe.fit.checkpoint), 0, 0},
    {"resume", NULL, "go on with the run in --checkpoint, if there is one", NULL, RUNS, read_flag,
     AT(recipe.fit.resume), 0, 0},
    {"json", "FILE", "write the results (-: standard output)",
     "a file in a folder that can be written, or -",
     STUDY | FITTING | OPTION_RARE(FITTING) | OPTION_WRITES, read_output, AT(json), 0, 0},
    {"csv", "FILE", "write each epoch's figures (-: standard output)",
     "a file in a folder that can be written, or -", RUNS | OPTION_RARE(RUNS) | OPTION_WRITES,
     read_output, AT(csv), 0, 0},
    {"plot", "FILE", "draw losses and accuracies, by gnuplot",
     "an .svg or .png file in a folder that can be written", RUNS | OPTION_WRITES, read_plot,
     AT(plot), 0, 0},
    {"tensorboard", "DIR", "write each epoch's figures as TensorBoard's events",
     "a folder that can be written, or the name of a new one in such a folder",
     RUNS | SHRINK | OPTION_RARE(RUNS | SHRINK), read_folder, AT(tensorboard), 0, 0},
    {"tensorboard", "DIR", "write each trial's figures as TensorBoard's events",
     "a folder that can be written, or the name of a new one in such a folder",
     SEARCH | OPTION_RARE(SEARCH), read_folder, AT(tensorboard), 0, 0},
    {"csv", "FILE", "write each trial's figures (-: standard output)",
     "a file in a folder that can be written, or -", SEARCH | OPTION_RARE(SEARCH) | OPTION_WRITES,
     read_output, AT(csv), 0, 0},
    {"plot", "FILE", "draw the scores over two --grid axes, by gnuplot",
     "an .svg or .png file in a folder that can be written", SEARCH | OPTION_WRITES, read_plot,
     AT(plot), 0, 0},
    {"resume", "FILE", "keep finished trials in FILE; skip those it has",
     "a file in a folder that can be written", SEARCH | OPTION_WRITES, read_save,
     AT(search.journal), 0, 0},
    {NULL, NULL, "Search, where NAME is a setting, width, layers or patience", NULL, SEARCH, NULL,
     0, 0, 0},
    {"grid", "NAME=A,B", "values of a setting, with each of the other axes",
     AXIS_RIGHT("values, separated by commas"), SEARCH, read_axis, AT(search), 0, 0},
    {"random", "N", "try N random points instead", WHOLE_FROM_1, SEARCH, read_whole,
     AT(search.random), 1, INT32_MAX},
    {"uniform", "NAME=A:B", "draw from A to B", AXIS_RIGHT("two numbers, as 0:0.5"),
     SEARCH | OPTION_RARE(SEARCH), read_axis, AT(search), 0, 0},
    {"log-uniform", "NAME=A:B", "draw from A to B, evenly in the logarithm",
     AXIS_RIGHT("two numbers above 0, as 1e-6:1e-2"), SEARCH, read_axis, AT(search), 0, 0},
    {"choice", "NAME=A,B", "draw one of the values", AXIS_RIGHT("values, separated by commas"),
     SEARCH, read_axis, AT(search), 0, 0},
    {"halving", "ETA", "train briefly; the best 1/ETA go on, up to --epochs",
     "a whole number from 2 to 1000", SEARCH, read_whole, AT(search.halving), 2, 1000},
    {"folds", "K", "cross-validate, instead of --validation-split",
     "a whole number from 2 to 2147483647, the samples at most", SEARCH, read_whole,
     AT(search.folds), 2, INT32_MAX},
    {"seeds", "N", "train each point N times [1]", "a whole number from 1 to 65535", SEARCH,
     read_whole, AT(seeds), 1, 65535},
    {"seeds", "N", "train N times, from --seed on [3]", "a whole number from 1 to 65535", BEST,
     read_whole, AT(seeds), 1, 65535},
    {"ablate", NULL, "what each ingredient adds, on validation pictures", NULL, BEST, read_flag,
     AT(ablate), 0, 0},
    {"score", "MONITOR", "what to compare [val_accuracy]",
     "loss, data_loss, penalty or accuracy, or one of these after val_",
     SEARCH | OPTION_RARE(SEARCH), read_score, AT(search.score), 0, 0},
};

static const struct command_help helps[] = {
    {STUDY, "study", "Trains one network plainly and with each regularisation technique.",
     "Rows: " STUDY_ROWS ".\n"
     "A row that cannot run is skipped with its reason, and fails if --rows named it.\n\n"
     "  ockham-train study --data mnist/ --json study.json --plot curves.svg\n"
     "  ockham-train study --rows plain,dropout --epochs 3 --device scalar\n",
     NULL},
    {FIT, "fit", "Trains one network.",
     "  ockham-train fit --l2 1e-4 --dropout .25 --epochs 20 --save net.safetensors\n"
     "  ockham-train fit --data mnist/ --checkpoint run.safetensors --resume\n",
     "Ctrl-C ends training. The network is saved as it is then, the run is kept, and\n"
     "the command that goes on with it is printed.\n\n"
     "What --standardize takes: samplewise-center, samplewise-std, featurewise-center,\n"
     "featurewise-std, zca[:EPSILON], rescale=X; fitted to the training "
     "pictures.\n\n" AUGMENTATION_HELP},
    {SEARCH, "search", "Searches for good settings: a grid of them, or random ones.",
     "  ockham-train search --grid l2=0,1e-5,1e-4 --grid dropout=0,.25 --plot s.svg\n"
     "  ockham-train search --random 27 --halving 3 --log-uniform l2=1e-6:1e-2\n",
     "Ctrl-C ends the search, keeps what is done, and prints the command that goes on.\n"
     "A trial that diverges is a result like any other.\n\n" AUGMENTATION_HELP},
    {EVALUATE, "evaluate", "Tells a saved network's accuracy, loss and confusion matrix.",
     "  ockham-train evaluate --load net.safetensors --data mnist/ --test\n"
     "  ockham-train evaluate --load net.safetensors --count 1000 --device scalar\n",
     NULL},
    {PREDICT, "predict", "Prints each sample's index, predicted class and probability, one a line.",
     "  ockham-train predict --load net.safetensors --first 100 --count 20\n"
     "  ockham-train predict --load net.safetensors --data mnist/ --test\n",
     NULL},
    {SHRINK, "shrink", "Tells how small a network may become without losing accuracy.",
     "It is trained with group lasso of each strength, which empties units; what is\n"
     "left without them is trained on as long again without a penalty, at a rate that\n"
     "falls to 0. So is the plain network, with which they are compared.\n\n"
     "  ockham-train shrink --data mnist/ --strengths .5,1 --save small.safetensors\n"
     "  ockham-train shrink --hidden 300,100 --within .005 --epochs 5\n",
     NULL},
    {BEST, "best", "Trains a network without convolutions as well as it can.",
     "Hidden layers of 1200 and 800; dropout, max-norm, a cosine schedule, an average\n"
     "of the weights, small affine maps and elastic deformation. Without --test the\n"
     "last sixth of the pictures is kept back: on these all this was chosen.\n\n"
     "  ockham-train best --data mnist/ --test\n"
     "  ockham-train best --data mnist/ --ablate\n",
     NULL},
    {COMPACT, "compact", "Takes dead units out of a saved network, and tells what that saves.",
     "A unit is dead whose weights in or out are all zero. What it puts out is a\n"
     "constant, which goes into the next layer's bias.\n\n"
     "  ockham-train compact --load net.safetensors --save small.safetensors\n"
     "  ockham-train compact --load net.safetensors --save small.safetensors \\\n"
     "                       --data mnist/ --test --threshold 1e-4\n",
     NULL},
    {SHOW, "show", "Draws samples, and below each what augmentation makes of it.",
     AUGMENTATION_HELP
     "\n"
     "  ockham-train show --augment rotation=15,zoom=.1,elastic=34:4 --png show.png\n"
     "  ockham-train show --data mnist/ --first 40 --count 20\n",
     NULL},
};

static bool is_validation(const char *monitor)
{
    return monitor && strncmp(monitor, "val_", 4) == 0;
}

static enum parse_result check_search(const char *name, struct options *options)
{
    struct search_flags *search = &options->search;
    if (search->folds && options->validation_split >= 0)
        return option_wrong(PROGRAM, name, "--folds and --validation-split: one of them at most");
    if (options->validation_split < 0)
        options->validation_split = search->folds ? 0 : 0.3;
    if (options->plot && (search->axis_count != 2 || search->random))
        return option_wrong(PROGRAM, name, "--plot needs two axes by --grid, and no others");
    if (search->halving && options->recipe.fit.swa_from_epoch)
        return option_wrong(PROGRAM, name, "--halving and --swa: one of them at most");
    for (size_t a = 0; a < search->axis_count && search->halving; a++)
        if (strncmp(search->axes[a].text, "epochs=", 7) == 0 ||
            strncmp(search->axes[a].text, "swa=", 4) == 0)
            return option_wrong(PROGRAM, name, "--halving sets the epochs; --%s %s must go",
                                search->axes[a].flag, search->axes[a].text);
    for (size_t a = 0; a < search->axis_count && !search->random; a++)
        if (strcmp(search->axes[a].flag, "grid") != 0)
            return option_wrong(PROGRAM, name, "--%s needs --random, the number of points",
                                search->axes[a].flag);
    return PARSE_RUN;
}

/* What no option can check alone. */
static enum parse_result check(enum command command, const char *name, struct options *options)
{
    const ock_fit *fit = &options->recipe.fit;
    if (command == BEST && !fit->epochs)
        options->recipe.fit.epochs = options->ablate ? 10 : 70;
    const char *problem = recipe_problem(&options->recipe);
    if (command == SEARCH && check_search(name, options) == PARSE_WRONG)
        return PARSE_WRONG;
    bool validates = options->validation_split > 0 || options->search.folds;
    if (problem && command != SEARCH) /* which judges each point */
        return option_wrong(PROGRAM, name, "%s", problem);
    if (!validates && is_validation(fit->early_stopping.monitor))
        return option_wrong(PROGRAM, name, "--early-stop %s needs a --validation-split above 0",
                            fit->early_stopping.monitor);
    if (!validates && is_validation(fit->plateau.monitor))
        return option_wrong(PROGRAM, name, "--plateau %s needs a --validation-split above 0",
                            fit->plateau.monitor);
    if (options->recipe.standardize && options->save)
        return option_wrong(PROGRAM, name,
                            "--standardize and --save: one of them at most; the file would be "
                            "without what its pictures need");
    if (fit->resume && !fit->checkpoint)
        return option_wrong(PROGRAM, name, "--resume needs the --checkpoint to go on with");
    if ((command & TRAINED) && !options->load)
        return option_wrong(PROGRAM, name,
                            "--load is missing: it names the file that fit --save wrote");
    if (command == SHRINK && !validates)
        return option_wrong(PROGRAM, name,
                            "--validation-split must be above 0, for networks to be compared on");
    if (command == BEST && options->ablate && options->test)
        return option_wrong(PROGRAM, name,
                            "--ablate is told on validation pictures: --test must go");
    if (options->plot && plot_problem(options->plot))
        return option_wrong(PROGRAM, name, "--plot %s: %s", options->plot,
                            plot_problem(options->plot));
    if (command == COMPACT && !options->save)
        return option_wrong(PROGRAM, name,
                            "--save is missing: it names the smaller network's file");
    return PARSE_RUN;
}

enum parse_result options_parse(enum command command, int argc, char **argv,
                                struct options *options)
{
    memset(options, 0, sizeof *options);
    options->command = command;
    options->data = "digits";
    options->seed = 128;
    options->batch = 128;
    options->count = command == SHOW ? 10 : 0;
    options->validation_split = command == SEARCH ? -1 : 0.3; /* there --folds may stand for it */
    options->seeds = command == BEST ? 3 : 1;
    options->search.score = "val_accuracy";
    options->program = PROGRAM;
    options->arguments = argv;
    options->argument_count = argc;
    options->within = 0.002;
    read_strengths(NULL, "0.5,1,2,4", options);
    options->recipe = recipe_plain();
    options->recipe.name = "fit";
    if (command == BEST) {
        best_recipe(&options->recipe);
        options->validation_split = 1.0 / 6;
        options->recipe.fit.epochs = 0; /* until it is known whether to ablate */
    }
    const struct option_table options_table = {
        .program = PROGRAM,
        .rows = table,
        .count = sizeof table / sizeof *table,
        .helps = helps,
        .help_count = sizeof helps / sizeof *helps,
        .more = settings,
        .more_count = setting_count,
    };
    enum parse_result result = option_table_parse(&options_table, command, argc, argv, options);
    return result == PARSE_RUN ? check(command, argv[0], options) : result;
}
