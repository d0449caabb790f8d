/* ockham-query: what devices there are, whether they compute right, and which one a context
 * would take. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ockham/version.h>

#include "../cli.h"
#include "../nearest.h"
#include "../run.h"
#include "query.h"
#include "text.h"

static const char usage[] =
    "Usage: ockham-query [OPTION]...\n"
    "Lists the devices: the one that a program would take (*), what each has, how its\n"
    "self-test went, how fast it is; what was skipped, and what to do about that.\n\n"
    "  -d, --device WISH  this alone, in detail: an id, part of a name, gpu, cpu, ...\n"
    "  --details          all that is known of each device\n"
    "  --self-test        tell each operation's error beside plain C, in ULP\n"
    "  --no-self-test     leave out the comparison with plain C\n"
    "  --measure          measure speeds anew, which else is done once and kept\n"
    "  --no-measure       leave them out\n"
    "  --require-opencl   fail where plain C is all there is\n"
    "  --timeout SECONDS  give up after so long [300]\n"
    "  --json             print one JSON document, whatever happens\n"
    "  --help, --version\n\n"
    "FP: bits beside 32. BUILD: for the first time/with what the driver has kept.\n\n"
    "  ockham-query -d gpu --self-test\n"
    "  ockham-query --json --require-opencl\n\n"
    "Exit status: 0 a device was chosen, 1 there is plain C alone, 2 wrong usage,\n"
    "3 the device that was asked for is absent (any, with --require-opencl), 4 its\n"
    "self-test failed, 5 an internal error.\n";

/* ---- Reports ---- */

static bool write_error(int exit_status, const char *error)
{
    static struct machine machine;
    char bare[512];
    machine.exit_status = exit_status;
    machine.chosen_status = exit_status == EXIT_USAGE ? OCK_INVALID_ARGUMENT : OCK_DEVICE_FAILED;
    machine.error = error;
    document_write_bare(exit_status, bare, sizeof bare);
    char *document = document_of(&machine);
    bool written = cli_write_file("-", document ? document : bare) && cli_write_file("-", "\n");
    free(document);
    return written;
}

static int fail(bool json, int exit_status, const char *error)
{
    fprintf(stderr, "ockham-query: %s\n", error);
    if (json && !write_error(exit_status, error))
        perror("ockham-query: standard output");
    return exit_status;
}

static void tell(const struct settings *settings, const struct machine *machine)
{
    if (machine->list_status != OCK_OK)
        fprintf(stderr, "ockham-query: the devices cannot be listed: %s\n",
                ock_status_message(machine->list_status));
    else if (machine->exit_status == EXIT_ABSENT && settings->require_opencl && machine->chosen)
        fprintf(stderr, "ockham-query: no OpenCL device can be used, and --require-opencl asks for "
                        "one\n");
    else if (!machine->chosen) {
        static const char program[] = "ockham-query: ";
        fputs(program, stderr);
        text_wrap(stderr, machine->why, (int)strlen(program), 2);
    }
}

static int query(FILE *out, const struct settings *settings)
{
    static struct machine machine;
    machine_examine(settings, &machine);
    tell(settings, &machine);
    char *document = settings->json ? document_of(&machine) : NULL;
    if (document)
        fprintf(out, "%s\n", document);
    else if (!settings->json)
        list_print(out, settings, &machine);
    free(document);
    machine_forget(&machine);
    return document || !settings->json ? machine.exit_status : EXIT_INTERNAL;
}

static int run(char **argv, const struct settings *settings)
{
    struct apart apart = run_apart(argv, settings->seconds);
    if (!apart.text) {
        if (run_columns(stderr)) /* below what it was about */
            fputc('\n', stderr);
        return fail(settings->json, apart.exit_status, apart.error);
    }
    bool written = cli_write_file("-", apart.text);
    if (!written)
        perror("ockham-query: standard output");
    free(apart.text);
    return written ? apart.exit_status : EXIT_INTERNAL;
}

/* ---- The command line ---- */

enum option_code {
    ARGUMENT = 1, /* getopt_long()'s, for what is no option */
    DETAILS = 256,
    SELF_TEST,
    NO_SELF_TEST,
    MEASURE,
    NO_MEASURE,
    REQUIRE_OPENCL,
    TIMEOUT,
    JSON,
    VERSION
};

