#ifndef OCKHAM_TRAIN_HISTORY_H
#define OCKHAM_TRAIN_HISTORY_H

#include <ockham/train.h>

ock_status history_append(ock_context *context, ock_history *history, const ock_epoch *epoch);

#endif
