/* C = alpha op(A) op(B) + beta C, with op(A) m x k, op(B) k x n. */
#include "tile.cl"

/* One vector of C, from its product; C is read only where beta is not 0. */
static void store_product(realV product, float alpha, float beta, global float *c)
{
    product *= alpha;
    if (beta != 0)
        product += beta * loadV(c);
    storeV(product, c);
}

/* b_transposed on GPUs only; there, for CPUs, are matmul_dot and transpose. */
kernel void matmul(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m, uint n,
                   uint k, float alpha, float beta, int a_transposed, int b_transposed)
{
    realV tile[OCK_ROWS * OCK_VECTORS];
    SHARED;
    product(a_transposed ? TRANSPOSED(a) : MATRIX(a), b_transposed ? TRANSPOSED(b) : MATRIX(b),
            (extent){m, n, k}, TILE_ROW, TILE_COL, tile, shared);
    for (uint i = 0; i < OCK_ROWS * OCK_VECTORS; i++) {
        uint row = TILE_ROW + i / OCK_VECTORS, col = TILE_COL + i % OCK_VECTORS * OCK_V;
        if (row < m && col < n)
            store_product(tile[i], alpha, beta, AT(c, row, col));
    }
}

#if OCK_GROUP == 1

kernel void matmul_dot(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m,
                       uint n, uint k, float alpha, float beta)
{
    realV tile[DOT_ROWS];
    SHARED;
    product_dot(MATRIX(a), TRANSPOSED(b), (extent){m, n, k}, DOT_ROW, DOT_COL, tile, shared);
    for (uint i = 0; i < DOT_ROWS; i++)
        if (DOT_ROW + i < m && DOT_COL < n)
            store_product(tile[i], alpha, beta, AT(c, DOT_ROW + i, DOT_COL));
}

/* y (cols x rows, dense rows of y_stride) = x^T; a work-item makes one vector. */
kernel void transpose(TENSOR(const float, x), global float *y, uint y_stride, uint rows, uint cols)
{
    uint row = get_global_id(0) * OCK_V, col = get_global_id(1);
    if (row >= rows || col >= cols)
        return;
    for (uint i = 0; i < OCK_V; i++)
        y[(ulong)col * y_stride + row + i] = row + i < rows ? *AT(x, row + i, col) : 0;
}

#endif
