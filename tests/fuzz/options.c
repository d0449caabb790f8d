/* Command lines of ockham-train: the first byte picks the command, each line is an argument. */
#include "options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
    MOST_WORDS = 40
};

static const struct {
    enum command command;
    const char *name;
} commands[] = {
    {FIT, "fit"},           {SEARCH, "search"},   {STUDY, "study"},
    {EVALUATE, "evaluate"}, {PREDICT, "predict"}, {COMPACT, "compact"},
    {SHRINK, "shrink"},     {BEST, "best"},       {SHOW, "show"},
};

static int cut_lines(char *text, char **words, int most)
{
    int count = 0;
    for (char *end; text && count < most; text = end) {
        end = strchr(text, '\n');
        if (end)
            *end++ = '\0';
        words[count++] = text;
    }
    return count;
}

/* What the rows of the table bound. */
static void check_options(const struct options *options)
{
    const struct recipe *recipe = &options->recipe;
    FUZZ_EXPECT(recipe->layers <= RECIPE_LAYERS);
    for (size_t i = 0; i < recipe->layers; i++)
        FUZZ_EXPECT(recipe->hidden[i] >= 1 && recipe->hidden[i] <= INT32_MAX);
    FUZZ_EXPECT(options->strength_count <= SHRINK_STRENGTHS);
    FUZZ_EXPECT(recipe->class_weight_count <= RECIPE_CLASSES);
    FUZZ_EXPECT(options->search.axis_count <= SEARCH_AXES);
    FUZZ_EXPECT(recipe->dropout >= 0 && recipe->dropout < 1);
    FUZZ_EXPECT(isfinite(recipe->fit.optimizer.learning_rate));
    FUZZ_EXPECT(options->validation_split < 1 && options->seeds <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet;
    char *words[MOST_WORDS + 2] = {NULL};
    char *text = fuzz_text(data, size);
    size_t command = size ? data[0] % (sizeof commands / sizeof *commands) : 0;
    struct options options;
    if (!quiet)
        fuzz_be_quiet();
    quiet = true;
    words[0] = (char *)(uintptr_t)commands[command].name;
    int count = size > 1 ? cut_lines(text + 1, words + 1, MOST_WORDS) : 0;
    optind = 0; /* getopt_long() begins anew */
    if (options_parse(commands[command].command, count + 1, words, &options) == PARSE_RUN)
        check_options(&options);
    free(text);
    return 0;
}
