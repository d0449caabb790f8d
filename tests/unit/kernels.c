/* Every instruction set that this machine runs: products within the rounding bound, and all other
 * formulas bit for bit as the plain set has them. */
#include <math.h>

#include "scalar/kernels.h"
#include "unit.h"

enum {
    DEPTH = 37,
    WIDTH = 75, /* no multiple of a vector's width */
    MAX_ROWS = 8,
    STRIDE = 40 /* DEPTH, rounded up to a multiple of 4 */
};

static scalar_kernels sets[SCALAR_SETS];
static size_t count;

static void setup(void)
{
    count = scalar_kernels_list(sets);
}

static void fill(float *x, size_t n, uint32_t seed)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t draw[4];
        ock_philox((uint32_t[4]){i, seed, 0, 0}, 3, draw);
        x[i] = (float)(draw[0] >> 8) * 0x1p-23f - 1;
    }
}

static void check_tile(const scalar_kernels *set, size_t rows, bool transposed, bool narrow)
{
    float a[MAX_ROWS * DEPTH], b[DEPTH * SCALAR_TILE_COLS], tile[MAX_ROWS * SCALAR_TILE_COLS];
    float before[MAX_ROWS * SCALAR_TILE_COLS];
    size_t cols = set->tile->cols, wanted = narrow ? set->tile->narrow : cols;
    scalar_factors factors = {.a = a,
                              .b = b,
                              .a_row = transposed ? 1 : DEPTH,
                              .a_depth = transposed ? MAX_ROWS : 1,
                              .b_row = cols,
                              .sums_row = cols,
                              .narrow = narrow};
    fill(a, MAX_ROWS * DEPTH, 1);
    fill(b, DEPTH * SCALAR_TILE_COLS, 2);
    fill(before, MAX_ROWS * SCALAR_TILE_COLS, 3);
    memcpy(tile, before, sizeof tile);
    set->tile->multiply(&factors, rows, DEPTH, tile);
    for (size_t i = 0; i < MAX_ROWS * cols; i++) {
        size_t row = i / cols, col = i % cols;
        double expected = before[i], magnitude = fabs(before[i]);
        bool summed = row < rows && col < wanted;
        for (size_t k = 0; summed && k < DEPTH; k++) {
            double term = (double)a[row * factors.a_row + k * factors.a_depth] * b[k * cols + col];
            expected += term;
            magnitude += fabs(term);
        }
        double bound = summed ? (DEPTH + 1) * 0x1p-24 * magnitude : 0;
        ck_assert_msg(fabs(tile[i] - expected) <= bound, "%s, %zu rows: %zu, %zu is %.9g, not %.9g",
                      set->name, rows, row, col, tile[i], expected);
    }
}

START_TEST(tiles_are_within_the_rounding_bound)
{
    for (size_t s = 0; s < count; s++) {
        ck_assert_uint_le(sets[s].tile->rows, MAX_ROWS);
        ck_assert_uint_le(sets[s].tile->cols, SCALAR_TILE_COLS);
        for (size_t rows = 1; rows <= sets[s].tile->rows; rows++)
            for (int form = 0; form < 4; form++)
                check_tile(&sets[s], rows, form & 1, form & 2);
    }
}
END_TEST

#if defined(__clang__)
#define CONTRACTS !__has_feature(undefined_behavior_sanitizer) /* its checks part * from + */
#else
#define CONTRACTS true
#endif

/* As the kernels' sums are, so that both give the same bits. */
START_TEST(tiles_are_chains_of_fma)
{
    float a[DEPTH], b[DEPTH * SCALAR_TILE_COLS], tile[SCALAR_TILE_COLS];
    fill(a, DEPTH, 1);
    fill(b, DEPTH * SCALAR_TILE_COLS, 2);
    for (size_t s = 1; CONTRACTS && s < count; s++) { /* the plain set may lack the instruction */
        size_t cols = sets[s].tile->cols;
        scalar_factors factors = {.a = a,
                                  .b = b,
                                  .a_row = DEPTH,
                                  .a_depth = 1,
                                  .b_row = cols,
                                  .sums_row = cols,
                                  .fresh = true};
        fill(tile, SCALAR_TILE_COLS, 3);
        sets[s].tile->multiply(&factors, 1, DEPTH, tile);
        for (size_t j = 0; j < cols; j++) {
            float chain = 0;
            for (size_t k = 0; k < DEPTH; k++)
                chain = fmaf(a[k], b[k * cols + j], chain);
            ck_assert_float_eq(tile[j], chain);
        }
    }
}
END_TEST

