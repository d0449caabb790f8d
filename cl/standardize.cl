/* Standardisation of rows. */
#include "common.cl"

/* The mean of the values F makes of a row. */
#define STANDARDIZE_MEAN(result, F)                                                                \
    {                                                                                              \
        realV sum = 0;                                                                             \
        for (uint col = 0; col < cols; col += OCK_V) {                                             \
            realV value = loadV(from + col) * scale;                                               \
            sum += select((realV)(0), F, lanes_below(col, cols));                                  \
        }                                                                                          \
        result = sum_lanes(sum) / cols;                                                            \
    }

/* One work-item per row. has_mean, has_deviation: whether there are such tensors. */
kernel void standardize(float scale, int center, int normalize, int has_mean, int has_deviation,
                        uint rows, uint cols, TENSOR(const float, mean),
                        TENSOR(const float, deviation), TENSOR(const float, x), TENSOR(float, y))
{
    const float epsilon = 1e-6f;
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    global const float *from = AT(x, row, 0);
    float own = 0, spread = 0;
    if (center || normalize)
        STANDARDIZE_MEAN(own, value);
    if (normalize)
        STANDARDIZE_MEAN(spread, (value - own) * (value - own));
    spread = sqrt(spread) + epsilon;
    for (uint col = 0; col < cols; col += OCK_V) {
        realV value = loadV(from + col) * scale;
        if (center)
            value -= own;
        if (normalize)
            value /= spread;
        if (has_mean)
            value -= loadV(AT(mean, 0, col));
        if (has_deviation)
            value /= loadV(AT(deviation, 0, col)) + epsilon;
        storeV(value, AT(y, row, col));
    }
}
