/* How far apart two float evaluations of products and activations may be. */
#include <math.h>

#include "checkcl.h"

static double at(const pair *p, bool transpose, size_t row, size_t col)
{
    const float *data = p->data;
    return (double)data[transpose ? col * p->cols + row : row * p->cols + col];
}

product multiply(checkcl *t, const pair *a, bool transpose_a, const pair *b, bool transpose_b)
{
    product p = {.m = transpose_a ? a->cols : a->rows,
                 .n = transpose_b ? b->rows : b->cols,
                 .k = transpose_a ? a->rows : a->cols};
    p.value = scratch(t, p.m * p.n);
    p.magnitude = scratch(t, p.m * p.n);
    for (size_t i = 0; i < p.m; i++)
        for (size_t l = 0; l < p.k; l++)
            for (size_t j = 0; j < p.n; j++) {
                double term = at(a, transpose_a, i, l) * at(b, transpose_b, l, j);
                p.value[i * p.n + j] += term;
                p.magnitude[i * p.n + j] += fabs(term);
            }
    return p;
}

double product_bound(size_t k, double magnitude)
{
    double ku = (double)k * UNIT;
    return 2 * ku / (1 - ku) * magnitude;
}

double activation_value(ock_activation activation, double x)
{
    switch (activation) {
    case OCK_RELU:
        return x > 0 ? x : 0;
    case OCK_LEAKY_RELU:
        return x > 0 ? x : (double)0.2f * x;
    case OCK_ELU:
        return x > 0 ? x : expm1(x);
    case OCK_GELU:
        return 0.5 * x * (1 + erf(x * sqrt(0.5)));
    case OCK_SIGMOID:
        return 1 / (1 + exp(-x));
    case OCK_TANH:
        return tanh(x);
    default:
        return x;
    }
}

double activation_slope(ock_activation activation)
{
    return activation == OCK_SIGMOID ? 0.25 : activation == OCK_GELU ? 1.13 : 1;
}

/* An ulp is at most 2 u of the value. libm's functions are within 2 ulps. */
double activation_bound(ock_activation activation, double x)
{
    double y = fabs(activation_value(activation, x));
    switch (activation) {
    case OCK_ELU: /* expm1: 3 ulps */
        return x > 0 ? 0 : (3 + 2) * 2 * UNIT * y;
    case OCK_GELU: /* erf, which 1 may cancel: 16 ulps; three roundings on each side */
        return 0.5 * fabs(x) * ((16 + 2) * 2 + 2 * 3) * UNIT;
    case OCK_SIGMOID: /* exp: 3 ulps; a sum; a division: 2.5 ulps, and 0.5 */
        return ((3 + 2) * 2 + 2 + (2.5 + 0.5) * 2) * UNIT * y;
    case OCK_TANH: /* 5 ulps */
        return (5 + 2) * 2 * UNIT * y;
    default:
        return 0;
    }
}
