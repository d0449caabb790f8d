/* What mixup makes its batches with. One work-item per vector. */
#include "common.cl"

/* A label out of range makes its row NaN. */
kernel void one_hot(uint rows, uint cols, TENSOR(const int, labels), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    uint label = *AT(labels, row, 0);
    realV hot = select((realV)(0), (realV)(1), LANES + (int)col == (int)label);
    storeV(label < cols ? hot : (realV)(NAN), AT(y, row, col));
}

kernel void mix_rows(uint rows, uint cols, TENSOR(const float, share), TENSOR(const float, x),
                     TENSOR(const float, other), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    float own = *AT(share, row, 0);
    storeV(own * loadV(AT(x, row, col)) + (1 - own) * loadV(AT(other, row, col)), AT(y, row, col));
}
