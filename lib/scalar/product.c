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

/* The most columns that are too few; and where flipping makes the product pack A. */
enum {
    THIN = 12,
    THIN_PACKED = 6
};

/* The same product with its result transposed, for results of so few columns that most of a
 * tile would be idle. */
static void flip_if_thin(scalar_product *p)
{
    const scalar_product q = *p;
    if (p->cols > (q.factors.a_row == 1 ? THIN : THIN_PACKED) || p->rows <= p->cols)
        return;
    p->flipped = true;
    p->rows = q.cols;
    p->cols = q.rows;
    p->factors = (scalar_factors){.a = q.factors.b,
                                  .b = q.factors.a,
                                  .a_row = q.b_col,
                                  .a_depth = q.factors.b_row,
                                  .b_row = q.factors.a_depth};
    p->b_col = q.factors.a_row;
}

scalar_product scalar_product_of(const ock_tensor *a, bool transpose_a, const ock_tensor *b,
                                 bool transpose_b)
{
    scalar_product product = {
        .rows = transpose_a ? a->cols : a->rows,
        .cols = transpose_b ? b->rows : b->cols,
        .depth = transpose_a ? a->rows : a->cols,
        .factors = {.a = scalar_data(a),
                    .b = scalar_data(b),
                    .a_row = transpose_a ? 1 : a->stride,
                    .a_depth = transpose_a ? a->stride : 1,
                    .b_row = transpose_b ? 1 : b->stride},
        .b_col = transpose_b ? b->stride : 1,
    };
    flip_if_thin(&product);
    return product;
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* ---- Panels: a tile's width of B's columns ---- */

enum {
    JOB_PANELS = 8
};

/* Where B's rows are contiguous a panel is read where it lies, so a job may cover several and
 * go through its rows of the result in long stretches. */
static size_t job_panels(const scalar_product *p)
{
    size_t panels = 1;
    while (p->b_col == 1 && panels < JOB_PANELS && 2 * panels * p->depth <= SCALAR_DEPTH)
        panels *= 2;
    return panels;
}

/* Rows and columns of the result that one thread computes, and its memory. */
typedef struct job {
    const scalar_tile_kernel *tile;
    size_t row, rows, col, cols;
    float *packed, *sums;
    size_t sums_row;
    double lanes[SCALAR_LANES];
} job;

/* The factors from depth k on of the job's panel q. A tile may read beyond B's columns, as far as
 * its rows are padded; if B is transposed then it is packed. */
static scalar_factors panel_at(const scalar_product *p, const job *j, size_t k, size_t q)
{
    scalar_factors factors = p->factors;
    size_t col = j->col + q * j->tile->cols, n = scalar_min(j->tile->cols, p->cols - col);
    factors.narrow = n <= j->tile->narrow;
    factors.fresh = k == 0;
    factors.sums_row = j->sums_row;
    factors.a += j->row * factors.a_row + k * factors.a_depth;
    factors.b += k * factors.b_row + col * p->b_col;
    if (p->b_col > 1) {
        j->tile->transpose(factors.b, p->b_col, n, scalar_min(SCALAR_DEPTH, p->depth - k),
                           j->packed, j->tile->cols);
        factors.b = j->packed;
        factors.b_row = j->tile->cols;
    }
    return factors;
}

/* ---- Jobs ---- */

static void prefetch_tile(const scalar_product *p, const job *j, size_t row, size_t col)
{
    size_t last_row = scalar_min(row + j->tile->rows, p->rows);
    size_t last_col = scalar_min(col + j->tile->cols, p->cols);
    for (size_t t = 0; !p->flipped && t < SCALAR_SOON && p->soon[t]; t++)
        for (size_t i = row; i < last_row; i++)
            for (size_t k = col; k < last_col; k += OCK_PAD)
                __builtin_prefetch(scalar_row(p->soon[t], i) + k, 1);
}

/* All of a job whose rows are columns of the result. */
static void finish_flipped(const scalar_product *p, job *j)
{
    j->tile->transpose(j->sums, j->sums_row, j->rows, j->cols, j->packed, OCK_PAD);
    for (size_t c = 0; c < j->cols; c++) {
        float *sums = j->packed + c * OCK_PAD;
        if (p->finish)
            p->finish(p->context, j->col + c, j->row, j->rows, sums, j->lanes);
        else
            memcpy(scalar_row(p->result, j->col + c), sums, j->rows * sizeof *sums);
    }
}

/* Rows are finished over all of a job's panels, in long spans. */
static void run_depth(const scalar_product *p, job *j, size_t k)
{
    size_t depth = scalar_min(SCALAR_DEPTH, p->depth - k);
    size_t height = j->tile->rows, width = j->tile->cols, panels = ceil_div(j->cols, width);
    bool last = k + depth == p->depth;
    scalar_factors factors[JOB_PANELS];
    for (size_t q = 0; q < panels; q++)
        factors[q] = panel_at(p, j, k, q);
    for (size_t i = 0; i < j->rows; i += height) {
        size_t rows = scalar_min(height, j->rows - i);
        for (size_t q = 0; q < panels; q++) {
            if (last)
                prefetch_tile(p, j, j->row + i, j->col + q * width);
            j->tile->multiply(&factors[q], rows, depth, j->sums + i * j->sums_row + q * width);
            factors[q].a += rows * factors[q].a_row;
        }
        for (size_t r = i; last && p->finish && !p->flipped && r < i + rows; r++)
            p->finish(p->context, j->row + r, j->col, j->cols, j->sums + r * j->sums_row, j->lanes);
    }
    if (last && p->flipped)
        finish_flipped(p, j);
}

/* A job's rows and columns; those at the right and bottom edges may be fewer. */
static void job_size(const ock_backend *backend, const scalar_product *p, size_t *rows,
                     size_t *cols)
{
    size_t panels = job_panels(p);
    *rows = SCALAR_JOB_ROWS / panels;
    *cols = panels * scalar_of(backend)->kernels.tile->cols;
}

size_t scalar_product_jobs(const ock_backend *backend, const scalar_product *product)
{
    size_t rows, cols;
    job_size(backend, product, &rows, &cols);
    return ceil_div(product->rows, rows) * ceil_div(product->cols, cols);
}

static void run_job(const ock_backend *backend, const scalar_product *p, size_t number)
{
    size_t rows, cols;
    job_size(backend, p, &rows, &cols);
    size_t across = ceil_div(p->cols, cols);
    size_t row = number / across * rows, col = number % across * cols;
    float *scratch = scalar_of(backend)->scratch + (size_t)thread_number() * SCALAR_SCRATCH;
    job j = {
        .tile = scalar_of(backend)->kernels.tile,
        .row = row,
        .rows = scalar_min(rows, p->rows - row),
        .col = col,
        .cols = scalar_min(cols, p->cols - col),
        .packed = scratch,
        .sums = scratch + SCALAR_DEPTH * SCALAR_TILE_COLS,
        .sums_row = cols,
    };
    if (!p->finish && !p->flipped) {
        j.sums = scalar_row(p->result, row) + col;
        j.sums_row = p->result->stride;
    }
    for (size_t k = 0; k < p->depth; k += SCALAR_DEPTH)
        run_depth(p, &j, k);
    if (p->partials)
        p->partials[number] = scalar_lane_sum(j.lanes);
}

void scalar_product_run(ock_backend *backend, const scalar_product *product)
{
    size_t jobs = scalar_product_jobs(backend, product);
#pragma omp parallel for schedule(dynamic)                                                         \
    num_threads(scalar_threads(backend, product->depth *(product->rows + product->cols)))
    for (size_t number = 0; number < jobs; number++)
        run_job(backend, product, number);
}
