#include "contest.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"
#include "progress.h"
#include "run.h"

enum {
    TIMES_MAX = 100000
};

static const double RUN_SECONDS = 0.01;

/* ---- Statistics ---- */

static struct spread spread_of(double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return (struct spread){NAN, NAN, NAN};
    qsort(values, count, sizeof *values, cli_compare_doubles);
    return (struct spread){(values[(count - 1) / 2] + values[count / 2]) / 2, values[0],
                           values[count - 1]};
}

struct spread contest_spread(const struct contender *contender, size_t runs)
{
    double values[RUNS_MAX];
    for (size_t i = 0; i < runs; i++)
        values[i] = contender->samples[i];
    return spread_of(values, runs);
}

double contest_ratio(const struct contender *one, const struct contender *other, size_t runs)
{
    double values[RUNS_MAX];
    for (size_t i = 0; i < runs; i++)
        values[i] = one->samples[i] / other->samples[i];
    return spread_of(values, runs).median;
}

/* ---- Runs ---- */

static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* The threads of OpenMP and OpenBLAS spin for a while after their work, and would take the
 * processors from whoever comes next. Where they spin for ever (OMP_WAIT_POLICY=active) it gives
 * up. */
static void settle(void)
{
    for (int i = 0; i < 100; i++) {
        double start = run_now(), used = processor_seconds();
        nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
        if (processor_seconds() - used < 0.1 * (run_now() - start))
            return;
    }
}

/* Who has failed is not called again. */
static double call(struct contender *contender, size_t times)
{
    double seconds = contender->failed ? NAN : contender->run(contender->state, times);
    contender->failed = !isfinite(seconds);
    return seconds;
}

/* The first call, which builds kernels, is not looked at. */
static void choose_times(struct contender *contender)
{
    call(contender, 1);
    contender->times = 1;
    for (;;) {
        double seconds = call(contender, contender->times);
        if (contender->failed || seconds >= RUN_SECONDS || contender->times == TIMES_MAX)
            return;
        double factor = fmin(fmax(1.2 * RUN_SECONDS / seconds, 2), 100);
        contender->times = (size_t)fmin(ceil(factor * (double)contender->times), TIMES_MAX);
    }
}

/* One time beforehand wakes the threads and fills the caches. */
static double sample(struct contender *contender)
{
    settle();
    if (contender->times > 1)
        call(contender, 1);
    return call(contender, contender->times) / (double)contender->times;
}

/* Both the calls beforehand and the runs count, which take about as long. */
void contest(struct contender *contenders, size_t count, size_t runs, bool show)
{
    struct progress progress;
    struct waiting waiting;
    double done = 0, total = (double)count * ((double)runs + 1);
    progress_begin(&progress, "runs");
    if (show)
        progress_show(&progress, contenders[0].name, 0, total);
    for (size_t i = 0; i < count && !run_interrupted(); i++) {
        if (show)
            waiting_begin(&waiting, "warming up");
        if (contenders[i].times == 0)
            choose_times(&contenders[i]);
        if (show) {
            waiting_end(&waiting);
            progress_show(&progress, contenders[i].name, ++done, total);
        }
    }
    for (size_t run = 0; run < runs; run++)
        for (size_t i = 0; i < count && !run_interrupted(); i++) {
            contenders[i].samples[run] = sample(&contenders[i]);
            if (show)
                progress_show(&progress, contenders[i].name, ++done, total);
        }
    progress_erase(&progress);
}
