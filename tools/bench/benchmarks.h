/* The benchmarks: each takes parsed options and returns the exit status. */
#ifndef OCKHAM_BENCH_BENCHMARKS_H
#define OCKHAM_BENCH_BENCHMARKS_H

#include "options.h"

int run_matmul(const struct options *options);
int run_step(const struct options *options);
int run_optimizer(const struct options *options);
int run_startup(const struct options *options);
int run_tune(const struct options *options);
int run_first_step(const struct options *options);

#endif
