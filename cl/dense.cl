/* Dense layers: products whose epilogue does the rest while a tile is in registers. B rows of a
 * batch, I inputs, O outputs. */
#include "epilogue.cl"
#include "philox.cl"
#include "tile.cl"

/* y = dropout(f(x w + b)): x is B x I, w I x O, y B x O; b may be NULL. */
kernel void dense_forward(TENSOR(const float, x), TENSOR(const float, w), TENSOR(const float, b),
                          TENSOR(float, y), uint batch, uint inputs, uint outputs, int kind,
                          DROPOUT)
{
    const dropout_t drop = DROPOUT_VALUE;
    realV tile[OCK_ROWS * OCK_VECTORS];
    SHARED;
    product(MATRIX(x), MATRIX(w), (extent){batch, outputs, inputs}, TILE_ROW, TILE_COL, tile,
            shared);
    for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++) {
        uint row = TILE_ROW + i / OCK_VECTORS, col = TILE_COL + i % OCK_VECTORS * OCK_V;
        if (row >= batch || col >= outputs)
            continue;
        realV z = b ? tile[i] + loadV(AT(b, 0, col)) : tile[i];
        storeV(dropped(activation(kind, z), &drop, row, col, outputs), AT(y, row, col));
    }
}

/* dx = (dy w^T) f'(.) mask / (1 - rate): dy is B x O, w I x O, y and dx B x I. A dropped ReLU needs
 * no mask: y > 0 only where it was active and kept. y may be NULL where f is linear. */
kernel void dense_backward_input(TENSOR(const float, dy), TENSOR(const float, w),
                                 TENSOR(const float, y), TENSOR(float, dx), uint batch, uint inputs,
                                 uint outputs, int kind, DROPOUT)
{
    const dropout_t drop = DROPOUT_VALUE;
    realV tile[DOT_ROWS * DOT_VECTORS];
    SHARED;
    product_dot(MATRIX(dy), TRANSPOSED(w), (extent){batch, inputs, outputs}, DOT_ROW, DOT_COL, tile,
                shared);
    for (uint i = 0; i < DOT_ROWS * DOT_VECTORS; i++) {
        uint row = DOT_ROW + i / DOT_VECTORS, col = DOT_COL + i % DOT_VECTORS * OCK_V;
        if (row >= batch || col >= inputs)
            continue;
        realV g = tile[i];
        if (kind != LINEAR) /* y is scaled, as dropout left it */
            g = activation_gradient(kind, loadV(AT(y, row, col)) / drop.scale, g);
        g = kind == RELU ? g * drop.scale : dropped(g, &drop, row, col, inputs);
        storeV(g, AT(dx, row, col));
    }
}

/* A group's two penalty sums, for penalty_total. partials may be NULL, then in the whole group. */
static void store_partials(realV absolute, realV square, global float *partials,
                           local float *shared)
{
    if (!partials)
        return;
    partials += 2 * (get_group_id(1) * get_num_groups(0) + get_group_id(0));
#if OCK_GROUP == 1
    vstore2((float2)(sum_lanes(absolute), sum_lanes(square)), 0, partials);
#else
    local float *squares = shared + OCK_GROUP * OCK_GROUP;
    uint id = get_local_id(1) * OCK_GROUP + get_local_id(0);
    shared[id] = sum_lanes(absolute);
    squares[id] = sum_lanes(square);
    for (uint width = OCK_GROUP * OCK_GROUP / 2; width > 0; width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < width) {
            shared[id] += shared[id + width];
            squares[id] += squares[id + width];
        }
    }
    if (id == 0)
        vstore2((float2)(shared[0], squares[0]), 0, partials);
#endif
}

/* The step on w (I x O; m and v its moments) with the gradient x^T dy: x is B x I, dy B x O.
 * partials (may be NULL) receives each group's penalty sums. */
kernel void dense_backward_weights(TENSOR(const float, x), TENSOR(const float, dy),
                                   TENSOR(float, w), TENSOR(float, m), TENSOR(float, v),
                                   uint batch, uint inputs, uint outputs, UPDATE,
                                   global float *partials)
{
    const update_t update = UPDATE_VALUE;
    realV tile[OCK_ROWS * OCK_VECTORS], absolute = 0, square = 0;
    SHARED;
    product(TRANSPOSED(x), MATRIX(dy), (extent){inputs, outputs, batch}, TILE_ROW, TILE_COL, tile,
            shared);
    for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++) {
        uint row = TILE_ROW + i / OCK_VECTORS, col = TILE_COL + i % OCK_VECTORS * OCK_V;
        if (row >= inputs || col >= outputs)
            continue;
        realV before = update_weights(&update, tile[i], AT(w, row, col), AT(m, row, col),
                                      AT(v, row, col));
        penalty_sums(before, lanes_below(col, outputs), &absolute, &square);
    }
    store_partials(absolute, square, partials, shared);
}

/* The step on b (1 x O) with the gradient sum over rows of dy; a work-item has V columns, and its
 * penalty sums go to its place in partials (may be NULL). */
kernel void dense_backward_bias(TENSOR(const float, dy), TENSOR(float, b), TENSOR(float, m),
                                TENSOR(float, v), uint batch, uint outputs, UPDATE,
                                global float *partials)
{
    const update_t update = UPDATE_VALUE;
    uint col = get_global_id(0) * OCK_V;
    realV g = 0, absolute = 0, square = 0;
    if (col >= outputs)
        return;
    for (uint row = 0; row < batch; row++)
        g += loadV(AT(dy, row, col));
    realV before = update_weights(&update, g, AT(b, 0, col), AT(m, 0, col), AT(v, 0, col));
    penalty_sums(before, lanes_below(col, outputs), &absolute, &square);
    if (partials)
        vstore2((float2)(sum_lanes(absolute), sum_lanes(square)), get_global_id(0), partials);
}
