/* C = alpha op(A) op(B) + beta C, with op(A) m x k, op(B) k x n. With c_transposed it is C^T that
 * has m rows: products that are thin one way are quicker the other way round. */
#include "tile.cl"

static void store_element(float product, float alpha, float beta, global float *c)
{
    *c = beta == 0 ? alpha * product : alpha * product + beta * *c;
}

/* `rows` rows of C from their products; C is read only where beta is not 0. */
static void store_products(const realV *products, uint rows, float alpha, float beta, uint first,
                           uint first_col, extent e, int c_transposed, TENSOR(float, c))
{
    for (uint i = 0; i < rows * OCK_VECTORS; i++) {
        uint row = first + i / OCK_VECTORS, col = first_col + i % OCK_VECTORS * VECTOR_STEP;
        if (row >= e.m || col >= e.n)
            continue;
        if (c_transposed) {
            const float *lanes = (const float *)&products[i];
            for (uint j = 0; j < OCK_V && col + j < e.n; j++)
                store_element(lanes[j], alpha, beta, AT(c, col + j, row));
            continue;
        }
        realV value = alpha * products[i];
        if (beta != 0)
            value += beta * loadV(AT(c, row, col));
        storeV(value, AT(c, row, col));
    }
}

/* A work-item has `cols` columns, so that on a CPU it walks along C's rows. */
kernel void matmul(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m, uint n,
                   uint k, float alpha, float beta, int a_transposed, int c_transposed, uint cols)
{
    const extent e = {m, n, k};
    realV tile[TILE_VECTORS];
    SHARED;
    for (uint first = SPAN_COL(cols), end = SPAN_END(first + cols, n); first < end;
         first += TILE_COLS) {
        product(a_transposed ? TRANSPOSED(a) : MATRIX(a), MATRIX(b), e, TILE_ROW, first, tile,
                shared);
        store_products(tile, OCK_ROWS, alpha, beta, TILE_ROW, first, e, c_transposed, c, c_offset,
                       c_stride);
    }
}

/* With op(B) = B^T; a work-item has `rows` rows, at most STRIP_ROWS. */
kernel void matmul_packed(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m,
                          uint n, uint k, float alpha, float beta, int a_transposed, uint rows)
{
    const extent e = {m, n, k};
    realV strip[STRIP_ROWS * OCK_VECTORS];
    SHARED;
    product_packed(a_transposed ? TRANSPOSED(a) : MATRIX(a), TRANSPOSED(b), e, ITEM_ROW * rows,
                   rows, TILE_COL, strip, shared);
    store_products(strip, rows, alpha, beta, ITEM_ROW * rows, TILE_COL, e, 0, c, c_offset,
                   c_stride);
}

#if OCK_GROUP == 1

/* Few columns, as dot products: vectors lie along k, and their lanes are added at the end, which
 * rounds otherwise than the tiles do. */
#define DOT_ROWS 4
#define DOT_COLS 2
#define DOT_DEPTH 1024

/* Columns of op(B) from row k on, each in one piece, with zeros up to a whole vector; zeros for
 * those beyond its last. */
static void pack_columns(matrix b, extent e, uint k, uint depth, uint col, realV *columns)
{
    for (uint c = 0; c < DOT_COLS; c++) {
        global const float *from = b.data + (col + c) * b.col + k * b.row;
        realV *to = columns + c * (DOT_DEPTH / OCK_V);
        for (uint j = 0; j < depth; j += OCK_V) {
            realV vector = 0;
            if (col + c < e.n && b.row == 1)
                vector = select(vector, loadV(from + j), lanes_below(j, depth));
            else if (col + c < e.n)
                for (ulong lane = 0; lane < OCK_V && j + lane < depth; lane++)
                    ((float *)&vector)[lane] = from[(j + lane) * b.row];
            to[j / OCK_V] = vector;
        }
    }
}

/* dots[r DOT_COLS + c] += A(row + r, k ... k + depth) columns(c) */
static void add_dots(matrix a, extent e, uint row, uint k, uint depth, const realV *columns,
                     float *dots)
{
    global const float *a_rows[DOT_ROWS];
    realV sums[DOT_ROWS * DOT_COLS];
#pragma unroll
    for (uint r = 0; r < DOT_ROWS; r++)
        a_rows[r] = a.data + min(row + r, e.m - 1) * a.row + k;
#pragma unroll
    for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
        sums[i] = 0;
    for (uint j = 0; j < depth; j += OCK_V) {
        const intV below = lanes_below(j, depth);
        realV a_vectors[DOT_ROWS];
#pragma unroll
        for (uint r = 0; r < DOT_ROWS; r++)
            a_vectors[r] = select((realV)(0), loadV(a_rows[r] + j), below);
#pragma unroll
        for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
            sums[i] = fma(a_vectors[i / DOT_COLS],
                          columns[(i % DOT_COLS * DOT_DEPTH + j) / OCK_V], sums[i]);
    }
#pragma unroll
    for (uint i = 0; i < DOT_ROWS * DOT_COLS; i++)
        dots[i] += sum_lanes(sums[i]);
}

/* With op(A) = A; a work-item has `rows` rows of DOT_COLS columns. */
kernel void matmul_dots(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m,
                        uint n, uint k, float alpha, float beta, int b_transposed,
                        int c_transposed, uint rows)
{
    const extent e = {m, n, k};
    realV columns[DOT_COLS * DOT_DEPTH / OCK_V];
    float dots[STRIP_ROWS * DOT_COLS];
    uint first = ITEM_ROW * rows, col = ITEM_COL * DOT_COLS;
    for (uint i = 0; i < rows * DOT_COLS; i++)
        dots[i] = 0;
    for (uint from = 0; from < k; from += DOT_DEPTH) {
        uint depth = min(k - from, (uint)DOT_DEPTH);
        pack_columns(b_transposed ? TRANSPOSED(b) : MATRIX(b), e, from, depth, col, columns);
        for (uint r = 0; r < rows && first + r < m; r += DOT_ROWS)
            add_dots(MATRIX(a), e, first + r, from, depth, columns, dots + r * DOT_COLS);
    }
    for (uint i = 0; i < rows * DOT_COLS; i++) {
        uint i_row = first + i / DOT_COLS, i_col = col + i % DOT_COLS;
        if (i_row < m && i_col < n)
            store_element(dots[i], alpha, beta,
                          c_transposed ? AT(c, i_col, i_row) : AT(c, i_row, i_col));
    }
}

#endif
