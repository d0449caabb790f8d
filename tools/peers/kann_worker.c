/* The training step in KANN, which tools/peers/compare compiles against a checkout of it. It has
 * RMSprop for an optimiser, which does less than Adam, and no penalties. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kann.h"

enum {
    INPUTS = 784,
    OUTPUTS = 10,
};

struct worker {
    int threads, rows, batch, width, depth;
    int bare;
    float *x; /* rows x INPUTS */
    int *labels, *order;
    int next;                 /* row in that order */
    float *batch_x, *batch_y; /* y as probabilities */
};

struct net {
    kann_t *kann; /* NULL before the first block */
    float *mean_squares;
    int parameters;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory) {
        fputs("kann_worker: no memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void next_batch(struct worker *worker)
{
    if (worker->next + worker->batch > worker->rows)
        worker->next = 0;
    memset(worker->batch_y, 0, (size_t)worker->batch * OUTPUTS * sizeof(float));
    for (int i = 0; i < worker->batch; i++) {
        int row = worker->order[worker->next++];
        memcpy(worker->batch_x + (size_t)i * INPUTS, worker->x + (size_t)row * INPUTS,
               INPUTS * sizeof(float));
        worker->batch_y[i * OUTPUTS + worker->labels[row]] = 1;
    }
}

static void open_worker(struct worker *worker)
{
    size_t rows = (size_t)worker->rows, batch = (size_t)worker->batch;
    worker->x = allocate(rows * INPUTS, sizeof(float));
    worker->labels = allocate(rows, sizeof(int));
    worker->order = allocate(rows, sizeof(int));
    worker->batch_x = allocate(batch * INPUTS, sizeof(float));
    worker->batch_y = allocate(batch * OUTPUTS, sizeof(float));
    kann_srand(1);
    for (size_t i = 0; i < rows * INPUTS; i++)
        worker->x[i] = (float)kann_drand();
    for (size_t i = 0; i < rows; i++)
        worker->labels[i] = (int)(kann_drand() * OUTPUTS);
    kann_shuffle(worker->rows, worker->order);
    next_batch(worker);
}

static void build(const struct worker *worker, int dropout, struct net *net)
{
    kad_node_t *node = kann_layer_input(INPUTS);
    for (int i = 0; i < worker->depth; i++) {
        node = kad_relu(kann_layer_dense(node, worker->width));
        if (dropout)
            node = kann_layer_dropout(node, 0.25f);
    }
    net->kann = kann_new(kann_layer_cost(node, OUTPUTS, KANN_C_CEM), 0);
    net->parameters = kann_size_var(net->kann);
    net->mean_squares = allocate((size_t)net->parameters, sizeof(float));
    if (worker->threads > 1)
        kann_mt(net->kann, worker->threads, worker->batch);
    kann_feed_bind(net->kann, KANN_F_IN, 0, (float **)&worker->batch_x);
    kann_feed_bind(net->kann, KANN_F_TRUTH, 0, (float **)&worker->batch_y);
    kann_set_batch_size(net->kann, worker->batch);
    kann_switch(net->kann, 1);
}

/* Returns the mean loss. */
static double train(struct worker *worker, struct net *net, int steps)
{
    double loss = 0;
    int errors = 0, base;
    for (int i = 0; i < steps; i++) {
        if (!worker->bare)
            next_batch(worker);
        loss += kann_cost(net->kann, 0, 1);
        if (!worker->bare)
            errors += kann_class_error(net->kann, &base);
        kann_RMSprop(net->parameters, 1e-3f, NULL, 0.9f, net->kann->g, net->kann->x,
                     net->mean_squares);
    }
    return errors < 0 || worker->bare ? NAN : loss / steps;
}

static void block(struct worker *worker, struct net *net, int warm, int steps)
{
    train(worker, net, warm);
    double start = now(), loss = train(worker, net, steps);
    printf("took %.9f %.6f\n", now() - start, loss);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fputs("Usage: kann_worker THREADS ROWS BATCH WIDTH DEPTH whole|bare\n", stderr);
        return 2;
    }
    struct worker worker = {.threads = atoi(argv[1]),
                            .rows = atoi(argv[2]),
                            .batch = atoi(argv[3]),
                            .width = atoi(argv[4]),
                            .depth = atoi(argv[5]),
                            .bare = strcmp(argv[6], "bare") == 0};
    struct net nets[2] = {0}; /* plain and dropout */
    open_worker(&worker);
    printf("about KANN " KANN_VERSION ", " PRODUCTS ", RMSprop, %d threads\n"
           "form plain step\nform dropout step\nready\n",
           worker.threads);
    fflush(stdout);
    char technique[16], form[16];
    int warm, steps;
    while (scanf(" block %15s %15s %d %d", technique, form, &warm, &steps) == 4) {
        int dropout = strcmp(technique, "dropout") == 0;
        if (!nets[dropout].kann)
            build(&worker, dropout, &nets[dropout]);
        block(&worker, &nets[dropout], warm, steps);
        fflush(stdout);
    }
    return EXIT_SUCCESS; /* with it goes the memory */
}
