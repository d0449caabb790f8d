/* The regularised step on a whole tensor, the penalty's sums, and what columns' norms ask for. */
#include "epilogue.cl"

/* One work-item per vector. */
kernel void parameter_step(UPDATE, uint rows, uint cols, TENSOR(const float, gradient),
                           PARAMETER(w, m, v, a))
{
    const update_t update = UPDATE_VALUE;
    const rule_t rule = RULE(w);
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row < rows && col < cols)
        update_weights(&update, &rule, loadV(AT(gradient, row, col)), AT(w, row, col),
                       AT(m, row, col), AT(v, row, col), a ? AT(a, row, col) : 0,
                       lanes_below(col, cols));
}

/* Work-item i leaves the penalty of `depth` rows in partials, from `base` on, for penalty_total. */
kernel void penalty_partials(uint depth, uint rows, uint cols, TENSOR(const float, w), float l1,
                             float l2, global float *partials, uint base)
{
    uint i = get_global_id(0), first = i * depth;
    if (first >= rows)
        return;
    realV penalty = 0;
    for (uint row = first; row < min(first + depth, rows); row++)
        for (uint col = 0; col < cols; col += OCK_V)
            penalty += penalty_of(loadV(AT(w, row, col)), l1, l2, lanes_below(col, cols));
    partials[base + i] = sum_lanes(penalty);
}

/* ---- Gradients ---- */

/* One work-item per vector. */
kernel void penalty_gradient(uint rows, uint cols, TENSOR(const float, w), TENSOR(float, gradient),
                             float l1, float l2)
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    realV x = loadV(AT(w, row, col));
    storeV(loadV(AT(gradient, row, col)) + (l1 * sign(x) + 2 * l2 * x), AT(gradient, row, col));
}

/* Puts the factor that clips to a norm in the place of `count` partial sums of squares. One
 * work-item: the order is fixed. */
kernel void clip_factor(global float *partials, uint count, float norm)
{
    float2 sum = 0;
    for (uint i = 0; i < count; i++)
        sum = kahan(sum, partials[i]);
    float all = sqrt(sum.x);
    *partials = isfinite(all) ? (all > norm ? norm / all : 1) : NAN;
}

/* One work-item per vector. */
kernel void clip_scale(uint rows, uint cols, TENSOR(float, gradient), global const float *factor)
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row < rows && col < cols && *factor != 1)
        storeV(*factor * loadV(AT(gradient, row, col)), AT(gradient, row, col));
}

/* ---- Norms: `parts` rows of sums of squares for each column, `stride` floats apart ---- */

/* Work-item (vector, part) leaves those of `depth` rows. */
kernel void column_squares(uint depth, uint rows, uint cols, TENSOR(const float, w),
                           global float *sums, uint stride)
{
    uint col = get_global_id(0) * OCK_V, part = get_global_id(1), first = part * depth;
    if (col >= cols || first >= rows)
        return;
    realV sum = 0;
    for (uint row = first; row < min(first + depth, rows); row++) {
        realV x = loadV(AT(w, row, col));
        sum += x * x;
    }
    storeV(sum, sums + (ulong)part * stride + col);
}

/* Those of columns col ... col + V - 1 in all; 0 beyond cols. */
static realV squares_at(global const float *sums, uint stride, uint parts, uint col, uint cols)
{
    realV sum = 0;
    for (uint part = 0; part < parts; part++)
        sum += loadV(sums + (ulong)part * stride + col);
    return select((realV)(0), sum, lanes_below(col, cols));
}

/* The columns' norms; or that of all of them, where they are a vector. */
static realV norms_at(global const float *sums, uint stride, uint parts, uint first, uint cols,
                      int vector)
{
    realV squares = 0;
    if (!vector)
        return sqrt(squares_at(sums, stride, parts, first, cols));
    for (uint col = 0; col < cols; col += OCK_V)
        squares += squares_at(sums, stride, parts, col, cols);
    return (realV)(sqrt(sum_lanes(squares)));
}

/* Replaces the first row of sums by the group lasso's penalty of each column, or its first element
 * by that of a vector, as partials for penalty_total. */
kernel void group_partials(global float *sums, uint stride, uint parts, uint cols, int vector,
                           float lasso)
{
    uint col = get_global_id(0) * OCK_V;
    if (col >= cols || (vector && col > 0))
        return;
    realV norm = norms_at(sums, stride, parts, col, cols, vector);
    storeV(lasso * norm, sums + col);
}

/* What ends a step for columns of these norms. */
static realV factors_of(realV norm, float lasso, float threshold, int constraint, float max_norm)
{
    const float epsilon = 1e-7f;
    realV factor = 1;
    if (lasso > 0)
        factor = select((realV)(0), 1 - threshold / norm, norm > threshold);
    norm *= factor;
    if (constraint == MAX_NORM)
        factor *= fmin(norm, max_norm) / (epsilon + norm);
    if (constraint == UNIT_NORM)
        factor /= epsilon + norm;
    return factor;
}

/* Replaces the first row of sums by the factors of V columns, or of all where they are a vector. */
kernel void column_factors(global float *sums, uint stride, uint parts, uint cols, int vector,
                           float lasso, float threshold, int constraint, float max_norm)
{
    uint first = get_global_id(0) * OCK_V, last = vector ? cols : first + OCK_V;
    if (first >= cols || (vector && first > 0))
        return;
    realV norm = norms_at(sums, stride, parts, first, cols, vector);
    for (uint col = first; col < last; col += OCK_V)
        storeV(factors_of(norm, lasso, threshold, constraint, max_norm), sums + col);
}

/* Work-item (vector, i) multiplies V columns of `depth` rows. */
kernel void column_scale(uint depth, uint rows, uint cols, TENSOR(float, w),
                         global const float *factors)
{
    uint col = get_global_id(0) * OCK_V, first = get_global_id(1) * depth;
    if (col >= cols || first >= rows)
        return;
    realV factor = loadV(factors + col);
    if (all(factor == 1))
        return;
    for (uint row = first; row < min(first + depth, rows); row++)
        storeV(loadV(AT(w, row, col)) * factor, AT(w, row, col));
}
