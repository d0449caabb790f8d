/* What the environment asks a driver or a layer to do: TEST_FAULT=HOW@WHERE. */
#ifndef FAULT_H
#define FAULT_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool asked_to(const char *how, const char *where)
{
    const char *fault = getenv("TEST_FAULT");
    size_t length = strlen(how);
    return fault && strncmp(fault, how, length) == 0 && fault[length] == '@' &&
           strcmp(fault + length + 1, where) == 0;
}

/* Drivers talk before they crash. */
static inline void reach(const char *where)
{
    if (asked_to("crash", where)) {
        printf("the driver prints\n");
        fprintf(stderr, "the driver prints\n");
        fflush(stdout);
        signal(SIGSEGV, SIG_DFL); /* PoCL has a handler */
        raise(SIGSEGV);
    }
    if (asked_to("abort", where))
        abort();
    if (asked_to("exit", where))
        exit(3);
    while (asked_to("hang", where))
        pause();
}

#endif
