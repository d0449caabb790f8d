/* How much of a kernel is zero. */
#include <math.h>
#include <stdlib.h>

#include "network.h"
#include "sizes.h"

static ock_status check_layer(const ock_model *model, size_t layer, float threshold)
{
    if (layer >= model->count || model->layers[layer].kind != LAYER_DENSE)
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "layer %zu is not a dense layer of the network's %zu", layer,
                                  model->count);
    if (!model->ready)
        return ock_context_report(
            model->context, OCK_INVALID_ARGUMENT,
            "the network has no weights yet; ock_model_initialize() draws them");
    if (!(threshold >= 0) || !isfinite(threshold))
        return ock_context_report(model->context, OCK_INVALID_ARGUMENT,
                                  "threshold is %g, which is not a finite number from 0 up",
                                  (double)threshold);
    return OCK_OK;
}

/* One column; a NaN is not zero. */
static void count_unit(const float *weights, const net_layer *layer, size_t unit, float threshold,
                       ock_sparsity *sparsity)
{
    size_t zeros = 0;
    for (size_t i = 0; i < layer->inputs; i++)
        zeros += fabsf(weights[i * layer->outputs + unit]) <= threshold;
    sparsity->zeros += zeros;
    sparsity->dead += zeros == layer->inputs;
}

ock_status ock_model_sparsity(ock_model *model, size_t layer, float threshold,
                              ock_sparsity *sparsity)
{
    if (sparsity)
        *sparsity = (ock_sparsity){0};
    if (!model || !sparsity)
        return ock_context_report(ock_model_context(model), OCK_INVALID_ARGUMENT, "%s is NULL",
                                  model ? "sparsity" : "model");
    ock_status status = check_layer(model, layer, threshold);
    if (status)
        return status;
    const net_layer *dense = &model->layers[layer];
    size_t count = dense->inputs * dense->outputs;
    float *weights = array_make(count, sizeof *weights);
    if (!weights)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                  "no memory to read %zu weights", count);
    status = ock_tensor_read(dense->trained[0].value, weights);
    if (!status) {
        *sparsity = (ock_sparsity){.weights = count, .units = dense->outputs};
        for (size_t unit = 0; unit < dense->outputs; unit++)
            count_unit(weights, dense, unit, threshold, sparsity);
    }
    free(weights);
    return status;
}
