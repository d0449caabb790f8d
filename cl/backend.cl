/* y[i] = value, y[i] = x[i], and y[i] += share (x[i] - y[i]), for `count` elements; a work-item has
 * V of them. Kernels, since memory checkers take no notice of clEnqueueFillBuffer and
 * clEnqueueCopyBuffer. */
#include "common.cl"

kernel void fill(global float *y, ulong y_first, ulong count, float value)
{
    ulong begin = get_global_id(0) * OCK_V, end = min(begin + OCK_V, count);
    for (ulong i = begin; i < end; i++)
        y[y_first + i] = value;
}

kernel void copy(global const float *x, ulong x_first, global float *y, ulong y_first, ulong count)
{
    ulong begin = get_global_id(0) * OCK_V, end = min(begin + OCK_V, count);
    for (ulong i = begin; i < end; i++)
        y[y_first + i] = x[x_first + i];
}

kernel void blend(global const float *x, ulong x_first, global float *y, ulong y_first, ulong count,
                  float share)
{
    ulong begin = get_global_id(0) * OCK_V, end = min(begin + OCK_V, count);
    for (ulong i = begin; i < end; i++)
        y[y_first + i] += share * (x[x_first + i] - y[y_first + i]);
}
