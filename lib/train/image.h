/* A run's state, taken from the device after each epoch, and put back after a failure. */
#ifndef OCKHAM_TRAIN_IMAGE_H
#define OCKHAM_TRAIN_IMAGE_H

#include "run.h"

/* All tensors of a run whose network has its weights, without their values; the list is the
 * caller's, of no tensors on failure. */
ock_status run_tensors(const fit_run *run, tensor_list *list);

/* Copies the run's state to run->image. Waits. On failure the image is the one before. */
ock_status image_take(fit_run *run);

/* Sets the run to its image, the history included. Waits, and reports what fails from here on, not
 * what was under way. On failure the tensors' contents are undefined. */
ock_status image_put(fit_run *run);

/* An image of zeros may be freed. */
void image_free(run_image *image);

#endif
