/* repeat DEVICE: the same training in twenty processes, in plain C by other numbers of threads:
 * one hash. Exits 77 where there is no such device. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../absent.h"
#include "training.h"

enum {
    RUNS = 20
};

static int run_once(const char *device, int threads)
{
    training t = {.device = device, .threads = threads, .seed = 128, .epochs = 2};
    ock_status status = training_run(&t);
    if (status)
        printf("%s\n", t.message);
    else
        printf("%016" PRIx64 "\n", t.digest);
    return status == OCK_DEVICE_NOT_FOUND ? SKIPPED : status ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What a process of its own printed, its line's end included. */
static int run_process(const char *self, const char *device, int threads, char text[256])
{
    char command[4096];
    snprintf(command, sizeof command, "'%s' '%s' %d", self, device, threads);
    FILE *process = popen(command, "r");
    if (!process)
        return EXIT_FAILURE;
    if (!fgets(text, 256, process))
        *text = '\0';
    int status = pclose(process);
    return status == 0 ? EXIT_SUCCESS : status == SKIPPED << 8 ? SKIPPED : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    char first[256], text[256];
    if (argc == 3)
        return run_once(argv[1], atoi(argv[2]));
    for (int run = 0; run < RUNS; run++) {
        int ended = run_process(argv[0], argv[1], 1 + run % 5, run ? text : first);
        if (ended) {
            printf("run %d: %s", run + 1, run ? text : first);
            return ended == SKIPPED ? absent("no such device") : ended;
        }
        if (run && strcmp(first, text) != 0) {
            printf("run %d: weights %s, and of run 1: %s", run + 1, text, first);
            return EXIT_FAILURE;
        }
    }
    printf("%d runs, one hash: %s", RUNS, first);
    return EXIT_SUCCESS;
}
