/* checkcl [--device WISH] [--iterations N] [--max-size N] [--seed N] [--list] [TEST...] */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../absent.h"
#include "framework.h"

static const struct {
    const char *name;
    void (*run)(checkcl *t);
} tests[] = {
#define CHECKCL_ENTRY(name) {#name, check_##name},
    CHECKCL_TESTS(CHECKCL_ENTRY)
#undef CHECKCL_ENTRY
};

enum {
    TESTS = sizeof tests / sizeof *tests
};

typedef struct settings {
    const char *device;
    unsigned iterations;
    size_t max_size;
    uint64_t seed;
    char **filters; /* parts of tests' names; none: all tests */
    int filter_count;
} settings;

/* ---- One device ---- */

void fail(checkcl *t, const char *format, ...)
{
    if (t->failed)
        return;
    t->failed = true;
    printf("FAILED %s, %s (iteration %u of seed %llu)\n       ", t->test, t->description,
           t->iteration, (unsigned long long)t->seed);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static bool selected(const settings *s, const char *test)
{
    for (int i = 0; i < s->filter_count; i++)
        if (strstr(test, s->filters[i]))
            return true;
    return s->filter_count == 0;
}

/* FNV-1a, so that a test's cases do not depend on the tests before it. */
static uint64_t case_seed(const checkcl *t)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ t->seed;
    for (const char *c = t->test; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return hash + t->iteration * UINT64_C(0x9e3779b97f4a7c15);
}

static bool run_test(checkcl *t, const settings *s, int test)
{
    t->test = tests[test].name;
    t->failed = false;
    for (t->iteration = 0; t->iteration < s->iterations && !t->failed; t->iteration++) {
        t->random = case_seed(t);
        t->choices = 0;
        t->description[0] = '\0';
        tests[test].run(t);
        end_case(t);
    }
    return !t->failed;
}

static bool open_side(checkcl *t, int side, const char *device)
{
    char message[4096];
    ock_context_options options = ock_context_defaults();
    options.device = device;
    options.message = message;
    options.message_size = sizeof message;
    ock_status status = ock_context_create(&options, &t->contexts[side]);
    if (status != OCK_OK)
        printf("FAILED to open %s: %s\n", device, message);
    return status == OCK_OK;
}

static bool run_device(const settings *s, const char *device)
{
    checkcl t = {.seed = s->seed, .max_size = s->max_size};
    unsigned run = 0, failed = 0;
    bool open = open_side(&t, SCALAR, "scalar") && open_side(&t, DEVICE, device);
    for (int i = 0; open && i < TESTS; i++)
        if (selected(s, tests[i].name)) {
            run++;
            failed += !run_test(&t, s, i);
        }
    if (open) {
        const ock_device *d = ock_context_device(t.contexts[DEVICE]);
        printf("%u tests, %u checks, %u failed on %s %s (%s); seed %llu\n", run, t.checks, failed,
               d->id, d->name, d->platform_name, (unsigned long long)s->seed);
    }
    ock_context_destroy(t.contexts[DEVICE]);
    ock_context_destroy(t.contexts[SCALAR]);
    return open && t.checks > 0 && failed == 0;
}

/* ---- All devices ---- */

static int run_all(const settings *s)
{
    ock_device *devices;
    size_t count, run = 0;
    bool passed = true;
    if (ock_device_list(&devices, &count) != OCK_OK)
        return EXIT_FAILURE;
    for (size_t i = 0; i < count; i++) {
        if (devices[i].status != OCK_OK) {
            printf("passed over %s %s: %s\n", devices[i].id, devices[i].name, devices[i].reason);
        } else if (devices[i].type != OCK_DEVICE_SCALAR) {
            passed &= run_device(s, devices[i].id);
            run++;
        }
    }
    ock_device_list_free(devices);
    if (run == 0)
        return absent("no OpenCL device to check");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- The command line ---- */

static int usage(FILE *stream, int status)
{
    fprintf(stream,
            "usage: checkcl [--device WISH] [--iterations N] [--max-size N] [--seed N] [--list] "
            "[TEST...]\n"
            "Compares every operation, or those whose name contains a TEST, on every OpenCL\n"
            "device, or the one wished for, with plain C. CHECKCL_ITERATIONS and CHECKCL_MAX_SIZE\n"
            "in the environment stand for the options.\n");
    return status;
}

static unsigned long long number(const char *option, const char *text, unsigned long long most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno || end == text || *end || *text == '-' || value > most) {
        fprintf(stderr, "checkcl: %s takes a number of 0 to %llu, not \"%s\"\n", option, most,
                text);
        exit(2);
    }
    return value;
}

/* The test setups' sizes, which suit the platform. */
static unsigned long long environment(const char *name, unsigned long long standard)
{
    const char *text = getenv(name);
    return text && *text ? number(name, text, 4096) : standard;
}

static int list_tests(void)
{
    for (int i = 0; i < TESTS; i++)
        printf("%s\n", tests[i].name);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"device", required_argument, NULL, 'd'},
        {"iterations", required_argument, NULL, 'i'},
        {"max-size", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    settings s = {.iterations = (unsigned)environment("CHECKCL_ITERATIONS", 32),
                  .max_size = (size_t)environment("CHECKCL_MAX_SIZE", 150),
                  .seed = (uint64_t)time(NULL)};
    int option;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'd':
            s.device = optarg;
            break;
        case 'i':
            s.iterations = (unsigned)number("--iterations", optarg, 1000000);
            break;
        case 'm':
            s.max_size = (size_t)number("--max-size", optarg, 4096);
            break;
        case 's':
            s.seed = number("--seed", optarg, UINT64_MAX);
            break;
        case 'l':
            return list_tests();
        case 'h':
            return usage(stdout, EXIT_SUCCESS);
        default:
            return usage(stderr, 2);
        }
    s.filters = argv + optind;
    s.filter_count = argc - optind;
    if (s.max_size == 0)
        return usage(stderr, 2);
    if (s.device)
        return run_device(&s, s.device) ? EXIT_SUCCESS : EXIT_FAILURE;
    return run_all(&s);
}
