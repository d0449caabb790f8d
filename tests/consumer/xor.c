/* An outside project's program: a network learns XOR. */
#include <ockham/ockham.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    const int32_t labels[4] = {0, 1, 1, 0};
    ock_arrays arrays = {.rows = 4, .features = 2, .x = *x, .outputs = 2, .labels = labels};
    ock_fit fit = ock_fit_defaults();
    ock_context *context = NULL;
    ock_model *net = NULL;
    ock_dataset *data = NULL;
    ock_evaluation result = {0};
    fit.epochs = 200;
    fit.optimizer.learning_rate = 0.05f;
    if (ock_context_create(NULL, &context) || ock_model_create(context, 2, &net) ||
        ock_model_add_dense(net, 16, OCK_TANH, NULL) ||
        ock_model_add_dense(net, 2, OCK_SOFTMAX, NULL) ||
        ock_dataset_create(context, &arrays, &data) || ock_model_fit(net, data, NULL, &fit, NULL) ||
        ock_model_evaluate(net, data, &fit, &result))
        fprintf(stderr, "%s\n", ock_context_message(context));
    else
        printf("%s: %.0f of 4\n", ock_context_device(context)->name, 4 * result.accuracy);
    ock_dataset_destroy(data);
    ock_model_destroy(net);
    ock_context_destroy(context);
    return result.accuracy == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
