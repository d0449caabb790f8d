#include "settings.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "augmentation.h"
#include "standardization.h"
#include "values.h"

#define AT(member) offsetof(struct options, recipe.member)
#define BELOW_1 (1.0 - FLT_EPSILON / 2) /* the largest float below 1 */
#define FROM_0 "a number from 0"
#define SHARE "a number from 0 to below 1"
#define MONITOR_RIGHT                                                                              \
    "MONITOR:PATIENCE, as val_accuracy:2; MONITOR is loss, data_loss, penalty or accuracy, or "    \
    "one "                                                                                         \
    "of these after val_"
#define WHOLE_FROM(least) "a whole number from " #least " to 2147483647"
#define SELDOM (FITTING | OPTION_RARE(FITTING))
#define OF_FIT (FITTING | OPTION_RARE(SEARCH)) /* search has axes of them */
#define HEADING(text, commands)                                                                    \
    {                                                                                              \
        NULL, NULL, text, NULL, commands, NULL, 0, 0, 0                                            \
    }
#define FLAG(name, help, member)                                                                   \
    {                                                                                              \
        name, NULL, help, NULL, SELDOM, read_flag, AT(member), 0, 0                                \
    }
/* A number from 0 to below 1, and one from 0. */
#define PART(name, argument, help, commands, member)                                               \
    {                                                                                              \
        name, argument, help, SHARE, commands, read_float, AT(member), 0, BELOW_1                  \
    }
#define NUMBER(name, argument, help, commands, member)                                             \
    {                                                                                              \
        name, argument, help, FROM_0, commands, read_float, AT(member), 0, FLT_MAX                 \
    }

