#include <ockham/ops.h>

#include "scalar/philox.h"

void ock_philox(const uint32_t counter[4], uint64_t seed, uint32_t draw[4])
{
    uint32_t word[4] = {counter[0], counter[1], counter[2], counter[3]};
    philox4x32(word, seed);
    for (int i = 0; i < 4; i++)
        draw[i] = word[i];
}
