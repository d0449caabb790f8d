#include <ockham/ops.h>

enum {
    ROUNDS = 10
};

static void philox_round(uint32_t c[4], const uint32_t key[2])
{
    uint64_t a = (uint64_t)0xD2511F53u * c[0];
    uint64_t b = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t c0 = (uint32_t)(b >> 32) ^ c[1] ^ key[0];
    uint32_t c2 = (uint32_t)(a >> 32) ^ c[3] ^ key[1];
    c[0] = c0;
    c[1] = (uint32_t)b;
    c[2] = c2;
    c[3] = (uint32_t)a;
}

void ock_philox(const uint32_t counter[4], uint64_t seed, uint32_t draw[4])
{
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int i = 0; i < 4; i++)
        draw[i] = counter[i];
    for (int i = 0; i < ROUNDS; i++) {
        philox_round(draw, key);
        key[0] += 0x9E3779B9u; /* Weyl sequence: golden ratio, sqrt(3) - 1 */
        key[1] += 0xBB67AE85u;
    }
}
