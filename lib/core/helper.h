/* The program that tries drivers, as a child that the caller's process does not notice. */
#ifndef OCKHAM_CORE_HELPER_H
#define OCKHAM_CORE_HELPER_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    OCK_HELPER_LINE = 512 /* bytes, with its end */
};

typedef struct ock_helper {
    pid_t process;
    int output;    /* what it reports */
    size_t length; /* of what was read and is no line yet */
    char text[OCK_HELPER_LINE];
} ock_helper;

typedef enum ock_helper_news {
    OCK_HELPER_TOLD,
    OCK_HELPER_ENDED,
    OCK_HELPER_LATE
} ock_helper_news;

/* Figures are told and kept as whole billionths, since a host's locale may have another decimal
 * sign than the point. */
#define OCK_BILLIONTHS 1e9

/* Starts it with these arguments, of which the first is set. False: it cannot be started. */
bool ock_helper_start(char *arguments[], ock_helper *helper);

/* Closes the output and waits until it has ended, or kills it: at once, or where it does not end by
 * itself. Returns its status, or -1 where that has gone to someone else. */
int ock_helper_end(const ock_helper *helper, bool at_once);

/* ---- lines.c ---- */

/* The next line that it reports, for which it has so long. */
ock_helper_news ock_helper_read(ock_helper *helper, double seconds, char line[OCK_HELPER_LINE]);

/* Whether it is this version's; another one is as good as none. */
bool ock_helper_greets(const char *line);

/* The limit, or what the environment's OCKHAM_PROBE_SECONDS has in its place. */
double ock_helper_limit(double seconds);

#endif
