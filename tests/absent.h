/* How a test ends where what it is about is not there. */
#ifndef ABSENT_H
#define ABSENT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SKIPPED = 77 /* to Meson and Automake */
};

/* OCKHAM_REQUIRE_OPENCL=1 says that it must be there. */
static inline bool opencl_required(void)
{
    const char *require = getenv("OCKHAM_REQUIRE_OPENCL");
    return require && strcmp(require, "1") == 0;
}

/* A visible skip, or the failure that it then is. */
static inline int absent(const char *what)
{
    bool required = opencl_required();
    printf("%s%s\n", what, required ? ", and OCKHAM_REQUIRE_OPENCL=1" : ": skipped");
    return required ? EXIT_FAILURE : SKIPPED;
}

#endif
