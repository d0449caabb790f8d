/* What acts on a vector while it is in registers: activations, their gradients, and the regularised
 * step. The kernels of dense.cl use these on tiles, activation.cl and step.cl on tensors. */
#ifndef OCK_EPILOGUE_CL
#define OCK_EPILOGUE_CL

#include "common.cl"

/* f(x); softmax, which needs the whole row, is not among them. */
static realV activation(int kind, realV x)
{
    switch (kind) {
    case RELU:
        return select(x, (realV)(0), x < 0); /* NaN stays */
    case LEAKY_RELU:
        return select(0.2f * x, x, x > 0);
    case ELU:
        return select(expm1(x), x, x > 0);
    case GELU:
        return 0.5f * x * (1 + erf(x * 0.70710678118654752f));
    case SIGMOID:
        return 1 / (1 + exp(-x));
    case TANH:
        return tanh(x);
    default:
        return x;
    }
}

/* dy f'(x) from y = f(x). A dead unit gives 0, also where dy is infinite. */
static realV activation_gradient(int kind, realV y, realV dy)
{
    switch (kind) {
    case RELU:
        return select((realV)(0), dy, y > 0);
    case LEAKY_RELU:
        return select(0.2f * dy, dy, y > 0);
    case ELU:
        return select(dy * (y + 1), dy, y > 0);
    case SIGMOID:
        return dy * y * (1 - y);
    case TANH:
        return dy * (1 - y * y);
    default:
        return dy;
    }
}

/* A kernel's parameters for a step (opencl_arg_update), and the record made of them; and those for
 * what it changes (opencl_arg_parameter): values, moments, average, penalty and what else is done
 * to them. */
#define UPDATE                                                                                     \
    int kind, float rate, float momentum, int nesterov, float beta1, float beta2, float epsilon,   \
        float clip, float ema
#define UPDATE_VALUE                                                                               \
    ((update_t){kind, rate, momentum, nesterov, beta1, beta2, epsilon, clip, ema})
#define PARAMETER(w, m, v, a)                                                                      \
    TENSOR(float, w), TENSOR(float, m), TENSOR(float, v), TENSOR(float, a), float w##_l1,          \
        float w##_l2, float w##_slope, float w##_threshold, float w##_decay, float w##_floor
#define RULE(w) ((rule_t){w##_l1, w##_l2, w##_slope, w##_threshold, w##_decay, w##_floor})

typedef struct {
    int kind;
    float rate, momentum;
    int nesterov;
    float beta1, beta2, epsilon, clip, ema;
} update_t;

typedef struct {
    float l1, l2; /* of the penalty */
    float slope;  /* l1 in its gradient */
    float threshold, decay, floor;
} rule_t;

/* l1 |w| + l2 w^2 in the valid lanes (lanes_below), else 0. */
static realV penalty_of(realV w, float l1, float l2, intV valid)
{
    return select((realV)(0), l1 * fabs(w) + l2 * w * w, valid);
}

/* One step on the V weights at w with the gradient g of the data loss, and the penalty of those of
 * them that are valid (lanes_below), as they were. m and v are their moments, a their average;
 * those not kept may be NULL. A NaN stays one. Inlined, since a call would spill a tile. */
__attribute__((always_inline)) static realV
update_weights(const update_t *u, const rule_t *rule, realV g, global float *w, global float *m,
               global float *v, global float *a, intV valid)
{
    realV before = loadV(w), after;
    g += rule->slope * sign(before) + 2 * rule->l2 * before;
    if (u->clip < INFINITY) {
        g = select(g, (realV)(u->clip), g > u->clip);
        g = select(g, (realV)(-u->clip), g < -u->clip);
    }
    after = rule->decay != 0 ? before - rule->decay * before : before;
    if (u->kind == ADAM) {
        realV first = loadV(m), second = loadV(v);
        first += (1 - u->beta1) * (g - first);
        second += (1 - u->beta2) * (g * g - second);
        storeV(first, m);
        storeV(second, v);
        after -= u->rate * first / (sqrt(second) + u->epsilon);
    } else if (u->kind == RMSPROP) {
        realV second = u->beta2 * loadV(v) + (1 - u->beta2) * (g * g);
        realV step = u->rate * g / sqrt(second + u->epsilon);
        storeV(second, v);
        if (u->momentum != 0) {
            step += u->momentum * loadV(m);
            storeV(step, m);
        }
        after -= step;
    } else if (u->momentum != 0) {
        realV first = u->momentum * loadV(m) - u->rate * g;
        storeV(first, m);
        after = u->nesterov ? after + u->momentum * first - u->rate * g : after + first;
    } else {
        after -= u->rate * g;
    }
    if (rule->threshold > 0) {
        realV left = fabs(after) - rule->threshold;
        after = select(copysign(left, after), (realV)(0), left <= 0);
    }
    if (a)
        storeV(u->ema * loadV(a) + (1 - u->ema) * after, a);
    if (rule->floor == 0)
        after = select(after, (realV)(0), after < 0);
    storeV(after, w);
    return penalty_of(before, rule->l1, rule->l2, valid);
}

/* Adds rows times the sum of `count` partial penalties to totals. One work-item: the order is
 * fixed. */
kernel void penalty_total(global const float *partials, uint count, float rows,
                          TENSOR(float, totals))
{
    float2 sum = 0;
    for (uint i = 0; i < count; i++)
        sum = kahan(sum, partials[i]);
    total_add(AT(totals, 0, TOTAL_PENALTY), rows * sum.x);
}

#endif
