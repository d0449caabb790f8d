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
    realV tile[TILE_VECTORS];
    SHARED;
    product(MATRIX(x), MATRIX(w), (extent){batch, outputs, inputs}, TILE_ROW, TILE_COL, tile,
            shared);
    for (uint i = 0; i < TILE_VECTORS; i++) {
        uint row = TILE_ROW + i / OCK_VECTORS, col = TILE_COL + i % OCK_VECTORS * VECTOR_STEP;
        if (row >= batch || col >= outputs)
            continue;
        realV z = b ? tile[i] + loadV(AT(b, 0, col)) : tile[i];
        storeV(dropped(activation(kind, z), &drop, row, col, outputs), AT(y, row, col));
    }
}

/* dx = (dy w^T) f'(.) mask / (1 - rate): dy is B x O, w I x O, y and dx B x I. A dropped ReLU needs
 * no mask: y > 0 only where it was active and kept. y may be NULL where f is linear. A work-item
 * has `rows` rows, at most STRIP_ROWS. */
kernel void dense_backward_input(TENSOR(const float, dy), TENSOR(const float, w),
                                 TENSOR(const float, y), TENSOR(float, dx), uint batch, uint inputs,
                                 uint outputs, int kind, DROPOUT, uint rows)
{
    const dropout_t drop = DROPOUT_VALUE;
    realV strip[STRIP_ROWS * OCK_VECTORS];
    SHARED;
    product_packed(MATRIX(dy), TRANSPOSED(w), (extent){batch, inputs, outputs}, ITEM_ROW * rows,
                   rows, TILE_COL, strip, shared);
    for (uint i = 0; i < rows * OCK_VECTORS; i++) {
        uint row = ITEM_ROW * rows + i / OCK_VECTORS;
        uint col = TILE_COL + i % OCK_VECTORS * VECTOR_STEP;
        if (row >= batch || col >= inputs)
            continue;
        realV g = strip[i];
        if (kind == RELU) {
            g = activation_gradient(RELU, loadV(AT(y, row, col)), g * drop.scale);
        } else {
            if (kind != LINEAR) /* y is scaled, as dropout left it */
                g = activation_gradient(kind, loadV(AT(y, row, col)) / drop.scale, g);
            g = dropped(g, &drop, row, col, inputs);
        }
        storeV(g, AT(dx, row, col));
    }
}

/* Asks for what a tile's step will change, so that it arrives while the product is under way. */
static void fetch_tile(TENSOR(const float, x), uint row, uint col, uint rows, uint cols)
{
    if (!x)
        return;
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        FETCH(AT(x, min(row + i / OCK_VECTORS, rows - 1),
                 min(col + i % OCK_VECTORS * OCK_V, cols - 1)));
}

/* A group's sum of its work-items' penalties, for penalty_total. partials may be NULL, then in the
 * whole group. */
static void store_penalty(realV penalty, global float *partials, local float *shared)
{
    if (!partials)
        return;
    partials += get_group_id(1) * get_num_groups(0) + get_group_id(0);
#if OCK_GROUP == 1
    *partials = sum_lanes(penalty);
#else
    uint id = get_local_id(1) * OCK_GROUP + get_local_id(0);
    shared[id] = sum_lanes(penalty);
    for (uint width = OCK_GROUP * OCK_GROUP / 2; width > 0; width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (id < width)
            shared[id] += shared[id + width];
    }
    if (id == 0)
        *partials = *shared;
#endif
}

/* The step on the weights under a tile. */
#define STEP_TILE(update, rule, a)                                                                 \
    for (uint i = 0; i < TILE_VECTORS; i++) {                                                      \
        uint row = TILE_ROW + i / OCK_VECTORS, col = first + i % OCK_VECTORS * VECTOR_STEP;        \
        if (row < inputs && col < outputs)                                                         \
            penalty += update_weights(&update, &rule, tile[i], AT(w, row, col), AT(wm, row, col),  \
                                      AT(wv, row, col), a, lanes_below(col, outputs));             \
    }

/* The step on w (I x O) with the gradient x^T dy, and on b (1 x O; NULL: there is none) with the
 * sum over the rows of dy: x is B x I, dy B x O. A work-item has `cols` columns, so that on a CPU
 * it walks along w's rows. partials (may be NULL) receives each group's penalty. */
kernel void dense_backward_weights(TENSOR(const float, x), TENSOR(const float, dy),
                                   PARAMETER(w, wm, wv, wa), PARAMETER(b, bm, bv, ba),
                                   uint batch, uint inputs, uint outputs, UPDATE, uint cols,
                                   global float *partials)
{
    const update_t update = UPDATE_VALUE;
    const rule_t rule = RULE(w), b_rule = RULE(b);
    update_t plain = update; /* and its rule, for the compiler to see what is left out */
    plain.clip = INFINITY;
    const rule_t plain_rule = {w_l1, w_l2, w_slope, 0, 0, -INFINITY};
    const int is_plain =
        w_threshold == 0 && w_decay == 0 && w_floor < 0 && !wa && clip == INFINITY;
    realV tile[TILE_VECTORS], penalty = 0;
    SHARED;
    for (uint first = SPAN_COL(cols), end = SPAN_END(first + cols, outputs); first < end;
         first += TILE_COLS) {
        fetch_tile(w, w_offset, w_stride, TILE_ROW, first, inputs, outputs);
        fetch_tile(wm, wm_offset, wm_stride, TILE_ROW, first, inputs, outputs);
        fetch_tile(wv, wv_offset, wv_stride, TILE_ROW, first, inputs, outputs);
        fetch_tile(wa, wa_offset, wa_stride, TILE_ROW, first, inputs, outputs);
        product(TRANSPOSED(x), MATRIX(dy), (extent){inputs, outputs, batch}, TILE_ROW, first, tile,
                shared);
        if (is_plain) {
            STEP_TILE(plain, plain_rule, 0)
        } else {
            STEP_TILE(update, rule, wa ? AT(wa, row, col) : 0)
        }
        for (uint v = 0; b && ITEM_ROW == 0 && v < OCK_VECTORS; v++) {
            uint col = first + v * VECTOR_STEP;
            realV g = 0;
            if (col >= outputs)
                break;
            for (uint row = 0; row < batch; row++)
                g += loadV(AT(dy, row, col));
            penalty += update_weights(&update, &b_rule, g, AT(b, 0, col), AT(bm, 0, col),
                                      AT(bv, 0, col), ba ? AT(ba, 0, col) : 0,
                                      lanes_below(col, outputs));
        }
    }
    store_penalty(penalty, partials, shared);
}
