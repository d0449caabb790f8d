/* How a test ends where what it is about is not there. */
#ifndef ABSENT_H
#define ABSENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SKIPPED = 77 /* to Meson and Automake */
};

/* A visible skip; a failure where OCKHAM_REQUIRE_OPENCL=1 says that it must be there. */
static inline int absent(const char *what)
{
    const char *require = getenv("OCKHAM_REQUIRE_OPENCL");
    int required = require && strcmp(require, "1") == 0;
    printf("%s%s\n", what, required ? ", and OCKHAM_REQUIRE_OPENCL=1" : ": skipped");
    return required ? EXIT_FAILURE : SKIPPED;
}

#endif
