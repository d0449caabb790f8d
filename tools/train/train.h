/* Trains one recipe and measures it. */
#ifndef OCKHAM_TRAIN_TRAIN_H
#define OCKHAM_TRAIN_TRAIN_H

#include "recipe.h"
#include "report.h"
#include "session.h"

/* Opens the session with the pictures, checks the split and puts them on the device. Returns
 * EXIT_SUCCESS or, with what failed on standard error, another exit status. In either case
 * *set is to be destroyed and then the session closed. */
int train_open(struct session *session, const struct options *options, ock_dataset **set);

/* Trains on the first samples of the set and validates on the others. Whitening is fitted on
 * the first and changes the set. What befell is in *result, whose history is to be
 * cleared. `model` may be NULL; a network in it is what is trained, else one is made. Where the
 * outcome is RAN or INTERRUPTED it is the caller's, otherwise gone. */
void train_recipe(const struct session *session, const struct recipe *recipe, ock_dataset *set,
                  struct result *result, ock_model **model);

/* The session's pictures times `scale` as a data set; *set is the caller's. */
ock_status train_dataset(const struct session *session, float scale, ock_dataset **set);

#endif
