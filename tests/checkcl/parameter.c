/* Parameters of a case, and how far apart two steps on them may be. */
#include <math.h>

#include "checkcl.h"

const char *optimizer_name(const ock_optimizer *o)
{
    if (o->kind == OCK_ADAM)
        return "adam";
    if (o->kind == OCK_RMSPROP)
        return o->momentum > 0 ? "rmsprop with momentum" : "rmsprop";
    return o->nesterov ? "nesterov" : o->momentum > 0 ? "momentum" : "sgd";
}

ock_optimizer any_optimizer(checkcl *t)
{
    unsigned kind = choose(t, OPTIMIZERS), extras = choose(t, 8);
    ock_optimizer optimizer = kind == 3   ? ock_adam_defaults()
                              : kind >= 4 ? ock_rmsprop_defaults()
                                          : ock_sgd_defaults();
    optimizer.learning_rate = *uniform(t, 1, 0.001f, 0.1f);
    if (kind == 1 || kind == 2 || kind == 5)
        optimizer.momentum = 0.9f;
    optimizer.nesterov = kind == 2;
    optimizer.weight_decay = extras & 1 ? 0.3f : 0;
    optimizer.clip_value = extras & 2 ? 0.2f : 0;
    optimizer.ema_momentum = extras & 4 ? 0.9f : 0;
    optimizer.decay_kernels_only = choose(t, 2);
    return optimizer;
}

uint64_t any_iteration(checkcl *t)
{
    return 1 + (uint64_t)choose(t, 2) * choose(t, 1000);
}

static ock_penalty any_penalty(checkcl *t)
{
    unsigned form = choose(t, 8);
    return (ock_penalty){.l1 = form & 1 ? 0.01f : 0,
                         .l2 = form & 2 ? 0.03f : 0,
                         .proximal_l1 = form & 4,
                         .group_lasso = choose(t, 3) ? 0 : *uniform(t, 1, 0.1f, 50)};
}

static ock_constraint any_constraint(checkcl *t)
{
    unsigned kind = choose(t, 6);
    return (ock_constraint){kind < 4 ? (ock_constraint_kind)kind : OCK_UNCONSTRAINED,
                            *uniform(t, 1, 0.1f, 4)};
}

parameter_pair any_parameter(checkcl *t, const ock_optimizer *optimizer, size_t rows, size_t cols)
{
    parameter_pair p = {
        .value = inout(t, rows, cols, uniform(t, rows * cols, -1, 1)),
        .penalty = any_penalty(t),
        .constraint = any_constraint(t),
    };
    if (optimizer->kind == OCK_ADAM || optimizer->momentum > 0)
        p.moment1 = inout(t, rows, cols, uniform(t, rows * cols, -1, 1));
    if (optimizer->kind != OCK_SGD)
        p.moment2 = inout(t, rows, cols, uniform(t, rows * cols, 0.01f, 1));
    if (optimizer->ema_momentum > 0)
        p.average = inout(t, rows, cols, uniform(t, rows * cols, -1, 1));
    return p;
}

ock_parameter parameter_on(const parameter_pair *p, int side)
{
    return (ock_parameter){
        .value = p->value->on[side],
        .moment1 = p->moment1 ? p->moment1->on[side] : NULL,
        .moment2 = p->moment2 ? p->moment2->on[side] : NULL,
        .average = p->average ? p->average->on[side] : NULL,
        .penalty = p->penalty,
        .constraint = p->constraint,
        .vector = p->vector,
    };
}

/* ---- Bounds ---- */

/* A float quantity: its value, and how far apart the two sides' may be. */
typedef struct quantity {
    double value, bound;
} quantity;

/* A sum or product of floats of that magnitude after `count` roundings on each side. */
static double rounded(unsigned count, double magnitude)
{
    return 2 * count * UNIT * magnitude;
}

static quantity plus(quantity a, quantity b)
{
    double magnitude = fabs(a.value) + fabs(b.value);
    return (quantity){a.value + b.value, a.bound + b.bound + rounded(1, magnitude)};
}

static quantity times(double factor, quantity a)
{
    double value = factor * a.value;
    return (quantity){value, fabs(factor) * a.bound + rounded(1, fabs(value))};
}

/* Divisions err by 2.5 ulps on the device and by half of one here; square roots by 3. */
static quantity over(quantity a, quantity b)
{
    double value = a.value / b.value, least = b.value - b.bound;
    return (quantity){value, a.bound / least + fabs(value) * b.bound / least +
                                 (2.5 + 0.5) * 2 * UNIT * fabs(value)};
}

