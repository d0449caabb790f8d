/* The regularised step on a whole tensor, and the penalty's sums. */
#include "epilogue.cl"

/* One work-item per vector. */
kernel void parameter_step(UPDATE, uint rows, uint cols, TENSOR(const float, gradient),
                           TENSOR(float, value), TENSOR(float, moment1), TENSOR(float, moment2))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    update_t update = UPDATE_VALUE;
    update_weights(&update, loadV(AT(gradient, row, col)), AT(value, row, col),
                   AT(moment1, row, col), AT(moment2, row, col));
}

/* Work-item i leaves the sums of |w| and w^2 over `depth` rows in partials, for penalty_total. */
kernel void penalty_partials(uint depth, uint rows, uint cols, TENSOR(const float, value),
                             global float *partials)
{
    uint i = get_global_id(0), first = i * depth;
    if (first >= rows)
        return;
    realV absolute = 0, square = 0;
    for (uint row = first; row < min(first + depth, rows); row++)
        for (uint col = 0; col < cols; col += OCK_V)
            penalty_sums(loadV(AT(value, row, col)), lanes_below(col, cols), &absolute, &square);
    partials[2 * i] = sum_lanes(absolute);
    partials[2 * i + 1] = sum_lanes(square);
}
