#include <math.h>

#include <ockham/train.h>

typedef struct mixup_source {
    uint32_t row, epoch;
    uint64_t seed;
} mixup_source;

static void draw_words(const mixup_source *source, uint32_t number, uint32_t words[4])
{
    ock_philox((uint32_t[]){source->row, source->epoch, number, OCK_PURPOSE_MIXUP}, source->seed,
               words);
}

static double unit(uint32_t word)
{
    return (word + 0.5) * 0x1p-32;
}

/* The logarithm, since a small alpha takes the variable below every double, of a variable of
 * Gamma(alpha, 1): one of Gamma(alpha + 1, 1), by Marsaglia and Tsang (2000), times the alpha-th
 * root of a uniform one. Each try takes the second next draw: words 0 and 1 make a normal variable
 * (Box and Muller), word 2 judges it, word 3 is the root's. */
static double log_gamma(double alpha, const mixup_source *source, uint32_t number)
{
    const double turn = 6.283185307179586, d = alpha + 2. / 3, c = 1 / sqrt(9 * d);
    for (;; number += 2) {
        uint32_t words[4];
        draw_words(source, number, words);
        double x = sqrt(-2 * log(unit(words[0]))) * cos(turn * unit(words[1]));
        double root = 1 + c * x, v = root * root * root;
        if (root > 0 && log(unit(words[2])) < x * x / 2 + d - d * v + d * log(v))
            return log(d * v) + log(unit(words[3])) / alpha;
    }
}

ock_mixup ock_mixup_draw(float alpha, uint64_t seed, uint32_t epoch, uint32_t row, uint32_t rows)
{
    const mixup_source source = {.row = row, .epoch = epoch, .seed = seed};
    if (!(alpha > 0) || !isfinite(alpha) || !rows)
        return (ock_mixup){.partner = row, .share = 1};
    uint32_t words[4];
    draw_words(&source, 0, words);
    double own = log_gamma((double)alpha, &source, 1);
    double other = log_gamma((double)alpha, &source, 2);
    return (ock_mixup){
        .partner = (uint32_t)(((uint64_t)words[0] << 32 | words[1]) % rows),
        .share = (float)(1 / (1 + exp(other - own))),
    };
}
