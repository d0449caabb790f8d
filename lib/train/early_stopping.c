/* keras.callbacks.EarlyStopping, but that a NaN is never the best. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "stopping.h"

/* ---- Monitors ---- */

static const fit_monitor monitors[] = {
    {"loss", offsetof(ock_epoch, loss), false, false},
    {"data_loss", offsetof(ock_epoch, data_loss), false, false},
    {"penalty", offsetof(ock_epoch, penalty), false, false},
    {"accuracy", offsetof(ock_epoch, accuracy), true, false},
    {"acc", offsetof(ock_epoch, accuracy), true, false},
    {"val_loss", offsetof(ock_epoch, val_loss), false, true},
    {"val_data_loss", offsetof(ock_epoch, val_data_loss), false, true},
    {"val_penalty", offsetof(ock_epoch, val_penalty), false, true},
    {"val_accuracy", offsetof(ock_epoch, val_accuracy), true, true},
    {"val_acc", offsetof(ock_epoch, val_accuracy), true, true},
};

const fit_monitor *monitor_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof monitors / sizeof *monitors; i++)
        if (!strcmp(monitors[i].name, name))
            return &monitors[i];
    return NULL;
}

double monitor_value(const fit_monitor *monitor, const ock_epoch *epoch)
{
    double value;
    memcpy(&value, (const char *)epoch + monitor->offset, sizeof value);
    return value;
}

/* ---- Options ---- */

const char *stopping_problem(const ock_early_stopping *options)
{
    if (!monitor_find(options->monitor))
        return "monitor is none of loss, data_loss, penalty, accuracy, acc, or these after val_";
    if (!(options->min_delta >= 0) || !isfinite(options->min_delta))
        return "min_delta must be a finite number from 0 up";
    if (options->patience < 0)
        return "patience must be at least 0";
    if (options->mode != OCK_MODE_AUTO && options->mode != OCK_MODE_MIN &&
        options->mode != OCK_MODE_MAX)
        return "mode is not one of ock_mode";
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
    bool maximize = options->mode == OCK_MODE_AUTO ? monitor_find(options->monitor)->maximize
                                                   : options->mode == OCK_MODE_MAX;
    *stopper =
        (ock_stopper){.options = *options, .maximize = maximize, .best = NAN, .best_epoch = -1};
    return OCK_OK;
}

/* ---- Updating ---- */

static bool improves(const ock_stopper *stopper, double value, double reference)
{
    double delta = stopper->options.min_delta;
    return stopper->maximize ? value - delta > reference : value + delta < reference;
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
