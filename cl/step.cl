/* The regularised step on a whole tensor, and the penalty's sums. */
#include "epilogue.cl"

/* One work-item per vector. */
kernel void parameter_step(UPDATE, uint rows, uint cols, TENSOR(const float, gradient),
                           PARAMETER(w, m, v, a))
{
    const update_t update = UPDATE_VALUE;
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row < rows && col < cols)
        update_weights(&update, RULE(w), loadV(AT(gradient, row, col)),
                       WEIGHTS_AT(w, m, v, a, row, col), lanes_below(col, cols));
}

/* Work-item i leaves the penalty of `depth` rows in partials, for penalty_total. */
kernel void penalty_partials(uint depth, uint rows, uint cols, TENSOR(const float, w),
                             float l1, float l2, global float *partials)
{
    uint i = get_global_id(0), first = i * depth;
    if (first >= rows)
        return;
    realV penalty = 0;
    for (uint row = first; row < min(first + depth, rows); row++)
        for (uint col = 0; col < cols; col += OCK_V)
            penalty += penalty_of(loadV(AT(w, row, col)), l1, l2, lanes_below(col, cols));
    partials[i] = sum_lanes(penalty);
}
