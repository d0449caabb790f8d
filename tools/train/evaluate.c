/* A saved network's accuracy, loss and confusions, or its predictions. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "npy.h"
#include "progress.h"
#include "run.h"
#include "train.h"

/* ---- Predictions ---- */

static ock_status predict_batch(ock_model *model, size_t rows, const float *x, float *y)
{
    ock_context *context = ock_model_context(model);
    ock_tensor *input = NULL, *output = NULL;
    ock_status status = ock_tensor_create(context, OCK_F32, rows, ock_model_inputs(model), &input);
    if (status == OCK_OK)
        status = ock_tensor_create(context, OCK_F32, rows, ock_model_outputs(model), &output);
    if (status == OCK_OK)
        status = ock_tensor_write(input, x);
    if (status == OCK_OK)
        status = ock_model_predict(model, input, output);
    if (status == OCK_OK)
        status = ock_tensor_read(output, y);
    ock_tensor_destroy(output);
    ock_tensor_destroy(input);
    return status;
}

/* A row of probabilities per picture, the caller's; NULL on failure. */
static float *predict_all(const struct session *session, ock_model *model)
{
    size_t count = session->pictures.count, batch = session->options->batch;
    size_t inputs = ock_model_inputs(model), outputs = ock_model_outputs(model);
    float *y = calloc(count, outputs * sizeof *y);
    if (!y) {
        fprintf(stderr, "ockham-train: no memory for %zu predictions\n", count);
        return NULL;
    }
    struct progress progress;
    ock_status status = OCK_OK;
    progress_begin(&progress, "pictures");
    for (size_t first = 0; first < count && status == OCK_OK && !run_interrupted();
         first += batch) {
        size_t rows = count - first < batch ? count - first : batch;
        status =
            predict_batch(model, rows, session->pictures.x + first * inputs, y + first * outputs);
        progress_show(&progress, "predicting", (double)(first + rows), (double)count);
    }
    progress_erase(&progress);
    if (status == OCK_OK && !run_interrupted())
        return y;
    if (status != OCK_OK)
        session_failed(session, "the network cannot predict");
    free(y);
    return NULL;
}

static size_t largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

/* What --out asks for, if it does: all probabilities, samples x classes. */
static bool write_predictions(const struct session *session, const float *y, size_t outputs)
{
    const char *path = session->options->out;
    size_t rows = session->pictures.count, bytes = rows * outputs * sizeof *y;
    if (!path)
        return true;
    unsigned char *file = malloc(NPY_HEADER + bytes);
    if (file) {
        npy_header(rows, outputs, file);
        memcpy(file + NPY_HEADER, y, bytes);
    }
    bool written = file && cli_write_bytes(path, file, NPY_HEADER + bytes);
    if (!written)
        session_not_written(path);
    free(file);
    return written;
}

