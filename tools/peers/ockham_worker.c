/* Ockham's side of tools/peers/compare: trains a block of steps for each line that asks for one.
 * What a step does is what it does within ock_model_fit(). README.md has the protocol. */
#include <math.h>
#include <ockham/ockham.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "run.h"
#include "train/recipe.h"

enum {
    INPUTS = 784,
    OUTPUTS = 10,
};

static const struct technique {
    const char *name;
    ock_penalty kernel;
    float dropout;
} techniques[] = {
    {.name = "plain"},
    {.name = "l2", .kernel = {.l2 = 1e-4f}},
    {.name = "l1", .kernel = {.l1 = 1e-4f}},
    {.name = "dropout", .dropout = 0.25f},
};

enum {
    TECHNIQUES = sizeof techniques / sizeof *techniques
};

struct worker {
    uint64_t threads, rows, batch, width, depth;
    bool bare; /* the batch stays in place and no sums are kept */
    ock_context *context;
    ock_dataset *dataset;
    ock_tensor *order; /* row numbers, shuffled */
    size_t next;       /* batch in that order */
    ock_tensor *x, *y, *totals;
    ock_model *models[TECHNIQUES]; /* NULL before their first block */
};

/* ---- Data: noise, so that the loss stays where gradients are of a usual size ---- */

static uint32_t draw(size_t index, uint32_t purpose)
{
    uint32_t words[4];
    ock_philox((uint32_t[]){(uint32_t)(index / 4), 0, 0, purpose}, 1, words);
    return words[index % 4];
}

static ock_status no_memory(struct worker *worker)
{
    return ock_context_report(worker->context, OCK_OUT_OF_MEMORY, "no memory for %zu rows",
                              (size_t)worker->rows);
}

static ock_status create_dataset(struct worker *worker)
{
    size_t rows = worker->rows, size = rows * INPUTS;
    float *x = malloc(size * sizeof *x);
    int32_t *labels = malloc(rows * sizeof *labels);
    ock_status status = OCK_OK;
    if (!x || !labels) {
        status = no_memory(worker);
    } else {
        for (size_t i = 0; i < size; i++)
            x[i] = (float)(draw(i, 1) >> 8) * 0x1p-24f;
        for (size_t i = 0; i < rows; i++)
            labels[i] = (int32_t)(draw(i, 2) % OUTPUTS);
        const ock_arrays arrays = {
            .rows = rows, .features = INPUTS, .x = x, .outputs = OUTPUTS, .labels = labels};
        status = ock_dataset_create(worker->context, &arrays, &worker->dataset);
    }
    free(labels);
    free(x);
    return status;
}

static ock_status create_order(struct worker *worker)
{
    int32_t *order = malloc(worker->rows * sizeof *order);
    if (!order)
        return no_memory(worker);
    for (size_t i = 0; i < worker->rows; i++) {
        size_t j = draw(i, 3) % (i + 1);
        order[i] = order[j];
        order[j] = (int32_t)i;
    }
    ock_status status =
        ock_tensor_create(worker->context, OCK_I32, worker->rows, 1, &worker->order);
    if (status == OCK_OK)
        status = ock_tensor_write(worker->order, order);
    free(order);
    return status;
}

/* ---- Steps ---- */

static ock_status next_batch(struct worker *worker)
{
    ock_tensor *indices;
    size_t batches = worker->rows / worker->batch;
    ock_status status =
        ock_tensor_view(worker->order, worker->next * worker->batch, worker->batch, &indices);
    worker->next = (worker->next + 1) % batches;
    if (status == OCK_OK)
        status = ock_dataset_batch(worker->dataset, indices, worker->x, worker->y);
    ock_tensor_destroy(indices);
    return status;
}

static ock_status open_worker(struct worker *worker)
{
    ock_status status = create_dataset(worker);
    if (status == OCK_OK)
        status = create_order(worker);
    if (status == OCK_OK)
        status = ock_tensor_create(worker->context, OCK_F32, worker->batch, INPUTS, &worker->x);
    if (status == OCK_OK)
        status = ock_tensor_create(worker->context, OCK_I32, worker->batch, 1, &worker->y);
    if (status == OCK_OK)
        status = ock_tensor_create(worker->context, OCK_F32, 1, OCK_TOTALS_SIZE, &worker->totals);
    return status == OCK_OK ? next_batch(worker) : status;
}

static void close_worker(struct worker *worker)
{
    for (size_t i = 0; i < TECHNIQUES; i++)
        ock_model_destroy(worker->models[i]);
    ock_tensor_destroy(worker->totals);
    ock_tensor_destroy(worker->y);
    ock_tensor_destroy(worker->x);
    ock_tensor_destroy(worker->order);
    ock_dataset_destroy(worker->dataset);
    ock_context_destroy(worker->context);
}