static quantity root_of(quantity a)
{
    double root = sqrt(a.value);
    return (quantity){root, a.bound / root + (3 + 0.5) * 2 * UNIT * root};
}

typedef struct weight {
    quantity value, moment1, moment2, average;
} weight;

static quantity whole_gradient(const ock_optimizer *o, const ock_penalty *penalty, double w,
                               quantity g)
{
    double l1 = penalty->proximal_l1 ? 0 : (double)penalty->l1, l2 = 2 * (double)penalty->l2 * w;
    double magnitude = fabs(g.value) + l1 + fabs(l2), clip = (double)o->clip_value;
    g.value += l1 * ((w > 0) - (w < 0)) + l2;
    g.bound += rounded(3, magnitude);
    if (clip > 0)
        g.value = fmax(fmin(g.value, clip), -clip);
    return g;
}

/* The second moments: g^2 errs by twice g and its own rounding. */
static quantity square_of(quantity g)
{
    double square = g.value * g.value;
    return (quantity){square, g.bound * (2 * fabs(g.value) + g.bound) + rounded(1, square)};
}

static weight adam(const ock_optimizer *o, double rate, weight w, quantity g)
{
    double keep1 = 1 - (double)o->beta1, keep2 = 1 - (double)o->beta2;
    quantity *m = &w.moment1, *v = &w.moment2;
    *m = plus(*m, times(keep1, plus(g, times(-1, *m))));
    *v = plus(*v, times(keep2, plus(square_of(g), times(-1, *v))));
    quantity divisor = plus(root_of(*v), (quantity){(double)o->epsilon, 0});
    w.value = plus(w.value, times(-rate, over(*m, divisor)));
    return w;
}

static weight rmsprop(const ock_optimizer *o, weight w, quantity g)
{
    double rho = (double)o->rho;
    quantity *m = &w.moment1, *v = &w.moment2;
    *v = plus(times(rho, *v), times(1 - rho, square_of(g)));
    quantity divisor = root_of(plus(*v, (quantity){(double)o->epsilon, 0}));
    quantity step = over(times((double)o->learning_rate, g), divisor);
    if (o->momentum > 0)
        *m = step = plus(times((double)o->momentum, *m), step);
    w.value = plus(w.value, times(-1, step));
    return w;
}

static weight sgd(const ock_optimizer *o, weight w, quantity g)
{
    quantity step = times(-(double)o->learning_rate, g), *m = &w.moment1;
    if (o->momentum > 0) {
        *m = plus(times((double)o->momentum, *m), step);
        step = o->nesterov ? plus(times((double)o->momentum, *m), step) : *m;
        step.bound += rounded(1, fabs(w.value.value)); /* one side adds from the left */
    }
    w.value = plus(w.value, step);
    return w;
}

/* The soft threshold and the floor bring two values no further apart. */
static weight finished(const ock_optimizer *o, bool first, const parameter_pair *p, weight w)
{
    double threshold = (double)o->learning_rate * (double)p->penalty.l1, *value = &w.value.value;
    if (p->penalty.proximal_l1) {
        w.value.bound += rounded(2, fabs(*value) + threshold);
        *value = copysign(fmax(fabs(*value) - threshold, 0), *value);
    }
    double momentum = first ? 0 : (double)o->ema_momentum;
    w.average = plus(times(momentum, w.average), times(1 - momentum, w.value));
    if (p->constraint.kind == OCK_NON_NEGATIVE)
        *value = fmax(*value, 0);
    return w;
}

static double old_value(const pair *p, size_t i)
{
    return p ? (double)((const float *)p->data)[i] : 0;
}

static double adam_rate(const ock_optimizer *o, uint64_t iteration)
{
    return (double)o->learning_rate * sqrt(1 - pow((double)o->beta2, (double)iteration)) /
           (1 - pow((double)o->beta1, (double)iteration));
}

static weight weight_after(const ock_optimizer *o, uint64_t iteration, const parameter_pair *p,
                           size_t i, quantity g)
{
    weight w = {.value = {old_value(p->value, i), 0},
                .moment1 = {old_value(p->moment1, i), 0},
                .moment2 = {old_value(p->moment2, i), 0},
                .average = {old_value(p->average, i), 0}};
    g = whole_gradient(o, &p->penalty, w.value.value, g);
    if (o->weight_decay > 0 && !(o->decay_kernels_only && p->vector)) {
        double decay = (double)(o->learning_rate * o->weight_decay);
        w.value = plus(w.value, times(-decay, w.value));
    }
    if (o->kind == OCK_ADAM)
        w = adam(o, adam_rate(o, iteration), w, g);
    else if (o->kind == OCK_RMSPROP)
        w = rmsprop(o, w, g);
    else
        w = sgd(o, w, g);
    return finished(o, iteration == 1, p, w);
}

