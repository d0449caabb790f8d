#include "values.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "commands.h"

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

/* ---- The network ---- */

static bool add_layers(struct recipe *recipe, const char *part, size_t length)
{
    char copy[32];
    uint64_t width, repeat = 1;
    if (length >= sizeof copy)
        return false;
    memcpy(copy, part, length);
    copy[length] = '\0';
    char *times = strchr(copy, 'x');
    if (times)
        *times++ = '\0';
    if (!cli_read_whole(copy, 1, INT32_MAX, &width) ||
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
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!add_layers(recipe, text, length))
            return false;
        if (!text[length])
            return true;
        text += length + 1;
    }
}

bool read_activation(const struct option_row *row, const char *text, void *options)
{
    static const char *const names[] = {
        [OCK_LINEAR] = "linear", [OCK_RELU] = "relu", [OCK_LEAKY_RELU] = "leaky-relu",
        [OCK_ELU] = "elu",       [OCK_GELU] = "gelu", [OCK_SIGMOID] = "sigmoid",
        [OCK_TANH] = "tanh",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *(ock_activation *)field_of(row, options) = (ock_activation)i;
            return true;
        }
    return false;
}

bool read_optimizer(const struct option_row *row, const char *text, void *options)
{
    ock_optimizer_kind *kind = field_of(row, options);
    *kind = strcmp(text, "sgd") == 0 ? OCK_SGD : OCK_ADAM;
    return *kind == OCK_SGD || strcmp(text, "adam") == 0;
}

bool read_early_stop(const struct option_row *row, const char *text, void *options)
{
    struct options *all = options;
    ock_early_stopping *stop = field_of(row, options);
    char *monitor = all->monitor;
    const char *colon = strrchr(text, ':');
    uint64_t patience;
    ock_stopper probe;
    if (!colon || (size_t)(colon - text) >= sizeof all->monitor ||
        !cli_read_whole(colon + 1, 0, INT32_MAX, &patience))
        return false;
    memcpy(monitor, text, (size_t)(colon - text));
    monitor[colon - text] = '\0';
    stop->monitor = monitor;
    stop->patience = (int)patience;
    return *monitor && ock_stopper_init(&probe, stop) == OCK_OK;
}
