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
    COLS = VECTORS * LANES,
    TRANSPOSED = 128
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

/* Inlined with constant numbers of rows and vectors, so that the sums stay in registers. */
__attribute__((always_inline)) static inline void multiply_block(const scalar_factors *factors,
                                                                 size_t rows, size_t vectors,
                                                                 size_t depth, float *sums)
{
    const float *a = factors->a, *b = factors->b;
    size_t a_row = factors->a_row, a_depth = factors->a_depth, b_row = factors->b_row;
    size_t sums_row = factors->sums_row;
    vector sum[ROWS][VECTORS];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < vectors; j++)
            sum[i][j] = factors->fresh ? (vector){0} : load(sums + i * sums_row + j * LANES);
    for (size_t k = 0; k < depth; k++)
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] += a[i * a_row + k * a_depth] * load(b + k * b_row + j * LANES);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < vectors; j++)
            store(sum[i][j], sums + i * sums_row + j * LANES);
}

/* By as many rows at a time as there are blocks of, the larger ones first. */
__attribute__((always_inline)) static inline void
multiply_rows(const scalar_factors *factors, size_t rows, size_t vectors, size_t depth, float *sums)
{
    scalar_factors rest = *factors;
    while (rows > 0) {
        size_t block = rows >= ROWS ? ROWS : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
        if (block == ROWS)
            multiply_block(&rest, ROWS, vectors, depth, sums);
        else if (block == 4)
            multiply_block(&rest, 4, vectors, depth, sums);
        else if (block == 2)
            multiply_block(&rest, 2, vectors, depth, sums);
        else
            multiply_block(&rest, 1, vectors, depth, sums);
        rest.a += block * rest.a_row;
        sums += block * rest.sums_row;
        rows -= block;
    }
}

static void multiply(const scalar_factors *factors, size_t rows, size_t depth, float *sums)
{
    if (factors->narrow)
        multiply_rows(factors, rows, 1, depth, sums);
    else
        multiply_rows(factors, rows, VECTORS, depth, sums);
}

/* ---- Transposition ---- */

typedef float four __attribute__((vector_size(4 * sizeof(float))));
typedef float unaligned_four
    __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* to(j, i) = from(i, j) for i, j < 4; from's rows lie where `rows` says. */
static inline void transpose_block(const float *const rows[4], size_t first, float *to,
                                   size_t to_row)
{
    four r[4];
    for (size_t i = 0; i < 4; i++)
        r[i] = *(const unaligned_four *)(rows[i] + first);
    four low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
    four low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
    four high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    four high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    *(unaligned_four *)to = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
    *(unaligned_four *)(to + to_row) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
    *(unaligned_four *)(to + 2 * to_row) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
    *(unaligned_four *)(to + 3 * to_row) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

/* In blocks along the depth, so that what is written stays in the first cache until it is whole. */
static void transpose(const float *from, size_t from_row, size_t rows, size_t depth, float *to,
                      size_t to_row)
{
    for (size_t first = 0; first < depth; first += TRANSPOSED) {
        size_t last = depth - first < TRANSPOSED ? depth : first + TRANSPOSED;
        for (size_t i = 0; i < rows; i += 4) {
            const float *at[4];
            for (size_t q = 0; q < 4; q++)
                at[q] = from + (i + q < rows ? i + q : rows - 1) * from_row;
            for (size_t j = first; j < last; j += 4)
                transpose_block(at, j, to + j * to_row + i, to_row);
        }
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

const scalar_tile_kernel SCALAR_TILE = {.rows = ROWS,
                                        .cols = COLS,
                                        .narrow = LANES,
                                        .multiply = multiply,
                                        .transpose = transpose,
                                        .chains = chains};
