#include "kernels.h"

size_t scalar_kernels_list(scalar_kernels sets[SCALAR_SETS])
{
    size_t count = 0;
    sets[count++] = (scalar_kernels){"default", &scalar_tile_default, &scalar_span_default};
#ifdef SCALAR_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
        sets[count++] = (scalar_kernels){"x86-64-v3", &scalar_tile_v3, &scalar_span_v3};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        sets[count++] = (scalar_kernels){"x86-64-v4", &scalar_tile_v4, &scalar_span_v4};
#endif
    return count;
}
