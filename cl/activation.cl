/* Activations and their gradients on whole tensors. */
#ifndef OCK_ACTIVATION_CL
#define OCK_ACTIVATION_CL

#include "epilogue.cl"

/* What softmax takes from a row: its largest element and sum exp(x - largest). */
static float2 softmax_row(global const float *x, uint cols)
{
    realV largest = -INFINITY, sum = 0;
    for (uint col = 0; col < cols; col += OCK_V) {
        realV value = select((realV)(-INFINITY), loadV(x + col), lanes_below(col, cols));
        largest = LARGER(largest, value);
    }
    float most = largest_lane(largest);
    for (uint col = 0; col < cols; col += OCK_V)
        sum += select((realV)(0), exp(loadV(x + col) - most), lanes_below(col, cols));
    return (float2)(most, sum_lanes(sum));
}

/* dy (Phi(x) + x phi(x)), of the normal distribution. */
static realV gelu_gradient(realV x, realV dy)
{
    realV distribution = 0.5f * (1 + erf(x * 0.70710678118654752f));
    return dy * (distribution + x * exp(-0.5f * x * x) * 0.39894228040143268f);
}

/* One work-item per vector. */
kernel void activation_forward(int kind, uint rows, uint cols, TENSOR(const float, x),
                               TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row < rows && col < cols)
        storeV(activation(kind, loadV(AT(x, row, col))), AT(y, row, col));
}

/* One work-item per vector; `from` is x for GELU and y for the others. */
kernel void activation_backward(int kind, uint rows, uint cols, TENSOR(const float, from),
                                TENSOR(const float, dy), TENSOR(float, dx))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    realV value = loadV(AT(from, row, col)), g = loadV(AT(dy, row, col));
    g = kind == GELU ? gelu_gradient(value, g) : activation_gradient(kind, value, g);
    storeV(g, AT(dx, row, col));
}

/* One work-item per row. */
kernel void softmax_forward(uint rows, uint cols, TENSOR(const float, x), TENSOR(float, y))
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    float2 s = softmax_row(AT(x, row, 0), cols);
    for (uint col = 0; col < cols; col += OCK_V)
        storeV(exp(loadV(AT(x, row, col)) - s.x) / s.y, AT(y, row, col));
}

/* One work-item per row: dx = y (dy - sum y dy). */
kernel void softmax_backward(uint rows, uint cols, TENSOR(const float, y), TENSOR(const float, dy),
                             TENSOR(float, dx))
{
    uint row = get_global_id(0);
    if (row >= rows)
        return;
    realV products = 0;
    for (uint col = 0; col < cols; col += OCK_V)
        products += select((realV)(0), loadV(AT(y, row, col)) * loadV(AT(dy, row, col)),
                           lanes_below(col, cols));
    float dot_product = sum_lanes(products);
    for (uint col = 0; col < cols; col += OCK_V)
        storeV(loadV(AT(y, row, col)) * (loadV(AT(dy, row, col)) - dot_product),
               AT(dx, row, col));
}

#endif
