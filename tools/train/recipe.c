#include "recipe.h"

struct recipe recipe_plain(void)
{
    struct recipe plain = {.name = "plain", .layers = 5, .activation = OCK_RELU};
    for (size_t i = 0; i < plain.layers; i++)
        plain.hidden[i] = 500;
    plain.optimizer = ock_adam_defaults();
    return plain;
}

ock_augmentation recipe_augmentation(size_t height, size_t width, uint64_t seed)
{
    return (ock_augmentation){
        .height = (uint32_t)height,
        .width = (uint32_t)width,
        .channels = 1,
        .rotation_range = 10,
        .width_shift_range = 0.1f,
        .height_shift_range = 0.1f,
        .zoom_range = 0.1f,
        .seed = seed,
    };
}

static ock_status add_hidden(const struct recipe *recipe, size_t units, ock_model *model)
{
    const ock_dense dense = {.kernel = recipe->kernel, .no_bias = recipe->batch_norm};
    ock_status status;
    if (recipe->batch_norm) { /* its beta is the bias */
        status = ock_model_add_dense(model, units, OCK_LINEAR, &dense);
        if (status == OCK_OK)
            status = ock_model_add_batch_norm(model, NULL);
        if (status == OCK_OK)
            status = ock_model_add_activation(model, recipe->activation);
    } else {
        status = ock_model_add_dense(model, units, recipe->activation, &dense);
    }
    if (status == OCK_OK && recipe->dropout > 0)
        status = ock_model_add_dropout(model, recipe->dropout);
    return status;
}

ock_status recipe_build(const struct recipe *recipe, ock_context *context, size_t inputs,
                        size_t classes, ock_model **model)
{
    ock_status status = ock_model_create(context, inputs, model);
    for (size_t i = 0; status == OCK_OK && i < recipe->layers; i++)
        status = add_hidden(recipe, recipe->hidden[i], *model);
    if (status == OCK_OK)
        status = ock_model_add_dense(*model, classes, OCK_SOFTMAX, NULL);
    if (status != OCK_OK) {
        ock_model_destroy(*model);
        *model = NULL;
    }
    return status;
}
