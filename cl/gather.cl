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
    if (col + OCK_V <= cols)
        storeV(loadV(AT(source, from, col)), AT(y, row, col));
    else /* integers have no padding */
        for (; col < cols; col++)
            *AT(y, row, col) = *AT(source, from, col);
}