static const struct option known[] = {{"device", required_argument, NULL, 'd'},
                                      {"details", no_argument, NULL, DETAILS},
                                      {"self-test", no_argument, NULL, SELF_TEST},
                                      {"no-self-test", no_argument, NULL, NO_SELF_TEST},
                                      {"measure", no_argument, NULL, MEASURE},
                                      {"no-measure", no_argument, NULL, NO_MEASURE},
                                      {"require-opencl", no_argument, NULL, REQUIRE_OPENCL},
                                      {"timeout", required_argument, NULL, TIMEOUT},
                                      {"json", no_argument, NULL, JSON},
                                      {"help", no_argument, NULL, 'h'},
                                      {"version", no_argument, NULL, VERSION},
                                      {0}};

struct command_line {
    struct settings settings;
    bool help, version;
    char wrong[256]; /* what is, first; empty: nothing */
};

static void note_wrong(struct command_line *line, const char *what, const char *why)
{
    if (!*line->wrong)
        snprintf(line->wrong, sizeof line->wrong,
                 "%.128s: %s; ockham-query --help lists the options", what, why);
}

static void note_unknown(struct command_line *line, const char *word)
{
    char why[64] = "no such option";
    struct nearest nearest = {.word = word + strspn(word, "-")};
    for (const struct option *option = known; option->name; option++)
        nearest_offer(&nearest, option->name);
    if (nearest.name)
        snprintf(why, sizeof why, "no such option (did you mean --%s?)", nearest.name);
    note_wrong(line, word, why);
}

static void take_option(struct command_line *line, int code, char *word)
{
    struct settings *settings = &line->settings;
    uint64_t seconds = settings->seconds;
    switch (code) {
    case 'd':
        settings->device = optarg;
        if (!*optarg)
            note_wrong(line, "--device",
                       "the wish is empty; without the option any device will do");
        break;
    case TIMEOUT:
        if (!cli_read_whole(optarg, 1, 86400, &seconds))
            note_wrong(line, optarg, "--timeout is a whole number from 1 to 86400");
        settings->seconds = (unsigned)seconds;
        break;
    case ':':
        note_wrong(line, word, "a value is missing");
        break;
    case ARGUMENT:
        note_wrong(line, optarg, "no such argument");
        break;
    case '?':
        note_unknown(line, word);
        break;
    default:
        settings->details |= code == DETAILS;
        settings->operations |= code == SELF_TEST;
        settings->no_self_test |= code == NO_SELF_TEST;
        settings->measure |= code == MEASURE;
        settings->no_measure |= code == NO_MEASURE;
        settings->require_opencl |= code == REQUIRE_OPENCL;
        settings->json |= code == JSON;
        line->help |= code == 'h';
        line->version |= code == VERSION;
    }
}

/* To the end, so that --json counts wherever it stands. */
static struct command_line parse(int argc, char **argv)
{
    struct command_line line = {.settings = {.seconds = 300}};
    int code;
    opterr = 0;
    for (int at = 1; (code = getopt_long(argc, argv, "-:d:h", known, NULL)) != -1; at = optind)
        take_option(&line, code, argv[at < argc ? at : argc - 1]);
    if (optind < argc)
        note_wrong(&line, argv[optind], "no such argument");
    if (line.settings.operations && line.settings.no_self_test)
        note_wrong(&line, "--self-test", "not with --no-self-test");
    if (line.settings.measure && line.settings.no_measure)
        note_wrong(&line, "--measure", "not with --no-measure");
    return line;
}

/* So that no pipe takes the number of a standard file. */
static bool hold_standard_files(void)
{
    bool output = fcntl(STDOUT_FILENO, F_GETFD) != -1;
    int file;
    do
        file = open("/dev/null", O_RDWR);
    while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0)
        close(file);
    return output;
}

int main(int argc, char **argv)
{
    struct command_line line = parse(argc, argv);
    if (apart_is_worker(argv[0]))
        apart_work(query, &line.settings);
    signal(SIGPIPE, SIG_IGN);
    if (!hold_standard_files())
        return fail(false, EXIT_INTERNAL, "there is no standard output");
    if (*line.wrong)
        return fail(line.settings.json, EXIT_USAGE, line.wrong);
    if (line.help || line.version) {
        printf(line.help ? "%s" : "ockham-query %s\n", line.help ? usage : ock_version());
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_INTERNAL;
    }
    return run(argv, &line.settings);
}
