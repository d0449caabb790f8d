/* Chooses kernels ahead of time, which the first product of a kind would otherwise wait for. */
#include <math.h>
#include <stdlib.h>

#include "benchmarks.h"
#include "cli.h"
#include "progress.h"
#include "report.h"
#include "run.h"

struct tune {
    struct session session;
    struct row rows[PRODUCTS_MAX];
    ock_tuning tunings[PRODUCTS_MAX];
    size_t count;
};

static int tune_product(struct tune *tune, const struct product *product)
{
    const struct shape *shape = &product->shape;
    struct row *row = &tune->rows[tune->count];
    ock_tuning *tuning = &tune->tunings[tune->count++];
    ock_matmul_options options = ock_matmul_defaults();
    options.transpose_a = product->transpose_a;
    options.transpose_b = product->transpose_b;
    *row = row_of_product(product);
    if (ock_matmul_tune(tune->session.context, &options, shape->m, shape->n, shape->k, tuning))
        return session_failed(&tune->session, row->name);
    double seconds = tuning->count ? tuning->candidates[tuning->best].seconds : NAN;
    row->time = (struct spread){seconds, seconds, seconds};
    row->tuning = tuning;
    return run_interrupted() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}

static int tune_all(struct tune *tune)
{
    const struct options *options = tune->session.options;
    struct product products[PRODUCTS_MAX];
    size_t count = products_list(&options->shapes, options->transposes, products);
    struct progress progress;
    int exit_status = EXIT_SUCCESS;
    progress_begin(&progress, "products");
    for (size_t i = 0; i < count && exit_status == EXIT_SUCCESS; i++) {
        exit_status = tune_product(tune, &products[i]);
        progress_show(&progress, tune->rows[i].name, (double)(i + 1), (double)count);
    }
    progress_erase(&progress);
    return exit_status;
}

int run_tune(const struct options *options)
{
    struct tune *tune = calloc(1, sizeof *tune);
    if (!tune) {
        fputs("ockham-bench: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    int exit_status = session_open(&tune->session, options);
    if (exit_status == EXIT_SUCCESS)
        exit_status = tune_all(tune);
    if (exit_status == EXIT_SUCCESS)
        exit_status = session_measure(&tune->session);
    const struct report report = {.session = &tune->session,
                                  .benchmark = "tune",
                                  .unit = "us",
                                  .rate = "GFLOP/s",
                                  .rows = tune->rows,
                                  .count = tune->count};
    if (exit_status == EXIT_SUCCESS)
        exit_status = report_all(&report);
    session_close(&tune->session);
    free(tune);
    return exit_status;
}
