#include "row_weights.h"
#include "sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool allowed(float weight)
{
    return weight >= 0 && isfinite(weight);
}

ock_status check_row_weights(ock_context *context, const ock_arrays *arrays)
{
    for (size_t i = 0; arrays->weights && i < arrays->rows; i++)
        if (!allowed(arrays->weights[i]))
            return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                      "weights: row %zu is %g, and must be finite and at least 0",
                                      i, (double)arrays->weights[i]);
    return OCK_OK;
}

/* As Keras has it: the largest target's column, of one column its rounded value. -1: none. */
static int32_t class_of(size_t outputs, const float *target)
{
    size_t best = 0;
    if (outputs == 1) {
        float rounded = rintf(*target);
        return rounded == 0 || rounded == 1 ? (int32_t)rounded : -1;
    }
    for (size_t j = 1; j < outputs; j++)
        if (target[j] > target[best])
            best = j;
    return (int32_t)best;
}

static ock_status keep_classes(ock_dataset *set, const ock_arrays *arrays)
{
    int32_t *classes = set->store->classes = array_make(set->rows, sizeof *classes);
    if (!classes)
        return ock_context_report(set->context, OCK_OUT_OF_MEMORY,
                                  "no memory for the classes of %zu rows", set->rows);
    for (size_t i = 0; i < set->rows; i++)
        classes[i] = arrays->labels ? arrays->labels[i]
                                    : class_of(set->outputs, arrays->targets + i * set->outputs);
    return OCK_OK;
}

ock_status row_weights_keep(ock_dataset *set, const ock_arrays *arrays)
{
    if (arrays->weights) {
        set->store->weights = array_make(set->rows, sizeof(float));
        if (!set->store->weights)
            return ock_context_report(set->context, OCK_OUT_OF_MEMORY,
                                      "no memory for the weights of %zu rows", set->rows);
        memcpy(set->store->weights, arrays->weights, set->rows * sizeof(float));
    }
    return set->outputs ? keep_classes(set, arrays) : OCK_OK;
}

size_t class_count(const ock_dataset *set)
{
    size_t outputs = ock_dataset_outputs(set);
    return outputs == 1 && !set->labels ? 2 : outputs;
}

ock_status check_class_weights(const ock_dataset *set, const ock_fit *fit)
{
    if (!fit->class_weights)
        return OCK_OK;
    if (fit->loss == OCK_MEAN_SQUARED_ERROR && set->outputs == 1)
        return ock_context_report(set->context, OCK_INVALID_ARGUMENT,
                                  "class_weights must be NULL where the squared error has one "
                                  "output, whose targets are no classes");
    for (size_t i = 0; i < class_count(set); i++)
        if (!allowed(fit->class_weights[i]))
            return ock_context_report(set->context, OCK_INVALID_ARGUMENT,
                                      "class_weights: class %zu is %g, and must be finite and at "
                                      "least 0",
                                      i, (double)fit->class_weights[i]);
    return OCK_OK;
}

bool has_weights(const ock_dataset *set, const float *class_weights)
{
    return set->store->weights || class_weights;
}

float row_weight(const ock_dataset *set, const float *class_weights, size_t row)
{
    const dataset_store *store = set->store;
    size_t at = set->first + row;
    if (set->selection)
        at = (size_t)set->selection->rows[at];
    float weight = store->weights ? store->weights[at] : 1;
    if (class_weights && store->classes[at] >= 0)
        weight *= class_weights[store->classes[at]];
    return weight;
}
