/* Products of a tile. On a CPU (OCK_GROUP 1) a work-item keeps OCK_ROWS x OCK_VECTORS vectors of
 * sums in registers. On a GPU a group of OCK_GROUP x OCK_GROUP work-items shares blocks of both
 * matrices in local memory, and each keeps OCK_ROWS vectors. Every sum is a chain of fma in the
 * order of k, so that all tiles give the same bits. */
#ifndef OCK_TILE_CL
#define OCK_TILE_CL

#include "common.cl"

#ifndef OCK_GROUP
#define OCK_ROWS 4
#define OCK_VECTORS 1
#define OCK_GROUP 16
#endif

#define TILE_VECTORS (OCK_ROWS * OCK_VECTORS)
#define TILE_COLS (OCK_VECTORS * OCK_V)

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

/* Asks for a cache line, where kernels are compiled for the machine itself: SPIR has no instruction
 * for it, and OpenCL's prefetch() may do nothing. */
#if (defined(__x86_64__) || defined(__aarch64__)) && __has_builtin(__builtin_prefetch)
#define FETCH(pointer) __builtin_prefetch((const void *)(ulong)(pointer), 1)
#else
#define FETCH(pointer)
#endif

#if OCK_GROUP == 1

/* The columns vary slowest, so that a panel of B stays in the cache for all rows. */
#define ITEM_ROW ((uint)get_global_id(0))
#define ITEM_COL ((uint)get_global_id(1))
#define SHARED local float *const shared = 0
#define STRIP_ROWS 128 /* opencl.h */

/* tile[r OCK_VECTORS + v] = A(row + r, :) B(:, col + v V ...); b.col is 1. Rows and vectors beyond
 * C repeat ones within. */
static void product(matrix a, matrix b, extent e, uint row, uint col, realV *tile,
                    local float *shared)
{
    global const float *a_rows[OCK_ROWS], *b_cols[OCK_VECTORS];
    realV sums[TILE_VECTORS];
#pragma unroll
    for (uint r = 0; r < OCK_ROWS; r++)
        a_rows[r] = a.data + min(row + r, e.m - 1) * a.row;
#pragma unroll
    for (uint v = 0; v < OCK_VECTORS; v++)
        b_cols[v] = b.data + (col + v * OCK_V < e.n ? col + v * OCK_V : col);
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        sums[i] = 0;
    for (ulong k = 0; k < e.k; k++) {
        realV b_row[OCK_VECTORS];
#pragma unroll
        for (uint v = 0; v < OCK_VECTORS; v++)
            b_row[v] = loadV(b_cols[v] + k * b.row);
#pragma unroll
        for (uint i = 0; i < TILE_VECTORS; i++)
            sums[i] = fma((realV)(a_rows[i / OCK_VECTORS][k * a.col]), b_row[i % OCK_VECTORS],
                          sums[i]);
    }
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        tile[i] = sums[i];
}

/* PANEL_DEPTH rows of B for one tile's columns, in the order in which a product reads them. */
#define PANEL_DEPTH 256

/* A block of V x V elements, transposed: by log2 V perfect shuffles of its rows. */
static void transpose(realV *rows)
{
#pragma unroll
    for (uint stage = 1; stage < OCK_V; stage *= 2) {
        realV shuffled[OCK_V];
#pragma unroll
        for (uint i = 0; i < OCK_V / 2; i++) {
            shuffled[2 * i].even = rows[i].lo;
            shuffled[2 * i].odd = rows[i + OCK_V / 2].lo;
            shuffled[2 * i + 1].even = rows[i].hi;
            shuffled[2 * i + 1].odd = rows[i + OCK_V / 2].hi;
        }
#pragma unroll
        for (uint i = 0; i < OCK_V; i++)
            rows[i] = shuffled[i];
    }
}

/* panel[j OCK_VECTORS + v] = B(k + j, col + v V ...) for j < depth; b.row is 1. */
static void pack(matrix b, extent e, uint k, uint depth, uint col, realV *panel)
{
    for (uint v = 0; v < OCK_VECTORS; v++)
        for (uint j = 0; j < depth; j += OCK_V) {
            realV rows[OCK_V];
#pragma unroll
            for (uint i = 0; i < OCK_V; i++) {
                uint n = min(col + v * OCK_V + i, e.n - 1);
                global const float *from = b.data + n * b.col + k + j;
                FETCH(from + 4 * OCK_V);
                rows[i] = loadV(from);
            }
            transpose(rows);
#pragma unroll
            for (uint i = 0; i < OCK_V; i++)
                panel[(j + i) * OCK_VECTORS + v] = rows[i];
        }
}

/* tile += A(row ..., k ... k + depth) panel */
static void add_product(matrix a, extent e, uint row, uint k, uint depth, const realV *panel,
                        realV *tile)
{
    global const float *a_rows[OCK_ROWS];
    realV sums[TILE_VECTORS];
#pragma unroll
    for (uint r = 0; r < OCK_ROWS; r++)
        a_rows[r] = a.data + min(row + r, e.m - 1) * a.row + k * a.col;
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        sums[i] = tile[i];
    for (ulong j = 0; j < depth; j++) {
#pragma unroll
        for (uint i = 0; i < TILE_VECTORS; i++)
            sums[i] = fma((realV)(a_rows[i / OCK_VECTORS][j * a.col]),
                          panel[j * OCK_VECTORS + i % OCK_VECTORS], sums[i]);
    }
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        tile[i] = sums[i];
}

