#include "golden.h"

#include "../absent.h"

static bool first_opencl(ock_device *device)
{
    ock_device *devices = NULL;
    size_t count = 0;
    bool found = false;
    expect_ok(NULL, ock_device_list(&devices, &count));
    for (size_t i = 0; i < count && !found; i++) {
        found = devices[i].platform >= 0 && devices[i].type != OCK_DEVICE_NONE &&
                devices[i].status == OCK_OK;
        *device = devices[i];
    }
    ock_device_list_free(devices);
    return found;
}

ock_context *golden_open(int device)
{
    char message[1024] = "";
    ock_device opencl;
    if (device > 0 && !first_opencl(&opencl)) {
        ck_assert_msg(!opencl_required(), "no OpenCL device");
        fprintf(stderr, "no OpenCL device: the scalar path alone is tested\n");
        return NULL;
    }
    ock_context_options options = ock_context_defaults();
    options.device = device > 0 ? opencl.id : "scalar";
    options.message = message;
    options.message_size = sizeof message;
    ock_context *context = NULL;
    ock_status status = ock_context_create(&options, &context);
    ck_assert_msg(status == OCK_OK, "%s: %s", ock_status_name(status), message);
    return context;
}

void expect_ok(const ock_context *context, ock_status status)
{
    ck_assert_msg(status == OCK_OK, "%s: %s", ock_status_name(status),
                  context ? ock_context_message(context) : "");
}

void expect_near(const char *name, size_t element, double got, double expected, double bound)
{
    if (isnan(expected))
        return;
    ck_assert_msg(fabs(got - expected) <= bound,
                  "%s [%zu]: got %.9g, Keras has %.9g: %.3g apart, at most %.3g allowed", name,
                  element, got, expected, fabs(got - expected), bound);
}

ock_tensor *make_floats(ock_context *context, size_t rows, size_t cols, const float *values)
{
    ock_tensor *tensor = NULL;
    expect_ok(context, ock_tensor_create(context, OCK_F32, rows, cols, &tensor));
    if (values)
        expect_ok(context, ock_tensor_write(tensor, values));
    return tensor;
}

ock_tensor *make_ints(ock_context *context, size_t rows, const int32_t *values)
{
    ock_tensor *tensor = NULL;
    expect_ok(context, ock_tensor_create(context, OCK_I32, rows, 1, &tensor));
    expect_ok(context, ock_tensor_write(tensor, values));
    return tensor;
}

void read_floats(const ock_tensor *tensor, float *values)
{
    expect_ok(ock_tensor_context(tensor), ock_tensor_read(tensor, values));
}

static size_t size_of(const ock_tensor *tensor)
{
    return ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
}

void write_weights(const ock_model *model, size_t size, const float *values)
{
    size_t at = 0;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor t;
        expect_ok(NULL, ock_model_tensor_at(model, i, &t));
        ck_assert_uint_le(at + size_of(t.tensor), size);
        expect_ok(NULL, ock_tensor_write(t.tensor, values + at));
        at += size_of(t.tensor);
    }
    ck_assert_uint_eq(at, size);
}

void read_weights(const ock_model *model, size_t size, float *values)
{
    size_t at = 0;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor t;
        expect_ok(NULL, ock_model_tensor_at(model, i, &t));
        ck_assert_uint_le(at + size_of(t.tensor), size);
        read_floats(t.tensor, values + at);
        at += size_of(t.tensor);
    }
    ck_assert_uint_eq(at, size);
}

ock_totals read_totals(const ock_tensor *totals)
{
    ock_totals values = {0};
    expect_ok(ock_tensor_context(totals), ock_totals_read(totals, &values));
    return values;
}

int main(void)
{
    TCase *(*const topics[])(void) = {
        golden_steps,       golden_toolkit,      golden_losses,   golden_activations,
        golden_norms,       golden_initializers, golden_networks, golden_fits,
        golden_schedules,   golden_stopping,     golden_averages, golden_augmentation,
        golden_standardise,
    };
    Suite *suite = suite_create("golden");
    for (size_t i = 0; i < LENGTH(topics); i++) {
        TCase *topic = topics[i]();
        tcase_set_timeout(topic, 300); /* a device may compile its kernels anew for each test */
        suite_add_tcase(suite, topic);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