START_TEST(tiles_transpose)
{
    float from[SCALAR_TILE_COLS * STRIDE], to[STRIDE * SCALAR_TILE_COLS];
    fill(from, SCALAR_TILE_COLS * STRIDE, 1);
    for (size_t s = 0; s < count; s++) {
        size_t cols = sets[s].tile->cols;
        for (size_t rows = 1; rows <= cols; rows++) {
            sets[s].tile->transpose(from, STRIDE, rows, DEPTH, to, cols);
            for (size_t i = 0; i < rows; i++)
                for (size_t k = 0; k < DEPTH; k++)
                    ck_assert_float_eq(to[k * cols + i], from[i * STRIDE + k]);
        }
    }
}
END_TEST

enum {
    UPDATES = 6
};

/* All that the span kernels do, one after the other. */
typedef struct spans {
    float activated[8][WIDTH], slopes[8][WIDTH], dropped[WIDTH], noisy[2][WIDTH];
    float w[UPDATES][WIDTH], m[UPDATES][WIDTH], v[UPDATES][WIDTH], average[UPDATES][WIDTH];
    double lanes[SCALAR_LANES];
} spans;

static void run_spans(const scalar_span_kernels *span, spans *out)
{
    const ock_update adam = {.kind = OCK_ADAM,
                             .rate = 0.1f,
                             .beta1 = 0.9f,
                             .beta2 = 0.999f,
                             .epsilon = 1e-7f,
                             .clip = 0.5f,
                             .ema = 0.9f};
    ock_update updates[UPDATES] = {adam, adam, adam, adam, adam, adam};
    updates[0].kind = updates[1].kind = updates[2].kind = OCK_SGD;
    updates[4].kind = updates[5].kind = OCK_RMSPROP;
    updates[1].momentum = updates[2].momentum = updates[5].momentum = 0.9f;
    updates[2].nesterov = 1;
    const ock_rule rule = {
        .l1 = 1e-2f, .l2 = 1e-3f, .threshold = 1e-3f, .decay = 1e-2f, .floor = 0};
    scalar_mask mask = {.seed = 5, .threshold = 1u << 30, .groups = 40, .scale = 4 / 3.0f};
    float x[WIDTH], dy[WIDTH];
    memset(out, 0, sizeof *out);
    fill(x, WIDTH, 1);
    fill(dy, WIDTH, 2);
    x[7] = 0;
    for (int a = OCK_LINEAR; a < OCK_SOFTMAX; a++) {
        span->activate((ock_activation)a, WIDTH, x, out->activated[a]);
        span->differentiate((ock_activation)a, WIDTH, x, out->activated[a], dy, out->slopes[a]);
    }
    memcpy(out->dropped, x, sizeof x);
    span->drop(&mask, 3, 8, WIDTH, out->dropped);
    for (int kind = 0; kind < 2; kind++) {
        memcpy(out->noisy[kind], x, sizeof x);
        span->perturb(&mask, (ock_noise_kind)kind, 3, WIDTH, out->noisy[kind]);
    }
    span->penalize(&(ock_penalty){.l1 = 1e-2f, .l2 = 1e-3f}, WIDTH, x, out->lanes);
    for (int i = 0; i < UPDATES; i++) {
        float *m = updates[i].momentum != 0 || i == 3 ? out->m[i] : NULL;
        scalar_weights weights = {out->w[i], m, out->v[i], out->average[i]};
        memcpy(out->w[i], x, sizeof x);
        span->update(&updates[i], &rule, &weights, WIDTH, dy);
        span->update(&updates[i], &rule, &weights, WIDTH, x);
    }
}

START_TEST(spans_have_the_same_bits_in_every_set)
{
    spans expected, got;
    run_spans(sets[0].span, &expected);
    for (size_t s = 1; s < count; s++) {
        run_spans(sets[s].span, &got);
        ck_assert_msg(memcmp(&expected, &got, sizeof got) == 0, "%s differs", sets[s].name);
    }
}
END_TEST

TEST_MAIN("kernels", setup, NULL, tiles_are_within_the_rounding_bound, tiles_are_chains_of_fma,
          tiles_transpose, spans_have_the_same_bits_in_every_set)
