/* Philox4x32-10 (Salmon et al., SC 2011), inline so that a loop over draws vectorises. */
#ifndef OCKHAM_PHILOX_H
#define OCKHAM_PHILOX_H

#include <stdint.h>

/* Turns a counter into its draw. */
static inline void philox4x32(uint32_t word[4], uint64_t seed)
{
    uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * word[0];
        uint64_t b = (uint64_t)0xCD9E8D57u * word[2];
        word[0] = (uint32_t)(b >> 32) ^ word[1] ^ low;
        word[1] = (uint32_t)b;
        word[2] = (uint32_t)(a >> 32) ^ word[3] ^ high;
        word[3] = (uint32_t)a;
        low += 0x9E3779B9u; /* Weyl sequence: golden ratio, sqrt(3) - 1 */
        high += 0xBB67AE85u;
    }
}

#endif
