/* Takes the time of several contenders in turn, so that what else the machine does befalls all
 * alike. */
#ifndef OCKHAM_BENCH_CONTEST_H
#define OCKHAM_BENCH_CONTEST_H

#include "options.h"

struct contender {
    const char *name; /* for the progress */
    /* Does the work `times` times and returns the seconds it took; NaN where it failed, which has
     * then been said. */
    double (*run)(void *state, size_t times);
    void *state;
    size_t times; /* in a run; 0: as many as take 10 ms */
    bool failed;
    double samples[RUNS_MAX]; /* seconds, of one of the times; NaN: failed */
};

struct spread {
    double median, min, max;
};

/* Until all samples are taken or Ctrl-C is pressed. Who has failed is not run again. Shows its
 * progress if asked to. */
void contest(struct contender *contenders, size_t count, size_t runs, bool show);

/* All NaN for a contender who failed. */
struct spread contest_spread(const struct contender *contender, size_t runs);

/* The median of one's samples over the other's of the same run. */
double contest_ratio(const struct contender *one, const struct contender *other, size_t runs);

#endif
