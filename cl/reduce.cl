/* Reductions in levels: each level leaves `depth` times fewer values, in an order that depends on
 * the shape alone. The first level works out each element's term, the last one divides. */
#include "common.cl"

enum { SUM, MEAN, MAX, ABS_SUM, SQUARE_SUM }; /* ock_reduction */

static realV reduce_add(int reduction, realV total, realV x)
{
    switch (reduction) {
    case MAX:
        return LARGER(total, x);
    case ABS_SUM:
        return total + fabs(x);
    case SQUARE_SUM:
        return total + x * x;
    default:
        return total + x;
    }
}

/* Over the rows, all lanes apart: work-item (vector, i) reduces `depth` rows to row i of y. */
kernel void reduce_rows(int reduction, uint depth, float divisor, uint rows, uint cols,
                        TENSOR(const float, x), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, i = get_global_id(1), first = i * depth;
    if (col >= cols || first >= rows)
        return;
    realV total = reduction == MAX ? -INFINITY : 0;
    for (uint row = first; row < min(first + depth, rows); row++)
        total = reduce_add(reduction, total, loadV(AT(x, row, col)));
    storeV(total / divisor, AT(y, i, col));
}

/* Over the columns, for each of `groups` groups of rows: work-item (i, group) reduces `depth`
 * vectors of the group, in memory's order, to y[group][i]. */
kernel void reduce_cols(int reduction, uint depth, float divisor, uint groups, uint rows,
                        uint cols, TENSOR(const float, x), TENSOR(float, y))
{
    uint i = get_global_id(0), group = get_global_id(1), vectors = (cols + OCK_V - 1) / OCK_V;
    ulong first = (ulong)i * depth, last = min(first + depth, (ulong)(rows / groups) * vectors);
    if (group >= groups || first >= last)
        return;
    uint row = group * (rows / groups) + first / vectors, col = first % vectors * OCK_V;
    realV nothing = reduction == MAX ? -INFINITY : 0, total = nothing;
    for (ulong k = first; k < last; k++) {
        realV term = select(nothing, loadV(AT(x, row, col)), lanes_below(col, cols));
        total = reduce_add(reduction, total, term);
        col += OCK_V;
        if (col >= cols) {
            col = 0;
            row++;
        }
    }
    *AT(y, group, i) = (reduction == MAX ? largest_lane(total) : sum_lanes(total)) / divisor;
}
