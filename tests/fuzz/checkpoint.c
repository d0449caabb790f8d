/* Checkpoints, from which a fit goes on. The first byte says what the input takes the place of in
 * one that a fit has written; the digest is right again but where it is the whole file. */
#include <cjson/cJSON.h>
#include <ockham/train.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
    STATE,
    SETTINGS,
    LAYERS,
    MEMBERS, /* of the header, beside the metadata */
    DATA,
    WHOLE,
    PARTS
};

static const char *const keys[] = {[STATE] = "state", [SETTINGS] = "settings", [LAYERS] = "ockham"};

static struct {
    char *path, *texts[MEMBERS], *members;
    uint8_t *data;
    size_t data_size;
    ock_dataset *set;
} base;

/* ---- The run ---- */

static ock_model *make_model(void)
{
    ock_model *model;
    FUZZ_EXPECT(ock_model_create(fuzz_context(), 2, &model) == OCK_OK);
    FUZZ_EXPECT(ock_model_add_dense(model, 2, OCK_SOFTMAX, NULL) == OCK_OK);
    return model;
}

static ock_fit make_fit(uint32_t epochs, bool resume)
{
    ock_fit fit = ock_fit_defaults();
    fit.epochs = epochs;
    fit.batch_size = 4;
    fit.swa_from_epoch = 1;
    fit.early_stopping.monitor = "loss";
    fit.early_stopping.patience = 3;
    fit.early_stopping.restore_best_weights = true;
    fit.plateau.monitor = "accuracy";
    fit.plateau.factor = 0.5f;
    fit.plateau.patience = 1;
    fit.checkpoint = base.path;
    fit.resume = resume;
    return fit;
}

/* ---- What a fit writes ---- */

static char *copy_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    FUZZ_EXPECT(text);
    return strdup(text);
}

static void take_apart(const uint8_t *bytes, size_t size)
{
    size_t header = (size_t)bytes[0] | (size_t)bytes[1] << 8, begin = 8 + header;
    cJSON *object = cJSON_ParseWithLength((const char *)bytes + 8, header);
    cJSON *metadata = cJSON_DetachItemFromObjectCaseSensitive(object, "__metadata__");
    for (int i = 0; i < MEMBERS; i++)
        base.texts[i] = copy_text(metadata, keys[i]);
    char *members = cJSON_PrintUnformatted(object);
    FUZZ_EXPECT(members && size > begin + 8);
    members[strlen(members) - 1] = '\0';
    base.members = strdup(members + 1);
    base.data_size = size - begin - 8;
    base.data = malloc(base.data_size);
    memcpy(base.data, bytes + begin, base.data_size);
    cJSON_free(members);
    cJSON_Delete(metadata);
    cJSON_Delete(object);
}

static void begin(void)
{
    static const float x[] = {0, 1, 1, 0, 0.5f, 1, 1, 1};
    static const int32_t labels[] = {0, 1, 0, 1};
    static uint8_t bytes[1 << 14];
    const ock_arrays arrays = {.rows = 4, .features = 2, .x = x, .outputs = 2, .labels = labels};
    base.path = fuzz_path("checkpoint");
    FUZZ_EXPECT(ock_dataset_create(fuzz_context(), &arrays, &base.set) == OCK_OK);
    ock_model *model = make_model();
    const ock_fit fit = make_fit(1, false);
    FUZZ_EXPECT(ock_model_fit(model, base.set, NULL, &fit, NULL) == OCK_OK);
    ock_model_destroy(model);
    FILE *file = fopen(base.path, "rb");
    FUZZ_EXPECT(file);
    take_apart(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
}

/* ---- Going on ---- */

static void write_file(int part, const uint8_t *data, size_t size)
{
    const char *texts[MEMBERS] = {base.texts[0], base.texts[1], base.texts[2]};
    char *text = fuzz_text(data, size);
    if (part == WHOLE) {
        fuzz_write(base.path, data, size);
    } else {
        if (part < MEMBERS)
            texts[part] = text;
        fuzz_write_tensors(base.path,
                           &(fuzz_tensors){.keys = keys,
                                           .texts = texts,
                                           .text_count = MEMBERS,
                                           .rest = part == MEMBERS ? text : base.members,
                                           .data = part == DATA ? data : base.data,
                                           .data_size = part == DATA ? size : base.data_size,
                                           .sealed = true});
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ock_history history = {0};
    ock_memory before, after;
    if (size == 0)
        return 0;
    if (!base.path)
        begin();
    write_file(data[0] % 8 % PARTS, data + 1, size - 1);
    ock_context_memory(fuzz_context(), &before);
    const ock_fit fit = make_fit(data[0] & 8 ? 2 : 1, true);
    ock_model *model = make_model();
    ock_status status = ock_model_fit(model, base.set, NULL, &fit, &history);
    FUZZ_EXPECT(status != OCK_OUT_OF_MEMORY && status != OCK_FILE_FAILED);
    if (status == OCK_OK)
        FUZZ_EXPECT(history.count > 0);
    else if (status != OCK_DIVERGED)
        FUZZ_EXPECT(history.count == 0 && *ock_context_message(fuzz_context()));
    ock_history_clear(&history);
    ock_model_destroy(model);
    ock_context_memory(fuzz_context(), &after);
    FUZZ_EXPECT(before.in_use == after.in_use);
    return 0;
}
