/* Runs the C snippets of tools/README.md, each on a network of its own. */
#include "tutorial.h"

#include <string.h>

enum {
    ROWS = 300,
    PIXELS = 784,
    DIGITS = 10
};

static void expect(bool met, const char *name, const char *what)
{
    if (met)
        return;
    fprintf(stderr, "%s: expected %s\n", name, what);
    exit(1);
}

static bool adds_a_layer(const char *name)
{
    return strcmp(name, "l2") == 0 || strcmp(name, "l1") == 0 || strcmp(name, "dropout") == 0;
}

static ock_dataset *make_data(ock_context *context)
{
    static float x[ROWS][PIXELS];
    static int32_t labels[ROWS];
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i % DIGITS;
        for (int k = 0; k < PIXELS; k++)
            x[i][k] = k / 28 / 3 == labels[i] ? 1 : (float)((i + 1) * (k + 7) % 13) / 26;
    }
    const ock_arrays arrays = {
        .rows = ROWS, .features = PIXELS, .x = *x, .outputs = DIGITS, .labels = labels};
    ock_dataset *data;
    expect(ock_dataset_create(context, &arrays, &data) == OCK_OK, "data", "a data set");
    return data;
}

static ock_model *make_network(ock_context *context, bool whole)
{
    ock_model *net;
    expect(ock_model_create(context, PIXELS, &net) == OCK_OK &&
               (!whole || ock_model_add_dense(net, DIGITS, OCK_SOFTMAX, NULL) == OCK_OK),
           "network", "one");
    return net;
}

void finish(const char *name, ock_model *net, const ock_dataset *data, const ock_fit *fit,
            ock_history *history)
{
    if (adds_a_layer(name))
        expect(ock_model_add_dense(net, DIGITS, OCK_SOFTMAX, NULL) == OCK_OK &&
                   ock_model_fit(net, data, NULL, fit, history) == OCK_OK,
               name, "a network that trains");
    if (history->count > 0) {
        const ock_epoch *last = &history->epochs[history->count - 1];
        expect((*name == 'l') == (last->penalty > 0), name, "a penalty of L1 and L2 alone");
        expect(last->val_accuracy >= 0.5, name, "a network that has learnt");
    }
    if (strcmp(name, "the_network") == 0)
        ock_model_destroy(net);
    ock_history_clear(history);
}

int main(void)
{
    ock_context *context;
    const ock_context_options options = {.device = "scalar"};
    expect(ock_context_create(&options, &context) == OCK_OK, "context", "plain C");
    ock_dataset *data = make_data(context);
    ock_fit fit = ock_fit_defaults();
    fit.epochs = 8;
    fit.validation_split = 0.3f;
    for (const snippet *snippet = snippets; snippet->name; snippet++) {
        if (strncmp(snippet->name, "zca", 3) == 0 && !OCK_LAPACK) {
            printf("%s: skipped, built without LAPACK\n", snippet->name);
            continue;
        }
        ock_model *net = make_network(context, !adds_a_layer(snippet->name));
        snippet->run(context, data, net, fit);
        ock_model_destroy(net);
        printf("%s\n", snippet->name);
    }
    ock_dataset_destroy(data);
    ock_context_destroy(context);
}
