#include "program.h"

#include <fcntl.h>
#include <ockham/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "nearest.h"
#include "run.h"

static void print_usage(const struct program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s COMMAND [OPTION]...\n\n", program->name);
    for (size_t i = 0; i < program->count; i++)
        fprintf(stream, "  %-10s %s\n", program->commands[i].name, program->commands[i].about);
    fprintf(stream,
            "\n%s COMMAND --help lists its options; --version tells the version.\n"
            "OCKHAM_DEVICE says, as --device does, what to run on.\n\n%s",
            program->name, program->examples);
}

static int no_command(const struct program *program, const char *name)
{
    struct nearest nearest = {.word = name};
    for (size_t i = 0; i < program->count; i++)
        nearest_offer(&nearest, program->commands[i].name);
    if (nearest.name)
        fprintf(stderr, "%s: %s: no such command; did you mean %s?\n", program->name, name,
                nearest.name);
    else if (*name)
        fprintf(stderr, "%s: %s: no such command\n", program->name, name);
    if (!nearest.name)
        print_usage(program, stderr);
    return EXIT_USAGE;
}

/* What is opened next must not take the place of a standard stream that was closed: what is printed
 * would end up in it. */
static void fill_standard_files(void)
{
    int file;
    do
        file = open("/dev/null", O_RDWR);
    while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0)
        close(file);
}

/* A full disk or a failing device is noticed when the last of the output goes there. */
static int flushed(const struct program *program, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: not all could be written to the standard output\n", program->name);
    return status ? status : EXIT_FAILURE;
}

/* As a shell has it of a program that a signal ended. */
static int exit_status_of(int status)
{
    return status == EXIT_INTERRUPTED && run_interrupted() ? 128 + run_interrupted() : status;
}

int program_main(const struct program *program, int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    fill_standard_files();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(program, stdout);
        return flushed(program, EXIT_SUCCESS);
    }
    if (strcmp(name, "--version") == 0) {
        printf("%s %s\n", program->name, ock_version());
        return flushed(program, EXIT_SUCCESS);
    }
    for (size_t i = 0; i < program->count; i++)
        if (strcmp(name, program->commands[i].name) == 0)
            return flushed(program, exit_status_of(program->run(i, argc, argv)));
    return no_command(program, name);
}
