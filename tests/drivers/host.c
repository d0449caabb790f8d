/* host default|ignore|reap|bare: a program with threads, children, files and signal handlers of its
 * own creates a context by default, and prints why it has that device; all else must be as before.
 * "ignore" ignores SIGCHLD, "reap" waits for every child in its handler, "bare" has no standard
 * files. */
#include <dirent.h>
#include <errno.h>
#include <ockham/context.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "host: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void reap(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = saved;
}

static void *idle(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static int count_files(void)
{
    DIR *list = opendir("/proc/self/fd");
    int count = 0;
    require(list, "/proc/self/fd");
    while (readdir(list))
        count++;
    closedir(list);
    return count;
}

/* Those that the library might be tempted by; PoCL has a handler of SIGFPE. */
static const int signals[] = {SIGCHLD, SIGPIPE, SIGALRM};
enum {
    SIGNALS = sizeof signals / sizeof *signals
};

static void note_signals(struct sigaction actions[SIGNALS])
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], NULL, &actions[i]);
}

static bool same_signals(const struct sigaction before[SIGNALS])
{
    struct sigaction now[SIGNALS];
    note_signals(now);
    for (int i = 0; i < SIGNALS; i++)
        if (now[i].sa_handler != before[i].sa_handler)
            return false;
    return true;
}

/* Twice, since drivers open files of their own at first. */
static void create(ock_context **context, char message[4096])
{
    ock_context_options options = ock_context_defaults();
    options.message = message;
    options.message_size = 4096;
    for (int i = 0; i < 2; i++) {
        int files = count_files();
        ock_context_destroy(*context);
        require(ock_context_create(&options, context) == OCK_OK, message);
        require(i == 0 || count_files() == files, "a file is left open");
    }
}

int main(int argc, char **argv)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction before[SIGNALS];
    pthread_t thread;
    ock_context *context = NULL;
    char message[4096] = "";
    const char *mode = argc > 1 ? argv[1] : "default";
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    if (strcmp(mode, "ignore") == 0)
        signal(SIGCHLD, SIG_IGN);
    if (strcmp(mode, "reap") == 0)
        sigaction(SIGCHLD, &(struct sigaction){.sa_handler = reap, .sa_flags = SA_RESTART}, NULL);
    for (int file = 0; file < 3 && strcmp(mode, "bare") == 0; file++)
        close(file);
    pid_t child = fork();
    if (child == 0) {
        for (int file = 0; file < 8; file++)
            close(file);
        alarm(60);
        pause();
    }
    pthread_mutex_lock(&lock);
    require(pthread_create(&thread, NULL, idle, &lock) == 0, "pthread_create");
    note_signals(before);
    create(&context, message);
    require(same_signals(before), "a signal's handler has changed");
    require(waitpid(-1, NULL, WNOHANG) == 0, "there is a zombie, or the child has gone");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    require(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "there is a child more");
    fprintf(out, "%s\n", ock_context_message(context));
    require(fclose(out) == 0, "standard output");
    ock_context_destroy(context);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    return EXIT_SUCCESS;
}
