#include <float.h>

#include "checkpoint.h"
#include "early_stopping.h"
#include "evaluate.h"
#include "monitor.h"
#include "row_weights.h"
#include "run.h"
#include "schedule.h"
#include "standardizer.h"

static ock_status check_numbers(const ock_model *model, const ock_fit *fit)
{
    const char *problem = NULL;
    if (fit->epochs < 1 || fit->epochs > INT32_MAX)
        problem = "epochs must be 1..2147483647";
    else if (fit->batch_size < 1)
        problem = "batch_size must be at least 1";
    else if (!(fit->mixup_alpha >= 0 && fit->mixup_alpha <= FLT_MAX))
        problem = "mixup_alpha must be finite and at least 0";
    else if (!(fit->validation_split >= 0 && fit->validation_split < 1))
        problem = "validation_split must be at least 0 and less than 1";
    if (problem)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "%s", problem);
    return OCK_OK;
}

/* The figure that an option named `option` watches, which is a known one. */
static ock_status check_monitor(const fit_run *run, const char *option, const char *name)
{
    ock_context *context = run->model->context;
    const fit_monitor *monitor = monitor_find(name);
    bool validates = run->valid || run->fit.validation_split > 0;
    if (monitor->validation && !validates)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s.monitor is %s, but there is neither a validation set nor a "
                                  "validation_split",
                                  option, name);
    if (monitor->maximize && run->fit.loss == OCK_MEAN_SQUARED_ERROR)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s.monitor is %s, which the squared error is without", option,
                                  name);
    return OCK_OK;
}

static ock_status check_stopping(const fit_run *run)
{
    const ock_early_stopping *options = &run->fit.early_stopping;
    const char *problem = options->monitor ? stopping_problem(options) : NULL;
    if (problem)
        return ock_context_report(run->model->context, OCK_INVALID_ARGUMENT, "early_stopping.%s",
                                  problem);
    return options->monitor ? check_monitor(run, "early_stopping", options->monitor) : OCK_OK;
}

static ock_status check_plateau(const fit_run *run)
{
    const ock_plateau *options = &run->fit.plateau;
    const ock_schedule *schedule = &run->fit.schedule;
    if (!options->monitor)
        return OCK_OK;
    const char *problem = plateau_problem(options);
    if (problem)
        return ock_context_report(run->model->context, OCK_INVALID_ARGUMENT, "plateau.%s", problem);
    if (schedule->kind != OCK_CONSTANT_RATE || schedule->warmup_steps)
        return ock_context_report(run->model->context, OCK_INVALID_ARGUMENT,
                                  "plateau.monitor must be NULL where schedule is not constant");
    return check_monitor(run, "plateau", options->monitor);
}

static ock_status check_averages(const ock_model *model, const ock_fit *fit)
{
    if (fit->swa_from_epoch > fit->epochs)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "swa_from_epoch is %u, which is not within 0..%u, the epochs",
                                  (unsigned)fit->swa_from_epoch, (unsigned)fit->epochs);
    if (fit->swa_from_epoch && fit->optimizer.ema_momentum > 0)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "swa_from_epoch must be 0 where optimizer.ema_momentum is not");
    return OCK_OK;
}

ock_status check_smoothing(const ock_model *model, const ock_fit *fit)
{
    const char *problem = NULL;
    if (!(fit->label_smoothing >= 0 && fit->label_smoothing <= 1))
        problem = "label_smoothing must be 0..1";
    else if (fit->label_smoothing > 0 && fit->loss == OCK_MEAN_SQUARED_ERROR)
        problem = "label_smoothing must be 0 where the loss is no cross-entropy";
    if (problem)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "%s", problem);
    return OCK_OK;
}

ock_status check_settings(const ock_model *model, const ock_fit *fit)
{
    ock_status status = ock_optimizer_check(model->context, &fit->optimizer);
    const char *problem = schedule_problem(&fit->schedule);
    if (!status)
        status = check_smoothing(model, fit);
    if (!status && problem)
        status = ock_context_report(model->context, OCK_INVALID_ARGUMENT, "schedule.%s", problem);
    return status;
}

ock_status check_run(const fit_run *run)
{
    const ock_model *model = run->model;
    const ock_fit *fit = &run->fit;
    ock_status status = check_numbers(model, fit);
    if (!status)
        status = check_dataset(model, run->train, "train", fit->loss);
    if (!status && run->valid)
        status = check_dataset(model, run->valid, "valid", fit->loss);
    if (!status)
        status = check_settings(model, fit);
    if (!status)
        status = check_class_weights(run->train, fit);
    if (!status && fit->augmentation)
        status = ock_augmentation_check(model->context, fit->augmentation, model->inputs);
    if (!status && fit->standardizer)
        status =
            standardizer_check(fit->standardizer, model->context, model->inputs, "the network");
    if (!status)
        status = check_averages(model, fit);
    if (!status)
        status = check_plateau(run);
    if (!status)
        status = check_stopping(run);
    return status ? status : checkpoint_check(model->context, fit);
}
