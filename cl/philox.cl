/* Philox4x32-10 (Salmon et al., SC 2011), one draw or many at a time, and the dropout mask. */
#ifndef OCK_PHILOX_CL
#define OCK_PHILOX_CL

#include "common.cl"

#define PURPOSE_DROPOUT 1
#define PURPOSE_AUGMENT 4

/* Turns the counters c into draws; U is uint, or a vector of them for as many draws. W is as many
 * ulong, in whose low halves the words are meanwhile: one multiplication makes both halves of a
 * product, and what it leaves in the high halves does not matter. */
#define PHILOX(U, W, name)                                                                         \
    static void name(U c[4], uint2 key)                                                            \
    {                                                                                              \
        W w0 = convert_##W(c[0]), w1 = convert_##W(c[1]);                                          \
        W w2 = convert_##W(c[2]), w3 = convert_##W(c[3]);                                          \
        for (int i = 0; i < 10; i++) {                                                             \
            W a = (w0 & 0xFFFFFFFFu) * 0xD2511F53u, b = (w2 & 0xFFFFFFFFu) * 0xCD9E8D57u;          \
            w0 = b >> 32 ^ w1 ^ key.x;                                                             \
            w1 = b;                                                                                \
            w2 = a >> 32 ^ w3 ^ key.y;                                                             \
            w3 = a;                                                                                \
            key += (uint2)(0x9E3779B9u, 0xBB67AE85u);                                              \
        }                                                                                          \
        c[0] = convert_##U(w0), c[1] = convert_##U(w1);                                            \
        c[2] = convert_##U(w2), c[3] = convert_##U(w3);                                            \
    }

PHILOX(uint, ulong, philox_rounds)

/* The draw of one counter; the key is the seed, low word first. */
static uint4 philox(uint4 counter, uint2 key)
{
    uint c[4] = {counter.x, counter.y, counter.z, counter.w};
    philox_rounds(c, key);
    return (uint4)(c[0], c[1], c[2], c[3]);
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

/* The random words of V columns from (row, col) on, col a multiple of V, in a tensor of `cols`. */
#if OCK_V == 4
static uintV dropout_words(const dropout_t *d, uint row, uint col, uint cols)
{
    uint element = row * ((cols + 3) / 4) + col / 4;
    return philox((uint4)(element, d->step, d->layer, PURPOSE_DROPOUT), d->seed);
}
#elif OCK_V == 8
PHILOX(uint2, ulong2, philox_rounds2)

static uintV dropout_words(const dropout_t *d, uint row, uint col, uint cols)
{
    uint2 element = row * ((cols + 3) / 4) + col / 4 + (uint2)(0, 1);
    uint2 c[4] = {element, d->step, d->layer, PURPOSE_DROPOUT};
    philox_rounds2(c, d->seed);
    return (uintV)(c[0].x, c[1].x, c[2].x, c[3].x, c[0].y, c[1].y, c[2].y, c[3].y);
}
#else
PHILOX(uint4, ulong4, philox_rounds4)

static uintV dropout_words(const dropout_t *d, uint row, uint col, uint cols)
{
    uint4 element = row * ((cols + 3) / 4) + col / 4 + (uint4)(0, 1, 2, 3);
    uint4 c[4] = {element, d->step, d->layer, PURPOSE_DROPOUT};
    philox_rounds4(c, d->seed);
    return (uintV)(c[0].x, c[1].x, c[2].x, c[3].x, c[0].y, c[1].y, c[2].y, c[3].y,
                   c[0].z, c[1].z, c[2].z, c[3].z, c[0].w, c[1].w, c[2].w, c[3].w);
}
#endif

/* x mask / (1 - rate), for V columns of x from (row, col) on. */
static realV dropped(realV x, const dropout_t *d, uint row, uint col, uint cols)
{
    if (d->threshold == 0)
        return x * d->scale;
    intV kept = dropout_words(d, row, col, cols) >= d->threshold;
    return select((realV)(0), x * d->scale, kept);
}

#endif
