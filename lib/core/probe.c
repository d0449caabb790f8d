/* Drivers are tried in a child, which says on a pipe what it is about to do: so a crash or a hang
 * is laid at the right door. The host's signal handlers, files and other children are left alone.
 */
#define _GNU_SOURCE /* dladdr(), pipe2() */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ockham/version.h>

#include "core/drivers.h"

enum {
    STATUS_FILE = 3, /* of the child; lib/probe/main.c knows it as well */
    LINE_SIZE = 256
};

/* How far a child has come: the last line it wrote. */
typedef enum stage {
    STARTING,
    LOADING,
    LISTING,
    BUILDING,
    TESTING,
    DONE
} stage;

static const struct {
    const char *line; /* begins it */
    double seconds;   /* until the next line */
    const char *when;
} stages[] = {
    [STARTING] = {"", 10, ""},
    [LOADING] = {"load", 10, "when it was loaded"},
    [LISTING] = {"list ", 10, "when its devices were listed"},
    [BUILDING] = {"build", 60, "when it built the kernels"},
    [TESTING] = {"test", 60, "in its self-test"},
    [DONE] = {"done", 1, ""},
};

typedef struct child {
    const char *library;
    pid_t process;
    int output;
    stage stage;
    double since; /* it came so far */
    bool late;
    size_t length; /* of a line not yet whole */
    char line[LINE_SIZE];
} child;

/* ---- Starting ---- */

/* Beside the library, installed or built. */
static bool find_helper(char path[PATH_MAX])
{
    static const char *const places[] = {"ockham/ockham-probe", "probe/ockham-probe"};
    const char *named = getenv("OCKHAM_PROBE");
    Dl_info self;
    if (named && *named)
        return snprintf(path, PATH_MAX, "%s", named) < PATH_MAX;
    const char *slash = dladdr(&stages, &self) ? strrchr(self.dli_fname, '/') : NULL;
    for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++)
        if (snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self.dli_fname), self.dli_fname,
                     places[i]) < PATH_MAX &&
            access(path, X_OK) == 0)
            return true;
    return false;
}

/* What drivers print goes nowhere. */
static int set_files(posix_spawn_file_actions_t *files, int output)
{
    int error = posix_spawn_file_actions_adddup2(files, output, STATUS_FILE);
    for (int file = STDIN_FILENO; file <= STDERR_FILENO && !error; file++)
        error = posix_spawn_file_actions_addopen(files, file, "/dev/null", O_RDWR, 0);
    return error;
}

/* Signals that the host blocks or ignores mean nothing to the child. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
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

static bool start(child *c, bool all, size_t first)
{
    static char every[] = "all", step[] = "step";
    char helper[PATH_MAX], position[24], library[sizeof((ock_driver *)0)->library];
    int ends[2];
    if (!find_helper(helper) || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    snprintf(position, sizeof position, "%zu", first);
    snprintf(library, sizeof library, "%s", c->library);
    char *arguments[] = {helper, all ? every : step, position, library, NULL};
    int error = spawn(&c->process, arguments, ends[1]);
    close(ends[1]);
    c->output = ends[0];
    if (error)
        close(ends[0]);
    return !error;
}

/* ---- Following ---- */

static double limit_of(stage at)
{
    const char *text = getenv("OCKHAM_PROBE_SECONDS");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds > 0 && seconds < 1e6 ? seconds : stages[at].seconds;
}

/* Another version's helper is as good as none. */
static bool is_greeting(const char *line)
{
    char greeting[64];
    snprintf(greeting, sizeof greeting, "ockham-probe %s", ock_version());
    return strcmp(line, greeting) == 0;
}

static stage stage_of(const child *c, const char *line)
{
    if (c->stage == STARTING)
        return is_greeting(line) ? LOADING : STARTING;
    for (stage s = LISTING; s <= DONE; s++)
        if (strncmp(line, stages[s].line, strlen(stages[s].line)) == 0)
            return s;
    return c->stage;
}

static void heed(child *c, const char *line, ock_drivers *found)
{
    c->stage = stage_of(c, line);
    c->since = ock_seconds_now();
    if (c->stage != LISTING)
        return;
    if (found->count == OCK_DRIVERS_MAX) { /* the rest may do as they like */
        c->stage = DONE;
        return;
    }
    ock_driver *driver = &found->list[found->count++];
    *driver = (ock_driver){0};
    snprintf(driver->name, sizeof driver->name, "%.127s", line + strlen(stages[LISTING].line));
    snprintf(driver->library, sizeof driver->library, "%s", c->library);
}

