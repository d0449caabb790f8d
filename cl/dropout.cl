/* y = x mask / (1 - rate); one work-item per vector. */
#include "philox.cl"

kernel void dropout(DROPOUT, uint rows, uint cols, TENSOR(const float, x), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    dropout_t d = DROPOUT_VALUE;
    storeV(dropped(loadV(AT(x, row, col)), &d, row, col, cols), AT(y, row, col));
}
