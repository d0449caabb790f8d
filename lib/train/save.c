#include <stdlib.h>

#include "layers.h"

static ock_status write_model(const ock_model *model, const char *path)
{
    file_tensor *tensors;
    safetensors content = {.text_count = 1};
    ock_status status = layers_tensors(model, &tensors, &content.count);
    if (status)
        return status;
    char *layers = layers_text(model);
    content.texts = &(file_text){"ockham", layers};
    content.tensors = tensors;
    status = safetensors_write(model->context, path, &content);
    free(layers);
    free(tensors);
    return status;
}

ock_status ock_model_save(ock_model *model, const char *path)
{
    if (!model || !path || !*path)
        return ock_context_report(ock_model_context(model), OCK_INVALID_ARGUMENT, "%s",
                                  !model  ? "model is NULL"
                                  : !path ? "path is NULL"
                                          : "path is empty");
    ock_status status = safetensors_probe(model->context, path);
    if (!status)
        status = model_ensure_ready(model, 0);
    return status ? status : write_model(model, path);
}
