/* What the C snippets of tools/README.md are compiled with. */
#ifndef TUTORIAL_H
#define TUTORIAL_H

#include <ockham/ockham.h>
#include <stdio.h>
#include <stdlib.h>

/* `net` has an output layer, but for the sections that add a layer to it. */
typedef struct snippet {
    const char *name;
    void (*run)(ock_context *context, ock_dataset *data, ock_model *net, ock_fit fit);
} snippet;

extern const snippet snippets[]; /* the last one is zeros */

/* At the end of a snippet: trains what it has left untrained, and expects what it is about. */
void finish(const char *name, ock_model *net, const ock_dataset *data, const ock_fit *fit,
            ock_history *history);

#endif
