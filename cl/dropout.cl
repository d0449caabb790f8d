/* y = x mask / (1 - rate). */
#include "philox.cl"

/* One work-item per vector. */
kernel void dropout(DROPOUT, uint rows, uint cols, TENSOR(const float, x), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    dropout_t d = DROPOUT_VALUE;
    storeV(dropped(loadV(AT(x, row, col)), &d, row, col, cols), AT(y, row, col));
}

/* The same of positions of `channels` columns each, which share a mask; one work-item per row and
 * four channels. */
kernel void dropout_channels(DROPOUT, uint channels, uint rows, uint cols, TENSOR(const float, x),
                             TENSOR(float, y))
{
    uint group = get_global_id(0), row = get_global_id(1), groups = (channels + 3) / 4;
    if (row >= rows || group >= groups)
        return;
    uint4 counter = (uint4)(row * groups + group, step, layer, PURPOSE_DROPOUT);
    int4 kept = philox(counter, (uint2)(seed_low, seed_high)) >= threshold;
    int keep[4] = {kept.x, kept.y, kept.z, kept.w};
    for (uint first = 4 * group; first < cols; first += channels)
        for (uint i = 0; i < min(channels - 4 * group, 4u); i++)
            *AT(y, row, first + i) = keep[i] ? *AT(x, row, first + i) * scale : 0;
}
