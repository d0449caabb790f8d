#include "product.h"

#ifdef _OPENMP
#include <omp.h>
#endif

static int thread_number(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

scalar_product scalar_product_of(const ock_tensor *a, bool transpose_a, const ock_tensor *b,
                                 bool transpose_b)
{
    return (scalar_product){
        .rows = transpose_a ? a->cols : a->rows,
        .cols = transpose_b ? b->rows : b->cols,
        .depth = transpose_a ? a->rows : a->cols,
        .factors =
            {
                .a = scalar_data(a),
                .b = scalar_data(b),
                .a_row = transpose_a ? 1 : a->stride,
                .a_depth = transpose_a ? a->stride : 1,
                .b_row = transpose_b ? 1 : b->stride,
            },
        .b_col = transpose_b ? b->stride : 1,
    };
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

size_t scalar_product_jobs(const ock_backend *backend, const scalar_product *product)
{
    return ceil_div(product->cols, scalar_tile(backend)->cols) *
           ceil_div(product->rows, SCALAR_JOB_ROWS);
}

/* Copies depth x n of B into rows of a tile's width, filled up with zeros. */
static void pack(const scalar_product *p, const float *b, size_t depth, size_t n, size_t width,
                 float *panel)
{
    for (size_t j = n; j < width; j++)
        for (size_t k = 0; k < depth; k++)
            panel[k * width + j] = 0;
    if (p->b_col == 1)
        for (size_t k = 0; k < depth; k++)
            memcpy(panel + k * width, b + k * p->factors.b_row, n * sizeof *panel);
    else
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < depth; k++)
                panel[k * width + j] = b[k + j * p->b_col];
}

/* The factors at depth k of one panel; a whole tile's width of B is read where it lies. */
static scalar_factors panel_at(const scalar_product *p, size_t k, size_t col, size_t width,
                               float *panel)
{
    scalar_factors factors = p->factors;
    size_t depth = scalar_min(SCALAR_DEPTH, p->depth - k);
    factors.a += k * factors.a_depth;
    factors.b += k * factors.b_row + col * p->b_col;
    if (p->b_col == 1 && col + width <= factors.b_row)
        return factors;
    pack(p, factors.b, depth, scalar_min(width, p->cols - col), width, panel);
    factors.b = panel;
    factors.b_row = width;
    return factors;
}

static void run_job(const scalar_backend *scalar, const scalar_product *p, size_t job)
{
    const scalar_tile_table *tile = scalar->tile;
    size_t panels = ceil_div(p->cols, tile->cols);
    size_t col = job % panels * tile->cols, n = scalar_min(tile->cols, p->cols - col);
    size_t first = job / panels * SCALAR_JOB_ROWS,
           rows = scalar_min(SCALAR_JOB_ROWS, p->rows - first);
    float *sums = scalar->scratch + (size_t)thread_number() * SCALAR_SCRATCH;
    float *panel = sums + SCALAR_JOB_ROWS * SCALAR_TILE_COLS;
    double lanes[SCALAR_LANES] = {0};

    memset(sums, 0, rows * tile->cols * sizeof *sums);
    for (size_t k = 0; k < p->depth; k += SCALAR_DEPTH) {
        size_t depth = scalar_min(SCALAR_DEPTH, p->depth - k);
        scalar_factors factors = panel_at(p, k, col, tile->cols, panel);
        factors.a += first * factors.a_row;
        for (size_t i = 0; i < rows; i += tile->rows) {
            size_t height = scalar_min(tile->rows, rows - i);
            tile->multiply(&factors, height, depth, sums + i * tile->cols);
            factors.a += height * factors.a_row;
            if (k + depth < p->depth)
                continue;
            for (size_t r = i; r < i + height; r++)
                p->finish(p->context, first + r, col, n, sums + r * tile->cols, lanes);
        }
    }
    if (p->partials)
        p->partials[job] = scalar_lane_sum(lanes);
}

void scalar_product_run(ock_backend *backend, const scalar_product *product)
{
    const scalar_backend *scalar = (const scalar_backend *)backend;
    size_t jobs = scalar_product_jobs(backend, product);
    size_t touched = product->rows * product->depth + product->depth * product->cols;
#pragma omp parallel for schedule(dynamic) num_threads(scalar_threads(backend, touched))
    for (size_t job = 0; job < jobs; job++)
        run_job(scalar, product, job);
}
