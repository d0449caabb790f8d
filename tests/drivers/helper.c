/* helper [again]: a program that has the library linked into itself, and was found by PATH, so that
 * it does not know its own folder, starts the helper from where that is installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/helper.h"

/* lib/core/measure.c's. */
double ock_seconds_now(void);
double ock_seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    char *arguments[] = {NULL, NULL};
    ock_helper helper;
    unsetenv("OCKHAM_PROBE");
    if (argc == 1) {
        execl("/proc/self/exe", "helper", "again", (char *)NULL);
        perror(argv[0]);
        return EXIT_FAILURE;
    }
    if (strchr(argv[0], '/') || !ock_helper_start(arguments, &helper)) {
        fputs("the helper was not started\n", stderr);
        return EXIT_FAILURE;
    }
    int status = ock_helper_end(&helper, false); /* which refuses to do without arguments */
    return WIFEXITED(status) && WEXITSTATUS(status) == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
