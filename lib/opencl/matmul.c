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

static ock_status launch(const product *p, const char *kernel, bool dot)
{
    const opencl_backend *opencl = (opencl_backend *)p->backend;
    opencl_grid grid = opencl_tile_grid(p->backend, p->m, p->n, dot);
    opencl_call call = opencl_begin(p->backend, kernel);
    opencl_arg_tensor(&call, p->a);
    opencl_arg_tensor(&call, p->b);
    opencl_arg_tensor(&call, p->c);
    opencl_arg_uint(&call, (uint32_t)p->m);
    opencl_arg_uint(&call, (uint32_t)p->n);
    opencl_arg_uint(&call, (uint32_t)p->k);
    opencl_arg_float(&call, p->options->alpha);
    opencl_arg_float(&call, p->options->beta);
    if (!dot || opencl->tiles.group > 1) {
        opencl_arg_int(&call, p->options->transpose_a);
        opencl_arg_int(&call, p->options->transpose_b);
    }
    return opencl_launch(&call, 2, grid.global, grid.local);
}

/* For CPUs: A^T B^T as A^T times a transposed copy of B. */
static ock_status launch_with_copy(const product *p)
{
    size_t vector = ((opencl_backend *)p->backend)->tiles.vector;
    size_t stride = (opencl_ceil_div(p->n, OCK_PAD) | 1) * OCK_PAD; /* off powers of two */
    ock_storage storage = {0};
    ock_tensor copy = {.storage = &storage, .rows = p->k, .cols = p->n, .stride = stride};
    ock_matmul_options options = *p->options;
    product rest = *p;
    cl_mem scratch;
    ock_status status = opencl_scratch(p->backend, p->k * stride * sizeof(float), &scratch);
    if (status != OCK_OK)
        return status;
    opencl_call call = opencl_begin(p->backend, "transpose");
    opencl_arg_tensor(&call, p->b);
    opencl_arg_buffer(&call, scratch);
    opencl_arg_uint(&call, (uint32_t)stride);
    opencl_arg_uint(&call, (uint32_t)p->n);
    opencl_arg_uint(&call, (uint32_t)p->k);
    const size_t global[] = {opencl_ceil_div(p->n, vector), p->k}, local[] = {1, 1};
    status = opencl_launch(&call, 2, global, local);
    if (status != OCK_OK)
        return status;
    storage.handle = scratch;
    options.transpose_b = false;
    rest.options = &options;
    rest.b = &copy;
    return launch(&rest, "matmul", false);
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
    if (opencl->tiles.group > 1 || !options->transpose_b)
        return launch(&p, "matmul", false);
    return options->transpose_a ? launch_with_copy(&p) : launch(&p, "matmul_dot", true);
}
