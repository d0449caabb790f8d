#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

const char *test_device = "scalar";
bool test_study;

void expect_ok(const ock_context *context, ock_status status, const char *call)
{
    ck_assert_msg(!status, "%s: %s: %s", call, ock_status_name(status),
                  context ? ock_context_message(context) : "");
}

void expect_refused(const ock_context *context, ock_status expected, const char *words,
                    ock_status status)
{
    const char *message = context ? ock_context_message(context) : "";
    ck_assert_msg(status == expected, "%s instead of %s: %s", ock_status_name(status),
                  ock_status_name(expected), message);
    ck_assert_msg(strstr(message, words), "\"%s\" does not say \"%s\"", message, words);
}

ock_context *open_device(const char *device, size_t max_allocation)
{
    char message[2048] = "";
    ock_context_options options = ock_context_defaults();
    options.device = device;
    options.threads = 1;
    options.max_allocation = max_allocation;
    options.message = message;
    options.message_size = sizeof message;
    ock_context *context = NULL;
    ck_assert_msg(!ock_context_create(&options, &context), "%s: %s", device, message);
    return context;
}

ock_context *open_context(void)
{
    return open_device(test_device, 0);
}

/* ---- Data ---- */

float random_unit(uint32_t *seed)
{
    uint32_t draw[4];
    ock_philox((uint32_t[]){(*seed)++, 0, 0, 0}, 20, draw);
    return (float)(draw[0] >> 8) * 0x1p-24f;
}

samples samples_create(size_t rows, size_t features, size_t outputs)
{
    uint32_t seed = 0;
    samples made = {.rows = rows, .features = features, .outputs = outputs};
    made.x = malloc(rows * features * sizeof *made.x);
    made.labels = malloc(rows * sizeof *made.labels);
    made.targets = calloc(rows * outputs, sizeof *made.targets);
    ck_assert(made.x && made.labels && made.targets);
    for (size_t i = 0; i < rows; i++) {
        size_t label = (size_t)(random_unit(&seed) * (float)outputs);
        made.labels[i] = (int32_t)label;
        made.targets[i * outputs + label] = 1;
        for (size_t j = 0; j < features; j++)
            made.x[i * features + j] =
                2 * random_unit(&seed) - 1 + (j % outputs == label ? 1.5f : 0);
    }
    return made;
}

void samples_free(samples *data)
{
    free(data->targets);
    free(data->labels);
    free(data->x);
}

void shuffle_rows(size_t *order, size_t rows, uint64_t seed, uint32_t epoch)
{
    uint32_t draw[4];
    for (size_t i = 0; i < rows; i++)
        order[i] = i;
    for (size_t i = rows - 1; i > 0; i--) {
        ock_philox((uint32_t[]){(uint32_t)i, epoch, 0, OCK_PURPOSE_SHUFFLE}, seed, draw);
        size_t j = (size_t)(((uint64_t)draw[0] << 32 | draw[1]) % (i + 1)), row = order[i];
        order[i] = order[j];
        order[j] = row;
    }
}

ock_dataset *labelled(ock_context *context, const samples *data)
{
    ock_dataset *set = NULL;
    ock_arrays arrays = {.rows = data->rows,
                         .features = data->features,
                         .x = data->x,
                         .outputs = data->outputs,
                         .labels = data->labels};
    OK(context, ock_dataset_create(context, &arrays, &set));
    return set;
}

ock_dataset *targeted(ock_context *context, const samples *data)
{
    ock_dataset *set = NULL;
    ock_arrays arrays = {.rows = data->rows,
                         .features = data->features,
                         .x = data->x,
                         .outputs = data->outputs,
                         .targets = data->targets};
    OK(context, ock_dataset_create(context, &arrays, &set));
    return set;
}

/* ---- Networks ---- */

static ock_status add(ock_model *model, const spec *layer)
{
    ock_dense dense = {.kernel = {.l1 = layer->l1, .l2 = layer->l2},
                       .activity = {.l1 = layer->activity_l1, .l2 = layer->activity_l2},
                       .no_bias = layer->no_bias};
    switch (layer->kind) {
    case SPEC_DENSE:
        return ock_model_add_dense(model, layer->units, layer->activation, &dense);
    case SPEC_ACTIVATION:
        return ock_model_add_activation(model, layer->activation);
    case SPEC_DROPOUT:
        return ock_model_add_dropout(model, layer->rate);
    case SPEC_BATCH_NORM:
        return ock_model_add_batch_norm(model, NULL);
    case SPEC_SPATIAL_DROPOUT:
        return ock_model_add_spatial_dropout(model, (uint32_t)layer->units, layer->rate);
    case SPEC_GAUSSIAN_NOISE:
        return ock_model_add_gaussian_noise(model, layer->rate);
    case SPEC_GAUSSIAN_DROPOUT:
        return ock_model_add_gaussian_dropout(model, layer->rate);
    case SPEC_END:
        break;
    }
    return OCK_INVALID_ARGUMENT;
}

ock_model *build(ock_context *context, size_t inputs, const spec *layers)
{
    ock_model *model = NULL;
    OK(context, ock_model_create(context, inputs, &model));
    for (; layers->kind != SPEC_END; layers++)
        OK(context, add(model, layers));
    return model;
}

float *weights_of(const ock_model *model, size_t *count)
{
    float *weights = NULL;
    ock_model_tensor tensor;
    *count = 0;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        OK(ock_model_context(model), ock_model_tensor_at(model, i, &tensor));
        size_t size = ock_tensor_rows(tensor.tensor) * ock_tensor_cols(tensor.tensor);
        weights = realloc(weights, (*count + size) * sizeof *weights);
        ck_assert_ptr_nonnull(weights);
        OK(ock_model_context(model), ock_tensor_read(tensor.tensor, weights + *count));
        *count += size;
    }
    return weights;
}

void expect_same_weights(const ock_model *a, const ock_model *b)
{
    size_t count, other;
    float *left = weights_of(a, &count), *right = weights_of(b, &other);
    ck_assert_uint_eq(count, other);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(!memcmp(&left[i], &right[i], sizeof *left), "weight %zu: %a and %a", i,
                      (double)left[i], (double)right[i]);
    free(right);
    free(left);
}

/* Bit for bit, NaN included, but for the clock's. */
void expect_same_history(const ock_history *a, const ock_history *b)
{
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        ock_epoch left = a->epochs[i], right = b->epochs[i];
        ck_assert_uint_eq(left.epoch, right.epoch);
        ck_assert_uint_eq(left.steps, right.steps);
        const double *x = &left.loss, *y = &right.loss;
        ck_assert_mem_eq(x, y, (size_t)((const char *)&left.seconds - (const char *)x));
    }
}
