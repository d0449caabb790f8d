/* Parameters of a case, and how far apart two steps on them may be. */
#include <math.h>

#include "checkcl.h"

ock_optimizer any_optimizer(checkcl *t)
{
    unsigned kind = choose(t, OPTIMIZERS);
    ock_optimizer optimizer = kind == 3 ? ock_adam_defaults() : ock_sgd_defaults();
    optimizer.learning_rate = *uniform(t, 1, 0.001f, 0.1f);
    if (kind == 1 || kind == 2)
        optimizer.momentum = 0.9f;
    optimizer.nesterov = kind == 2;
    return optimizer;
}

ock_penalty any_penalty(checkcl *t)
{
    unsigned form = choose(t, 4);
    return (ock_penalty){.l1 = form & 1 ? 0.01f : 0, .l2 = form & 2 ? 0.03f : 0};
}

parameter_pair any_parameter(checkcl *t, const ock_optimizer *optimizer, size_t rows, size_t cols)
{
    bool adam = optimizer->kind == OCK_ADAM;
    parameter_pair p = {
        .value = inout(t, rows, cols, uniform(t, rows * cols, -1, 1)),
        .penalty = any_penalty(t),
    };
    if (adam || optimizer->momentum > 0)
        p.moment1 = inout(t, rows, cols, uniform(t, rows * cols, -1, 1));
    if (adam)
        p.moment2 = inout(t, rows, cols, uniform(t, rows * cols, 0.01f, 1));
    return p;
}

ock_parameter parameter_on(const parameter_pair *p, int side)
{
    return (ock_parameter){
        .value = p->value->on[side],
        .moment1 = p->moment1 ? p->moment1->on[side] : NULL,
        .moment2 = p->moment2 ? p->moment2->on[side] : NULL,
        .penalty = p->penalty,
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

typedef struct weight {
    quantity value, moment1, moment2;
} weight;

static quantity regularized(const ock_penalty *penalty, double w, quantity g)
{
    double l1 = (double)penalty->l1, l2 = 2 * (double)penalty->l2 * w;
    double magnitude = fabs(g.value) + l1 + fabs(l2);
    g.value += l1 * ((w > 0) - (w < 0)) + l2;
    g.bound += rounded(3, magnitude);
    return g;
}

/* Division and square root err by 2.5 and 3 ulps on the device, and by half of one here. */
static weight adam(const ock_optimizer *o, double rate, weight w, quantity g)
{
    double keep1 = 1 - (double)o->beta1, keep2 = 1 - (double)o->beta2;
    quantity *m = &w.moment1, *v = &w.moment2;
    double magnitude1 = fabs(m->value) + keep1 * (fabs(g.value) + fabs(m->value));
    double magnitude2 = v->value + keep2 * (g.value * g.value + v->value);
    m->value += keep1 * (g.value - m->value);
    v->value += keep2 * (g.value * g.value - v->value);
    m->bound = keep1 * g.bound + rounded(4, magnitude1);
    v->bound = keep2 * g.bound * (2 * fabs(g.value) + g.bound) + rounded(5, magnitude2);

    double root = sqrt(v->value), divisor = root + (double)o->epsilon;
    double divisor_bound = v->bound / root + (3 + 0.5) * 2 * UNIT * root + rounded(1, divisor);
    double quotient = m->value / divisor, least = divisor - divisor_bound;
    double quotient_bound = m->bound / least + fabs(m->value) * divisor_bound / (divisor * least) +
                            (2.5 + 0.5) * 2 * UNIT * fabs(quotient);
    w.value.bound = rate * quotient_bound + rounded(1, rate * fabs(quotient)) +
                    rounded(1, fabs(w.value.value) + rate * fabs(quotient));
    return w;
}

static weight sgd(const ock_optimizer *o, weight w, quantity g)
{
    double rate = (double)o->learning_rate, momentum = (double)o->momentum;
    quantity *m = &w.moment1;
    double step = rate * fabs(g.value), before = fabs(w.value.value);
    if (momentum == 0) {
        w.value.bound = rate * g.bound + rounded(2, before + step);
        return w;
    }
    double magnitude = momentum * fabs(m->value) + step;
    m->value = momentum * m->value - rate * g.value;
    m->bound = rate * g.bound + rounded(2, magnitude);
    if (o->nesterov)
        w.value.bound =
            momentum * m->bound + rate * g.bound + rounded(3, before + magnitude + step);
    else
        w.value.bound = m->bound + rounded(1, before + magnitude);
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

void expect_step(checkcl *t, const ock_optimizer *o, uint64_t iteration, const parameter_pair *p,
                 const double *gradient, const double *gradient_bound)
{
    size_t count = p->value->rows * p->value->cols;
    double *value = scratch(t, count), *moment1 = scratch(t, count), *moment2 = scratch(t, count);
    double rate = adam_rate(o, iteration);
    for (size_t i = 0; i < count; i++) {
        weight w = {{old_value(p->value, i), 0},
                    {old_value(p->moment1, i), 0},
                    {old_value(p->moment2, i), 0}};
        quantity g = {gradient[i], gradient_bound ? gradient_bound[i] : 0};
        g = regularized(&p->penalty, w.value.value, g);
        w = o->kind == OCK_ADAM ? adam(o, rate, w, g) : sgd(o, w, g);
        value[i] = w.value.bound;
        moment1[i] = w.moment1.bound;
        moment2[i] = w.moment2.bound;
    }
    expect_within(t, "value", p->value, value);
    if (p->moment1)
        expect_within(t, "moment1", p->moment1, moment1);
    if (p->moment2)
        expect_within(t, "moment2", p->moment2, moment2);
}

/* Sums of |w| and of w^2, in whatever order, then three products and a sum. */
double penalty_bound(const parameter_pair *p, size_t rows)
{
    size_t count = p->value->rows * p->value->cols;
    double l1 = (double)p->penalty.l1, l2 = (double)p->penalty.l2, magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        double w = fabs(old_value(p->value, i));
        magnitude += l1 * w + l2 * w * w;
    }
    return product_bound(count + 4, magnitude * (double)rows);
}
