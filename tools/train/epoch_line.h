/* What a run tells of each epoch, in a line. */
#ifndef OCKHAM_TRAIN_EPOCH_LINE_H
#define OCKHAM_TRAIN_EPOCH_LINE_H

#include <ockham/train.h>
#include <stdio.h>

/* Of so many epochs at most. */
void epoch_line(FILE *stream, const char *row, uint32_t epochs, const ock_epoch *epoch);

/* Which device failed, why, and which goes on. */
void failover_line(FILE *stream, const char *row, const ock_failover *failover);

#endif
