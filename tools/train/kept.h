/* The rows of a study in a file, so that one that was stopped goes on: what is known of those that
 * are done, as JSON, and beside it, by the row's number, the checkpoint of the one under way. */
#ifndef OCKHAM_TRAIN_KEPT_H
#define OCKHAM_TRAIN_KEPT_H

#include "command_line.h"
#include "report.h"

struct kept {
    const struct session *session;
    const char *path; /* NULL: there is no place for it */
    char own[STOPPED_PATH];
    bool asked; /* by --checkpoint; otherwise it is only written when the run is stopped */
    cJSON *document, *rows;
    char *row_path; /* of the present row's checkpoint; NULL: none */
};

/* Takes over what --resume goes on with. Returns false, with the reason on standard error, where
 * that cannot be; to be closed even then. */
bool kept_open(struct kept *kept, const struct session *session);
void kept_close(struct kept *kept);

/* What is known of a row that is done, whose history is to be cleared; false: it is not. */
bool kept_take(const struct kept *kept, const char *row, struct result *result);

/* Has the row's fit go on where it was stopped, and leave a checkpoint when it is. The path that
 * the recipe gets stays until the next row. */
void kept_begin_row(struct kept *kept, size_t number, ock_fit *fit);

/* Takes the row in, if it ran to its end. Returns false, with the reason on standard error, where
 * a file that was asked for cannot be written. */
bool kept_add(struct kept *kept, const struct result *result);

/* Of a run that was stopped in this row: says how to go on. Returns false as above. */
bool kept_stop(const struct kept *kept, const struct result *result);

#endif
