#ifndef OCKHAM_TRAIN_EVALUATE_H
#define OCKHAM_TRAIN_EVALUATE_H

#include "feed.h"

/* Whether the network can learn from the set by this loss, or be judged on it; `name` is the
 * argument's, for the message. */
ock_status check_dataset(const ock_model *model, const ock_dataset *set, const char *name,
                         ock_loss_kind loss);

/* The means behind sums. */
ock_evaluation evaluation_of(const ock_totals *sums, ock_loss_kind loss);

/* Evaluates the feed's set by fit's loss; totals is scratch. The network has its weights, and
 * memory for the batches. Waits. */
ock_status evaluate_feed(ock_model *model, batch_feed *feed, const ock_fit *fit, ock_tensor *totals,
                         ock_evaluation *evaluation);

#endif
