/* A folder for what is of no use after a run. */
#ifndef OCKHAM_TOOLS_FOLDER_H
#define OCKHAM_TOOLS_FOLDER_H

#include <stdbool.h>

enum {
    FOLDER_SIZE = 4096
};

/* Makes NAME-XXXXXX where the environment's TMPDIR says, or in /tmp. False: errno has the reason.
 */
bool folder_make(const char *name, char path[FOLDER_SIZE]);

/* With what is in it; false: not all of it. */
bool folder_remove(const char *path);

#endif
