#include <float.h>
#include <math.h>

#include "core/core.h"

ock_optimizer ock_adam_defaults(void)
{
    return (ock_optimizer){
        .kind = OCK_ADAM, .learning_rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-7f};
}

ock_optimizer ock_adamw_defaults(void)
{
    ock_optimizer adamw = ock_adam_defaults();
    adamw.weight_decay = 0.004f;
    return adamw;
}

ock_optimizer ock_rmsprop_defaults(void)
{
    return (ock_optimizer){
        .kind = OCK_RMSPROP, .learning_rate = 1e-3f, .rho = 0.9f, .epsilon = 1e-7f};
}

ock_optimizer ock_sgd_defaults(void)
{
    return (ock_optimizer){.kind = OCK_SGD, .learning_rate = 0.01f};
}

static bool needs_moment1(const ock_optimizer *o)
{
    return o->kind == OCK_ADAM || o->momentum > 0;
}

static bool needs_moment2(const ock_optimizer *o)
{
    return o->kind != OCK_SGD;
}

static void check_rule(check *c, const ock_optimizer *o)
{
    if (o->kind == OCK_ADAM) {
        check_below(c, "beta1", o->beta1, 0, 1);
        check_below(c, "beta2", o->beta2, 0, 1);
    } else {
        check_below(c, "momentum", o->momentum, 0, 1);
    }
    if (o->kind == OCK_SGD)
        check_true(c, !o->nesterov || o->momentum > 0, "nesterov needs a momentum above 0");
    else
        check_positive(c, "epsilon", o->epsilon);
    if (o->kind == OCK_RMSPROP)
        check_below(c, "rho", o->rho, 0, 1);
}

static void check_optimizer(check *c, const ock_optimizer *o)
{
    check_true(c, o, "optimizer is NULL");
    if (!o)
        return;
    check_true(c, o->kind == OCK_SGD || o->kind == OCK_ADAM || o->kind == OCK_RMSPROP,
               "optimizer kind is none of ock_optimizer_kind");
    check_range(c, "learning_rate", o->learning_rate, 0, FLT_MAX);
    check_rule(c, o);
    check_range(c, "weight_decay", o->weight_decay, 0, FLT_MAX);
    check_range(c, "clip_value", o->clip_value, 0, FLT_MAX);
    check_range(c, "clip_norm", o->clip_norm, 0, FLT_MAX);
    check_range(c, "global_clip_norm", o->global_clip_norm, 0, FLT_MAX);
    check_true(c, (o->clip_value > 0) + (o->clip_norm > 0) + (o->global_clip_norm > 0) <= 1,
               "only one of clip_value, clip_norm and global_clip_norm may be above 0");
    check_below(c, "ema_momentum", o->ema_momentum, 0, 1);
}

/* For a single step. */
static void check_update(check *c, const ock_optimizer *o, uint64_t iteration)
{
    check_optimizer(c, o);
    check_true(c, iteration >= 1, "iteration counts from 1");
    check_true(c, !o || (o->clip_norm == 0 && o->global_clip_norm == 0),
               "clip_norm and global_clip_norm need whole gradients: they must be 0 here, after "
               "ock_clip_norm()");
}

ock_status ock_optimizer_check(ock_context *context, const ock_optimizer *optimizer)
{
    check c = check_begin("ock_optimizer_check");
    c.context = context;
    check_optimizer(&c, optimizer);
    return check_end(&c);
}

static ock_update update_at(const ock_optimizer *o, uint64_t iteration)
{
    double rate = o->learning_rate, t = (double)iteration;
    if (o->kind == OCK_ADAM)
        rate *= sqrt(1 - pow(o->beta2, t)) / (1 - pow(o->beta1, t));
    return (ock_update){.kind = o->kind,
                        .rate = (float)rate,
                        .momentum = o->momentum,
                        .nesterov = o->nesterov,
                        .beta1 = o->beta1,
                        .beta2 = o->kind == OCK_RMSPROP ? o->rho : o->beta2,
                        .epsilon = o->epsilon,
                        .clip = o->clip_value > 0 ? o->clip_value : INFINITY,
                        .ema = iteration > 1 ? o->ema_momentum : 0,
                        .learning_rate = o->learning_rate,
                        .decay = o->learning_rate * o->weight_decay,
                        .kernels_only = o->decay_kernels_only};
}

static void check_penalty(check *c, const ock_parameter *p)
{
    check_range(c, "l1", p->penalty.l1, 0, FLT_MAX);
    check_range(c, "l2", p->penalty.l2, 0, FLT_MAX);
    check_range(c, "group_lasso", p->penalty.group_lasso, 0, FLT_MAX);
}

static void check_constraint(check *c, const ock_constraint *constraint)
{
    check_true(c, (int)constraint->kind >= OCK_UNCONSTRAINED && constraint->kind <= OCK_UNIT_NORM,
               "constraint kind is none of ock_constraint_kind");
    if (constraint->kind == OCK_MAX_NORM)
        check_positive(c, "max_norm", constraint->max_norm);
}

