/* Batch normalisation: statistics and gradients of a column by one work-item per vector of
 * columns, then the elements by one per vector. */
#include "common.cl"

/* saved: the batch's mean and 1/sqrt(variance + epsilon); the running statistics move. */
kernel void batch_norm_statistics(float momentum, float epsilon, uint rows, uint cols,
                                  TENSOR(const float, x), TENSOR(float, mean),
                                  TENSOR(float, variance), TENSOR(float, saved))
{
    uint col = get_global_id(0) * OCK_V;
    if (col >= cols)
        return;
    realV average = 0, spread = 0;
    for (uint row = 0; row < rows; row++)
        average += loadV(AT(x, row, col));
    average /= rows;
    for (uint row = 0; row < rows; row++) {
        realV centred = loadV(AT(x, row, col)) - average;
        spread += centred * centred;
    }
    spread /= rows;
    storeV(average, AT(saved, 0, col));
    storeV(1 / sqrt(spread + epsilon), AT(saved, 1, col));
    storeV(momentum * loadV(AT(mean, 0, col)) + (1 - momentum) * average, AT(mean, 0, col));
    storeV(momentum * loadV(AT(variance, 0, col)) + (1 - momentum) * spread,
           AT(variance, 0, col));
}

/* y = gamma (x - mean) / deviation + beta, with saved, or where that is NULL running statistics. */
kernel void batch_norm_forward(float epsilon, uint rows, uint cols, TENSOR(const float, x),
                               TENSOR(const float, gamma), TENSOR(const float, beta),
                               TENSOR(const float, mean), TENSOR(const float, variance),
                               TENSOR(const float, saved), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    realV centre = loadV(saved ? AT(saved, 0, col) : AT(mean, 0, col));
    realV inverse =
        saved ? loadV(AT(saved, 1, col)) : 1 / sqrt(loadV(AT(variance, 0, col)) + epsilon);
    realV scale = loadV(AT(gamma, 0, col)) * inverse;
    storeV((loadV(AT(x, row, col)) - centre) * scale + loadV(AT(beta, 0, col)), AT(y, row, col));
}

/* gradients: of gamma, sum dy xhat; of beta, sum dy, with xhat = (x - mean) / deviation. */
kernel void batch_norm_gradients(uint rows, uint cols, TENSOR(const float, x),
                                 TENSOR(const float, saved), TENSOR(const float, dy),
                                 TENSOR(float, gradients))
{
    uint col = get_global_id(0) * OCK_V;
    if (col >= cols)
        return;
    realV mean = loadV(AT(saved, 0, col)), inverse = loadV(AT(saved, 1, col));
    realV of_gamma = 0, of_beta = 0;
    for (uint row = 0; row < rows; row++) {
        realV slope = loadV(AT(dy, row, col));
        of_gamma += slope * ((loadV(AT(x, row, col)) - mean) * inverse);
        of_beta += slope;
    }
    storeV(of_gamma, AT(gradients, 0, col));
    storeV(of_beta, AT(gradients, 1, col));
}

/* dx = gamma / deviation (dy - (of_beta + xhat of_gamma) / rows) */
kernel void batch_norm_backward(uint rows, uint cols, TENSOR(const float, x),
                                TENSOR(const float, gamma), TENSOR(const float, saved),
                                TENSOR(const float, gradients), TENSOR(const float, dy),
                                TENSOR(float, dx))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    realV inverse = loadV(AT(saved, 1, col));
    realV normal = (loadV(AT(x, row, col)) - loadV(AT(saved, 0, col))) * inverse;
    realV shared =
        (loadV(AT(gradients, 1, col)) + normal * loadV(AT(gradients, 0, col))) / rows;
    storeV(loadV(AT(gamma, 0, col)) * inverse * (loadV(AT(dy, row, col)) - shared),
           AT(dx, row, col));
}
