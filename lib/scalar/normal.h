/* The quantile of the normal distribution, inline so that a loop over words vectorises. cl/noise.cl
 * has it again. */
#ifndef OCKHAM_NORMAL_H
#define OCKHAM_NORMAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float normal_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t normal_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float normal_polynomial(const float *c, int degree, float x)
{
    float y = c[degree];
    for (int i = degree; i-- > 0;)
        y = fmaf(y, x, c[i]);
    return y;
}

/* -log v for 0 < v <= 1: the exponent's part, and log(1 + f) / f as a minimax polynomial on
 * sqrt(1/2) - 1 <= f < sqrt(2) - 1. */
static inline float normal_log(float v)
{
    static const float ratio[] = {0.999999881f,  -0.499999732f, 0.333350092f,
                                  -0.250032872f, 0.199388415f,  -0.165329084f,
                                  0.150675923f,  -0.145771146f, 0.086929217f};
    int32_t exponent = (int32_t)(normal_bits(v) - 0x3f3504f3u) >> 23;
    float f = normal_float(normal_bits(v) - ((uint32_t)exponent << 23)) - 1;
    return fmaf((float)-exponent, 0.693147181f, -f * normal_polynomial(ratio, 8, f));
}

/* By 1/sqrt(w), from half the exponent and three steps of Newton. */
static inline float normal_sqrt(float w)
{
    float r = normal_float(0x5f375a86u - (normal_bits(w) >> 1));
    for (int i = 0; i < 3; i++)
        r = r * fmaf(-0.5f * w * r, r, 1.5f);
    return w * r;
}

/* Of probability p = (word + 1/2) 2^-32: with x = 1 - 2p and w = -log(1 - x^2), x times a minimax
 * polynomial in w near the centre, and one in sqrt(w) in the tails (after Giles 2012, with
 * coefficients that reach to the last word). Integers, sums, products and fma alone, all of which
 * round alike everywhere. */
static inline float normal_quantile(uint32_t word)
{
    static const float near[] = {2.12331343f,     0.34880203f,     -0.00590771716f, -0.00177164457f,
                                 0.000308785675f, -7.01923045e-6f, -4.89700369e-6f, 6.59264117e-7f,
                                 3.28558905e-8f,  -1.24323769e-8f};
    static const float far[] = {4.00618696f,     1.41797876f,      0.00967841037f,  -0.00487274025f,
                                0.00161610404f,  -0.000309668423f, -5.46006377e-5f, 7.43675409e-5f,
                                -2.75699822e-5f, 3.94285735e-6f};
    uint32_t odd = 2 * (word ^ -(word >> 31)) + 1; /* 2^33 p, of p and 1 - p the smaller */
    float u = (float)odd * 0x1p-32f, x = (float)-odd * 0x1p-32f;
    float w = normal_log(fmaf(-u, u, 2 * u));
    float z = w < 5 ? x * normal_polynomial(near, 9, w - 2.5f)
                    : normal_polynomial(far, 9, normal_sqrt(w) - 3);
    return word >> 31 ? z : -z;
}

#endif
