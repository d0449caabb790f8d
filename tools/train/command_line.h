/* The command line of a run that is to go on: what it decides, and what continues it. */
#ifndef OCKHAM_TRAIN_COMMAND_LINE_H
#define OCKHAM_TRAIN_COMMAND_LINE_H

#include "json.h"
#include "session.h"

enum {
    STOPPED_PATH = 64
};

/* {"fit":["--l2","1e-4"],"data":"..."}: the words without those that only name what is written.
 * The caller's; NULL where memory is refused. */
cJSON *command_line_describe(const struct session *session);

/* Says on standard error that the file of an option belongs to another command line: `found`, which
 * should be as above. Returns false. */
bool command_line_report_other(const struct session *session, const char *option, const char *path,
                               const cJSON *found);

/* Finds a name in this folder for what a run that is stopped leaves behind: that of no other file.
 * Returns false where it cannot be written to. */
bool command_line_stopped_path(char path[STOPPED_PATH]);

/* Prints, on standard error, the command that goes on with a stopped run, as a shell takes it: the
 * words as they were, and what they lack to go on with what this path keeps. */
void command_line_print_next(const struct options *options, const char *path);

#endif
