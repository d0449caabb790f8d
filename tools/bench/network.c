#include "network.h"

#include <stdlib.h>

struct network network_of(const struct options *options)
{
    return (struct network){(size_t)options->inputs, (size_t)options->width, (size_t)options->depth,
                            (size_t)options->outputs};
}

/* What follows a hidden layer. */
static ock_status add_random(const struct technique *technique, size_t width, ock_model *model)
{
    uint32_t channels = (uint32_t)(width % 10 ? width : width / 10);
    ock_status status = OCK_OK;
    if (technique->dropout > 0)
        status = ock_model_add_dropout(model, technique->dropout);
    if (status == OCK_OK && technique->spatial_dropout > 0)
        status = ock_model_add_spatial_dropout(model, channels, technique->spatial_dropout);
    if (status == OCK_OK && technique->gaussian_dropout > 0)
        status = ock_model_add_gaussian_dropout(model, technique->gaussian_dropout);
    if (status == OCK_OK && technique->gaussian_noise > 0)
        status = ock_model_add_gaussian_noise(model, technique->gaussian_noise);
    return status;
}

static ock_status add_layers(const struct network *network, const struct technique *technique,
                             ock_model *model)
{
    ock_status status = technique->input_dropout > 0
                            ? ock_model_add_dropout(model, technique->input_dropout)
                            : OCK_OK;
    for (size_t i = 0; status == OCK_OK && i < network->depth; i++) {
        status = ock_model_add_dense(model, network->width, OCK_RELU, &technique->dense);
        if (status == OCK_OK)
            status = add_random(technique, network->width, model);
    }
    return status == OCK_OK ? ock_model_add_dense(model, network->outputs, OCK_SOFTMAX, NULL)
                            : status;
}

ock_status network_build(const struct session *session, const struct network *network,
                         const struct technique *technique, ock_model **model)
{
    ock_status status = ock_model_create(session->context, network->inputs, model);
    if (status == OCK_OK)
        status = add_layers(network, technique, *model);
    if (status != OCK_OK) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    return status;
}

ock_status network_samples(const struct session *session, const struct network *network,
                           size_t rows, ock_dataset **set)
{
    float *x = random_numbers(rows * network->inputs);
    int32_t *labels = malloc(rows * sizeof *labels);
    ock_status status = OCK_OUT_OF_MEMORY;
    if (x && labels) {
        for (size_t i = 0; i < rows; i++)
            labels[i] = (int32_t)(i % network->outputs);
        const ock_arrays arrays = {.rows = rows,
                                   .features = network->inputs,
                                   .x = x,
                                   .outputs = network->outputs,
                                   .labels = labels};
        status = ock_dataset_create(session->context, &arrays, set);
    } else {
        ock_context_report(session->context, status, "no memory for %zu samples", rows);
    }
    free(labels);
    free(x);
    return status;
}

/* ---- What a step cannot do without ---- */

static double weights(const struct network *network, bool first)
{
    double width = (double)network->width;
    return (first ? (double)network->inputs * width : 0) +
           (double)(network->depth - 1) * width * width + width * (double)network->outputs;
}

double network_flops(const struct network *network, size_t batch)
{
    return 2.0 * (double)batch * (2 * weights(network, true) + weights(network, false));
}

double network_bytes(const struct network *network)
{
    return 3 * 2 * sizeof(float) * weights(network, true);
}
