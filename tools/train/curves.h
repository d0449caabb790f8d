/* How losses and accuracies went, as a picture. */
#ifndef OCKHAM_TRAIN_CURVES_H
#define OCKHAM_TRAIN_CURVES_H

#include "report.h"

/* Writes what --plot asks for, if it does: for each row its data loss (log scale) above its
 * accuracy, of training and of validation, the gap between them shaded, on scales that all rows
 * share. Rows without an epoch are left out. Returns false, with the reason on standard error,
 * where that failed; an older file is then as it was. */
bool curves_write(const struct report *report);

#endif
