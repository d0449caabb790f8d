/* The caller's signal handlers, files and other children are left alone. */
#define _GNU_SOURCE /* dladdr(), pipe2() */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"
#include "core/helper.h"

enum {
    STATUS_FILE = 3 /* lib/probe/main.c knows it as well */
};

/* ---- Starting ---- */

/* Beside the library, installed or built; else where the library was to be installed, since a
 * program that has it linked into itself lies elsewhere, and may not know where. */
static bool find_helper(char path[PATH_MAX])
{
    static const char *const places[] = {"ockham/ockham-probe", "probe/ockham-probe"};
    const char *named = getenv("OCKHAM_PROBE");
    Dl_info self;
    if (named && *named)
        return snprintf(path, PATH_MAX, "%s", named) < PATH_MAX;
    const char *slash = dladdr(places, &self) ? strrchr(self.dli_fname, '/') : NULL;
    for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++)
        if (snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self.dli_fname), self.dli_fname,
                     places[i]) < PATH_MAX &&
            access(path, X_OK) == 0)
            return true;
    return snprintf(path, PATH_MAX, "%s", OCK_HELPER) < PATH_MAX && access(path, X_OK) == 0;
}

/* What drivers print goes nowhere. The order counts: `output` may be one of the first three. */
static int set_files(posix_spawn_file_actions_t *files, int output)
{
    int error = posix_spawn_file_actions_adddup2(files, output, STATUS_FILE);
    for (int file = STDIN_FILENO; file <= STDERR_FILENO && !error; file++)
        error = posix_spawn_file_actions_addopen(files, file, "/dev/null", O_RDWR, 0);
    return error;
}

/* Signals that the caller blocks or ignores mean nothing to the child; and those that a terminal
 * sends to the caller's process group do not reach it, which would be laid at a driver's door. */
static int set_signals(posix_spawnattr_t *attributes)
{
    const short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error)
        error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int spawn(pid_t *process, char *const arguments[], int output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = set_files(&files, output);
        if (!error)
            error = set_signals(&attributes);
        if (!error)
            error = posix_spawn(process, arguments[0], &files, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

bool ock_helper_start(char *arguments[], ock_helper *helper)
{
    char path[PATH_MAX];
    int ends[2];
    if (!find_helper(path) || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    arguments[0] = path;
    int error = spawn(&helper->process, arguments, ends[1]);
    arguments[0] = NULL;
    close(ends[1]);
    helper->output = ends[0];
    helper->length = 0;
    if (error)
        close(ends[0]);
    return !error;
}

/* ---- Ending ---- */

static bool is_running(pid_t process, int *status)
{
    int now;
    pid_t ended;
    do
        ended = waitpid(process, &now, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended > 0)
        *status = now;
    return ended == 0;
}

/* The caller may reap every child, or ignore SIGCHLD, so that nobody gets the status; and what is
 * stuck within the kernel does not even end by SIGKILL. */
int ock_helper_end(const ock_helper *helper, bool at_once)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    int status = -1;
    double start = ock_seconds_now(), passed = 0;
    close(helper->output);
    while (is_running(helper->process, &status) && passed < 5) {
        if (at_once || passed > 1)
            kill(-helper->process, SIGKILL); /* and what a driver started, such as a compiler */
        nanosleep(&nap, NULL);
        passed = ock_seconds_now() - start;
    }
    return status;
}
