/* The axes of a search. Each line is a flag's value: of --grid, or by a first character of + or *
 * of --uniform or --log-uniform. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "search.h"

static struct options defaults;

static void begin(void)
{
    char name[] = "search";
    char *words[] = {name, NULL};
    fuzz_be_quiet();
    optind = 0;
    FUZZ_EXPECT(options_parse(SEARCH, 1, words, &defaults) == PARSE_RUN);
}

static void add_axis(struct search_flags *flags, const char *text)
{
    const char *flag = *text == '+' ? "uniform" : *text == '*' ? "log-uniform" : "grid";
    text += *text == '+' || *text == '*';
    if (*text && *text != '=' && strchr(text, '=') && flags->axis_count < SEARCH_AXES)
        flags->axes[flags->axis_count++] = (struct axis_flag){flag, text};
}

/* A number reads back as itself. */
static void check_number(double value)
{
    char text[NUMBER_SIZE];
    search_number(value, text);
    FUZZ_EXPECT(isfinite(value) && strtod(text, NULL) == value);
}

static void check_points(const struct search_axes *axes)
{
    double first[SEARCH_AXES], last[SEARCH_AXES];
    char message[512];
    for (size_t a = 0; a < axes->count; a++) {
        const ock_search_axis *axis = &axes->axes[a];
        FUZZ_EXPECT(axis->count > 0 && *axis->name);
        for (size_t i = 0; i < axis->count; i++)
            check_number(axis->values[i]);
        first[a] = axis->values[0];
        last[a] = axis->values[axis->count - 1];
    }
    for (int end = 0; end < 2; end++) {
        struct options point = defaults;
        *message = '\0';
        bool set = search_axes_apply(axes, end ? last : first, &point, message, sizeof message);
        FUZZ_EXPECT(set == !*message);
        FUZZ_EXPECT(point.recipe.layers <= RECIPE_LAYERS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct search_axes axes;
    if (!defaults.command)
        begin();
    struct options options = defaults;
    char *text = fuzz_text(data, size);
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        add_axis(&options.search, line);
    }
    if (search_axes_read(&options, &axes))
        check_points(&axes);
    search_axes_free(&axes);
    free(text);
    return 0;
}
