/* What a run was asked for, in words: two runs of the same settings go the same way. */
#ifndef OCKHAM_TRAIN_SETTINGS_H
#define OCKHAM_TRAIN_SETTINGS_H

#include "run.h"
#include "safetensors.h"

/* All but the number of epochs, the callbacks and the checkpoint itself, as a JSON object, which is
 * the caller's; NULL where memory did not suffice. */
char *settings_text(const fit_run *run);

/* Refuses a checkpoint of other settings than run->settings or of other layers, and names the first
 * that differs. */
ock_status settings_check(const fit_run *run, const tensor_file *file);

#endif
