#include "bench.h"

const spec bench_layers[5] = {
    {SPEC_DENSE, .units = 20, .activation = OCK_RELU, .l1 = 1e-4f, .l2 = 1e-3f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_DENSE, .units = 20, .activation = OCK_RELU, .l2 = 1e-3f},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

bench bench_open(void)
{
    bench made = {.context = open_context(),
                  .data = samples_create(ROWS, FEATURES, OUTPUTS),
                  .fit = ock_fit_defaults()};
    made.set = labelled(made.context, &made.data);
    made.fit.batch_size = BATCH;
    made.fit.epochs = 3;
    made.fit.seed = 5;
    return made;
}

void bench_close(bench *b)
{
    ock_dataset_destroy(b->set);
    samples_free(&b->data);
    ock_context_destroy(b->context);
}

ock_model *fitted(const bench *b, const ock_fit *fit, ock_history *history)
{
    ock_model *net = build(b->context, FEATURES, bench_layers);
    OK(b->context, ock_model_fit(net, b->set, NULL, fit, history));
    return net;
}