static ock_status build(struct worker *worker, size_t index)
{
    struct recipe recipe = recipe_plain();
    recipe.dense.kernel = techniques[index].kernel;
    recipe.dropout = techniques[index].dropout;
    recipe.layers = worker->depth;
    for (size_t i = 0; i < recipe.layers; i++)
        recipe.hidden[i] = (uint32_t)worker->width;
    return recipe_build(&recipe, worker->context, INPUTS, OUTPUTS, &worker->models[index]);
}

static ock_status train(struct worker *worker, ock_model *model, uint64_t steps)
{
    const ock_fit fit = ock_fit_defaults(); /* softmax cross-entropy by Keras's Adam */
    ock_status status = OCK_OK;
    for (uint64_t i = 0; i < steps && status == OCK_OK; i++) {
        if (!worker->bare)
            status = next_batch(worker);
        if (status == OCK_OK)
            status = ock_model_train_step(model, &fit, worker->x, worker->y,
                                          worker->bare ? NULL : worker->totals);
        if (status == OCK_OK)
            status = ock_context_flush(worker->context);
    }
    return status;
}

/* The sums are read within the time, as at an epoch's end. */
static ock_status timed_train(struct worker *worker, ock_model *model, uint64_t steps,
                              double *seconds, double *loss)
{
    ock_totals sums = {.loss = NAN, .rows = 1};
    ock_status status = ock_tensor_fill(worker->totals, 0);
    if (status == OCK_OK)
        status = ock_context_finish(worker->context);
    double start = run_now();
    if (status == OCK_OK)
        status = train(worker, model, steps);
    if (status == OCK_OK)
        status = worker->bare ? ock_context_finish(worker->context)
                              : ock_totals_read(worker->totals, &sums);
    *seconds = run_now() - start;
    *loss = (sums.loss + sums.penalty) / sums.rows;
    return status;
}

static ock_status block(struct worker *worker, size_t index, uint64_t warm, uint64_t steps)
{
    double seconds, loss;
    ock_status status = worker->models[index] ? OCK_OK : build(worker, index);
    if (status == OCK_OK)
        status = train(worker, worker->models[index], warm);
    if (status == OCK_OK)
        status = timed_train(worker, worker->models[index], steps, &seconds, &loss);
    if (status == OCK_OK)
        printf("took %.9f %.6f\n", seconds, loss);
    return status;
}

/* ---- The protocol ---- */

static size_t find_technique(const char *name)
{
    size_t i = 0;
    while (i < TECHNIQUES && strcmp(techniques[i].name, name) != 0)
        i++;
    return i;
}

/* "block TECHNIQUE FORM WARM STEPS" */
static ock_status obey(struct worker *worker, char *line)
{
    const char *words[5] = {"", "", "", "", ""};
    char *rest;
    size_t count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && count < 5;
         word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    size_t technique = find_technique(words[1]);
    uint64_t warm, steps;
    if (strcmp(words[0], "block") != 0 || technique == TECHNIQUES ||
        strcmp(words[2], "step") != 0 || !cli_read_whole(words[3], 0, 1000000, &warm) ||
        !cli_read_whole(words[4], 1, 1000000, &steps)) {
        printf("skip what is wanted is: block TECHNIQUE step WARM STEPS\n");
        return OCK_OK;
    }
    return block(worker, technique, warm, steps);
}

static int serve(struct worker *worker)
{
    char line[256];
    printf("about Ockham %s on %s\n", ock_version(), ock_context_device(worker->context)->name);
    for (size_t i = 0; i < TECHNIQUES; i++)
        printf("form %s step\n", techniques[i].name);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (obey(worker, line) != OCK_OK)
            return EXIT_FAILURE;
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

static bool read_network(char **words, struct worker *worker)
{
    worker->bare = strcmp(words[5], "bare") == 0;
    return cli_read_whole(words[0], 1, 1024, &worker->threads) &&
           cli_read_whole(words[1], 1, 10000000, &worker->rows) &&
           cli_read_whole(words[2], 1, worker->rows, &worker->batch) &&
           cli_read_whole(words[3], 1, 65536, &worker->width) &&
           cli_read_whole(words[4], 1, RECIPE_LAYERS, &worker->depth) &&
           (worker->bare || strcmp(words[5], "whole") == 0);
}

int main(int argc, char **argv)
{
    struct worker worker = {0};
    if (argc != 8 || !read_network(argv + 2, &worker)) {
        fputs("Usage: ockham-worker DEVICE THREADS ROWS BATCH WIDTH DEPTH whole|bare\n", stderr);
        return EXIT_USAGE;
    }
    int exit_status = run_open("ockham-worker", argv[1], (int)worker.threads, &worker.context);
    if (exit_status != EXIT_SUCCESS)
        return exit_status;
    exit_status = open_worker(&worker) == OCK_OK ? serve(&worker) : EXIT_FAILURE;
    if (exit_status != EXIT_SUCCESS)
        fprintf(stderr, "ockham-worker: %s\n", ock_context_message(worker.context));
    close_worker(&worker);
    return exit_status;
}
