#include <math.h>

#include "formulas.h"

double activate(ock_activation activation, double x)
{
    switch (activation) {
    case OCK_RELU:
        return x > 0 ? x : 0;
    case OCK_LEAKY_RELU:
        return x > 0 ? x : 0.2f * x;
    case OCK_ELU:
        return x > 0 ? x : expm1(x);
    case OCK_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case OCK_SIGMOID:
        return 1 / (1 + exp(-x));
    case OCK_TANH:
        return tanh(x);
    default:
        return x;
    }
}

double slope(ock_activation activation, double x, double y)
{
    switch (activation) {
    case OCK_RELU:
        return x > 0;
    case OCK_LEAKY_RELU:
        return x > 0 ? 1 : 0.2f;
    case OCK_ELU:
        return x > 0 ? 1 : y + 1;
    case OCK_GELU:
        return (1 + erf(x / sqrt(2))) / 2 + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
    case OCK_SIGMOID:
        return y * (1 - y);
    case OCK_TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}

void softmax(const double *x, double *y, size_t width)
{
    double most = x[0], sum = 0;
    for (size_t j = 1; j < width; j++)
        most = fmax(most, x[j]);
    for (size_t j = 0; j < width; j++)
        sum += y[j] = exp(x[j] - most);
    for (size_t j = 0; j < width; j++)
        y[j] /= sum;
}

static size_t largest(const double *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

/* By Newton's method from the middle of the lower half, where the probability is convex, so that no
 * step goes too far. */
double normal(uint32_t word)
{
    double p = ((word >> 31 ? ~word : word) + 0.5) * 0x1p-32, z = 0, step = 1;
    for (int i = 0; i < 100 && fabs(step) > 1e-15; i++) {
        step = (erfc(-z * sqrt(0.5)) / 2 - p) * sqrt(2 * acos(-1)) * exp(z * z / 2);
        z -= step;
    }
    return word >> 31 ? -z : z;
}

double row_loss(ock_loss_kind kind, const double *x, const double *t, size_t width, double *g,
                double *correct)
{
    double loss = 0, n = (double)width;
    if (kind == OCK_SOFTMAX_CROSSENTROPY) {
        softmax(x, g, width);
        for (size_t j = 0; j < width; j++) {
            loss -= t[j] > 0 ? t[j] * log(g[j]) : 0;
            g[j] -= t[j];
        }
        *correct += largest(x, width) == largest(t, width);
        return loss;
    }
    for (size_t j = 0; j < width; j++) {
        if (kind == OCK_BINARY_CROSSENTROPY) {
            loss += (fmax(x[j], 0) - x[j] * t[j] + log1p(exp(-fabs(x[j])))) / n;
            g[j] = (1 / (1 + exp(-x[j])) - t[j]) / n;
            *correct += ((x[j] > 0) == (t[j] > 0.5)) / n;
        } else {
            loss += pow(x[j] - t[j], 2) / n;
            g[j] = 2 * (x[j] - t[j]) / n;
        }
    }
    return loss;
}
