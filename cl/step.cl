/* The regularised step on a whole tensor, and the penalty's sums. */
#include "epilogue.cl"

/* One work-item per vector. */
kernel void parameter_step(UPDATE, uint rows, uint cols, TENSOR(const float, gradient),
                           PARAMETER(w, m, v))
{
    const update_t update = UPDATE_VALUE;
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row < rows && col < cols)
        update_weights(&update, w_l1, w_l2, loadV(AT(gradient, row, col)), AT(w, row, col),
                       AT(m, row, col), AT(v, row, col), lanes_below(col, cols));
}

/* Work-item i leaves the penalty of `depth` rows in partials, for penalty_total. */
kernel void penalty_partials(uint depth, uint rows, uint cols, PARAMETER(w, m, v),
                             global float *partials)
{
    uint i = get_global_id(0), first = i * depth;
    if (first >= rows)
        return;
    realV penalty = 0;
    for (uint row = first; row < min(first + depth, rows); row++)
        for (uint col = 0; col < cols; col += OCK_V)
            penalty += penalty_of(loadV(AT(w, row, col)), w_l1, w_l2, lanes_below(col, cols));
    partials[i] = sum_lanes(penalty);
}