/* Without the tensors that the optimiser does not use, which may be anything. */
static ock_parameter used_by(const ock_optimizer *o, const ock_parameter *p)
{
    ock_parameter used = *p;
    if (!needs_moment1(o))
        used.moment1 = NULL;
    if (!needs_moment2(o))
        used.moment2 = NULL;
    if (o->ema_momentum == 0)
        used.average = NULL;
    return used;
}

static void check_parameter(check *c, const ock_optimizer *o, const ock_parameter *p, size_t rows,
                            size_t cols)
{
    check_shape(c, "parameter value", p->value, rows, cols);
    check_penalty(c, p);
    check_constraint(c, &p->constraint);
    if (!o)
        return;
    const ock_parameter used = used_by(o, p);
    if (needs_moment1(o))
        check_shape(c, "moment1", p->moment1, rows, cols);
    if (needs_moment2(o))
        check_shape(c, "moment2", p->moment2, rows, cols);
    if (o->ema_momentum > 0)
        check_shape(c, "average", p->average, rows, cols);
    check_apart(c, "moment1", used.moment1, "value", p->value);
    check_apart(c, "moment2", used.moment2, "value", p->value);
    check_apart(c, "moment2", used.moment2, "moment1", used.moment1);
    check_apart(c, "average", used.average, "value", p->value);
    check_apart(c, "average", used.average, "moment1", used.moment1);
    check_apart(c, "average", used.average, "moment2", used.moment2);
}

static void check_written(check *c, const ock_parameter *p, const char *name,
                          const ock_tensor *read)
{
    check_apart(c, "parameter value", p->value, name, read);
    check_apart(c, "moment1", p->moment1, name, read);
    check_apart(c, "moment2", p->moment2, name, read);
    check_apart(c, "average", p->average, name, read);
}

ock_status ock_step(const ock_optimizer *optimizer, uint64_t iteration,
                    const ock_parameter *parameter, const ock_tensor *gradient, size_t rows,
                    ock_tensor *totals)
{
    check c = check_begin("ock_step");
    check_tensor(&c, "gradient", gradient, OCK_F32);
    check_update(&c, optimizer, iteration);
    check_true(&c, parameter, "parameter is NULL");
    if (parameter && gradient)
        check_parameter(&c, optimizer, parameter, gradient->rows, gradient->cols);
    check_totals(&c, totals);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_parameter used = used_by(optimizer, parameter);
    check_written(&c, &used, "gradient", gradient);
    check_written(&c, &used, "totals", totals);
    check_apart(&c, "totals", totals, "gradient", gradient);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_update update = update_at(optimizer, iteration);
    return CALL(c, step, &update, &used, gradient, rows, totals);
}

ock_status ock_penalty_add(const ock_parameter *parameter, size_t rows, ock_tensor *totals)
{
    check c = check_begin("ock_penalty_add");
    check_true(&c, parameter, "parameter is NULL");
    if (parameter) {
        check_tensor(&c, "parameter value", parameter->value, OCK_F32);
        check_penalty(&c, parameter);
    }
    check_shape(&c, "totals", totals, 1, OCK_TOTALS_SIZE);
    if (parameter)
        check_apart(&c, "totals", totals, "parameter value", parameter->value);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, penalty, parameter, rows, totals);
}

ock_status ock_penalty_gradient(const ock_parameter *parameter, ock_tensor *gradient)
{
    check c = check_begin("ock_penalty_gradient");
    check_true(&c, parameter, "parameter is NULL");
    if (parameter)
        check_tensor(&c, "parameter value", parameter->value, OCK_F32);
    check_tensor(&c, "gradient", gradient, OCK_F32);
    if (parameter && gradient) {
        check_shape(&c, "parameter value", parameter->value, gradient->rows, gradient->cols);
        check_penalty(&c, parameter);
        check_apart(&c, "gradient", gradient, "parameter value", parameter->value);
    }
    if (check_end(&c) != OCK_OK)
        return c.status;
    const ock_penalty *penalty = &parameter->penalty;
    float l1 = penalty->proximal_l1 ? 0 : penalty->l1;
    if (l1 == 0 && penalty->l2 == 0)
        return OCK_OK;
    return CALL(c, penalty_gradient, l1, penalty->l2, parameter->value, gradient);
}

ock_status ock_clip_norm(float norm, ock_tensor *const *gradients, size_t count)
{
    check c = check_begin("ock_clip_norm");
    check_true(&c, gradients && count > 0, "gradients must be at least one");
    for (size_t i = 0; gradients && i < count; i++) {
        check_tensor(&c, "a gradient", gradients[i], OCK_F32);
        for (size_t k = 0; k < i && c.status == OCK_OK; k++)
            check_apart(&c, "a gradient", gradients[i], "another", gradients[k]);
    }
    check_positive(&c, "norm", norm);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, clip_norm, norm, gradients, count);
}

/* ---- Fused dense layers ---- */

