#include <math.h>
#include <stddef.h>
#include <string.h>

#include "monitor.h"

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

double monitor_value(const char *name, const ock_epoch *epoch)
{
    double value;
    memcpy(&value, (const char *)epoch + monitor_find(name)->offset, sizeof value);
    return value;
}

const char *monitor_problem(const char *name, double min_delta, ock_mode mode)
{
    if (!monitor_find(name))
        return "monitor is none of loss, data_loss, penalty, accuracy, acc, or these after val_";
    if (!(min_delta >= 0) || !isfinite(min_delta))
        return "min_delta must be a finite number from 0 up";
    if (mode != OCK_MODE_AUTO && mode != OCK_MODE_MIN && mode != OCK_MODE_MAX)
        return "mode is not one of ock_mode";
    return NULL;
}

bool monitor_maximizes(const char *name, ock_mode mode)
{
    return mode == OCK_MODE_AUTO ? monitor_find(name)->maximize : mode == OCK_MODE_MAX;
}

bool monitor_improves(bool maximize, double delta, double value, double reference)
{
    return maximize ? value - delta > reference : value + delta < reference;
}
