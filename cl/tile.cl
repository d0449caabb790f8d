/* Products of a tile. On a CPU (OCK_GROUP 1) a work-item keeps OCK_ROWS x OCK_VECTORS vectors of
 * sums in registers. On a GPU a group of OCK_GROUP x OCK_GROUP work-items shares blocks of both
 * matrices in local memory, and each keeps OCK_ROWS vectors. */
#ifndef OCK_TILE_CL
#define OCK_TILE_CL

#include "common.cl"

#ifndef OCK_GROUP
#define OCK_ROWS 4
#define OCK_VECTORS 1
#define OCK_DOT_ROWS 4
#define OCK_GROUP 16
#endif

/* Element (i, j) is data[i row + j col]. */
typedef struct {
    global const float *data;
    ulong row, col;
} matrix;

#define MATRIX(x) ((matrix){(x) + x##_offset, x##_stride, 1})
#define TRANSPOSED(x) ((matrix){(x) + x##_offset, 1, x##_stride})

/* C is m x n, with k the shared dimension. */
typedef struct {
    uint m, n, k;
} extent;

#if OCK_GROUP == 1

/* The columns vary slowest, so that a panel of B stays in the cache for all rows. */
#define TILE_ROW ((uint)get_global_id(0) * OCK_ROWS)
#define TILE_COL ((uint)get_global_id(1) * (OCK_VECTORS * OCK_V))
#define DOT_ROWS OCK_DOT_ROWS
#define DOT_COLS 4
#define DOT_VECTORS 1
#define DOT_ROW ((uint)get_global_id(0) * DOT_ROWS)
#define DOT_COL ((uint)get_global_id(1) * OCK_V)
#define SHARED local float *const shared = 0

/* tile[r OCK_VECTORS + v] = A(row + r, :) B(:, col + v V ...); b.col is 1. Rows and vectors beyond
 * C repeat ones within. */
static void product(matrix a, matrix b, extent e, uint row, uint col, realV *tile,
                    local float *shared)
{
    global const float *a_rows[OCK_ROWS], *b_cols[OCK_VECTORS];
    realV sums[OCK_ROWS * OCK_VECTORS];
#pragma unroll
    for (uint r = 0; r < OCK_ROWS; r++)
        a_rows[r] = a.data + min(row + r, e.m - 1) * a.row;
#pragma unroll
    for (uint v = 0; v < OCK_VECTORS; v++)
        b_cols[v] = b.data + (col + v * OCK_V < e.n ? col + v * OCK_V : col);
#pragma unroll
    for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++)
        sums[i] = 0;
    for (ulong k = 0; k < e.k; k++) {
        realV b_row[OCK_VECTORS];
#pragma unroll
        for (uint v = 0; v < OCK_VECTORS; v++)
            b_row[v] = loadV(b_cols[v] + k * b.row);
#pragma unroll
        for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++)
            sums[i] = fma((realV)(a_rows[i / OCK_VECTORS][k * a.col]), b_row[i % OCK_VECTORS],
                          sums[i]);
    }
#pragma unroll
    for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++)
        tile[i] = sums[i];
}

/* The sums of DOT_ROWS x DOT_COLS dot products of rows, V elements at a time. */
static void dot_products(matrix a, matrix b, extent e, uint row, uint col, realV *sums)
{
    realV x[DOT_ROWS], y[DOT_COLS];
#pragma unroll
    for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
        sums[i] = 0;
    for (uint k = 0; k < e.k; k += OCK_V) {
#pragma unroll
        for (uint r = 0; r < DOT_ROWS; r++)
            x[r] = loadV(a.data + min(row + r, e.m - 1) * a.row + k);
#pragma unroll
        for (uint c = 0; c < DOT_COLS; c++)
            y[c] = loadV(b.data + min(col + c, e.n - 1) * b.col + k);
        if (k + OCK_V > e.k) {
            intV valid = lanes_below(k, e.k);
#pragma unroll
            for (uint r = 0; r < DOT_ROWS; r++)
                x[r] = select((realV)(0), x[r], valid);
#pragma unroll
            for (uint c = 0; c < DOT_COLS; c++)
                y[c] = select((realV)(0), y[c], valid);
        }
#pragma unroll
        for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
            sums[i] = fma(x[i / DOT_COLS], y[i % DOT_COLS], sums[i]);
    }
}

/* tile[r] = A(row + r, :) B(:, col ...); a.col and b.row are 1, as in X W^T. */
static void product_dot(matrix a, matrix b, extent e, uint row, uint col, realV *tile,
                        local float *shared)
{
    float *out = (float *)tile;
    for (uint c = 0; c < OCK_V; c += DOT_COLS) {
        realV sums[DOT_ROWS * DOT_COLS];
        dot_products(a, b, e, row, col + c, sums);
#pragma unroll
        for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
            out[i / DOT_COLS * OCK_V + c + i % DOT_COLS] = sum_lanes(sums[i]);
    }
}

#else

#define TILE_ROW ((uint)get_global_id(1) * OCK_ROWS)
#define TILE_COL ((uint)get_global_id(0) * OCK_V)
#define DOT_ROWS OCK_DOT_ROWS
#define DOT_VECTORS OCK_VECTORS
#define DOT_ROW TILE_ROW
#define DOT_COL TILE_COL
#define product_dot product

/* A block of A or B in local memory: DEPTH steps along k of SIDE elements, kept off multiples of
 * the memory's banks. Rows of a work-item's tile and its vector are equally long. */
#define DEPTH 16
#define SIDE (OCK_GROUP * OCK_V)
#define PITCH (SIDE + 4)
#define SHARED local float shared[2 * DEPTH * PITCH]

/* block[j][i] = x(first + i, k + j), or 0 beyond `limit` and `depth`; neighbours in memory are read
 * by neighbouring work-items. */
static void load_block(matrix x, uint first, uint limit, uint k, uint depth, local float *block)
{
    uint id = get_local_id(1) * OCK_GROUP + get_local_id(0);
    for (uint at = id; at < SIDE * DEPTH; at += OCK_GROUP * OCK_GROUP) {
        uint i = x.col == 1 ? at / DEPTH : at % SIDE;
        uint j = x.col == 1 ? at % DEPTH : at / SIDE;
        bool inside = first + i < limit && k + j < depth;
        block[j * PITCH + i] = inside ? x.data[(first + i) * x.row + (k + j) * x.col] : 0;
    }
}

/* tile[r] = A(row + r, :) B(:, col ...), for any strides. */
static void product(matrix a, matrix b, extent e, uint row, uint col, realV *tile,
                    local float *shared)
{
    local float *a_block = shared, *b_block = shared + DEPTH * PITCH;
    matrix b_transposed = {b.data, b.col, b.row};
    uint y = get_local_id(1) * OCK_ROWS, x = get_local_id(0) * OCK_V;
#pragma unroll
    for (uint r = 0; r < OCK_ROWS; r++)
        tile[r] = 0;
    for (uint k = 0; k < e.k; k += DEPTH) {
        load_block(a, row - y, e.m, k, e.k, a_block);
        load_block(b_transposed, col - x, e.n, k, e.k, b_block);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint j = 0; j < DEPTH; j++) {
            realV b_row = JOIN(vload, OCK_V)(0, b_block + j * PITCH + x);
#pragma unroll
            for (uint r = 0; r < OCK_ROWS; r++)
                tile[r] = fma((realV)(a_block[j * PITCH + y + r]), b_row, tile[r]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

#endif

#endif
