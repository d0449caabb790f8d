/* Even drivers that passed their trial in the library's child may crash or hang later on; then
 * there is still someone to say so. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "../folder.h"
#include "query.h"

enum {
    OUTPUT_FILE = 3 /* of the worker */
};

extern char **environ;

/* ---- The worker ---- */

static char worker_name[] = "ockham-query's worker";

bool apart_is_worker(const char *name)
{
    return strcmp(name, worker_name) == 0;
}

/* Drivers' own ends, at exit, are no part of it. */
_Noreturn void apart_work(int (*run)(FILE *out, const struct settings *settings),
                          const struct settings *settings)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    fcntl(OUTPUT_FILE, F_SETFD, FD_CLOEXEC); /* what drivers start may outlive it */
    FILE *out = fdopen(OUTPUT_FILE, "w");
    int status = out ? run(out, settings) : EXIT_INTERNAL;
    _exit(out && fclose(out) == 0 ? status : EXIT_INTERNAL);
}

static int set_files(posix_spawn_file_actions_t *files, const int ends[2])
{
    int error = posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(files, ends[1], OUTPUT_FILE);
    for (int i = 0; i < 2 && !error; i++)
        if (ends[i] != OUTPUT_FILE)
            error = posix_spawn_file_actions_addclose(files, ends[i]);
    return error;
}

/* Not by fork(), before which libraries have work to do, OpenBLAS with its threads, that may hang.
 */
static int start(char **argv, const int ends[2], pid_t *process)
{
    char *name = argv[0];
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return error;
    error = set_files(&files, ends);
    argv[0] = worker_name;
    if (!error)
        error = posix_spawn(process, "/proc/self/exe", &files, NULL, argv, environ);
    if (error == ENOENT)
        error = posix_spawnp(process, name, &files, NULL, argv, environ);
    argv[0] = name;
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* ---- Listening ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool append(struct apart *apart, size_t *length, const char *bytes, size_t count)
{
    char *grown = realloc(apart->text, *length + count + 1);
    if (!grown)
        return false;
    memcpy(grown + *length, bytes, count);
    *length += count;
    grown[*length] = '\0';
    apart->text = grown;
    return true;
}

/* False: it took too long. */
static bool listen_to(int input, double until, struct apart *apart)
{
    char bytes[4096];
    size_t length = 0;
    for (;;) {
        double left = until - now();
        struct pollfd file = {.fd = input, .events = POLLIN};
        int ready = poll(&file, 1, left > 0 ? (int)(1e3 * left) + 1 : 0);
        if (ready == 0 && left <= 0)
            return false;
        if (ready < 0 && errno != EINTR)
            return true;
        ssize_t got = ready > 0 ? read(input, bytes, sizeof bytes) : 1;
        if (got == 0 || (got < 0 && errno != EINTR))
            return true;
        if (ready > 0 && got > 0 && !append(apart, &length, bytes, (size_t)got))
            return true;
    }
}

static int wait_for(pid_t process)
{
    int status;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static void judge(struct apart *apart, bool late, int status, unsigned seconds)
{
    bool ended = !late && status != -1 && WIFEXITED(status) && apart->text;
    if (ended) {
        apart->exit_status = WEXITSTATUS(status);
        return;
    }
    if (late)
        snprintf(apart->error, sizeof apart->error,
                 "it took longer than %u s: a driver hangs, or --timeout asks for more", seconds);
    else if (status != -1 && WIFSIGNALED(status))
        snprintf(apart->error, sizeof apart->error, "a driver crashed this process (signal %d)",
                 apart->signal = WTERMSIG(status));
    else
        snprintf(apart->error, sizeof apart->error,
                 "a driver ended this process, or memory is out");
    apart->exit_status = EXIT_INTERNAL;
    free(apart->text);
    apart->text = NULL;
}

static struct apart run(char **argv, unsigned seconds)
{
    struct apart apart = {.exit_status = EXIT_INTERNAL};
    int ends[2] = {-1, -1};
    pid_t process;
    int error = pipe(ends) == 0 ? start(argv, ends, &process) : errno;
    close(ends[1]);
    if (error) {
        snprintf(apart.error, sizeof apart.error, "no process can be started: %s", strerror(error));
        close(ends[0]);
        return apart;
    }
    signal(SIGINT, SIG_IGN); /* a terminal's ends the worker, and then this process */
    bool late = !listen_to(ends[0], now() + seconds, &apart);
    close(ends[0]);
    if (late)
        kill(process, SIGKILL);
    judge(&apart, late, wait_for(process), seconds);
    return apart;
}

/* What the worker leaves when it is killed, such as caches of drivers that are measured, goes with
 * its folder. */
struct apart run_apart(char **argv, unsigned seconds)
{
    char folder[FOLDER_SIZE];
    struct sigaction interrupt;
    sigaction(SIGINT, NULL, &interrupt);
    bool made = folder_make("ockham-query", folder) && setenv("TMPDIR", folder, 1) == 0;
    struct apart apart = run(argv, seconds);
    if (made)
        folder_remove(folder);
    sigaction(SIGINT, &interrupt, NULL);
    if (apart.signal == SIGINT)
        raise(SIGINT);
    return apart;
}
