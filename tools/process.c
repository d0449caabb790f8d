#include "process.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 32
};

extern char **environ;

static int start(char *const arguments[], int input, int output, pid_t *process)
{
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    if (!error)
        error = posix_spawnp(process, arguments[0], &files, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* posix_spawn() changes no argument, but its type does not say so. */
static int start_copy(const char *const arguments[], int input, int output, pid_t *process)
{
    char *copy[ARGUMENTS_MAX + 1] = {0};
    size_t count = 0;
    while (arguments[count])
        if (++count > ARGUMENTS_MAX)
            return E2BIG;
    memcpy(copy, arguments, count * sizeof *copy);
    return start(copy, input, output, process);
}

int process_run(const char *const arguments[], int input, int output)
{
    pid_t process;
    int status, error = start_copy(arguments, input, output, &process);
    if (error) {
        errno = error;
        return -1;
    }
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    errno = EINTR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
