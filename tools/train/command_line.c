#include "command_line.h"

#include <string.h>
#include <unistd.h>

/* ---- Which run ---- */

/* What a program writes decides nothing. Returns how many words it takes. An option may be
 * shortened as long as it is clear: a search has no --checkpoint, and means --choice by --ch. */
static int output_words(const struct options *options, const char *word)
{
    static const char *const outputs[] = {"--json", "--csv", "--plot", "--tensorboard"};
    const bool searches = options->command == SEARCH;
    const size_t length = strcspn(word, "=");
    const int words = word[length] ? 1 : 2;
    if (length <= strlen("--"))
        return 0;
    if (strncmp(word, "--resume", length) == 0)
        return searches ? words : 1;
    if (strncmp(word, "--checkpoint", length) == 0 && !searches)
        return words;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (strncmp(word, outputs[i], length) == 0)
            return words;
    return 0;
}

cJSON *command_line_describe(const struct session *session)
{
    const struct options *options = session->options;
    cJSON *line = cJSON_CreateObject();
    cJSON *words = cJSON_AddArrayToObject(line, options->arguments[0]);
    bool added = words && json_add_text(line, "data", session->pictures.description);
    for (int i = 1; added && i < options->argument_count;) {
        int skipped = output_words(options, options->arguments[i]);
        if (!skipped)
            added = cJSON_AddItemToArray(words, cJSON_CreateString(options->arguments[i]));
        i += skipped ? skipped : 1;
    }
    if (added)
        return line;
    cJSON_Delete(line);
    return NULL;
}

bool command_line_report_other(const struct session *session, const char *option, const char *path,
                               const cJSON *found)
{
    const char *command = session->options->arguments[0];
    const cJSON *words = cJSON_GetObjectItem(found, command), *word;
    const char *data = cJSON_GetStringValue(cJSON_GetObjectItem(found, "data"));
    bool known = cJSON_IsArray(words) && data;
    cJSON_ArrayForEach(word, words) known = known && cJSON_IsString(word);
    if (!known) {
        fprintf(stderr,
                "ockham-train: %s %s: is no journal of a %s; name a new file, or one that %s has "
                "kept\n",
                option, path, command, option);
        return false;
    }
    fprintf(stderr,
            "ockham-train: %s %s: belongs to another %s, that of %s by\n"
            "  ockham-train %s",
            option, path, command, data, command);
    cJSON_ArrayForEach(word, words) fprintf(stderr, " %s", cJSON_GetStringValue(word));
    fputc('\n', stderr);
    return false;
}

/* ---- Going on ---- */

bool command_line_stopped_path(char path[STOPPED_PATH])
{
    for (int number = 1; access(".", W_OK) == 0; number++) {
        char again[16] = "";
        if (number > 1)
            snprintf(again, sizeof again, "-%d", number);
        snprintf(path, STOPPED_PATH, "ockham-train-%ld%s.checkpoint", (long)getpid(), again);
        if (access(path, F_OK) != 0)
            return true;
    }
    return false;
}

static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    fputc(' ', stderr);
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, stderr);
        return;
    }
    fputc('\'', stderr);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stderr);
        else
            fputc(*word, stderr);
    fputc('\'', stderr);
}

void command_line_print_next(const struct options *options, const char *path)
{
    const ock_fit *fit = &options->recipe.fit;
    bool searches = options->command == SEARCH;
    fputc(' ', stderr);
    print_word(options->program);
    for (int i = 0; i < options->argument_count; i++)
        print_word(options->arguments[i]);
    if (!searches && !fit->checkpoint) {
        print_word("--checkpoint");
        print_word(path);
    }
    if (searches ? !options->search.journal : !fit->resume)
        print_word("--resume");
    if (searches && !options->search.journal)
        print_word(path);
    fputc('\n', stderr);
}
