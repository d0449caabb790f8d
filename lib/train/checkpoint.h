/* A run in a file, after each epoch, and back. */
#ifndef OCKHAM_TRAIN_CHECKPOINT_H
#define OCKHAM_TRAIN_CHECKPOINT_H

#include "run.h"

/* Whether there is a place for it. */
ock_status checkpoint_check(ock_context *context, const ock_fit *fit);

/* What a checkpoint asks for before the first epoch: notes the settings, and where the fit says so
 * goes on with the run of the file, if there is one: the network, the counts, the history and all
 * that is kept from epoch to epoch. On failure the run is as before. Waits. */
ock_status checkpoint_begin(fit_run *run);

/* Writes what a run needs to go on from where the image was taken. Asks nothing of the device. */
ock_status checkpoint_write(const fit_run *run);

#endif