static int print_predictions(const struct session *session, ock_model *model)
{
    size_t outputs = ock_model_outputs(model);
    float *y = predict_all(session, model);
    if (!y)
        return EXIT_FAILURE;
    bool written = write_predictions(session, y, outputs);
    for (size_t i = 0; i < session->pictures.count; i++) {
        size_t class = largest(y + i * outputs, outputs);
        printf("%zu %zu %.4f\n", (size_t)session->options->first + i, class,
               (double)y[i * outputs + class]);
    }
    free(y);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Evaluation ---- */

/* counts: outputs x outputs, [label][prediction] */
static void print_confusions(const size_t *counts, size_t outputs)
{
    printf("\n%-5s", "label");
    for (size_t class = 0; class < outputs; class ++)
        printf(" %5zu", class);
    printf("  <- predicted\n");
    for (size_t label = 0; label < outputs; label++) {
        printf("%-5zu", label);
        for (size_t class = 0; class < outputs; class ++)
            printf(" %5zu", counts[label * outputs + class]);
        putchar('\n');
    }
}

static int count_confusions(const struct session *session, ock_model *model)
{
    size_t outputs = ock_model_outputs(model);
    float *y = predict_all(session, model);
    size_t *counts = calloc(outputs, outputs * sizeof *counts);
    for (size_t i = 0; y && counts && i < session->pictures.count; i++) {
        size_t label = (size_t)session->pictures.labels[i];
        counts[label * outputs + largest(y + i * outputs, outputs)]++;
    }
    bool counted = y && counts;
    if (counted)
        print_confusions(counts, outputs);
    free(counts);
    free(y);
    return counted ? EXIT_SUCCESS : EXIT_FAILURE;
}

enum {
    PART_BATCHES = 16
};

/* Adds the part's share of the whole set's means. */
static ock_status add_part(ock_model *model, const ock_dataset *set, const ock_fit *fit,
                           size_t first, size_t rows, ock_evaluation *means)
{
    ock_dataset *view = NULL;
    ock_evaluation part;
    ock_status status = ock_dataset_view(set, first, rows, &view);
    if (status == OCK_OK)
        status = ock_model_evaluate(model, view, fit, &part);
    ock_dataset_destroy(view);
    if (status != OCK_OK)
        return status;
    double share = (double)rows / (double)ock_dataset_rows(set);
    means->accuracy += share * part.accuracy;
    means->data_loss += share * part.data_loss;
    means->penalty += share * part.penalty;
    means->loss = means->data_loss + means->penalty;
    return OCK_OK;
}

ock_status evaluate(ock_model *model, const ock_dataset *set, uint32_t batch, ock_evaluation *means)
{
    size_t count = ock_dataset_rows(set), most = (size_t)PART_BATCHES * batch;
    ock_fit fit = ock_fit_defaults();
    struct progress progress;
    ock_status status = OCK_OK;
    fit.batch_size = batch;
    *means = (ock_evaluation){0};
    progress_begin(&progress, "pictures");
    progress_show(&progress, "evaluating", 0, (double)count);
    for (size_t first = 0, rows; first < count && !status && !run_interrupted(); first += rows) {
        rows = count - first < most ? count - first : most;
        status = add_part(model, set, &fit, first, rows, means);
        progress_show(&progress, "evaluating", (double)(first + rows), (double)count);
    }
    progress_erase(&progress);
    return status;
}

static int print_evaluation(const struct session *session, ock_model *model)
{
    ock_dataset *set = NULL;
    ock_evaluation evaluation;
    ock_status status = train_dataset(session, 1, &set);
    if (status == OCK_OK)
        status = evaluate(model, set, (uint32_t)session->options->batch, &evaluation);
    ock_dataset_destroy(set);
    if (status != OCK_OK)
        return session_failed(session, "the network cannot be evaluated");
    if (run_interrupted())
        return EXIT_FAILURE;
    printf("accuracy %.4f\nloss %.6f (data loss %.6f, penalty %.6f)\n", evaluation.accuracy,
           evaluation.loss, evaluation.data_loss, evaluation.penalty);
    return count_confusions(session, model);
}

/* ---- What both begin with ---- */

static int read_fitting(struct session *session, const ock_model *model)
{
    int exit_status = session_read(session, ock_model_outputs(model));
    const pictures *samples = &session->pictures;
    if (exit_status == EXIT_SUCCESS && pictures_size(samples) != ock_model_inputs(model)) {
        fprintf(stderr, "ockham-train: %s takes %zu numbers a picture; these are %zu x %zu x %zu\n",
                session->options->load, ock_model_inputs(model), samples->height, samples->width,
                samples->channels);
        return EXIT_FAILURE;
    }
    return exit_status;
}

int evaluate_with(const struct options *options,
                  int (*work)(const struct session *session, ock_model *model))
{
    struct session session;
    ock_model *model = NULL;
    int exit_status = session_open(&session, options);
    if (exit_status == EXIT_SUCCESS &&
        ock_model_open(session.context, options->load, &model) != OCK_OK)
        exit_status = session_failed(&session, "the network cannot be loaded");
    if (exit_status == EXIT_SUCCESS)
        exit_status = read_fitting(&session, model);
    if (exit_status == EXIT_SUCCESS)
        exit_status = work(&session, model);
    if (exit_status == EXIT_FAILURE && run_interrupted())
        exit_status = EXIT_INTERRUPTED;
    ock_model_destroy(model);
    session_close(&session);
    return exit_status;
}

int run_evaluate(const struct options *options)
{
    return evaluate_with(options, print_evaluation);
}

int run_predict(const struct options *options)
{
    return evaluate_with(options, print_predictions);
}
