/* The objects of a scene, and all that can be told of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenes.h"

void stage_open(stage *s, const char *device, bool alone)
{
    *s = (stage){.device = device, .files = folder_open()};
    s->data = samples_create(24, 12, 3);
    setenv("OCKHAM_CACHE", s->files.name, 1);
    if (alone)
        unsetenv("OCKHAM_TUNE");
    else
        setenv("OCKHAM_TUNE", "0", 1); /* measures nothing, and keeps no files */
    if (!alone)
        s->context = open_device(device, 0);
}

void stage_clear(stage *s)
{
    ock_history_clear(&s->history);
    ock_search_results_clear(&s->results);
    while (s->tensor_count)
        ock_tensor_destroy(s->tensors[--s->tensor_count]);
    ock_model_destroy(s->made);
    ock_model_destroy(s->model);
    ock_standardizer_destroy(s->standardizer);
    ock_dataset_destroy(s->part);
    ock_dataset_destroy(s->set);
    ock_context_destroy(s->opened);
    ock_device_list_free(s->devices);
    ock_context_report(s->context, OCK_OK, "%s", ""); /* a long message is memory, too */
    unlink(s->files.path);
    *s = (stage){.device = s->device, .context = s->context, .data = s->data, .files = s->files};
}

void stage_close(stage *s)
{
    stage_clear(s);
    ock_context_destroy(s->context);
    samples_free(&s->data);
    folder_close(&s->files);
}

/* ---- The digest ---- */

static uint64_t add(uint64_t sum, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ byte[i]) * 0x100000001b3;
    return sum;
}

static uint64_t add_tensor(uint64_t sum, const ock_tensor *tensor)
{
    size_t size = ock_tensor_rows(tensor) * ock_tensor_cols(tensor) * 4;
    void *values = malloc(size);
    ck_assert_ptr_nonnull(values);
    OK(ock_tensor_context(tensor), ock_tensor_read(tensor, values));
    sum = add(sum, values, size);
    free(values);
    return sum;
}

static uint64_t add_model(uint64_t sum, const ock_model *model)
{
    ock_model_tensor tensor;
    size_t count = model ? ock_model_tensor_count(model) : 0;
    size_t outputs = model ? ock_model_outputs(model) : 0;
    sum = add(sum, &outputs, sizeof outputs);
    for (size_t i = 0; i < count; i++) {
        OK(ock_model_context(model), ock_model_tensor_at(model, i, &tensor));
        sum = add_tensor(sum, tensor.tensor);
    }
    return sum;
}

static uint64_t add_set(uint64_t sum, const ock_dataset *set)
{
    if (!set)
        return add(sum, "", 1);
    ock_tensor *x = NULL, *rows = NULL;
    ock_context *context = ock_dataset_context(set);
    size_t count = ock_dataset_rows(set);
    int32_t numbers[64];
    ck_assert_uint_le(count, 64);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int32_t)i;
    OK(context, ock_tensor_create(context, OCK_I32, count, 1, &rows));
    OK(context, ock_tensor_write(rows, numbers));
    OK(context, ock_tensor_create(context, OCK_F32, count, ock_dataset_features(set), &x));
    OK(context, ock_dataset_batch(set, rows, x, NULL));
    sum = add_tensor(sum, x);
    ock_tensor_destroy(x);
    ock_tensor_destroy(rows);
    return sum;
}

static uint64_t add_results(uint64_t sum, const ock_search_results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        const ock_trial *trial = &results->trials[i];
        sum = add(sum, trial->values, trial->axes * sizeof *trial->values);
        sum = add(sum, trial->scores, trial->runs * sizeof *trial->scores);
        sum = add(sum, &trial->status, sizeof trial->status);
    }
    return sum;
}

static uint64_t add_devices(uint64_t sum, const stage *s)
{
    for (size_t i = 0; i < s->device_count; i++) {
        const ock_device *d = &s->devices[i];
        sum = add(sum, d->id, strlen(d->id));
        sum = add(sum, d->name, strlen(d->name));
        sum = add(sum, d->driver, strlen(d->driver));
        sum = add(sum, d->reason, strlen(d->reason));
        sum = add(sum, &d->fp64, sizeof d->fp64);
        sum = add(sum, &d->status, sizeof d->status);
    }
    return sum;
}

uint64_t stage_digest(const stage *s)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < s->history.count; i++) {
        const ock_epoch *epoch = &s->history.epochs[i];
        sum = add(sum, &epoch->loss, offsetof(ock_epoch, seconds) - offsetof(ock_epoch, loss));
    }
    for (size_t i = 0; i < s->tensor_count; i++)
        sum = add_tensor(sum, s->tensors[i]);
    sum = add_model(add_model(sum, s->model), s->made);
    sum = add_set(add_set(sum, s->set), s->part);
    sum = add_devices(add_results(sum, &s->results), s);
    sum = add(sum, s->figures, sizeof s->figures);
    sum = add(sum, &s->test.passed, sizeof s->test.passed);
    if (!access(s->files.path, F_OK) && !s->history.count) { /* a history has times */
        size_t size;
        char *bytes = read_file(s->files.path, &size);
        sum = add(sum, bytes, size);
        free(bytes);
    }
    return sum;
}

bool stage_tells(const stage *s)
{
    for (size_t i = 0; i < s->results.count; i++)
        if (s->results.trials[i].status == OCK_OUT_OF_MEMORY)
            return true;
    return false;
}
