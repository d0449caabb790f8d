#include "product.h"

typedef struct matmul_end {
    float alpha, beta;
    ock_tensor *c;
} matmul_end;

static void finish(const void *context, size_t row, size_t col, size_t n, float *sums,
                   double *lanes)
{
    const matmul_end *end = context;
    float *c = scalar_row(end->c, row) + col;
    (void)lanes;
    if (end->beta == 0)
        for (size_t j = 0; j < n; j++)
            c[j] = end->alpha * sums[j];
    else
        for (size_t j = 0; j < n; j++)
            c[j] = end->alpha * sums[j] + end->beta * c[j];
}

ock_status scalar_matmul(ock_backend *backend, const ock_matmul_options *options,
                         const ock_tensor *a, const ock_tensor *b, ock_tensor *c)
{
    matmul_end end = {options->alpha, options->beta, c};
    scalar_product product = scalar_product_of(a, options->transpose_a, b, options->transpose_b);
    bool plain = options->alpha == 1 && options->beta == 0;
    product.finish = plain ? NULL : finish;
    product.context = &end;
    product.result = c;
    scalar_product_run(backend, &product);
    return OCK_OK;
}