/* Reads on, and heeds the lines that are whole. False: nothing more will come. */
static bool take_lines(child *c, ock_drivers *found)
{
    ssize_t got = read(c->output, c->line + c->length, sizeof c->line - c->length);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    c->length += (size_t)got;
    for (char *end; (end = memchr(c->line, '\n', c->length));) {
        *end++ = '\0';
        heed(c, c->line, found);
        c->length -= (size_t)(end - c->line);
        memmove(c->line, end, c->length);
    }
    return c->length < sizeof c->line;
}

static void follow(child *c, ock_drivers *found)
{
    struct pollfd output = {.fd = c->output, .events = POLLIN};
    c->since = ock_seconds_now();
    while (c->stage != DONE && !c->late) {
        double left = limit_of(c->stage) - (ock_seconds_now() - c->since);
        int ready = poll(&output, 1, left > 0 ? (int)(1e3 * left) + 1 : 0);
        if (ready > 0 && !take_lines(c, found))
            break;
        if (ready < 0 && errno != EINTR)
            break;
        c->late = ready == 0 && left <= 0;
    }
    close(c->output);
}

/* ---- Ending ---- */

static bool is_running(const child *c, int *status)
{
    pid_t ended;
    do
        ended = waitpid(c->process, status, WNOHANG);
    while (ended < 0 && errno == EINTR);
    return ended == 0;
}

/* Kills the child where it does not end by itself. The host may have its status, or nobody where
 * SIGCHLD is ignored; and not even SIGKILL ends a child that is stuck within the kernel. */
static int end(const child *c)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    int status = -1;
    double start = ock_seconds_now();
    for (double passed = 0; is_running(c, &status) && passed < 5;
         passed = ock_seconds_now() - start) {
        if (c->late || passed > 1)
            kill(c->process, SIGKILL);
        nanosleep(&nap, NULL);
    }
    return status;
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
                 {SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGTRAP, "SIGTRAP"},
                 {SIGSYS, "SIGSYS"},   {SIGKILL, "SIGKILL"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return "a signal";
}

static void describe(const child *c, int status, char text[64])
{
    if (c->late)
        snprintf(text, 64, "hung for %g s", limit_of(c->stage));
    else if (status == -1)
        snprintf(text, 64, "crashed");
    else if (WIFSIGNALED(status))
        snprintf(text, 64, "crashed (%s)", signal_name(WTERMSIG(status)));
    else
        snprintf(text, 64, "ended the process (exit status %d)", WEXITSTATUS(status));
}

/* ---- The probe ---- */

static void blame(ock_driver *driver, const char *file, const char *what, stage at)
{
    snprintf(driver->reason, sizeof driver->reason,
             "the driver %s %s: update it or remove %.60s; ockham-query tries it anew, and "
             "OCKHAM_PROBE=off uses it as it is",
             what, stages[at].when, file);
}

/* Runs a child over all platforms from found->count on, or over one library. */
static bool run(child *c, bool all, ock_drivers *found, char what[64])
{
    if (!start(c, all, *c->library ? 0 : found->count))
        return false;
    follow(c, found);
    describe(c, end(c), what);
    return c->stage != STARTING;
}

static bool probe_file(bool all, const ock_driver *file, ock_drivers *found, bool *blamed)
{
    char what[64];
    size_t before = found->count;
    child c = {.library = file->library};
    if (!run(&c, all, found, what))
        return false;
    if (c.stage == DONE)
        return true;
    if (found->count == before)
        found->list[found->count++] = *file;
    blame(&found->list[before], file->name, what, c.stage);
    return *blamed = true;
}

/* Which of the loader's drivers it is that brings it down. */
static bool probe_files(bool all, const ock_drivers *files, ock_drivers *found)
{
    bool blamed = false;
    *found = (ock_drivers){.past_loader = true};
    for (size_t i = 0; i < files->count; i++)
        if (!probe_file(all, &files->list[i], found, &blamed))
            return false;
    if (!blamed) {
        found->count = 1;
        found->list[0] = (ock_driver){
            .name = "OpenCL",
            .reason =
                "the loader crashes or hangs with all drivers, though with none alone: choose "
                "one by OCL_ICD_VENDORS=FILE.icd"};
    }
    return true;
}

bool ock_probe_run(bool all, const ock_drivers *files, ock_drivers *found)
{
    *found = (ock_drivers){0};
    for (;;) {
        char what[64];
        child c = {.library = ""};
        if (!run(&c, all, found, what))
            return false;
        if (c.stage == DONE)
            return true;
        if (c.stage == LOADING)
            return probe_files(all, files, found);
        blame(&found->list[found->count - 1], "its file from /etc/OpenCL/vendors", what, c.stage);
    }
}
