/* Properties of a device, one row each. One that a driver does not tell is left out, and the others
 * are shown. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "../json.h"
#include "query.h"
#include "text.h"

struct printer {
    void (*print)(FILE *out, const void *field);
    cJSON *(*add)(cJSON *object, const char *key, const void *field);
};

/* ---- Plain ones ---- */

static void print_text(FILE *out, const void *field)
{
    text_print(out, *(const char *)field ? field : "not told");
}

static cJSON *add_text(cJSON *object, const char *key, const void *field)
{
    return json_add_text(object, key, field);
}

static void print_type(FILE *out, const void *field)
{
    fputs(ock_device_type_name(*(const ock_device_type *)field), out);
}

static cJSON *add_type(cJSON *object, const char *key, const void *field)
{
    return json_add_text(object, key, ock_device_type_name(*(const ock_device_type *)field));
}

static void print_whole(FILE *out, const void *field)
{
    fprintf(out, "%" PRIu32, *(const uint32_t *)field);
}

static cJSON *add_whole(cJSON *object, const char *key, const void *field)
{
    return json_add_whole(object, key, *(const uint32_t *)field);
}

void write_bytes(uint64_t bytes, char text[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)bytes;
    int unit = 0;
    for (; size >= 1024 && unit < 6; unit++)
        size /= 1024;
    snprintf(text, 16, "%.*f %s", size < 10 && unit ? 1 : 0, size, units[unit]);
}

static void print_bytes(FILE *out, const void *field)
{
    char text[16];
    write_bytes(*(const uint64_t *)field, text);
    fputs(text, out);
}

static cJSON *add_bytes(cJSON *object, const char *key, const void *field)
{
    return json_add_whole(object, key, *(const uint64_t *)field);
}

static void print_bool(FILE *out, const void *field)
{
    fputs(*(const bool *)field ? "yes" : "no", out);
}

static cJSON *add_bool(cJSON *object, const char *key, const void *field)
{
    return cJSON_AddBoolToObject(object, key, *(const bool *)field);
}

/* ---- Figures, of which 0 is not known ---- */

static void print_figure(FILE *out, double figure, const char *unit)
{
    if (figure > 0)
        fprintf(out, "%.*f %s", figure < 10 ? 2 : figure < 100 ? 1 : 0, figure, unit);
    else
        fputs("not known", out);
}

static void print_gflops(FILE *out, const void *field)
{
    print_figure(out, *(const double *)field, "GFLOP/s");
}

static void print_gbs(FILE *out, const void *field)
{
    print_figure(out, *(const double *)field, "GB/s");
}

void write_seconds(double seconds, char text[16])
{
    static const char *const units[] = {"s", "ms", "us", "ns"};
    int unit = 0;
    for (; seconds < 0.9995 && unit < 3; unit++)
        seconds *= 1e3;
    snprintf(text, 16, "%.*f %s", seconds < 9.95 ? 1 : 0, seconds, units[unit]);
}

static void print_seconds(FILE *out, const void *field)
{
    char text[16] = "not known";
    if (*(const double *)field > 0)
        write_seconds(*(const double *)field, text);
    fputs(text, out);
}

static cJSON *add_figure(cJSON *object, const char *key, const void *field)
{
    double figure = *(const double *)field;
    return figure > 0 ? cJSON_AddNumberToObject(object, key, figure)
                      : cJSON_AddNullToObject(object, key);
}

/* ---- The self-test ---- */

static void print_test(FILE *out, const void *field)
{
    const struct device_row *row = field;
    if (!row->tested) {
        fputs("not run", out);
        return;
    }
    fprintf(out, "%d of %d operations right, %.2f s", row->test.passed, row->test.run,
            row->test.seconds);
    if (row->test_status != OCK_OK) {
        fprintf(out, "; failed, %s: ", ock_status_name(row->test_status));
        text_print(out, row->test.message);
    }
}

/* JSON has no infinity. */
static cJSON *add_number(cJSON *object, const char *key, double number)
{
    return isfinite(number) ? cJSON_AddNumberToObject(object, key, number)
                            : cJSON_AddNullToObject(object, key);
}

static bool add_operation(cJSON *array, const ock_operation_test *operation)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(array, object) && json_add_text(object, "name", operation->name) &&
           json_add_text(object, "status", ock_status_name(operation->status)) &&
           add_number(object, "ulps", operation->ulps);
}

