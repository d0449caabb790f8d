/* C = alpha op(A) op(B) + beta C, with op(A) m x k, op(B) k x n. */
#include "tile.cl"

/* `rows` rows of C from their products; C is read only where beta is not 0. */
static void store_products(const realV *products, uint rows, float alpha, float beta, uint first,
                           extent e, TENSOR(float, c))
{
    for (uint i = 0; i < rows * OCK_VECTORS; i++) {
        uint row = first + i / OCK_VECTORS, col = TILE_COL + i % OCK_VECTORS * VECTOR_STEP;
        if (row >= e.m || col >= e.n)
            continue;
        realV value = alpha * products[i];
        if (beta != 0)
            value += beta * loadV(AT(c, row, col));
        storeV(value, AT(c, row, col));
    }
}

kernel void matmul(TENSOR(const float, a), TENSOR(const float, b), TENSOR(float, c), uint m, uint n,
                   uint k, float alpha, float beta, int a_transposed)
{
    const extent e = {m, n, k};
    realV tile[TILE_VECTORS];
    SHARED;
    product(a_transposed ? TRANSPOSED(a) : MATRIX(a), MATRIX(b), e, TILE_ROW, TILE_COL, tile,
            shared);
    store_products(tile, OCK_ROWS, alpha, beta, TILE_ROW, e, c, c_offset, c_stride);
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
    store_products(strip, rows, alpha, beta, ITEM_ROW * rows, e, c, c_offset, c_stride);
}
