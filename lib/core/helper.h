/* The program that tries drivers, as a child that the caller's process does not notice. */
#ifndef OCKHAM_CORE_HELPER_H
#define OCKHAM_CORE_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct ock_helper {
    pid_t process;
    int output; /* what it reports */
} ock_helper;

/* Starts it with these arguments, of which the first is set. False: it cannot be started. */
bool ock_helper_start(char *arguments[], ock_helper *helper);

/* Closes the output and waits until it has ended, or kills it: at once, or where it does not end by
 * itself. Returns its status, or -1 where that has gone to someone else. */
int ock_helper_end(const ock_helper *helper, bool at_once);

#endif