/* Kernel I x O, bias 1 x O where there is one. */
static void check_dense(check *c, const ock_dense_parameters *p, const ock_optimizer *o,
                        size_t inputs, size_t outputs)
{
    check_true(c, p, "parameters is NULL");
    if (!p)
        return;
    check_parameter(c, o, &p->kernel, inputs, outputs);
    if (p->bias.value)
        check_parameter(c, o, &p->bias, 1, outputs);
}

static void check_fused_dropout(check *c, const ock_dropout *dropout)
{
    check_dropout(c, dropout);
    check_true(c, !dropout || !dropout->channels,
               "dropout channels must be 0 here: ock_dropout_apply() shares them");
}

ock_status ock_dense_forward(const ock_tensor *x, const ock_dense_parameters *parameters,
                             ock_activation activation, const ock_dropout *dropout, ock_tensor *y)
{
    check c = check_begin("ock_dense_forward");
    check_tensor(&c, "x", x, OCK_F32);
    check_tensor(&c, "y", y, OCK_F32);
    if (x && y) {
        check_shape(&c, "y", y, x->rows, y->cols);
        check_dense(&c, parameters, NULL, x->cols, y->cols);
    }
    check_true(&c, (int)activation >= OCK_LINEAR && activation < OCK_SOFTMAX,
               "activation must be one that needs no whole row: not OCK_SOFTMAX");
    check_fused_dropout(&c, dropout);
    check_apart(&c, "y", y, "x", x);
    if (check_end(&c) != OCK_OK)
        return c.status;
    check_apart(&c, "y", y, "kernel", parameters->kernel.value);
    check_apart(&c, "y", y, "bias", parameters->bias.value);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, dense_forward, x, parameters->kernel.value, parameters->bias.value, activation,
                dropout, y);
}

ock_status ock_dense_backward_input(const ock_tensor *dy, const ock_dense_parameters *parameters,
                                    ock_activation activation, const ock_dropout *dropout,
                                    const ock_tensor *y, ock_tensor *dx)
{
    check c = check_begin("ock_dense_backward_input");
    if (activation == OCK_LINEAR)
        y = NULL;
    check_tensor(&c, "dy", dy, OCK_F32);
    check_tensor(&c, "dx", dx, OCK_F32);
    if (dy && dx) {
        check_shape(&c, "dx", dx, dy->rows, dx->cols);
        check_dense(&c, parameters, NULL, dx->cols, dy->cols);
        if (activation != OCK_LINEAR)
            check_shape(&c, "y", y, dx->rows, dx->cols);
    }
    check_true(&c,
               (int)activation >= OCK_LINEAR && activation < OCK_SOFTMAX && activation != OCK_GELU,
               "activation must have a gradient in terms of its output: not OCK_GELU or "
               "OCK_SOFTMAX");
    check_fused_dropout(&c, dropout);
    check_apart(&c, "dx", dx, "dy", dy);
    check_apart(&c, "dx", dx, "y", y);
    if (check_end(&c) != OCK_OK)
        return c.status;
    check_apart(&c, "dx", dx, "kernel", parameters->kernel.value);
    if (check_end(&c) != OCK_OK)
        return c.status;
    return CALL(c, dense_backward_input, dy, parameters->kernel.value, activation, dropout, y, dx);
}

ock_status ock_dense_backward_weights(const ock_optimizer *optimizer, uint64_t iteration,
                                      const ock_tensor *x, const ock_tensor *dy,
                                      const ock_dense_parameters *parameters, ock_tensor *totals)
{
    check c = check_begin("ock_dense_backward_weights");
    check_update(&c, optimizer, iteration);
    check_tensor(&c, "x", x, OCK_F32);
    check_tensor(&c, "dy", dy, OCK_F32);
    if (x && dy) {
        check_shape(&c, "dy", dy, x->rows, dy->cols);
        check_dense(&c, parameters, optimizer, x->cols, dy->cols);
    }
    check_totals(&c, totals);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_dense_parameters used = {.kernel = used_by(optimizer, &parameters->kernel)};
    if (parameters->bias.value)
        used.bias = used_by(optimizer, &parameters->bias);
    used.bias.vector = true;
    const ock_tensor *bias[] = {used.bias.value, used.bias.moment1, used.bias.moment2,
                                used.bias.average};
    const ock_parameter *written[] = {&used.kernel, &used.bias};
    for (int i = 0; i < 2; i++) {
        check_written(&c, written[i], "x", x);
        check_written(&c, written[i], "dy", dy);
        check_written(&c, written[i], "totals", totals);
    }
    for (int i = 0; i < 4; i++)
        check_written(&c, &used.kernel, "bias", bias[i]);
    check_apart(&c, "totals", totals, "x", x);
    check_apart(&c, "totals", totals, "dy", dy);
    if (check_end(&c) != OCK_OK)
        return c.status;
    ock_update update = update_at(optimizer, iteration);
    return CALL(c, dense_backward_weights, &update, x, dy, &used, totals);
}
