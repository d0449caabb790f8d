/* y[i] = source[indices[i] - first] where that row exists, as words: floats and integers alike.
 * One work-item per vector. */
#include "common.cl"

kernel void gather(uint source_rows, long first, uint rows, uint cols, TENSOR(const uint, source),
                   TENSOR(const int, indices), TENSOR(uint, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    long from = *AT(indices, row, 0) - first;
    if (from < 0 || from >= source_rows)
        return;
    if (y_stride % OCK_V == 0)
        *(global uintV *)AT(y, row, col) = *(global const uintV *)AT(source, from, col);
    else /* integers, whose rows have no padding */
        for (uint last = min(col + OCK_V, cols); col < last; col++)
            *AT(y, row, col) = *AT(source, from, col);
}
