#include <math.h>

#include "dataset.h"
#include "evaluate.h"
#include "standardizer.h"

ock_status check_dataset(const ock_model *model, const ock_dataset *set, const char *name,
                         ock_loss_kind loss)
{
    ock_context *context = model->context;
    bool folds;
    if (!set)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s is NULL", name);
    if (ock_dataset_context(set) != context)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s belongs to another context than the network", name);
    ock_status status = dataset_check_kept(set);
    if (!status)
        status = loss_folds(model, loss, &folds);
    if (status)
        return status;
    if (ock_dataset_features(set) != model->inputs)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "%s has %zu features, the network takes %zu inputs", name,
                                  ock_dataset_features(set), model->inputs);
    if (!ock_dataset_outputs(set))
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s has neither labels nor targets, which ock_arrays gives it",
                                  name);
    if (ock_dataset_outputs(set) != ock_model_outputs(model))
        return ock_context_report(
            context, OCK_SHAPE_MISMATCH,
            "%s has %zu outputs, the network has %zu, the units of its last layer", name,
            ock_dataset_outputs(set), ock_model_outputs(model));
    if (ock_dataset_has_labels(set) && loss != OCK_SOFTMAX_CROSSENTROPY)
        return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                  "%s has labels, which OCK_SOFTMAX_CROSSENTROPY takes; %s needs "
                                  "targets",
                                  name, loss_name(loss));
    return OCK_OK;
}

ock_evaluation evaluation_of(const ock_totals *sums, ock_loss_kind loss)
{
    ock_evaluation means = {.data_loss = sums->loss / sums->rows,
                            .penalty = sums->penalty / sums->rows,
                            .accuracy = sums->correct / sums->rows};
    means.loss = means.data_loss + means.penalty;
    if (loss == OCK_MEAN_SQUARED_ERROR)
        means.accuracy = NAN;
    return means;
}

static ock_status add_penalties(const ock_model *model, size_t rows, ock_tensor *totals)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < 2 && !status; k++) {
            const ock_parameter *parameter = &model->layers[i].trained[k];
            if (parameter->value)
                status = ock_penalty_add(parameter, rows, totals);
        }
    }
    return status;
}

ock_status evaluate_feed(ock_model *model, batch_feed *feed, const ock_fit *fit, ock_tensor *totals,
                         ock_evaluation *evaluation)
{
    net_batch batch;
    ock_totals sums;
    ock_status status = ock_tensor_fill(totals, 0);
    for (size_t step = 0; step < feed->steps && !status; step++) {
        status = feed_batch(feed, step, 0, &batch);
        if (!status)
            status = pass_loss(model, fit, &batch, totals);
        if (!status)
            status = ock_context_flush(model->context);
    }
    if (!status)
        status = add_penalties(model, feed->size.rows, totals);
    if (!status)
        status = ock_totals_read(totals, &sums);
    if (!status)
        *evaluation = evaluation_of(&sums, fit->loss);
    return status;
}

ock_status ock_model_evaluate(ock_model *model, const ock_dataset *dataset, const ock_fit *fit,
                              ock_evaluation *evaluation)
{
    const ock_fit settings = fit ? *fit : ock_fit_defaults();
    if (!model)
        return ock_context_report(ock_dataset_context(dataset), OCK_INVALID_ARGUMENT,
                                  "model is NULL");
    if (!evaluation || !settings.batch_size)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT, "%s",
                                  evaluation ? "batch_size must be at least 1"
                                             : "evaluation is NULL");
    ock_status status = check_smoothing(model, &settings);
    if (!status)
        status = check_dataset(model, dataset, "dataset", settings.loss);
    if (!status && settings.standardizer)
        status =
            standardizer_check(settings.standardizer, model->context, model->inputs, "the network");
    if (!status)
        status = model_ensure_ready(model, 0);
    if (status)
        return status;

    batch_feed feed;
    ock_tensor *totals = NULL;
    status = feed_create(&feed, dataset, &settings, false);
    if (status)
        return status;
    status = plan_reserve(model, feed.batch, false);
    if (!status)
        status = ock_tensor_create(model->context, OCK_F32, 1, OCK_TOTALS_SIZE, &totals);
    if (!status)
        status = evaluate_feed(model, &feed, &settings, totals, evaluation);
    ock_tensor_destroy(totals);
    feed_free(&feed);
    return status;
}
