/* Chains of fma that depend on nothing but themselves. */
#include "common.cl"

/* Of vectors, in one work-item: enough to hide an fma's latency, few enough for the registers. */
#define CHAINS 8

/* x = a x + b, `times` times, for `count` elements from `first` on, a multiple of V. */
kernel void fma_chains(global float *x, ulong first, ulong count, float a, float b, uint times)
{
    ulong begin = get_global_id(0) * (CHAINS * OCK_V);
    realV value[CHAINS];
#pragma unroll
    for (uint i = 0; i < CHAINS; i++)
        value[i] = begin + i * OCK_V < count ? loadV(x + first + begin + i * OCK_V) : (realV)(0);
    for (uint t = 0; t < times; t++) {
#pragma unroll
        for (uint i = 0; i < CHAINS; i++)
            value[i] = fma(value[i], (realV)(a), (realV)(b));
    }
#pragma unroll
    for (uint i = 0; i < CHAINS; i++)
        if (begin + i * OCK_V < count)
            storeV(value[i], x + first + begin + i * OCK_V);
}
