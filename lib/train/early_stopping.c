/* keras.callbacks.EarlyStopping, but that a NaN is never the best. */
#include <math.h>

#include "early_stopping.h"
#include "monitor.h"

const char *stopping_problem(const ock_early_stopping *options)
{
    const char *problem = monitor_problem(options->monitor, options->min_delta, options->mode);
    if (problem)
        return problem;
    if (options->patience < 0)
        return "patience must be at least 0";
    if (options->use_baseline && isnan(options->baseline))
        return "baseline is not a number";
    if (options->start_from_epoch < 0)
        return "start_from_epoch must be at least 0";
    return NULL;
}

ock_status ock_stopper_init(ock_stopper *stopper, const ock_early_stopping *options)
{
    if (!stopper || !options || stopping_problem(options))
        return OCK_INVALID_ARGUMENT;
    *stopper = (ock_stopper){.options = *options,
                             .maximize = monitor_maximizes(options->monitor, options->mode),
                             .best = NAN,
                             .best_epoch = -1};
    return OCK_OK;
}

static bool improves(const ock_stopper *stopper, double value, double reference)
{
    return monitor_improves(stopper->maximize, stopper->options.min_delta, value, reference);
}

bool ock_stopper_update(ock_stopper *stopper, int epoch, double value)
{
    if (!stopper || epoch < stopper->options.start_from_epoch)
        return false;
    const ock_early_stopping *options = &stopper->options;
    stopper->wait++;
    if (!isnan(value) && (stopper->best_epoch < 0 || improves(stopper, value, stopper->best))) {
        stopper->best = value;
        stopper->best_epoch = epoch;
        if (!options->use_baseline || improves(stopper, value, options->baseline))
            stopper->wait = 0;
        return true;
    }
    if (stopper->wait >= options->patience && epoch > 0)
        stopper->stopped = true;
    return false;
}
