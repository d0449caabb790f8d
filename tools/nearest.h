/* Slips of the keyboard: which of several names a word was meant for. */
#ifndef OCKHAM_TOOLS_NEAREST_H
#define OCKHAM_TOOLS_NEAREST_H

#include <stddef.h>

/* Begins with `word` alone; nearest_offer() is then called with each name. */
struct nearest {
    const char *word;
    const char *name; /* the nearest so far; NULL: none is near */
    size_t distance;  /* its slips */
};

/* A slip is a letter too many, too few or wrong, or two that have changed places. A name is near
 * where less than half of the word, and no more than three letters, would be slips. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
