#include "recipe.h"

#include <math.h>

#include "augmentation.h"

struct recipe recipe_plain(void)
{
    struct recipe plain = {.name = "plain", .layers = 5, .activation = OCK_RELU};
    for (size_t i = 0; i < plain.layers; i++)
        plain.hidden[i] = 500;
    plain.augmentation = augmentation_small();
    plain.fit = ock_fit_defaults();
    plain.fit.epochs = 10;
    plain.fit.batch_size = 128;
    plain.fit.optimizer.learning_rate = 0;
    plain.fit.optimizer.weight_decay = -1;
    plain.fit.plateau = ock_plateau_defaults();
    return plain;
}

/* ---- What goes together ---- */

static const char *optimizer_problem(const struct recipe *recipe)
{
    const ock_optimizer *optimizer = &recipe->fit.optimizer;
    int clips = (optimizer->clip_value > 0) + (optimizer->clip_norm > 0) +
                (optimizer->global_clip_norm > 0);
    bool adam = recipe->optimizer == ADAM || recipe->optimizer == ADAMW;
    if (optimizer->momentum > 0 && adam)
        return "--momentum goes with --optimizer sgd or rmsprop";
    if (optimizer->nesterov && recipe->optimizer != SGD)
        return "--nesterov goes with --optimizer sgd";
    if (optimizer->nesterov && optimizer->momentum == 0)
        return "--nesterov needs --momentum above 0";
    if (clips > 1)
        return "--clip-value, --clip-norm and --global-clip-norm: one of them at most";
    return NULL;
}

static const char *averages_problem(const ock_fit *fit)
{
    if (fit->optimizer.ema_momentum > 0 && fit->swa_from_epoch)
        return "--ema and --swa: one of them at most";
    if (fit->swa_from_epoch > fit->epochs)
        return "--swa: there are not so many --epochs";
    return NULL;
}

static const char *stop_problem(const ock_early_stopping *stop)
{
    if (stop->monitor)
        return NULL;
    if (stop->restore_best_weights)
        return "--restore-best needs --early-stop";
    if (stop->min_delta > 0 || stop->mode != OCK_MODE_AUTO || stop->use_baseline ||
        stop->start_from_epoch > 0)
        return "--min-delta, --mode, --baseline and --start-from-epoch need --early-stop";
    return NULL;
}

static const char *rate_problem(const struct recipe *recipe)
{
    bool scheduled = recipe->schedule.kind != OCK_CONSTANT_RATE || recipe->warmup_epochs > 0;
    if (recipe->fit.plateau.monitor && scheduled)
        return "--plateau goes with neither --schedule nor --warmup";
    if (recipe->warmup_epochs > recipe->fit.epochs)
        return "--warmup: there are not so many --epochs";
    return NULL;
}

const char *recipe_problem(const struct recipe *recipe)
{
    const ock_penalty *kernel = &recipe->dense.kernel;
    const char *problem = optimizer_problem(recipe);
    if (!problem)
        problem = averages_problem(&recipe->fit);
    if (!problem)
        problem = rate_problem(recipe);
    if (!problem)
        problem = stop_problem(&recipe->fit.early_stopping);
    if (problem)
        return problem;
    if ((recipe->max_norm > 0) + recipe->non_negative + recipe->unit_norm > 1)
        return "--max-norm, --non-negative and --unit-norm: one of them at most";
    if (kernel->proximal_l1 && kernel->l1 == 0)
        return "--proximal-l1 needs --l1 above 0";
    return NULL;
}

/* ---- The fit ---- */

static ock_optimizer complete_optimizer(const struct recipe *recipe)
{
    const ock_optimizer defaults[] = {
        [ADAM] = ock_adam_defaults(),
        [ADAMW] = ock_adamw_defaults(),
        [RMSPROP] = ock_rmsprop_defaults(),
        [SGD] = ock_sgd_defaults(),
    };
    const ock_optimizer *known = &defaults[recipe->optimizer];
    ock_optimizer optimizer = recipe->fit.optimizer;
    optimizer.kind = known->kind;
    optimizer.beta1 = known->beta1;
    optimizer.beta2 = known->beta2;
    optimizer.rho = known->rho;
    optimizer.epsilon = known->epsilon;
    if (optimizer.learning_rate == 0)
        optimizer.learning_rate = known->learning_rate;
    if (optimizer.weight_decay < 0)
        optimizer.weight_decay = known->weight_decay;
    return optimizer;
}

static uint64_t at_least_1(double steps)
{
    return steps < 1 ? 1 : (uint64_t)llround(steps);
}

ock_fit recipe_fit(const struct recipe *recipe, uint64_t steps_per_epoch)
{
    const struct recipe_schedule *schedule = &recipe->schedule;
    ock_fit fit = recipe->fit;
    double steps = (double)steps_per_epoch, warmup = recipe->warmup_epochs * steps;
    double decay = schedule->kind == OCK_COSINE_DECAY ? fit.epochs * steps - warmup
                                                      : schedule->decay_epochs * steps;
    fit.optimizer = complete_optimizer(recipe);
    fit.schedule = (ock_schedule){
        .kind = schedule->kind,
        .decay_steps = at_least_1(decay),
        .decay_rate = schedule->decay_rate,
        .alpha = schedule->alpha,
        .warmup_steps = (uint64_t)llround(warmup),
    };
    return fit;
}

/* ---- The network ---- */

static ock_constraint constraint_of(const struct recipe *recipe)
{
    return (ock_constraint){
        .kind = recipe->max_norm > 0   ? OCK_MAX_NORM
                : recipe->non_negative ? OCK_NON_NEGATIVE
                : recipe->unit_norm    ? OCK_UNIT_NORM
                                       : OCK_UNCONSTRAINED,
        .max_norm = recipe->max_norm,
    };
}

static ock_status add_hidden(const struct recipe *recipe, size_t units, ock_model *model)
{
    ock_dense dense = recipe->dense;
    dense.kernel_constraint = constraint_of(recipe);
    dense.no_bias = recipe->batch_norm;
    ock_status status;
    if (recipe->batch_norm) { /* its beta is the bias */
        status = ock_model_add_dense(model, units, OCK_LINEAR, &dense);
        if (status == OCK_OK)
            status = ock_model_add_batch_norm(model, NULL);
        if (status == OCK_OK)
            status = ock_model_add_activation(model, recipe->activation);
    } else {
        status = ock_model_add_dense(model, units, recipe->activation, &dense);
    }
    if (status == OCK_OK && recipe->dropout > 0)
        status = ock_model_add_dropout(model, recipe->dropout);
    if (status == OCK_OK && recipe->gaussian_dropout > 0)
        status = ock_model_add_gaussian_dropout(model, recipe->gaussian_dropout);
    if (status == OCK_OK && recipe->gaussian_noise > 0)
        status = ock_model_add_gaussian_noise(model, recipe->gaussian_noise);
    return status;
}

ock_status recipe_build(const struct recipe *recipe, ock_context *context, size_t inputs,
                        size_t classes, ock_model **model)
{
    ock_status status = ock_model_create(context, inputs, model);
    if (status == OCK_OK && recipe->input_dropout > 0)
        status = ock_model_add_dropout(*model, recipe->input_dropout);
    for (size_t i = 0; status == OCK_OK && i < recipe->layers; i++)
        status = add_hidden(recipe, recipe->hidden[i], *model);
    if (status == OCK_OK)
        status = ock_model_add_dense(*model, classes, OCK_SOFTMAX, NULL);
    if (status != OCK_OK) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    return status;
}
