/* Philox4x32-10 (Salmon et al., SC 2011), one draw or many at a time, and the dropout mask. */
#ifndef OCK_PHILOX_CL
#define OCK_PHILOX_CL

#include "common.cl"

#define PURPOSE_DROPOUT 1
#define PURPOSE_AUGMENT 4
#define PURPOSE_NOISE 5
#define PURPOSE_ELASTIC 7

/* Turns counters into draws, as many at a time as W has elements: W is ulong, or a vector of them,
 * in whose low halves the words are. One multiplication makes both halves of a product, and what is
 * left in the high halves means nothing. */
#define PHILOX(W, name)                                                                            \
    static void name(W w[4], uint2 key)                                                            \
    {                                                                                              \
        _Pragma("unroll") for (int i = 0; i < 10; i++)                                             \
        {                                                                                          \
            W a = (w[0] & 0xFFFFFFFFu) * 0xD2511F53u, b = (w[2] & 0xFFFFFFFFu) * 0xCD9E8D57u;      \
            w[0] = b >> 32 ^ w[1] ^ key.x;                                                         \
            w[1] = b;                                                                              \
            w[2] = a >> 32 ^ w[3] ^ key.y;                                                         \
            w[3] = a;                                                                              \
            key += (uint2)(0x9E3779B9u, 0xBB67AE85u);                                              \
        }                                                                                          \
    }

PHILOX(ulong, philox_rounds)

/* The draw of one counter; the key is the seed, low word first. */
static uint4 philox(uint4 counter, uint2 key)
{
    ulong w[4] = {counter.x, counter.y, counter.z, counter.w};
    philox_rounds(w, key);
    return (uint4)((uint)w[0], (uint)w[1], (uint)w[2], (uint)w[3]);
}

/* A kernel's parameters for a dropout (opencl_arg_dropout), and the record made of them. */
#define DROPOUT                                                                                    \
    uint threshold, float scale, uint seed_low, uint seed_high, uint step, uint layer
#define DROPOUT_VALUE ((dropout_t){threshold, scale, (uint2)(seed_low, seed_high), step, layer})

typedef struct {
    uint threshold; /* 0: nothing is dropped */
    float scale;
    uint2 seed;
    uint step, layer;
} dropout_t;

/* Draws for V columns, four words each. */
#if OCK_V == 16
typedef ulong4 draws;
typedef ulong8 words;
#define DRAW_INDICES (ulong4)(0, 1, 2, 3)
#elif OCK_V == 8
typedef ulong2 draws;
typedef ulong4 words;
#define DRAW_INDICES (ulong2)(0, 1)
#else
typedef ulong draws;
typedef ulong2 words;
#define DRAW_INDICES 0
#endif

PHILOX(draws, philox_draws)

/* The random words of V columns from (row, col) on, col a multiple of V, in a tensor of `cols`. */
static uintV random_words(const dropout_t *d, uint purpose, uint row, uint col, uint cols)
{
    uint element = row * ((cols + 3) / 4) + col / 4;
    draws w[4] = {DRAW_INDICES + element, d->step, d->layer, purpose};
    words both;
    philox_draws(w, d->seed);
    both.even = (w[0] & 0xFFFFFFFFu) | w[1] << 32;
    both.odd = (w[2] & 0xFFFFFFFFu) | w[3] << 32;
    return JOIN(as_uint, OCK_V)(both);
}

/* x mask / (1 - rate), for V columns of x from (row, col) on. */
static realV dropped(realV x, const dropout_t *d, uint row, uint col, uint cols)
{
    if (d->threshold == 0)
        return x * d->scale;
    intV kept = random_words(d, PURPOSE_DROPOUT, row, col, cols) >= d->threshold;
    return select((realV)(0), x * d->scale, kept);
}

#endif
