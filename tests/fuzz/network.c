/* Networks in safetensors files. The first byte's bits: 0 takes the lines of what follows as the
 * list of layers, the header's other members, and the tensors' bytes, and makes a file of them;
 * else it is the file. 1 adds a digest, 2 loads the file into a network of two inputs and outputs
 * instead of making one of it. */
#include <ockham/model.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The rest after the line's end; NULL where there is none. */
static char *cut(char *line)
{
    char *end = line ? strchr(line, '\n') : NULL;
    if (end)
        *end++ = '\0';
    return end;
}

static void write_file(const char *path, bool sealed, const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"ockham"};
    char *layers = fuzz_text(data, size), *rest = cut(layers), *bytes = cut(rest);
    const char *const texts[] = {layers};
    fuzz_write_tensors(path,
                       &(fuzz_tensors){.keys = keys,
                                       .texts = texts,
                                       .text_count = 1,
                                       .rest = rest ? rest : "",
                                       .data = (uint8_t *)bytes,
                                       .data_size = bytes ? size - (size_t)(bytes - layers) : 0,
                                       .sealed = sealed});
    free(layers);
}

/* What was read can be written, and reads as the same again. */
static void check_network(ock_model *model, const char *path)
{
    ock_model *again;
    FUZZ_EXPECT(ock_model_save(model, path) == OCK_OK);
    FUZZ_EXPECT(ock_model_load(model, path) == OCK_OK);
    FUZZ_EXPECT(ock_model_open(fuzz_context(), path, &again) == OCK_OK);
    FUZZ_EXPECT(ock_model_tensor_count(model) == ock_model_tensor_count(again));
    ock_model_destroy(again);
}

/* With or without a list of layers in it. */
static void load_network(const char *path, const char *copy)
{
    ock_model *model;
    FUZZ_EXPECT(ock_model_create(fuzz_context(), 2, &model) == OCK_OK &&
                ock_model_add_dense(model, 2, OCK_RELU, NULL) == OCK_OK);
    ock_status status = ock_model_load(model, path);
    FUZZ_EXPECT(status == OCK_OK || status == OCK_BAD_FILE || status == OCK_SHAPE_MISMATCH);
    if (status == OCK_OK)
        check_network(model, copy);
    ock_model_destroy(model);
}

static void open_network(const char *path, const char *copy)
{
    ock_model *model;
    ock_status status = ock_model_open(fuzz_context(), path, &model);
    FUZZ_EXPECT(status == OCK_OK || status == OCK_BAD_FILE);
    if (status == OCK_OK)
        check_network(model, copy);
    else
        FUZZ_EXPECT(!model && *ock_context_message(fuzz_context()));
    ock_model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *path, *copy;
    ock_memory before, after;
    if (size == 0)
        return 0;
    if (!path) {
        path = fuzz_path("network.safetensors");
        copy = fuzz_path("copy.safetensors");
    }
    if (data[0] & 1)
        write_file(path, data[0] & 2, data + 1, size - 1);
    else
        fuzz_write(path, data + 1, size - 1);
    ock_context_memory(fuzz_context(), &before);
    (data[0] & 4 ? load_network : open_network)(path, copy);
    ock_context_memory(fuzz_context(), &after);
    FUZZ_EXPECT(before.in_use == after.in_use);
    return 0;
}
