/* Gaussian noise. The quantile is lib/scalar/normal.h's, word for word: integers, sums, products
 * and fma alone, so that every device draws the same bits. */
#include "philox.cl"

#define REAL JOIN(as_float, OCK_V)
#define BITS JOIN(as_uint, OCK_V)
#define INTS JOIN(as_int, OCK_V)

/* -log v for 0 < v <= 1. */
static realV normal_log(realV v)
{
    const float ratio[] = {0.999999881f,  -0.499999732f, 0.333350092f, -0.250032872f, 0.199388415f,
                           -0.165329084f, 0.150675923f,  -0.145771146f};
    intV exponent = INTS(BITS(v) - 0x3f3504f3u) >> 23;
    realV f = REAL(INTS(v) - (exponent << 23)) - 1, y = 0.086929217f;
    for (int i = 8; i-- > 0;)
        y = fma(y, f, (realV)(ratio[i]));
    return fma(JOIN(convert_float, OCK_V)(-exponent), (realV)(0.693147181f), -f * y);
}

/* Three steps of Newton towards 1/sqrt(w). */
static realV normal_sqrt(realV w)
{
    realV r = REAL(0x5f375a86u - (BITS(w) >> 1));
    for (int i = 0; i < 3; i++)
        r = r * fma(-0.5f * w * r, r, (realV)(1.5f));
    return w * r;
}

/* Of probability (word + 1/2) 2^-32. */
static realV normal_quantile(uintV word)
{
    const float near[] = {2.12331343f,     0.34880203f,     -0.00590771716f, -0.00177164457f,
                          0.000308785675f, -7.01923045e-6f, -4.89700369e-6f, 6.59264117e-7f,
                          3.28558905e-8f,  -1.24323769e-8f};
    const float far[] = {4.00618696f,      1.41797876f,      0.00967841037f,  -0.00487274025f,
                         0.00161610404f,   -0.000309668423f, -5.46006377e-5f, 7.43675409e-5f,
                         -2.75699822e-5f,  3.94285735e-6f};
    uintV odd = 2 * (word ^ -(word >> 31)) + 1;
    realV u = JOIN(convert_float, OCK_V)(odd) * 0x1p-32f;
    realV x = JOIN(convert_float, OCK_V)(-odd) * 0x1p-32f;
    realV w = normal_log(fma(-u, u, 2 * u));
    intV centre = w < 5;
    realV t = select(normal_sqrt(w) - 3, w - 2.5f, centre), z = 0;
    for (int i = 10; i-- > 0;)
        z = fma(z, t, select((realV)(far[i]), (realV)(near[i]), centre));
    z = select(z, x * z, centre);
    return select(-z, z, word > 0x7fffffffu);
}

/* y = x + deviation z, or else x (1 + deviation z); one work-item per vector. */
kernel void noise(int multiplies, float deviation, uint seed_low, uint seed_high, uint step,
                  uint layer, uint rows, uint cols, TENSOR(const float, x), TENSOR(float, y))
{
    uint col = get_global_id(0) * OCK_V, row = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    const dropout_t d = {0, 0, (uint2)(seed_low, seed_high), step, layer};
    realV value = loadV(AT(x, row, col));
    realV z = normal_quantile(random_words(&d, PURPOSE_NOISE, row, col, cols));
    realV scale = deviation;
    storeV(multiplies ? value * fma(scale, z, (realV)(1)) : fma(scale, z, value), AT(y, row, col));
}
