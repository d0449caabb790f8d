/* The file that a study goes on with. The first byte: an odd one puts the input in its place as the
 * list of rows, else it is all of the file. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kept.h"

static struct options options;
static char *words[] = {(char[]){"study"}, (char[]){"--resume"}, (char[]){"--checkpoint"}, NULL,
                        NULL};
static char *path;

static void begin(void)
{
    fuzz_be_quiet();
    optind = 0;
    words[3] = path = fuzz_path("kept");
    FUZZ_EXPECT(options_parse(STUDY, 4, words, &options) == PARSE_RUN);
    options.json = options.csv = "/dev/null";
}

static void write_file(bool rows, const uint8_t *data, size_t size)
{
    static const char front[] = "{\"study\":[],\"data\":\"few digits\",\"rows\":[", back[] = "]}";
    char *text = malloc(sizeof front + size + sizeof back);
    FUZZ_EXPECT(text);
    size_t length = rows ? sizeof front - 1 : 0;
    memcpy(text, front, length);
    if (size)
        memcpy(text + length, data, size);
    memcpy(text + length + size, back, rows ? sizeof back - 1 : 0);
    fuzz_write(path, text, length + size + (rows ? sizeof back - 1 : 0));
    free(text);
}

/* What can be told of a row is told, and found again once it is added. */
static void check_row(struct kept *kept, struct result *result)
{
    const struct report report = {kept->session, result, 1};
    struct kept again;
    struct result found;
    size_t count = result->history.count;
    FUZZ_EXPECT(count > 0 && result->history.best <= count);
    report_table(&report);
    FUZZ_EXPECT(report_json(&report) && report_csv(&report));
    FUZZ_EXPECT(kept_add(kept, result));
    FUZZ_EXPECT(kept_open(&again, kept->session) && kept_take(&again, "plain", &found));
    FUZZ_EXPECT(found.history.count == count);
    ock_history_clear(&found.history);
    kept_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!path)
        begin();
    struct session session = {.options = &options, .talk = stdout, .context = fuzz_context()};
    snprintf(session.pictures.description, sizeof session.pictures.description, "few digits");
    write_file(data[0] % 2, data + 1, size - 1);
    struct kept kept;
    struct result result;
    if (kept_open(&kept, &session) && kept_take(&kept, "plain", &result)) {
        check_row(&kept, &result);
        ock_history_clear(&result.history);
    }
    kept_close(&kept);
    return 0;
}
