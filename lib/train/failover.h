/* A run whose device fails. */
#ifndef OCKHAM_TRAIN_FAILOVER_H
#define OCKHAM_TRAIN_FAILOVER_H

#include "run.h"

/* Copies what the run reads, its data sets and its standardizer, to the host, from where another
 * device can have them; failover_end() frees them. Waits. */
ock_status failover_begin(fit_run *run);
void failover_end(fit_run *run);

/* After a failure, unless it is a divergence: goes on to the next device, if failover_begin() was
 * called and the failure may be a device's, and returns OCK_OK; or returns `status` with the
 * message it came with. Either way the run is at its image, if it has one. Waits. */
ock_status recover(fit_run *run, ock_status status);

#endif
