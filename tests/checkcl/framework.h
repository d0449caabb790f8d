/* What main.c, pair.c and expect.c share, and the tests do not see. */
#ifndef CHECKCL_FRAMEWORK_H
#define CHECKCL_FRAMEWORK_H

#include "checkcl.h"

/* A quiet NaN that no arithmetic makes; as an index it is out of any range. */
#define POISON UINT32_C(0x7fc0dead)

struct checkcl {
    ock_context *contexts[SIDES];
    uint64_t seed;
    size_t max_size;
    const char *test;
    unsigned iteration;
    uint64_t random; /* the generator's state */
    unsigned choices;
    char description[256];
    struct block *blocks;
    pair *pairs;
    bool failed;
    unsigned checks;
};

/* Sees to inputs and surrounding rows, then frees what the case made. */
void end_case(checkcl *t);

/* Reports once per case; later failures follow from the first. */
void fail(checkcl *t, const char *format, ...) OCK_PRINTF(2, 3);

#endif