/* The weights of one column, or of a whole vector. */
typedef struct group {
    double *value, *bound;
    size_t count, stride;
} group;

/* The norm is no further apart than the weights' distance, and has roundings of its own. */
static quantity norm_of(const group *g)
{
    double squares = 0, bounds = 0;
    for (size_t i = 0; i < g->count; i++) {
        squares += g->value[i * g->stride] * g->value[i * g->stride];
        bounds += g->bound[i * g->stride] * g->bound[i * g->stride];
    }
    double norm = sqrt(squares);
    return (quantity){norm, sqrt(bounds) + product_bound(g->count + 1, norm) + rounded(5, norm)};
}

/* |w| <= norm, so w f(norm) moves by at most slope = norm |f'| times what the norm does. */
static quantity scale_group(const group *g, quantity norm, double factor, double slope)
{
    for (size_t i = 0; i < g->count; i++) {
        double *value = &g->value[i * g->stride], *bound = &g->bound[i * g->stride];
        *bound = factor * *bound + slope * norm.bound + rounded(6, factor * fabs(*value));
        *value *= factor;
    }
    return (quantity){factor * norm.value,
                      (factor + slope) * norm.bound + rounded(3, factor * norm.value)};
}

static void apply_norms(const ock_optimizer *o, const parameter_pair *p, const group *g)
{
    const double epsilon = 1e-7;
    double threshold = (double)(o->learning_rate * p->penalty.group_lasso);
    double max_norm = (double)p->constraint.max_norm;
    quantity norm = norm_of(g);
    if (threshold > 0) {
        double share = threshold / fmax(norm.value, threshold);
        norm = scale_group(g, norm, 1 - share, 1.001 * share);
    }
    double divisor = epsilon + norm.value; /* epsilon norm/divisor^2 <= 1/4 */
    if (p->constraint.kind == OCK_MAX_NORM)
        scale_group(g, norm, fmin(norm.value, max_norm) / divisor,
                    0.25 + fmin(norm.value, max_norm) / divisor);
    if (p->constraint.kind == OCK_UNIT_NORM)
        scale_group(g, norm, 1 / divisor, 1 / fmax(divisor - norm.bound, epsilon));
}

void expect_step(checkcl *t, const ock_optimizer *o, uint64_t iteration, const parameter_pair *p,
                 const double *gradient, const double *gradient_bound)
{
    size_t cols = p->value->cols, count = p->value->rows * cols;
    double *value = scratch(t, count), *moment1 = scratch(t, count), *moment2 = scratch(t, count);
    double *average = scratch(t, count), *expected = scratch(t, count);
    for (size_t i = 0; i < count; i++) {
        quantity g = {gradient[i], gradient_bound ? gradient_bound[i] : 0};
        weight w = weight_after(o, iteration, p, i, g);
        expected[i] = w.value.value;
        value[i] = w.value.bound;
        moment1[i] = w.moment1.bound;
        moment2[i] = w.moment2.bound;
        average[i] = w.average.bound;
    }
    size_t groups = p->vector ? 1 : cols;
    for (size_t j = 0; j < groups; j++)
        apply_norms(o, p, &(group){expected + j, value + j, count / groups, groups});
    expect_within(t, "value", p->value, value);
    if (p->moment1)
        expect_within(t, "moment1", p->moment1, moment1);
    if (p->moment2)
        expect_within(t, "moment2", p->moment2, moment2);
    if (p->average)
        expect_within(t, "average", p->average, average);
}

/* Sums of |w| and of w^2, in whatever order, then three products and a sum; or a root, three. */
double penalty_bound(const parameter_pair *p, size_t rows)
{
    size_t count = p->value->rows * p->value->cols;
    double l1 = (double)p->penalty.l1, l2 = (double)p->penalty.l2, magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        double w = fabs(old_value(p->value, i));
        magnitude += l1 * w + l2 * w * w + (double)p->penalty.group_lasso * w; /* norm <= sum */
    }
    return product_bound(count + 9, magnitude * (double)rows);
}
