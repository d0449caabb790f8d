/* The journal of a search. The first byte: an odd one puts the line of the search itself in front.
 */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "search.h"

static const char first_line[] = "{\"search\":[\"--grid\",\"l2=0,1\"],\"data\":\"few digits\"}\n";

static struct options options;
static char *words[] = {(char[]){"search"}, (char[]){"--grid"}, (char[]){"l2=0,1"}, NULL};
static char *path;
static const double l2[] = {0, 1};
static const ock_search_axis axis = {.name = "l2", .values = l2, .count = 2};
static ock_search_options search;

static void begin(void)
{
    fuzz_be_quiet();
    optind = 0;
    FUZZ_EXPECT(options_parse(SEARCH, 3, words, &options) == PARSE_RUN);
    path = fuzz_path("journal");
    search = ock_search_defaults();
    search.axes = &axis;
    search.axis_count = 1;
    search.seeds = 2;
}

static void write_file(bool known, const uint8_t *data, size_t size)
{
    size_t front = known ? sizeof first_line - 1 : 0;
    char *text = malloc(front + size + 1);
    FUZZ_EXPECT(text);
    memcpy(text, first_line, front);
    if (size)
        memcpy(text + front, data, size);
    fuzz_write(path, text, front + size);
    free(text);
}

/* Opens it, and closes it again, without results. */
static bool read_file(const struct session *session, ock_search_results *results)
{
    struct search_journal journal;
    bool read = search_journal_open(&journal, path, session, &search, results);
    search_journal_close(&journal);
    return read;
}

/* A trial is added at the end, and found there. */
static void check_adding(const struct session *session, ock_search_results *results)
{
    const ock_trial trial = {
        .axes = 1, .values = (double[]){0.1}, .runs = 2, .scores = (double[]){1, NAN}};
    struct search_journal journal;
    ock_search_results again = {0}, ignored = {0};
    FUZZ_EXPECT(search_journal_open(&journal, path, session, &search, &ignored));
    ock_search_results_clear(&ignored);
    FUZZ_EXPECT(ock_search_results_add(results, &trial) == OCK_OK);
    FUZZ_EXPECT(search_journal_add(&journal, results));
    search_journal_close(&journal);
    FUZZ_EXPECT(read_file(session, &again) && again.count == results->count);
    FUZZ_EXPECT(again.trials[again.count - 1].values[0] == 0.1);
    ock_search_results_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ock_search_results results = {0};
    if (size == 0)
        return 0;
    if (!path)
        begin();
    struct session session = {.options = &options, .talk = stdout};
    snprintf(session.pictures.description, sizeof session.pictures.description, "few digits");
    write_file(data[0] % 2, data + 1, size - 1);
    if (read_file(&session, &results)) {
        search_table(&(struct search_report){&session, &search, &results}, 4);
        check_adding(&session, &results);
    }
    ock_search_results_clear(&results);
    return 0;
}
