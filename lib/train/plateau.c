/* keras.callbacks.ReduceLROnPlateau, but that a NaN is never the best. */
#include <math.h>

#include "monitor.h"
#include "schedule.h"

ock_plateau ock_plateau_defaults(void)
{
    return (ock_plateau){.factor = 0.1f, .patience = 10, .min_delta = 1e-4};
}

const char *plateau_problem(const ock_plateau *options)
{
    const char *problem = monitor_problem(options->monitor, options->min_delta, options->mode);
    if (problem)
        return problem;
    if (!(options->factor > 0 && options->factor < 1))
        return "factor must be greater than 0 and less than 1";
    if (options->patience < 0)
        return "patience must be at least 0";
    if (options->cooldown < 0)
        return "cooldown must be at least 0";
    if (!(options->min_learning_rate >= 0) || !isfinite(options->min_learning_rate))
        return "min_learning_rate must be a finite number from 0 up";
    return NULL;
}

ock_status ock_plateau_init(ock_plateau_state *state, const ock_plateau *options)
{
    if (!state || !options || plateau_problem(options))
        return OCK_INVALID_ARGUMENT;
    *state = (ock_plateau_state){.options = *options,
                                 .maximize = monitor_maximizes(options->monitor, options->mode),
                                 .best = NAN};
    return OCK_OK;
}

static float reduce(ock_plateau_state *state, float learning_rate)
{
    const ock_plateau *options = &state->options;
    if (learning_rate <= options->min_learning_rate)
        return learning_rate;
    state->cooldown = options->cooldown;
    state->wait = 0;
    float reduced = (float)((double)learning_rate * (double)options->factor);
    return fmaxf(reduced, options->min_learning_rate);
}

float ock_plateau_update(ock_plateau_state *state, double value, float learning_rate)
{
    if (!state)
        return learning_rate;
    if (state->cooldown > 0)
        state->cooldown--;
    bool first = isnan(state->best) && !isnan(value);
    if (first || monitor_improves(state->maximize, state->options.min_delta, value, state->best)) {
        state->best = value;
        state->wait = 0;
    } else if (!state->cooldown && ++state->wait >= state->options.patience) {
        return reduce(state, learning_rate);
    }
    return learning_rate;
}
