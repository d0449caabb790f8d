#include "opencl.h"

#if OCK_CLBLAST
#include <clblast_c.h>
#endif

opencl_product opencl_product_of(const ock_matmul_options *options, const ock_tensor *a,
                                 const ock_tensor *b, ock_tensor *c)
{
    return (opencl_product){.a_transposed = options->transpose_a,
                            .b_transposed = options->transpose_b,
                            .m = c->rows,
                            .n = c->cols,
                            .k = options->transpose_a ? a->rows : a->cols,
                            .alpha = options->alpha,
                            .beta = options->beta,
                            .a = a,
                            .b = b,
                            .c = c};
}

/* The same as C^T = op(B)^T op(A)^T. */
static opencl_product swapped(const opencl_product *p)
{
    opencl_product other = *p;
    other.a_transposed = !p->b_transposed;
    other.b_transposed = !p->a_transposed;
    other.c_transposed = !p->c_transposed;
    other.m = p->n;
    other.n = p->m;
    other.a = p->b;
    other.b = p->a;
    return other;
}

/* The arguments that all kernels begin with. */
static opencl_call begin(opencl_backend *opencl, const opencl_program *program, const char *kernel,
                         const opencl_product *p)
{
    opencl_call call = opencl_begin_in(&opencl->base, program, kernel);
    opencl_arg_tensor(&call, p->a);
    opencl_arg_tensor(&call, p->b);
    opencl_arg_tensor(&call, p->c);
    opencl_arg_uint(&call, (uint32_t)p->m);
    opencl_arg_uint(&call, (uint32_t)p->n);
    opencl_arg_uint(&call, (uint32_t)p->k);
    opencl_arg_float(&call, p->alpha);
    opencl_arg_float(&call, p->beta);
    return call;
}

/* C's work-items have tiles; or, where the writing of C is most of the work, rows of tiles. */
static ock_status launch_tiles(opencl_backend *opencl, const opencl_program *program,
                               const opencl_product *p)
{
    const size_t shallow = 16;
    opencl_grid grid = p->k <= shallow ? opencl_span_grid(opencl, &program->tiles, p)
                                       : opencl_tile_grid(&program->tiles, p);
    opencl_call call = begin(opencl, program, "matmul", p);
    opencl_arg_int(&call, p->a_transposed);
    opencl_arg_int(&call, p->c_transposed);
    opencl_arg_uint(&call, grid.share);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* C's work-items have strips of rows, for which op(B) is packed. */
static ock_status launch_packed(opencl_backend *opencl, const opencl_program *program,
                                const opencl_product *p)
{
    opencl_grid grid = opencl_strip_grid(opencl, &program->tiles, p);
    opencl_call call = begin(opencl, program, "matmul_packed", p);
    opencl_arg_int(&call, p->a_transposed);
    opencl_arg_uint(&call, grid.share);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* The other way round where A's rows do not lie in one piece, or are the fewer. */
static ock_status launch_dots(opencl_backend *opencl, const opencl_program *program,
                              const opencl_product *p)
{
    const opencl_tiles dots = {.vector = 1, .rows = 4, .vectors = 2, .group = 1}; /* matmul.cl */
    opencl_product other = swapped(p);
    if (p->a_transposed || (p->b_transposed && p->m < p->n))
        p = &other;
    opencl_grid grid = opencl_strip_grid(opencl, &dots, p);
    opencl_call call = begin(opencl, program, "matmul_dots", p);
    opencl_arg_int(&call, p->b_transposed);
    opencl_arg_int(&call, p->c_transposed);
    opencl_arg_uint(&call, grid.share);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* False where CLBlast refuses; then our own kernels serve. */
static bool clblast(opencl_backend *opencl, const opencl_product *p, cl_event *event)
{
#if OCK_CLBLAST
    const ock_tensor *a = p->a, *b = p->b, *c = p->c;
    CLBlastTranspose a_op = p->a_transposed ? CLBlastTransposeYes : CLBlastTransposeNo;
    CLBlastTranspose b_op = p->b_transposed ? CLBlastTransposeYes : CLBlastTransposeNo;
    opencl->clblast = true;
    return CLBlastSgemm(CLBlastLayoutRowMajor, a_op, b_op, p->m, p->n, p->k, p->alpha,
                        a->storage->handle, a->offset, a->stride, b->storage->handle, b->offset,
                        b->stride, p->beta, c->storage->handle, c->offset, c->stride,
                        &opencl->queue, event) == CLBlastSuccess;
#else
    (void)opencl;
    (void)p;
    (void)event;
    return false;
#endif
}

ock_status opencl_multiply(opencl_backend *opencl, opencl_candidate candidate,
                           const opencl_product *product)
{
    const opencl_program *program;
    cl_event event = NULL;
    if (candidate == OPENCL_CLBLAST && clblast(opencl, product, &event)) {
        opencl_keep(opencl, "CLBlastSgemm", event);
        return OCK_OK;
    }
    ock_status status = opencl_program_of(opencl, opencl_tiles_of(candidate), &program);
    if (status != OCK_OK)
        return status;
    if (candidate == OPENCL_DOTS)
        return launch_dots(opencl, program, product);
    if (candidate == OPENCL_SWAP) {
        opencl_product other = swapped(product);
        return launch_tiles(opencl, program, &other);
    }
    return product->b_transposed ? launch_packed(opencl, program, product)
                                 : launch_tiles(opencl, program, product);
}

static ock_status choose(opencl_backend *opencl, const opencl_product *product,
                         opencl_candidate *candidate)
{
    ock_status status = OCK_OK;
    if (!opencl_recall(opencl, product, candidate)) {
        status = opencl_measure_candidates(opencl, product, NULL);
        opencl_recall(opencl, product, candidate);
    }
    return status;
}

/* Where the chosen one's kernels do not build, another serves. */
ock_status opencl_matmul(ock_backend *backend, const ock_matmul_options *options,
                         const ock_tensor *a, const ock_tensor *b, ock_tensor *c)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    opencl_product product = opencl_product_of(options, a, b, c);
    opencl_candidate candidate;
    ock_status status;
    do {
        status = choose(opencl, &product, &candidate);
        if (status == OCK_OK)
            status = opencl_multiply(opencl, candidate, &product);
    } while (status != OCK_OK && opencl->programs[opencl_tiles_of(candidate)].broken);
    return status;
}
