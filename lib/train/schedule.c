/* keras.optimizers.schedules. */
#include <float.h>
#include <math.h>

#include "schedule.h"

const char *schedule_problem(const ock_schedule *schedule)
{
    ock_schedule_kind kind = schedule->kind;
    if (kind != OCK_CONSTANT_RATE && kind != OCK_STEP_DECAY && kind != OCK_EXPONENTIAL_DECAY &&
        kind != OCK_COSINE_DECAY)
        return "kind is not one of ock_schedule_kind";
    if (kind != OCK_CONSTANT_RATE && !schedule->decay_steps)
        return "decay_steps must be at least 1";
    if ((kind == OCK_STEP_DECAY || kind == OCK_EXPONENTIAL_DECAY) &&
        (!(schedule->decay_rate > 0) || !isfinite(schedule->decay_rate)))
        return "decay_rate must be a finite number greater than 0";
    if (kind == OCK_COSINE_DECAY && !(schedule->alpha >= 0 && schedule->alpha <= 1))
        return "alpha must be 0..1";
    if (schedule->warmup_steps &&
        (!(schedule->warmup_from >= 0) || !isfinite(schedule->warmup_from)))
        return "warmup_from must be a finite number from 0 up";
    return NULL;
}

/* The share of the rate that is left after some times decay_steps. */
static double decay(const ock_schedule *schedule, double times)
{
    const double pi = 3.14159265358979323846, alpha = (double)schedule->alpha;
    switch (schedule->kind) {
    case OCK_STEP_DECAY:
        return pow((double)schedule->decay_rate, floor(times));
    case OCK_EXPONENTIAL_DECAY:
        return pow((double)schedule->decay_rate, times);
    case OCK_COSINE_DECAY:
        return alpha + (1 - alpha) * 0.5 * (1 + cos(pi * fmin(times, 1)));
    case OCK_CONSTANT_RATE:
        break;
    }
    return 1;
}

float ock_schedule_rate(const ock_schedule *schedule, float rate, uint64_t step)
{
    if (!schedule)
        return rate;
    if (schedule_problem(schedule))
        return NAN;
    if (step < schedule->warmup_steps) {
        double from = (double)schedule->warmup_from;
        return (float)(from +
                       ((double)rate - from) * ((double)step / (double)schedule->warmup_steps));
    }
    if (schedule->kind == OCK_CONSTANT_RATE)
        return rate;
    double times = (double)(step - schedule->warmup_steps) / (double)schedule->decay_steps;
    return (float)fmin((double)rate * decay(schedule, times), FLT_MAX);
}
