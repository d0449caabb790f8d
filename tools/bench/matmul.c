/* Matrix products, of Ockham and of its peers in turn. */
#include <math.h>
#include <stdlib.h>

#include "benchmarks.h"
#include "cli.h"
#include "progress.h"
#include "report.h"
#include "run.h"

enum {
    FLUSH_EVERY = 64 /* products: a queue may not grow without bound */
};

static const struct peer *const known_peers[PEERS] = {
#if OCKHAM_OPENBLAS
    [OPENBLAS] = &openblas_peer,
#else
    [OPENBLAS] = NULL,
#endif
#if OCKHAM_CLBLAST
    [CLBLAST] = &clblast_peer,
#endif
};

struct matmul {
    struct session session;
    void *peers[PEERS]; /* NULL: absent */
    ock_matmul_options options;
    ock_tensor *a, *b, *c;
};

/* ---- Peers ---- */

static void open_peers(struct matmul *matmul)
{
    const bool left_out[PEERS] = {[OPENBLAS] = matmul->session.options->no_openblas,
                                  [CLBLAST] = matmul->session.options->no_clblast};
    for (int i = 0; i < PEERS; i++) {
        char about[256] = "was not found when this program was built";
        if (left_out[i])
            continue;
        if (known_peers[i])
            matmul->peers[i] = known_peers[i]->open(&matmul->session, about, sizeof about);
        fprintf(matmul->session.talk, "%s%s: %s\n", matmul->peers[i] ? "" : "without ",
                peer_names[i], about);
    }
    fflush(matmul->session.talk);
}

static void close_peers(struct matmul *matmul)
{
    for (int i = 0; i < PEERS; i++)
        if (matmul->peers[i])
            known_peers[i]->close(matmul->peers[i]);
}

/* ---- Ockham ---- */

static double run_ockham(void *state, size_t times)
{
    struct matmul *matmul = state;
    ock_context *context = matmul->session.context;
    double start = run_now();
    ock_status status = OCK_OK;
    for (size_t i = 1; i <= times && status == OCK_OK; i++) {
        status = ock_matmul(&matmul->options, matmul->a, matmul->b, matmul->c);
        if (status == OCK_OK && i % FLUSH_EVERY == 0)
            status = ock_context_flush(context);
    }
    if (status == OCK_OK)
        status = ock_context_finish(context);
    if (status == OCK_OK)
        return run_now() - start;
    session_failed(&matmul->session, "a product failed");
    return NAN;
}

/* ---- A product ---- */

static ock_status make_operands(struct matmul *matmul, const struct product *p,
                                struct operands *operands)
{
    const struct session *session = &matmul->session;
    const size_t m = p->shape.m, n = p->shape.n, k = p->shape.k;
    matmul->options = ock_matmul_defaults();
    matmul->options.transpose_a = p->transpose_a;
    matmul->options.transpose_b = p->transpose_b;
    ock_status status = session_tensor(session, p->transpose_a ? k : m, p->transpose_a ? m : k,
                                       &matmul->a, &operands->a);
    if (status == OCK_OK)
        status = session_tensor(session, p->transpose_b ? n : k, p->transpose_b ? k : n, &matmul->b,
                                &operands->b);
    if (status == OCK_OK)
        status = session_tensor(session, m, n, &matmul->c, &operands->c);
    return status;
}

static void free_operands(struct matmul *matmul, struct operands *operands)
{
    ock_tensor_destroy(matmul->c);
    ock_tensor_destroy(matmul->b);
    ock_tensor_destroy(matmul->a);
    matmul->a = matmul->b = matmul->c = NULL;
    free(operands->c);
    free(operands->b);
    free(operands->a);
}

/* False where Ockham failed; a peer that fails is left out of the row. */
static bool time_product(struct matmul *matmul, const struct product *p,
                         const struct operands *operands, struct row *row)
{
    struct contender contenders[1 + PEERS] = {{.run = run_ockham, .state = matmul}};
    size_t runs = (size_t)matmul->session.options->runs, count = 1;
    int places[1 + PEERS];
    for (int i = 0; i < PEERS; i++)
        if (matmul->peers[i] && known_peers[i]->prepare(matmul->peers[i], p, operands)) {
            places[count] = i;
            contenders[count++] =
                (struct contender){.run = known_peers[i]->run, .state = matmul->peers[i]};
        }
    contest(contenders, count, runs, false);
    row->time = contest_spread(&contenders[0], runs);
    for (size_t i = 1; i < count; i++)
        row->peers[places[i]] = contest_spread(&contenders[i], runs).median;
    return !contenders[0].failed;
}

static int measure_product(struct matmul *matmul, const struct product *product, struct row *row)
{
    struct operands operands = {0};
    int exit_status = EXIT_SUCCESS;
    *row = row_of_product(product);
    if (make_operands(matmul, product, &operands) != OCK_OK)
        exit_status = session_failed(&matmul->session, row->name);
    else if (!time_product(matmul, product, &operands, row))
        exit_status = EXIT_FAILURE;
    free_operands(matmul, &operands);
    return run_interrupted() ? EXIT_INTERRUPTED : exit_status;
}

/* ---- All of them ---- */

/* What can be had of the device is measured again and again, since the best of it counts. */
static int measure_all(struct matmul *matmul, struct report *report)
{
    const struct options *options = matmul->session.options;
    struct product products[PRODUCTS_MAX];
    size_t count = products_list(&options->shapes, options->transposes, products);
    struct progress progress;
    int exit_status = EXIT_SUCCESS;
    progress_begin(&progress, "products");
    for (size_t i = 0; i < count && exit_status == EXIT_SUCCESS; i++) {
        struct row *row = &report->rows[report->count++];
        exit_status = measure_product(matmul, &products[i], row);
        progress_show(&progress, row->name, (double)(i + 1), (double)count);
        if (exit_status == EXIT_SUCCESS && (i + 1) % TRANSPOSES == 0)
            exit_status = session_measure(&matmul->session);
    }
    progress_erase(&progress);
    return exit_status;
}

int run_matmul(const struct options *options)
{
    struct matmul matmul = {0};
    struct row rows[PRODUCTS_MAX];
    struct report report = {.session = &matmul.session,
                            .benchmark = "matmul",
                            .unit = "us",
                            .rate = "GFLOP/s",
                            .peers = true,
                            .rows = rows};
#if OCKHAM_OPENBLAS
    if (!options->no_openblas)
        openblas_spin_less(options->arguments);
#endif
    int exit_status = session_open(&matmul.session, options);
    if (exit_status == EXIT_SUCCESS) {
        open_peers(&matmul);
        exit_status = measure_all(&matmul, &report);
    }
    close_peers(&matmul);
    if (exit_status == EXIT_SUCCESS)
        exit_status = report_all(&report);
    session_close(&matmul.session);
    return exit_status;
}
