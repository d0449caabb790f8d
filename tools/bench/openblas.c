#include <cblas.h>
#include <stdlib.h>
#include <unistd.h>

#include "peer.h"
#include "run.h"

struct openblas {
    const struct product *product;
    const struct operands *operands;
};

/* 2^20 ticks: long enough to last from one call to the next. */
void openblas_spin_less(char **arguments)
{
    if (!getenv("OPENBLAS_THREAD_TIMEOUT") && setenv("OPENBLAS_THREAD_TIMEOUT", "20", 1) == 0)
        execvp(arguments[0], arguments); /* where that fails the runs only take longer */
}

static void *open_openblas(const struct session *session, char *about, size_t size)
{
    struct openblas *openblas = calloc(1, sizeof *openblas);
    openblas_set_num_threads(session->threads);
    snprintf(about, size, "%s, %d threads", openblas_get_config(), openblas_get_num_threads());
    if (!openblas)
        snprintf(about, size, "no memory");
    return openblas;
}

static bool prepare(void *state, const struct product *product, const struct operands *operands)
{
    *(struct openblas *)state = (struct openblas){product, operands};
    return true;
}

static double run(void *state, size_t times)
{
    const struct product *p = ((struct openblas *)state)->product;
    const struct operands *operands = ((struct openblas *)state)->operands;
    const int m = (int)p->shape.m, n = (int)p->shape.n, k = (int)p->shape.k;
    const CBLAS_TRANSPOSE a_op = p->transpose_a ? CblasTrans : CblasNoTrans;
    const CBLAS_TRANSPOSE b_op = p->transpose_b ? CblasTrans : CblasNoTrans;
    double start = run_now();
    for (size_t i = 0; i < times; i++)
        cblas_sgemm(CblasRowMajor, a_op, b_op, m, n, k, 1, operands->a, p->transpose_a ? m : k,
                    operands->b, p->transpose_b ? k : n, 0, operands->c, n);
    return run_now() - start;
}

const struct peer openblas_peer = {open_openblas, free, prepare, run};
