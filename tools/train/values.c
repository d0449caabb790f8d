#include "values.h"

#include <errno.h>
#include <float.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "augmentation.h"
#include "cli.h"
#include "commands.h"
#include "plot.h"
#include "standardization.h"

static void *field_of(const struct option_row *row, void *options)
{
    return (char *)options + row->field;
}

bool read_rows(const struct option_row *row, const char *text, void *options)
{
    return study_read_rows(text, field_of(row, options));
}

/* ---- Files ---- */

bool read_input(const struct option_row *row, const char *text, void *options)
{
    return read_text(row, text, options) && access(text, R_OK) == 0;
}

bool read_data(const struct option_row *row, const char *text, void *options)
{
    value_reader read = strcmp(text, "digits") == 0 ? read_text : read_input;
    return read(row, text, options);
}

/* ock_model_save() renames its file to `text`, which would replace a device. */
bool read_save(const struct option_row *row, const char *text, void *options)
{
    struct stat about;
    bool special = stat(text, &about) == 0 && !S_ISREG(about.st_mode);
    errno = 0;
    return !special && strcmp(text, "-") != 0 && read_output(row, text, options);
}

bool read_folder(const struct option_row *row, const char *text, void *options)
{
    struct stat about;
    errno = 0;
    if (!read_text(row, text, options))
        return false;
    if (stat(text, &about) != 0) {
        char *copy = strdup(text);
        bool can = copy && access(dirname(copy), W_OK | X_OK) == 0;
        free(copy);
        return can;
    }
    if (!S_ISDIR(about.st_mode))
        errno = ENOTDIR;
    return S_ISDIR(about.st_mode) && access(text, W_OK | X_OK) == 0;
}

bool read_plot(const struct option_row *row, const char *text, void *options)
{
    return plot_known(text) && read_output(row, text, options);
}

/* ---- The network ---- */

static bool add_layers(char *text, void *to)
{
    struct recipe *recipe = to;
    uint64_t width, repeat = 1;
    char *times = strchr(text, 'x');
    if (times)
        *times++ = '\0';
    if (!cli_read_whole(text, 1, INT32_MAX, &width) ||
        (times && !cli_read_whole(times, 1, RECIPE_LAYERS, &repeat)) ||
        recipe->layers + repeat > RECIPE_LAYERS)
        return false;
    while (repeat-- > 0)
        recipe->hidden[recipe->layers++] = (uint32_t)width;
    return true;
}

/* "500x5,250": five layers of 500, then one of 250. */
bool read_hidden(const struct option_row *row, const char *text, void *options)
{
    struct recipe *recipe = field_of(row, options);
    recipe->layers = 0;
    return cli_read_list(text, add_layers, recipe);
}

/* "0.1,0.3": up to `most` numbers from `low` on. */
struct numbers {
    double low;
    size_t most;
    float *values;
    size_t *count;
};

static bool add_number(char *text, void *to)
{
    const struct numbers *numbers = to;
    double value;
    if (*numbers->count == numbers->most ||
        !cli_read_real(text, numbers->low, (double)FLT_MAX, &value))
        return false;
    numbers->values[(*numbers->count)++] = (float)value;
    return true;
}

bool read_strengths(const struct option_row *row, const char *text, void *options)
{
    struct options *all = options;
    struct numbers numbers = {(double)FLT_MIN, SHRINK_STRENGTHS, all->strengths,
                              &all->strength_count};
    (void)row;
    all->strength_count = 0;
    return cli_read_list(text, add_number, &numbers);
}

bool read_class_weights(const struct option_row *row, const char *text, void *options)
{
    struct recipe *recipe = field_of(row, options);
    struct numbers numbers = {0, RECIPE_CLASSES, recipe->class_weights,
                              &recipe->class_weight_count};
    recipe->class_weight_count = 0;
    return cli_read_list(text, add_number, &numbers);
}

bool read_augmentation(const struct option_row *row, const char *text, void *options)
{
    struct recipe *recipe = (struct recipe *)((char *)options + row->field);
    recipe->augment = true;
    return augmentation_read(text, &recipe->augmentation);
}

bool read_standardization(const struct option_row *row, const char *text, void *options)
{
    struct recipe *recipe = field_of(row, options);
    recipe->standardize = true;
    return standardization_read(text, &recipe->standardization);
}

/* The position of the text among the names; -1: it is none of them. */
static int position(const char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return (int)i;
    return -1;
}

bool read_activation(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [OCK_LINEAR] = "linear", [OCK_RELU] = "relu", [OCK_LEAKY_RELU] = "leaky-relu",
        [OCK_ELU] = "elu",       [OCK_GELU] = "gelu", [OCK_SIGMOID] = "sigmoid",
        [OCK_TANH] = "tanh",
    };
    int found = position(text, names, sizeof names / sizeof *names);
    if (found >= 0)
        *(ock_activation *)field_of(row, options) = (ock_activation)found;
    return found >= 0;
}

