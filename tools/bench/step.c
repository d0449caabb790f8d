/* Training steps as ock_model_fit() does them: of the techniques in turn, or of the plain step
 * alone as width and batch grow. */
#include <math.h>
#include <stdlib.h>

#include "benchmarks.h"
#include "cli.h"
#include "contest.h"
#include "network.h"
#include "report.h"
#include "run.h"

enum {
    WIDTHS = 4,
    BATCHES = 6,
    POINTS_MAX = WIDTHS * BATCHES,
    SCALING_BASE = 1 * BATCHES + 2, /* the width and the batch that were asked for */
    FEWEST_STEPS = 3,
};

static const struct technique techniques[] = {
    {.name = "plain"},
    {.name = "l2", .dense.kernel = {.l2 = 1e-4f}},
    {.name = "l1", .dense.kernel = {.l1 = 1e-4f}},
    {.name = "elastic net", .dense.kernel = {.l1 = 1e-4f, .l2 = 1e-4f}},
    {.name = "proximal l1", .dense.kernel = {.l1 = 1e-4f, .proximal_l1 = true}},
    {.name = "group lasso", .dense.kernel = {.group_lasso = 1e-3f}},
    {.name = "weight decay", .optimizer = {.weight_decay = 0.004f}},
    {.name = "max-norm", .dense.kernel_constraint = {OCK_MAX_NORM, 3}},
    {.name = "unit-norm", .dense.kernel_constraint = {.kind = OCK_UNIT_NORM}},
    {.name = "non-negative", .dense.kernel_constraint = {.kind = OCK_NON_NEGATIVE}},
    {.name = "clip value", .optimizer = {.clip_value = 0.5f}},
    {.name = "clip norm", .optimizer = {.clip_norm = 1}},
    {.name = "global clip norm", .optimizer = {.global_clip_norm = 1}},
    {.name = "weight average", .optimizer = {.ema_momentum = 0.99f}},
    {.name = "input dropout", .input_dropout = 0.2f},
    {.name = "spatial dropout", .spatial_dropout = 0.25f},
    {.name = "gaussian dropout", .gaussian_dropout = 0.25f},
    {.name = "gaussian noise", .gaussian_noise = 0.1f},
    {.name = "activity l2", .dense.activity = {.l2 = 1e-4f}},
    {.name = "label smoothing", .label_smoothing = 0.1f},
    {.name = "mixup", .mixup_alpha = 0.2f},
    {.name = "dropout", .dropout = 0.25f},
    {.name = "l2+dropout", .dense.kernel = {.l2 = 1e-4f}, .dropout = 0.25f},
};

enum {
    TECHNIQUES = sizeof techniques / sizeof *techniques
};

/* A network, a technique and a batch: what a row tells of. */
struct point {
    const struct session *session;
    struct network network;
    const struct technique *technique;
    size_t batch;
    ock_model *model;
    const ock_dataset *samples;
};

struct grid {
    struct session session;
    struct point points[POINTS_MAX];
    struct contender contenders[POINTS_MAX + 1]; /* the last one measures the device */
    struct row rows[POINTS_MAX];
    size_t count, base; /* what the others are set in relation to */
    ock_dataset *samples;
};

/* ---- A run ---- */

static ock_status fit(const struct point *point, size_t steps, ock_history *history)
{
    ock_dataset *train = NULL;
    ock_fit fit = ock_fit_defaults();
    const ock_optimizer *added = &point->technique->optimizer;
    fit.batch_size = (uint32_t)point->batch;
    fit.optimizer.weight_decay = added->weight_decay;
    fit.optimizer.clip_value = added->clip_value;
    fit.optimizer.clip_norm = added->clip_norm;
    fit.optimizer.global_clip_norm = added->global_clip_norm;
    fit.optimizer.ema_momentum = added->ema_momentum;
    fit.label_smoothing = point->technique->label_smoothing;
    fit.mixup_alpha = point->technique->mixup_alpha;
    ock_status status = ock_dataset_view(point->samples, 0, steps * point->batch, &train);
    if (status == OCK_OK)
        status = ock_model_fit(point->model, train, NULL, &fit, history);
    ock_dataset_destroy(train);
    return status;
}

/* What an epoch takes from its shuffle to the end of its last step, as the history tells it. */
static double run(void *state, size_t steps)
{
    const struct point *point = state;
    ock_history history = {0};
    double seconds = NAN;
    if (fit(point, steps, &history) == OCK_OK)
        seconds = 1e-3 * history.epochs[0].ms_per_step * (double)steps;
    else
        session_failed(point->session, "the network cannot be trained");
    ock_history_clear(&history);
    return seconds;
}

/* ---- The points ---- */