const struct option_row settings[] = {
    HEADING("Network", FITTING | SHRINK),
    {"hidden", "WIDTHS", "hidden layers, as 500x5 or 500,250x2 [500x5]",
     "widths from 1, each alone or as WIDTHxTIMES, of 64 layers in all at most", FITTING | SHRINK,
     read_hidden, offsetof(struct options, recipe), 0, 0},
    {"activation", "NAME", "linear relu leaky-relu elu gelu sigmoid tanh [relu]",
     "linear, relu, leaky-relu, elu, gelu, sigmoid or tanh",
     FITTING | SHRINK | OPTION_RARE(FITTING | SHRINK), read_activation, AT(activation), 0, 0},
    FLAG("batch-norm", "before each hidden activation", batch_norm),
    {"initializer", "NAME", "glorot-uniform or he-normal [glorot-uniform]",
     "glorot-uniform or he-normal", SELDOM, read_initializer, AT(dense.initializer), 0, 0},

    HEADING("Regularisation, of the hidden layers", SELDOM),
    NUMBER("l1", "X", "penalty X sum |w| on each kernel [0]", OF_FIT, dense.kernel.l1),
    NUMBER("l2", "X", "penalty X sum w^2 on each kernel [0]", OF_FIT, dense.kernel.l2),
    FLAG("proximal-l1", "--l1 after each step, which gives exact zeros", dense.kernel.proximal_l1),
    NUMBER("group-lasso", "X", "penalty X sum ||w|| over units: whole dead units [0]", SELDOM,
           dense.kernel.group_lasso),
    NUMBER("bias-l1", "X", "as --l1, of biases [0]", SELDOM, dense.bias.l1),
    NUMBER("bias-l2", "X", "as --l2, of biases [0]", SELDOM, dense.bias.l2),
    NUMBER("max-norm", "X", "each unit's norm at most X; 0: any [0]", SELDOM, max_norm),
    FLAG("non-negative", "no weight below 0", non_negative),
    FLAG("unit-norm", "each unit's norm 1", unit_norm),
    PART("dropout", "RATE", "after each hidden layer [0]", OF_FIT, dropout),
    PART("input-dropout", "RATE", "before the first layer [0]", SELDOM, input_dropout),
    PART("gaussian-dropout", "RATE", "times noise about 1, after each [0]", SELDOM,
         gaussian_dropout),
    NUMBER("gaussian-noise", "X", "plus noise of deviation X, after each [0]", SELDOM,
           gaussian_noise),
    NUMBER("activity-l1", "X", "penalty X sum |y| on what each puts out [0]", SELDOM,
           dense.activity.l1),
    NUMBER("activity-l2", "X", "penalty X sum y^2 on what each puts out [0]", SELDOM,
           dense.activity.l2),
    {"augment", "SPEC", "small, or as rotation=15,zoom=.1,elastic=34:4", AUGMENTATION_RIGHT,
     OF_FIT | SHOW, read_augmentation, offsetof(struct options, recipe), 0, 0},
    {"standardize", "SPEC", "as samplewise-std or zca:.01,rescale=2", STANDARDIZATION_RIGHT,
     FIT | OPTION_RARE(FIT), read_standardization, offsetof(struct options, recipe), 0, 0},

    HEADING("Optimiser", SELDOM),
    {"optimizer", "NAME", "adam, adamw, rmsprop or sgd [adam]", "adam, adamw, rmsprop or sgd",
     SELDOM, read_optimizer, AT(optimizer), 0, 0},
    {"lr", "X", "learning rate [0.001, sgd 0.01]", "a number above 0", OF_FIT, read_float,
     AT(fit.optimizer.learning_rate), FLT_TRUE_MIN, FLT_MAX},
    PART("momentum", "X", "of sgd and rmsprop [0]", SELDOM, fit.optimizer.momentum),
    FLAG("nesterov", "of sgd with momentum", fit.optimizer.nesterov),
    NUMBER("weight-decay", "X", "decoupled from the gradient [0, adamw 0.004]", SELDOM,
           fit.optimizer.weight_decay),
    FLAG("decay-kernels-only", "no decay of biases and norms", fit.optimizer.decay_kernels_only),
    NUMBER("clip-value", "X", "each gradient element to -X..X; 0: any [0]", SELDOM,
           fit.optimizer.clip_value),
    NUMBER("clip-norm", "X", "each tensor's gradient to norm X; 0: any [0]", SELDOM,
           fit.optimizer.clip_norm),
    NUMBER("global-clip-norm", "X", "all gradients together to norm X; 0: any [0]", SELDOM,
           fit.optimizer.global_clip_norm),

    HEADING("Learning rate", SELDOM),
    {"schedule", "KIND", "cosine[:ALPHA], step:R:EPOCHS, exponential:R:EPOCHS",
     "constant, cosine, cosine:ALPHA with ALPHA from 0 to 1, step:RATE:EPOCHS or "
     "exponential:RATE:EPOCHS with RATE and EPOCHS above 0",
     SELDOM, read_schedule, AT(schedule), 0, 0},
    {"warmup", "EPOCHS", "from 0 to --lr before the schedule [0]", FROM_0, SELDOM, read_double,
     AT(warmup_epochs), 0, INT32_MAX},
    {"plateau", "MONITOR:N", "less after N epochs without a better MONITOR", MONITOR_RIGHT, SELDOM,
     read_plateau, AT(fit.plateau), 0, 0},
    {"plateau-factor", "X", "the rate times this [0.1]", "a number above 0 and below 1", SELDOM,
     read_float, AT(fit.plateau.factor), FLT_TRUE_MIN, BELOW_1},
    {"plateau-min-delta", "X", "a smaller improvement is none [0.0001]", FROM_0, SELDOM,
     read_double, AT(fit.plateau.min_delta), 0, DBL_MAX},
    {"plateau-cooldown", "N", "epochs not counted after a reduction [0]", WHOLE_FROM(0), SELDOM,
     read_count, AT(fit.plateau.cooldown), 0, INT32_MAX},
    NUMBER("plateau-min-lr", "X", "not below this [0]", SELDOM, fit.plateau.min_learning_rate),

    HEADING("Labels", SELDOM),
    {"label-smoothing", "X", "share of each target spread over all classes [0]",
     "a number from 0 to 1", SELDOM, read_float, AT(fit.label_smoothing), 0, 1},
    NUMBER("mixup", "ALPHA", "mix samples by shares from Beta(ALPHA, ALPHA) [0]", SELDOM,
           fit.mixup_alpha),
    {"class-weights", "A,B", "what each class counts in the loss [1 each]",
     "as many numbers from 0 as there are classes, separated by commas", FIT | OPTION_RARE(FIT),
     read_class_weights, offsetof(struct options, recipe), 0, 0},

    HEADING("Averages of the weights", SELDOM),
    PART("ema", "X", "moving average by X a step; 0: none [0]", SELDOM, fit.optimizer.ema_momentum),
    {"swa", "EPOCH", "mean over epochs from this one on; 0: none [0]", WHOLE_FROM(0), SELDOM,
     read_count, AT(fit.swa_from_epoch), 0, INT32_MAX},

    HEADING("Training", TRAINING),
    {"epochs", "N", "epochs to train [10]", WHOLE_FROM(1), TRAINING & ~BEST, read_count,
     AT(fit.epochs), 1, INT32_MAX},
    {"epochs", "N", "epochs to train [70; to ablate 10]", WHOLE_FROM(1), BEST, read_count,
     AT(fit.epochs), 1, INT32_MAX},
    {"batch", "N", "samples a step [128]", WHOLE_FROM(1), TRAINING, read_count, AT(fit.batch_size),
     1, INT32_MAX},
    {"early-stop", "MONITOR:N", "stop after N epochs without a better MONITOR", MONITOR_RIGHT,
     FITTING, read_early_stop, AT(fit.early_stopping), 0, 0},
    {"min-delta", "X", "a smaller improvement is none [0]", FROM_0, SELDOM, read_double,
     AT(fit.early_stopping.min_delta), 0, DBL_MAX},
    {"mode", "NAME", "better is auto, min or max [auto]", "auto, min or max", SELDOM, read_mode,
     AT(fit.early_stopping.mode), 0, 0},
    {"baseline", "X", "MONITOR must beat it, too [none]", "a number", SELDOM, read_baseline,
     AT(fit.early_stopping), -DBL_MAX, DBL_MAX},
    {"start-from-epoch", "N", "epochs, from 0, not looked at before [0]", WHOLE_FROM(0), SELDOM,
     read_count, AT(fit.early_stopping.start_from_epoch), 0, INT32_MAX},
    FLAG("restore-best", "keep the best epoch's weights, not the last's",
         fit.early_stopping.restore_best_weights),
};

const size_t setting_count = sizeof settings / sizeof *settings;

const char *settings_set(struct options *options, const char *name, const char *text)
{
    for (size_t i = 0; i < setting_count; i++) {
        const struct option_row *row = &settings[i];
        if (!row->name || !(row->commands & SEARCH) || strcmp(row->name, name) != 0)
            continue;
        if (!row->argument && text)
            return "given no value";
        return (text || !row->argument) && row->read(row, text, options) ? NULL : row->right;
    }
    return "the name of a setting that `ockham-train search --help-all` lists";
}