bool read_initializer(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [OCK_GLOROT_UNIFORM] = "glorot-uniform",
        [OCK_HE_NORMAL] = "he-normal",
    };
    int found = position(text, names, sizeof names / sizeof *names);
    if (found >= 0)
        *(ock_initializer *)field_of(row, options) = (ock_initializer)found;
    return found >= 0;
}

/* ---- The fit ---- */

bool read_count(const struct option_row *row, const char *text, void *options)
{
    uint64_t value;
    bool right = cli_read_whole(text, (uint64_t)row->low, (uint64_t)row->high, &value);
    if (right)
        *(uint32_t *)field_of(row, options) = (uint32_t)value;
    return right;
}

bool read_optimizer(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [ADAM] = "adam", [ADAMW] = "adamw", [RMSPROP] = "rmsprop", [SGD] = "sgd"};
    int found = position(text, names, sizeof names / sizeof *names);
    if (found >= 0)
        *(enum recipe_optimizer *)field_of(row, options) = (enum recipe_optimizer)found;
    return found >= 0;
}

/* "RATE:EPOCHS" */
static bool read_decay(const char *text, struct recipe_schedule *schedule)
{
    char rate[32];
    double value;
    size_t length = strcspn(text, ":");
    if (!text[length] || length >= sizeof rate)
        return false;
    memcpy(rate, text, length);
    rate[length] = '\0';
    if (!cli_read_real(rate, FLT_TRUE_MIN, FLT_MAX, &value) ||
        !cli_read_real(text + length + 1, DBL_TRUE_MIN, INT32_MAX, &schedule->decay_epochs))
        return false;
    schedule->decay_rate = (float)value;
    return true;
}

bool read_schedule(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [OCK_CONSTANT_RATE] = "constant",
        [OCK_STEP_DECAY] = "step:",
        [OCK_EXPONENTIAL_DECAY] = "exponential:",
        [OCK_COSINE_DECAY] = "cosine",
    };
    struct recipe_schedule *schedule = field_of(row, options);
    double alpha = 0;
    int kind = 0;
    while (kind < 4 && strncmp(text, names[kind], strlen(names[kind])) != 0)
        kind++;
    if (kind == 4)
        return false;
    *schedule = (struct recipe_schedule){.kind = (ock_schedule_kind)kind};
    text += strlen(names[kind]);
    if (kind == OCK_STEP_DECAY || kind == OCK_EXPONENTIAL_DECAY)
        return read_decay(text, schedule);
    if (kind == OCK_COSINE_DECAY && *text == ':') {
        bool right = cli_read_real(text + 1, 0, 1, &alpha);
        schedule->alpha = (float)alpha;
        return right;
    }
    return !*text;
}

/* "MONITOR:PATIENCE"; the monitor's name is a static one. */
static bool read_monitor(const char *text, const char **monitor, int *patience)
{
    static const char *const names[] = {
        "loss",     "data_loss",     "penalty",     "accuracy",     "acc",
        "val_loss", "val_data_loss", "val_penalty", "val_accuracy", "val_acc",
    };
    uint64_t epochs;
    size_t length = strcspn(text, ":");
    if (!text[length] || !cli_read_whole(text + length + 1, 0, INT32_MAX, &epochs))
        return false;
    *patience = (int)epochs;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncmp(text, names[i], length) == 0) {
            *monitor = names[i];
            return true;
        }
    return false;
}

bool read_early_stop(const struct option_row *row, const char *text, void *options)
{
    ock_early_stopping *stop = field_of(row, options);
    return read_monitor(text, &stop->monitor, &stop->patience);
}

bool read_plateau(const struct option_row *row, const char *text, void *options)
{
    ock_plateau *plateau = field_of(row, options);
    return read_monitor(text, &plateau->monitor, &plateau->patience);
}

bool read_mode(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [OCK_MODE_AUTO] = "auto", [OCK_MODE_MIN] = "min", [OCK_MODE_MAX] = "max"};
    int found = position(text, names, sizeof names / sizeof *names);
    if (found >= 0)
        *(ock_mode *)field_of(row, options) = (ock_mode)found;
    return found >= 0;
}

bool read_baseline(const struct option_row *row, const char *text, void *options)
{
    ock_early_stopping *stop = field_of(row, options);
    stop->use_baseline = true;
    return cli_read_real(text, row->low, row->high, &stop->baseline);
}

/* ---- Search ---- */

bool read_axis(const struct option_row *row, const char *text, void *options)
{
    struct search_flags *search = field_of(row, options);
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1] || search->axis_count == SEARCH_AXES)
        return false;
    search->axes[search->axis_count++] = (struct axis_flag){row->name, text};
    return true;
}

bool read_score(const struct option_row *row, const char *text, void *options)
{
    ock_stopper probe;
    return read_text(row, text, options) &&
           ock_stopper_init(&probe, &(ock_early_stopping){.monitor = text}) == OCK_OK;
}
