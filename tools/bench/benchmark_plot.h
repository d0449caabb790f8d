/* Results as a picture. */
#ifndef OCKHAM_BENCH_BENCHMARK_PLOT_H
#define OCKHAM_BENCH_BENCHMARK_PLOT_H

#include <stdbool.h>

struct report;

/* Writes what --plot asks for, if it does. Returns false, with the reason on standard error, where
 * that failed; an older file is then as it was. */
bool benchmark_plot(const struct report *report);

#endif