/* The same for `rows` rows, at most STRIP_ROWS, where it is b.row that is 1, as in X W^T: for their
 * sake B is packed once. */
static void product_packed(matrix a, matrix b, extent e, uint row, uint rows, uint col,
                           realV *strip, local float *shared)
{
    realV panel[PANEL_DEPTH * OCK_VECTORS];
    for (uint i = 0; i < rows * OCK_VECTORS; i++)
        strip[i] = 0;
    for (uint k = 0; k < e.k; k += PANEL_DEPTH) {
        uint depth = min(e.k - k, (uint)PANEL_DEPTH);
        pack(b, e, k, depth, col, panel);
        for (uint r = 0; r < rows && row + r < e.m; r += OCK_ROWS)
            add_product(a, e, row + r, k, depth, panel, strip + r * OCK_VECTORS);
    }
}

#define TILE_COL (ITEM_COL * TILE_COLS)
#define VECTOR_STEP OCK_V
#define SPAN_COL(cols) (ITEM_COL * (cols))
#define SPAN_END(end, cols) min(end, cols)

#else

#define ITEM_ROW ((uint)get_global_id(1))
#define STRIP_ROWS OCK_ROWS

/* A group's vectors alternate among its work-items, so that these read neighbouring ones. */
#define TILE_COL                                                                                   \
    ((uint)get_group_id(0) * (OCK_GROUP * TILE_COLS) + (uint)get_local_id(0) * OCK_V)
#define VECTOR_STEP (OCK_GROUP * OCK_V)
#define SPAN_COL(cols) TILE_COL
#define SPAN_END(end, cols) (end)

/* Blocks of A and B in local memory: DEPTH steps along k of so many elements, kept off multiples of
 * the memory's banks. */
#define DEPTH (OCK_VECTORS == 1 ? 16 : 8)
#define A_SIDE (OCK_GROUP * OCK_ROWS)
#define B_SIDE (OCK_GROUP * TILE_COLS)
#define BANK_STEP 4
#define SHARED local float shared[DEPTH * (A_SIDE + B_SIDE + 2 * BANK_STEP)]

/* block[j][i] = x(first + i, k + j) for i < side, 0 where k + j reaches `depth`; what lies beyond
 * `limit` is not used. Work-items take turns in reading four elements that are neighbours. */
static void load_block(matrix x, uint first, uint limit, uint k, uint depth, uint side,
                       local float *block)
{
    uint id = get_local_id(1) * OCK_GROUP + get_local_id(0), pitch = side + BANK_STEP;
    for (uint at = 4 * id; at < side * DEPTH; at += 4 * OCK_GROUP * OCK_GROUP) {
        uint i = x.col == 1 ? at / DEPTH : at % side;
        uint j = x.col == 1 ? at % DEPTH : at / side;
        float4 four = 0;
        if (first + i < limit && k + j < depth)
            four = *(global const float4 *)(x.data + (first + i) * x.row + (k + j) * x.col);
        if (x.col == 1) {
            four = select((float4)(0), four, (uint4)(k + j) + (uint4)(0, 1, 2, 3) < depth);
            block[j * pitch + i] = four.x;
            block[(j + 1) * pitch + i] = four.y;
            block[(j + 2) * pitch + i] = four.z;
            block[(j + 3) * pitch + i] = four.w;
        } else {
            vstore4(four, 0, block + j * pitch + i);
        }
    }
}

/* tile[r OCK_VECTORS + v] = A(row + r, :) B(:, col + v VECTOR_STEP ...), for any strides. */
static void product(matrix a, matrix b, extent e, uint row, uint col, realV *tile,
                    local float *shared)
{
    local float *a_block = shared, *b_block = shared + DEPTH * (A_SIDE + BANK_STEP);
    matrix b_transposed = {b.data, b.col, b.row};
    uint y = get_local_id(1) * OCK_ROWS, x = get_local_id(0) * OCK_V;
#pragma unroll
    for (uint i = 0; i < TILE_VECTORS; i++)
        tile[i] = 0;
    for (uint k = 0; k < e.k; k += DEPTH) {
        load_block(a, row - y, e.m, k, e.k, A_SIDE, a_block);
        load_block(b_transposed, col - x, e.n, k, e.k, B_SIDE, b_block);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint j = 0; j < DEPTH; j++) {
            local const float *a_column = a_block + j * (A_SIDE + BANK_STEP) + y;
            local const float *b_row = b_block + j * (B_SIDE + BANK_STEP) + x;
            realV b_vectors[OCK_VECTORS];
#pragma unroll
            for (uint v = 0; v < OCK_VECTORS; v++)
                b_vectors[v] = JOIN(vload, OCK_V)(0, b_row + v * VECTOR_STEP);
#pragma unroll
            for (uint i = 0; i < TILE_VECTORS; i++)
                tile[i] = fma((realV)(a_column[i / OCK_VECTORS]), b_vectors[i % OCK_VECTORS],
                              tile[i]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

static void product_packed(matrix a, matrix b, extent e, uint row, uint rows, uint col,
                           realV *strip, local float *shared)
{
    product(a, b, e, row, col, strip, shared);
}

#endif

#define TILE_ROW (ITEM_ROW * OCK_ROWS)

#endif
