/* What the programs that compute begin with: a device, and an ear for Ctrl-C. */
#ifndef OCKHAM_TOOLS_RUN_H
#define OCKHAM_TOOLS_RUN_H

#include <ockham/context.h>

/* Opens a context and catches SIGINT from then on; a second one ends the program. Returns
 * EXIT_SUCCESS or, with what failed on standard error, another exit status. */
int run_open(const char *program, const char *device, int threads, ock_context **context);

bool run_interrupted(void);

#endif
