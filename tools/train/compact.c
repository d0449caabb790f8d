/* A saved network without its dead units, and what that saves. */
#include <stdlib.h>
#include <sys/stat.h>

#include "cli.h"
#include "commands.h"
#include "progress.h"
#include "run.h"
#include "train.h"

enum {
    ROUNDS = 7, /* both networks in turn, so that a noisy machine slows both */
    CALLS = 10, /* of a round */
};

/* One of the two networks. */
struct side {
    ock_model *model;
    double units, parameters, bytes, accuracy;
    double step_ms[ROUNDS], inference_ms[ROUNDS];
};

/* A batch that both are timed on. */
struct batch {
    ock_context *context;
    ock_tensor *indices, *x, *labels, *y;
};

/* ---- Time ---- */

static ock_status batch_open(const ock_dataset *set, size_t rows, struct batch *batch)
{
    ock_context *context = batch->context = ock_dataset_context(set);
    int32_t *order = calloc(rows, sizeof *order);
    if (!order)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for %zu indices", rows);
    for (size_t i = 0; i < rows; i++)
        order[i] = (int32_t)i;
    ock_status status = ock_tensor_create(context, OCK_I32, rows, 1, &batch->indices);
    if (status == OCK_OK)
        status = ock_tensor_create(context, OCK_F32, rows, ock_dataset_features(set), &batch->x);
    if (status == OCK_OK)
        status = ock_tensor_create(context, OCK_I32, rows, 1, &batch->labels);
    if (status == OCK_OK)
        status = ock_tensor_create(context, OCK_F32, rows, ock_dataset_outputs(set), &batch->y);
    if (status == OCK_OK)
        status = ock_tensor_write(batch->indices, order);
    if (status == OCK_OK)
        status = ock_dataset_batch(set, batch->indices, batch->x, batch->labels);
    free(order);
    return status;
}

static void batch_close(struct batch *batch)
{
    ock_tensor_destroy(batch->y);
    ock_tensor_destroy(batch->labels);
    ock_tensor_destroy(batch->x);
    ock_tensor_destroy(batch->indices);
}

static ock_status time_calls(ock_model *model, const struct batch *batch, bool training, double *ms)
{
    double start = run_now();
    ock_status status = OCK_OK;
    for (int i = 0; i < CALLS && status == OCK_OK; i++)
        status = training ? ock_model_train_step(model, NULL, batch->x, batch->labels, NULL)
                          : ock_model_predict(model, batch->x, batch->y);
    if (status == OCK_OK)
        status = ock_context_finish(batch->context);
    *ms = (run_now() - start) * 1e3 / CALLS;
    return status;
}

/* Training comes last, since it changes the weights. */
static ock_status time_sides(struct side sides[2], const struct batch *batch)
{
    struct progress progress;
    double done = 0;
    ock_status status = OCK_OK;
    progress_begin(&progress, "rounds");
    for (int training = 0; training < 2; training++)
        for (int round = -1; round < ROUNDS; round++) /* the first one warms up */
            for (int i = 0; i < 2 && status == OCK_OK && !run_interrupted(); i++) {
                double *times = training ? sides[i].step_ms : sides[i].inference_ms;
                status = time_calls(sides[i].model, batch, training, &times[round < 0 ? 0 : round]);
                progress_show(&progress, "timing", ++done, 4 * (ROUNDS + 1));
            }
    progress_erase(&progress);
    return status;
}

static double median(double times[ROUNDS])
{
    qsort(times, ROUNDS, sizeof *times, cli_compare_doubles);
    return times[ROUNDS / 2];
}

/* ---- The report ---- */

static void print_row(FILE *stream, const char *name, int decimals, double before, double after)
{
    fprintf(stream, "%-20s %12.*f %12.*f\n", name, decimals, before, decimals, after);
}

static void print_report(const struct session *session, struct side sides[2],
                         const ock_compaction *report)
{
    FILE *stream = session->talk;
    fprintf(stream, "\n%-20s %12s %12s\n", "", "before", "after");
    print_row(stream, "hidden units", 0, sides[0].units, sides[1].units);
    print_row(stream, "parameters", 0, sides[0].parameters, sides[1].parameters);
    print_row(stream, "file, bytes", 0, sides[0].bytes, sides[1].bytes);
    print_row(stream, "training step, ms", 3, median(sides[0].step_ms), median(sides[1].step_ms));
    print_row(stream, "inference, ms", 3, median(sides[0].inference_ms),
              median(sides[1].inference_ms));
    print_row(stream, "accuracy", 4, sides[0].accuracy, sides[1].accuracy);
    if (report->largest_dropped > 0)
        fprintf(stream, "\nThe largest weight taken for 0 was %g.\n",
                (double)report->largest_dropped);
    else
        fputs("\nOnly zeros were taken out: outputs differ by rounding alone.\n", stream);
}

/* ---- The work ---- */

static ock_status judge(const ock_dataset *set, const struct options *options, struct side *side)
{
    ock_evaluation evaluation;
    ock_status status = evaluate(side->model, set, (uint32_t)options->batch, &evaluation);
    side->accuracy = evaluation.accuracy;
    return status;
}

static ock_status measure(const struct session *session, struct side sides[2])
{
    const struct options *options = session->options;
    struct batch batch = {0};
    ock_dataset *set = NULL;
    ock_status status = train_dataset(session, 1, &set);
    for (int i = 0; i < 2 && status == OCK_OK; i++)
        status = judge(set, options, &sides[i]);
    size_t rows = options->batch;
    if (status == OCK_OK)
        status = batch_open(set, rows < session->pictures.count ? rows : session->pictures.count,
                            &batch);
    if (status == OCK_OK)
        status = time_sides(sides, &batch);
    batch_close(&batch);
    ock_dataset_destroy(set);
    return status;
}

static double file_bytes(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (double)about.st_size : 0;
}

static int compact(const struct session *session, ock_model *model)
{
    const struct options *options = session->options;
    ock_compaction report;
    struct side sides[2] = {{.model = model, .bytes = file_bytes(options->load)}};
    ock_status status = ock_model_compact(model, options->threshold, &sides[1].model, &report);
    if (status == OCK_OK)
        status = ock_model_save(sides[1].model, options->save);
    sides[0].units = (double)report.units;
    sides[1].units = (double)report.units_left;
    sides[0].parameters = (double)report.parameters;
    sides[1].parameters = (double)report.parameters_left;
    sides[1].bytes = file_bytes(options->save);
    if (status == OCK_OK)
        status = measure(session, sides);
    if (status == OCK_OK && !run_interrupted())
        print_report(session, sides, &report);
    ock_model_destroy(sides[1].model);
    if (status == OCK_OK && run_interrupted()) {
        fprintf(stderr, "ockham-train: stopped; %s is written, but not measured\n", options->save);
        return EXIT_FAILURE;
    }
    return status == OCK_OK ? EXIT_SUCCESS
                            : session_failed(session, "the network cannot be compacted");
}

int run_compact(const struct options *options)
{
    return evaluate_with(options, compact);
}
