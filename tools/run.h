/* What the programs that compute for long have in common: a device, an ear for Ctrl-C, a clock
 * and a terminal. */
#ifndef OCKHAM_TOOLS_RUN_H
#define OCKHAM_TOOLS_RUN_H

#include <ockham/context.h>
#include <stdio.h>

/* Opens a context and catches SIGINT and SIGTERM from then on; a second one ends the program.
 * Returns EXIT_SUCCESS or, with what failed on standard error, another exit status. */
int run_open(const char *program, const char *device, int threads, ock_context **context);

/* The number of the signal that was caught; 0: none. */
int run_interrupted(void);

/* Seconds from some moment on, the same for all processes. */
double run_now(void);

/* Of the terminal that the stream is; 0: it is none. */
int run_columns(FILE *stream);
int run_lines(FILE *stream);

#endif
