/* Sets of weights: the best ones, averages, and those that averages stand in for. */
#include <stdlib.h>

#include "run.h"

static ock_tensor *model_tensor(const ock_model *model, size_t index)
{
    ock_model_tensor found = {0};
    ock_model_tensor_at(model, index, &found);
    return found.tensor;
}

static ock_status make(const ock_model *model, weight_set *set)
{
    size_t count = ock_model_tensor_count(model);
    if (set->tensors)
        return OCK_OK;
    set->tensors = calloc(count ? count : 1, sizeof(ock_tensor *));
    if (!set->tensors)
        return ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                  "no memory for a copy of the weights");
    set->count = count;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < count && !status; i++) {
        const ock_tensor *weights = model_tensor(model, i);
        status = ock_tensor_create(model->context, OCK_F32, ock_tensor_rows(weights),
                                   ock_tensor_cols(weights), &set->tensors[i]);
    }
    if (status)
        weights_free(set);
    return status;
}

ock_status weights_keep(const ock_model *model, weight_set *set)
{
    ock_status status = make(model, set);
    for (size_t i = 0; i < set->count && !status; i++)
        status = ock_tensor_copy(model_tensor(model, i), set->tensors[i]);
    return status;
}

ock_status weights_put(const ock_model *model, const weight_set *set)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < set->count && !status; i++)
        status = ock_tensor_copy(set->tensors[i], model_tensor(model, i));
    return status;
}

ock_status weights_blend(const ock_model *model, float share, weight_set *set)
{
    ock_status status = OCK_OK;
    for (size_t i = 0; i < set->count && !status; i++)
        status = ock_tensor_blend(share, model_tensor(model, i), set->tensors[i]);
    return status;
}

void weights_free(weight_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        ock_tensor_destroy(set->tensors[i]);
    free(set->tensors);
    *set = (weight_set){0};
}
