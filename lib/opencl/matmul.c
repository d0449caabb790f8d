#include "opencl.h"

#if OCK_CLBLAST
#include <clblast_c.h>
#endif

/* One product: op(A) m x k, op(B) k x n, C m x n, all of them in buffers. */
typedef struct product {
    ock_backend *backend;
    const ock_matmul_options *options;
    const ock_tensor *a, *b;
    ock_tensor *c;
    size_t m, n, k;
} product;

/* C's work-items have tiles, or strips of rows where op(B) is packed. */
static ock_status launch(const product *p)
{
    const opencl_backend *opencl = (opencl_backend *)p->backend;
    bool packed = p->options->transpose_b;
    opencl_grid grid =
        packed ? opencl_strip_grid(opencl, p->m, p->n) : opencl_tile_grid(opencl, p->m, p->n);
    opencl_call call = opencl_begin(p->backend, packed ? "matmul_packed" : "matmul");
    opencl_arg_tensor(&call, p->a);
    opencl_arg_tensor(&call, p->b);
    opencl_arg_tensor(&call, p->c);
    opencl_arg_uint(&call, (uint32_t)p->m);
    opencl_arg_uint(&call, (uint32_t)p->n);
    opencl_arg_uint(&call, (uint32_t)p->k);
    opencl_arg_float(&call, p->options->alpha);
    opencl_arg_float(&call, p->options->beta);
    opencl_arg_int(&call, p->options->transpose_a);
    if (packed)
        opencl_arg_uint(&call, grid.share);
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* False where CLBlast does not serve this device or refuses; then our own kernels do. */
static bool clblast(const product *p, cl_event *event)
{
#if OCK_CLBLAST
    opencl_backend *opencl = (opencl_backend *)p->backend;
    if (!opencl->clblast)
        return false;
    const ock_tensor *a = p->a, *b = p->b, *c = p->c;
    CLBlastTranspose a_op = p->options->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo;
    CLBlastTranspose b_op = p->options->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo;
    return CLBlastSgemm(CLBlastLayoutRowMajor, a_op, b_op, p->m, p->n, p->k, p->options->alpha,
                        a->storage->handle, a->offset, a->stride, b->storage->handle, b->offset,
                        b->stride, p->options->beta, c->storage->handle, c->offset, c->stride,
                        &opencl->queue, event) == CLBlastSuccess;
#else
    (void)p;
    (void)event;
    return false;
#endif
}

ock_status opencl_matmul(ock_backend *backend, const ock_matmul_options *options,
                         const ock_tensor *a, const ock_tensor *b, ock_tensor *c)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    product p = {.backend = backend, .options = options, .a = a, .b = b, .c = c};
    p.m = c->rows;
    p.n = c->cols;
    p.k = options->transpose_a ? a->rows : a->cols;
    cl_event event = NULL;
    if (clblast(&p, &event))
        return opencl_keep(opencl, "CLBlastSgemm", event);
    return launch(&p);
}
