#include "run.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"

static volatile sig_atomic_t interrupted; /* the signal's number */

/* A second one ends the program. Who reads its output may have been ended by the same Ctrl-C, which
 * must not end this one before it has saved what it has. */
static void on_interrupt(int number)
{
    if (interrupted) {
        signal(number, SIG_DFL);
        raise(number);
    }
    interrupted = number;
    signal(SIGPIPE, SIG_IGN);
}

int run_interrupted(void)
{
    return interrupted;
}

/* But those that are ignored, as a shell has it in the background. */
static void catch_interrupt(int number)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

int run_open(const char *program, const char *device, int threads, ock_context **context)
{
    catch_interrupt(SIGINT);
    catch_interrupt(SIGTERM);
    char message[16384]; /* a build log may be long */
    ock_context_options wanted = ock_context_defaults();
    wanted.device = device;
    wanted.threads = threads;
    wanted.message = message;
    wanted.message_size = sizeof message;
    struct waiting waiting;
    waiting_begin(&waiting, "opening a device");
    ock_status status = ock_context_create(&wanted, context);
    waiting_end(&waiting);
    if (status == OCK_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s: %s\n", program, message);
    return status == OCK_DEVICE_NOT_FOUND ? EXIT_USAGE : EXIT_FAILURE;
}

double run_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether lines can be redrawn on it: not by a program in the background, either. */
static bool is_terminal(int file)
{
    const char *kind = getenv("TERM");
    pid_t foreground = tcgetpgrp(file);
    return isatty(file) && kind && *kind && strcmp(kind, "dumb") != 0 &&
           (foreground < 0 || foreground == getpgrp());
}

/* 80 x 24 where a terminal does not tell. */
static struct winsize terminal_size(FILE *stream)
{
    struct winsize size = {0};
    if (!is_terminal(fileno(stream)))
        return size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_col = 80, .ws_row = 24};
    return size;
}

int run_columns(FILE *stream)
{
    return terminal_size(stream).ws_col;
}

int run_lines(FILE *stream)
{
    return terminal_size(stream).ws_row;
}
