/* Compiled once per instruction set, with SCALAR_TILE naming the result and -ffp-contract=fast,
 * so that a product and its sum are one instruction where the machine has it. */
#include "tile.h"

/* As many sums as the registers hold beside a row of B and an element of A. */
#if defined(__AVX512F__)
enum {
    LANES = 16,
    ROWS = 8
};
#elif defined(__AVX__)
enum {
    LANES = 8,
    ROWS = 6
};
#else
enum {
    LANES = 4,
    ROWS = 6
};
#endif

enum {
    VECTORS = 2,
    COLS = VECTORS * LANES
};

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));
typedef float unaligned_vector
    __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

static inline vector load(const float *from)
{
    return *(const unaligned_vector *)from;
}

static inline void store(vector value, float *to)
{
    *(unaligned_vector *)to = value;
}

/* Inlined with a constant number of rows, so that the sums stay in registers. */
__attribute__((always_inline)) static inline void
multiply_rows(const scalar_factors *factors, size_t rows, size_t depth, float *tile)
{
    const float *a = factors->a, *b = factors->b;
    size_t a_row = factors->a_row, a_depth = factors->a_depth, b_row = factors->b_row;
    vector sum[ROWS][VECTORS];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < VECTORS; j++)
            sum[i][j] = load(tile + i * COLS + j * LANES);
    for (size_t k = 0; k < depth; k++)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < VECTORS; j++)
                sum[i][j] += a[i * a_row + k * a_depth] * load(b + k * b_row + j * LANES);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < VECTORS; j++)
            store(sum[i][j], tile + i * COLS + j * LANES);
}

static void multiply(const scalar_factors *factors, size_t rows, size_t depth, float *tile)
{
    scalar_factors rest = *factors;
    if (rows == ROWS) {
        multiply_rows(factors, ROWS, depth, tile);
        return;
    }
    if (rows >= 4) {
        multiply_rows(&rest, 4, depth, tile);
        rest.a += 4 * rest.a_row;
        tile += 4 * COLS;
    }
    for (size_t i = 0; i < rows % 4; i++) {
        multiply_rows(&rest, 1, depth, tile + i * COLS);
        rest.a += rest.a_row;
    }
}

static void chains(float a, float b, size_t times, float *tile)
{
    vector value[ROWS * VECTORS];
    for (size_t i = 0; i < ROWS * VECTORS; i++)
        value[i] = load(tile + i * LANES);
    for (size_t t = 0; t < times; t++)
        for (size_t i = 0; i < ROWS * VECTORS; i++)
            value[i] = a * value[i] + b;
    for (size_t i = 0; i < ROWS * VECTORS; i++)
        store(value[i], tile + i * LANES);
}

_Static_assert(ROWS *COLS <= SCALAR_TILE_SIZE, "what calls chains() keeps a tile of that size");

const scalar_tile_kernel SCALAR_TILE = {
    .rows = ROWS, .cols = COLS, .multiply = multiply, .chains = chains};
