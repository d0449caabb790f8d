/* Activations and losses in double precision, as their definitions have them. */
#ifndef OCKHAM_TESTS_TRAIN_FORMULAS_H
#define OCKHAM_TESTS_TRAIN_FORMULAS_H

#include <ockham/ops.h>

double activate(ock_activation activation, double x);
double slope(ock_activation activation, double x, double y); /* at x, where the value is y */
void softmax(const double *x, double *y, size_t width);

/* z with P(Z < z) = (word + 1/2) 2^-32. */
double normal(uint32_t word);

/* One row's loss; its share of correctness is added to *correct, its gradient goes to g. */
double row_loss(ock_loss_kind kind, const double *x, const double *t, size_t width, double *g,
                double *correct);

#endif
