/* ockham-probe all|step FIRST LIBRARY: tries the OpenCL drivers, so that they may crash or hang
 * here instead of in the process that asks. lib/core/probe.c starts it, and reads on file 3 what it
 * is about to do. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

#include <ockham/version.h>

#include "core/core.h"

enum {
    STATUS_FILE = 3
};

static bool all_operations;

static void say(const char *line, const char *rest)
{
    char text[256];
    int length = snprintf(text, sizeof text, "%s%.200s\n", line, rest);
    if (write(STATUS_FILE, text, (size_t)length) != length)
        _exit(EXIT_FAILURE);
}

static void try_platform(const char *name)
{
    say("list ", name);
}

/* Errors are not this program's concern: whoever opens the device will see them, too. */
static void try_device(const ock_device *device)
{
    ock_context_options options = ock_context_defaults();
    ock_self_test result = {0};
    ock_context *context = NULL;
    ock_log log = {0};
    say("build", "");
    if (ock_context_open(device, &options, &log, &context) == OCK_OK) {
        say("test", "");
        ock_self_test_run(context, all_operations, &result);
    }
    ock_context_destroy(context);
    ock_log_clear(&log);
}

/* Neither a core file, nor an orphan, nor the host's other files held open. */
static void shed(void)
{
    const struct rlimit none = {0, 0};
    long files = sysconf(_SC_OPEN_MAX);
    setrlimit(RLIMIT_CORE, &none);
    for (int file = STATUS_FILE + 1; file < (files < 1024 ? files : 1024); file++)
        close(file);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

int main(int argc, char **argv)
{
    const ock_visitor visitor = {try_platform, try_device};
    if (argc != 4 || fcntl(STATUS_FILE, F_SETFD, FD_CLOEXEC) != 0) {
        fputs("ockham-probe is a part of the library, which starts it to try drivers\n", stderr);
        return 2;
    }
    all_operations = strcmp(argv[1], "all") == 0;
    shed();
    say("ockham-probe ", ock_version());
    if (opencl_walk(argv[3], strtoul(argv[2], NULL, 10), &visitor) != OCK_OK)
        return EXIT_FAILURE;
    say("done", "");
    _exit(EXIT_SUCCESS); /* drivers that crash in their destructors have done all that matters */
}