static void add_point(struct grid *grid, const struct technique *technique, size_t width,
                      size_t batch)
{
    const struct options *options = grid->session.options;
    struct point *point = &grid->points[grid->count];
    *point = (struct point){.session = &grid->session,
                            .network = network_of(options),
                            .technique = technique,
                            .batch = batch};
    point->network.width = width;
    struct row *row = &grid->rows[grid->count];
    *row = row_of((struct spread){NAN, NAN, NAN});
    row->flops = network_flops(&point->network, batch);
    row->bytes = network_bytes(&point->network);
    if (options->scaling)
        snprintf(row->name, sizeof row->name, "width %zu batch %zu", width, batch);
    else
        snprintf(row->name, sizeof row->name, "%s", technique->name);
    grid->contenders[grid->count++] =
        (struct contender){.name = row->name, .run = run, .state = point};
}

static size_t at_least_one(size_t value)
{
    return value > 0 ? value : 1;
}

static void add_points(struct grid *grid)
{
    const struct options *options = grid->session.options;
    const size_t width = (size_t)options->width, batch = (size_t)options->batch;
    for (int i = 0; i < TECHNIQUES && !options->scaling; i++)
        add_point(grid, &techniques[i], width, batch);
    for (int w = 0; w < WIDTHS && options->scaling; w++)
        for (int b = 0; b < BATCHES; b++)
            add_point(grid, &techniques[0], at_least_one((width << w) / 2),
                      at_least_one((batch << b) / 4));
    grid->base = options->scaling ? SCALING_BASE : 0;
}

/* As many as take about as long as the base's, but not so few that an epoch's ends tell. */
static size_t choose_steps(const struct grid *grid, size_t point)
{
    double steps = (double)grid->session.options->steps;
    double share = grid->rows[grid->base].flops / grid->rows[point].flops;
    return (size_t)fmax(fmin(steps * fmin(share, 4), steps * 4), fmin(steps, FEWEST_STEPS));
}

/* Points that differ in their batch alone share a network. */
static ock_status open_model(struct grid *grid, size_t i)
{
    struct point *point = &grid->points[i];
    if (grid->session.options->scaling && i % BATCHES > 0) {
        point->model = grid->points[i - 1].model;
        return OCK_OK;
    }
    return network_build(&grid->session, &point->network, point->technique, &point->model);
}

static ock_status open_points(struct grid *grid)
{
    size_t most = 0;
    for (size_t i = 0; i < grid->count; i++) {
        size_t steps = choose_steps(grid, i), rows = steps * grid->points[i].batch;
        grid->contenders[i].times = steps;
        most = rows > most ? rows : most;
    }
    ock_status status =
        network_samples(&grid->session, &grid->points[0].network, most, &grid->samples);
    for (size_t i = 0; i < grid->count && status == OCK_OK; i++) {
        grid->points[i].samples = grid->samples;
        status = open_model(grid, i);
    }
    return status;
}

static void close_points(struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++)
        if (!grid->session.options->scaling || i % BATCHES == 0)
            ock_model_destroy(grid->points[i].model);
    ock_dataset_destroy(grid->samples);
}

/* ---- All of them ---- */

static int measure(struct grid *grid)
{
    const size_t runs = (size_t)grid->session.options->runs;
    const struct contender *base = &grid->contenders[grid->base];
    grid->contenders[grid->count] = session_contender(&grid->session);
    contest(grid->contenders, grid->count + 1, runs, true);
    for (size_t i = 0; i < grid->count; i++) {
        const struct contender *contender = &grid->contenders[i];
        struct row *row = &grid->rows[i];
        if (run_interrupted() || contender->failed)
            return run_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILURE;
        row->time = contest_spread(contender, runs);
        row->relative =
            contest_ratio(contender, base, runs) * grid->rows[grid->base].flops / row->flops;
    }
    return EXIT_SUCCESS;
}

static int measure_and_report(struct grid *grid)
{
    const struct report report = {
        .session = &grid->session,
        .benchmark = "step",
        .unit = "ms",
        .rate = "GFLOP/s",
        .relative = grid->session.options->scaling ? "to base" : "to plain",
        .rows = grid->rows,
        .count = grid->count,
    };
    int exit_status = EXIT_SUCCESS;
    if (open_points(grid) != OCK_OK)
        exit_status = session_failed(&grid->session, "the networks cannot be made");
    if (exit_status == EXIT_SUCCESS)
        exit_status = measure(grid);
    return exit_status == EXIT_SUCCESS ? report_all(&report) : exit_status;
}

int run_step(const struct options *options)
{
    struct grid *grid = calloc(1, sizeof *grid);
    if (!grid) {
        fputs("ockham-bench: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    int exit_status = session_open(&grid->session, options);
    if (exit_status == EXIT_SUCCESS) {
        add_points(grid);
        exit_status = measure_and_report(grid);
    }
    close_points(grid);
    session_close(&grid->session);
    free(grid);
    return exit_status;
}