static bool add_operations(cJSON *test, const ock_self_test *result)
{
    cJSON *array = cJSON_AddArrayToObject(test, "operations");
    bool added = array;
    for (int i = 0; added && i < result->run; i++)
        added = add_operation(array, &result->operations[i]);
    return added;
}

static cJSON *add_test(cJSON *object, const char *key, const void *field)
{
    const struct device_row *row = field;
    if (!row->tested)
        return cJSON_AddNullToObject(object, key);
    cJSON *test = cJSON_AddObjectToObject(object, key);
    bool added = test && json_add_text(test, "status", ock_status_name(row->test_status)) &&
                 cJSON_AddNumberToObject(test, "run", row->test.run) &&
                 cJSON_AddNumberToObject(test, "passed", row->test.passed) &&
                 cJSON_AddNumberToObject(test, "seconds", row->test.seconds) &&
                 json_add_text(test, "message", row->test.message) &&
                 add_operations(test, &row->test);
    return added ? test : NULL;
}

/* ---- The table ---- */

static const struct printer text = {print_text, add_text}, type = {print_type, add_type},
                            whole = {print_whole, add_whole}, bytes = {print_bytes, add_bytes},
                            boolean = {print_bool, add_bool}, test = {print_test, add_test},
                            gflops = {print_gflops, add_figure}, gbs = {print_gbs, add_figure},
                            seconds = {print_seconds, add_figure};

static bool always(const struct device_row *row)
{
    (void)row;
    return true;
}

static bool on_opencl(const struct device_row *row)
{
    return row->device.type != OCK_DEVICE_SCALAR;
}

static bool is_scalar(const struct device_row *row)
{
    return row->device.type == OCK_DEVICE_SCALAR;
}

static bool is_below_floor(const struct device_row *row)
{
    return row->device.status != OCK_OK;
}

static bool is_past_loader(const struct device_row *row)
{
    return *row->device.library;
}

#define AT(member) offsetof(struct device_row, member)

const struct property properties[] = {
    {"id", "id", AT(device.id), &text, always},
    {"stable_name", "stable name", AT(device.stable_name), &text, always},
    {"chosen", "chosen", AT(chosen), &boolean, always},
    {"name", "name", AT(device.name), &text, always},
    {"type", "type", AT(device.type), &type, always},
    {"platform", "platform", AT(device.platform_name), &text, on_opencl},
    {"vendor", "vendor", AT(device.vendor), &text, on_opencl},
    {"version", "version", AT(device.version), &text, always},
    {"language", "language", AT(device.language), &text, on_opencl},
    {"driver", "driver", AT(device.driver), &text, on_opencl},
    {"instructions", "instructions", AT(device.driver), &text, is_scalar},
    {"compute_units", "compute units", AT(device.compute_units), &whole, always},
    {"memory", "memory", AT(device.global_memory), &bytes, always},
    {"max_allocation", "largest buffer", AT(device.max_allocation), &bytes, on_opencl},
    {"local_memory", "local memory", AT(device.local_memory), &bytes, on_opencl},
    {"max_work_group", "largest work-group", AT(device.max_work_group), &whole, on_opencl},
    {"fp16", "half precision", AT(device.fp16), &boolean, on_opencl},
    {"fp64", "double precision", AT(device.fp64), &boolean, on_opencl},
    {"library", "past the loader", AT(device.library), &text, is_past_loader},
    {"reason", "never chosen", AT(device.reason), &text, is_below_floor},
    {"self_test", "self-test", 0, &test, always},
    {"peak_gflops", "arithmetic", AT(speed.at_best.peak_gflops), &gflops, always},
    {"stream_gbs", "memory's speed", AT(speed.at_best.stream_gbs), &gbs, always},
    {"step_seconds", "training step", AT(speed.at_best.step_seconds), &seconds, always},
    {"launch_seconds", "launch", AT(speed.at_best.launch_seconds), &seconds, always},
    {"cold_seconds", "first build", AT(speed.cold_seconds), &seconds, on_opencl},
    {"warm_seconds", "later builds", AT(speed.warm_seconds), &seconds, on_opencl},
};

const size_t property_count = sizeof properties / sizeof *properties;

static const void *field_of(const struct property *property, const struct device_row *row)
{
    return (const char *)row + property->field;
}

void property_print(FILE *out, const struct property *property, const struct device_row *row)
{
    property->printer->print(out, field_of(property, row));
}

bool property_add(cJSON *object, const struct property *property, const struct device_row *row)
{
    return property->printer->add(object, property->key, field_of(property, row));
}
