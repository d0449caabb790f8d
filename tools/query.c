/* ockham-query: what devices there are, whether they compute right, and which one a context
 * would take. */
#include <getopt.h>
#include <inttypes.h>
#include <ockham/context.h>
#include <ockham/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

struct device_row {
    ock_device device;
    bool tested;
    ock_status test_status;
    ock_self_test test;
};

struct machine {
    struct device_row *rows;
    size_t count;
    bool probed; /* the drivers, in a process of their own */
    ock_status chosen_status;
    char chosen[sizeof((ock_device *)0)->id]; /* empty: none */
    char why[16384];                          /* a build log may be long */
};

/* ---- Properties: how each is shown to people and to programs ---- */

struct property;

struct printer {
    void (*print)(const void *field);
    cJSON *(*add)(cJSON *object, const char *key, const void *field);
};

struct property {
    const char *key, *label;
    size_t field; /* offset in device_row */
    const struct printer *printer;
    bool (*applies)(const struct device_row *row);
};

static void print_text(const void *field)
{
    printf("%s", (const char *)field);
}

static cJSON *add_text(cJSON *object, const char *key, const void *field)
{
    return json_add_text(object, key, field);
}

static void print_type(const void *field)
{
    printf("%s", ock_device_type_name(*(const ock_device_type *)field));
}

static cJSON *add_type(cJSON *object, const char *key, const void *field)
{
    return json_add_text(object, key, ock_device_type_name(*(const ock_device_type *)field));
}

static void print_whole(const void *field)
{
    printf("%" PRIu32, *(const uint32_t *)field);
}

static cJSON *add_whole(cJSON *object, const char *key, const void *field)
{
    return json_add_whole(object, key, *(const uint32_t *)field);
}

static void print_bytes(const void *field)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = (double)*(const uint64_t *)field;
    int unit = 0;
    for (; size >= 1024 && unit < 4; unit++)
        size /= 1024;
    printf("%.*f %s", size < 10 && unit ? 1 : 0, size, units[unit]);
}

static cJSON *add_bytes(cJSON *object, const char *key, const void *field)
{
    return json_add_whole(object, key, *(const uint64_t *)field);
}

static void print_bool(const void *field)
{
    printf("%s", *(const bool *)field ? "yes" : "no");
}

static cJSON *add_bool(cJSON *object, const char *key, const void *field)
{
    return cJSON_AddBoolToObject(object, key, *(const bool *)field);
}

static void print_test(const void *field)
{
    const struct device_row *row = field;
    if (!row->tested)
        printf("not run");
    else if (row->test_status == OCK_OK)
        printf("%d of %d operations right, %.2f s", row->test.passed, row->test.run,
               row->test.seconds);
    else
        printf("failed, %d of %d operations right: %s: %s", row->test.passed, row->test.run,
               ock_status_name(row->test_status), row->test.message);
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
                 json_add_text(test, "message", row->test.message);
    return added ? test : NULL;
}

static const struct printer text = {print_text, add_text}, type = {print_type, add_type},
                            whole = {print_whole, add_whole}, bytes = {print_bytes, add_bytes},
                            boolean = {print_bool, add_bool}, test = {print_test, add_test};

static bool always(const struct device_row *row)
{
    (void)row;
    return true;
}

static bool on_opencl(const struct device_row *row)
{
    return row->device.type != OCK_DEVICE_SCALAR;
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

static const struct property properties[] = {
    {"id", NULL, AT(device.id), &text, always},
    {"name", NULL, AT(device.name), &text, always},
    {"type", "type", AT(device.type), &type, always},
    {"platform", "platform", AT(device.platform_name), &text, on_opencl},
    {"vendor", "vendor", AT(device.vendor), &text, on_opencl},
    {"version", "version", AT(device.version), &text, on_opencl},
    {"driver", "driver", AT(device.driver), &text, on_opencl},
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
};

enum {
    PROPERTIES = sizeof properties / sizeof *properties
};

static const void *field_of(const struct device_row *row, const struct property *property)
{
    return (const char *)row + property->field;
}

/* ---- Reports ---- */

static bool is_skipped(const struct device_row *row)
{
    return row->device.type == OCK_DEVICE_NONE;
}

static void print_device(const struct device_row *row)
{
    printf("%s  %s\n", row->device.id, row->device.name);
    for (const struct property *p = properties; p < properties + PROPERTIES; p++)
        if (p->label && p->applies(row)) {
            printf("  %-20s", p->label);
            p->printer->print(field_of(row, p));
            putchar('\n');
        }
    putchar('\n');
}

static bool print_machine(const struct machine *machine)
{
    for (size_t i = 0; i < machine->count; i++)
        if (!is_skipped(&machine->rows[i]))
            print_device(&machine->rows[i]);
    for (size_t i = 0; i < machine->count; i++)
        if (is_skipped(&machine->rows[i]))
            printf("skipped %s: %s\n", machine->rows[i].device.name,
                   machine->rows[i].device.reason);
    if (!machine->probed && machine->count > 1)
        puts("not probed: OCKHAM_PROBE is off, or the helper that it may name cannot be started; a "
             "driver that crashes or hangs takes its program with it");
    /* once a device is chosen, what follows the first line has been said above */
    int length = (int)strcspn(machine->why, *machine->chosen ? "\n" : "");
    printf("%.*s\n", length, machine->why);
    return fflush(stdout) == 0;
}

static bool add_device(cJSON *devices, const struct device_row *row)
{
    cJSON *object = cJSON_CreateObject();
    bool added = cJSON_AddItemToArray(devices, object);
    for (const struct property *p = properties; added && p < properties + PROPERTIES; p++)
        if (p->applies(row))
            added = p->printer->add(object, p->key, field_of(row, p));
    return added;
}

static bool add_skipped(cJSON *skipped, const struct device_row *row)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(skipped, object) &&
           json_add_text(object, "name", row->device.name) &&
           json_add_text(object, "status", ock_status_name(row->device.status)) &&
           json_add_text(object, "reason", row->device.reason);
}

static bool add_machine(cJSON *document, const struct machine *machine)
{
    cJSON *devices = cJSON_AddArrayToObject(document, "devices");
    cJSON *skipped = cJSON_AddArrayToObject(document, "skipped");
    bool added = devices && skipped && json_add_text(document, "version", ock_version()) &&
                 cJSON_AddBoolToObject(document, "probed", machine->probed);
    for (size_t i = 0; added && i < machine->count; i++)
        added = is_skipped(&machine->rows[i]) ? add_skipped(skipped, &machine->rows[i])
                                              : add_device(devices, &machine->rows[i]);
    if (added && *machine->chosen)
        added = json_add_text(document, "chosen", machine->chosen);
    else if (added)
        added = cJSON_AddNullToObject(document, "chosen");
    return added && json_add_text(document, "status", ock_status_name(machine->chosen_status)) &&
           json_add_text(document, "why", machine->why);
}

static bool write_machine(const struct machine *machine)
{
    cJSON *document = cJSON_CreateObject();
    bool written = add_machine(document, machine) && json_write("-", document);
    cJSON_Delete(document);
    return written;
}

/* ---- The query ---- */

static ock_status list(struct machine *machine, bool self_test)
{
    ock_device *devices;
    ock_status status = ock_device_probe(self_test, &devices, &machine->count);
    machine->probed = status == OCK_OK;
    if (status == OCK_UNSUPPORTED)
        status = ock_device_list(&devices, &machine->count);
    if (status != OCK_OK)
        return status;
    machine->rows = calloc(machine->count, sizeof *machine->rows);
    if (!machine->rows)
        machine->count = 0;
    for (size_t i = 0; i < machine->count; i++) {
        struct device_row *row = &machine->rows[i];
        row->device = devices[i];
        row->tested = self_test && devices[i].status == OCK_OK && !is_skipped(row);
        if (row->tested)
            row->test_status = ock_device_self_test(&row->device, &row->test);
    }
    ock_device_list_free(devices);
    return machine->rows ? OCK_OK : OCK_OUT_OF_MEMORY;
}

static void choose(struct machine *machine, const char *wish)
{
    ock_context *context;
    ock_context_options options = ock_context_defaults();
    options.device = wish;
    options.message = machine->why;
    options.message_size = sizeof machine->why;
    machine->chosen_status = ock_context_create(&options, &context);
    if (machine->chosen_status == OCK_OK) {
        snprintf(machine->chosen, sizeof machine->chosen, "%s", ock_context_device(context)->id);
        snprintf(machine->why, sizeof machine->why, "%s", ock_context_message(context));
    }
    ock_context_destroy(context);
}

static int query(const char *wish, bool json, bool self_test)
{
    struct machine machine = {0};
    ock_status status = list(&machine, self_test);
    if (status != OCK_OK)
        fprintf(stderr, "ockham-query: the devices cannot be listed: %s\n",
                ock_status_message(status));
    choose(&machine, wish);
    bool written = json ? write_machine(&machine) : print_machine(&machine);
    free(machine.rows);
    if (!written)
        perror("ockham-query: standard output");
    return written && status == OCK_OK && machine.chosen_status == OCK_OK ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}

/* ---- The command line ---- */

static const char usage[] =
    "Usage: ockham-query [--json] [--no-self-test] [--device WISH]\n"
    "Tries the drivers in a process of their own, then lists the devices, what each self-test\n"
    "found, the platforms that were skipped with the reasons, and which device a context would\n"
    "take and why.\n\n"
    "  --json           print one JSON document on the standard output\n"
    "  --no-self-test   leave out the comparison of each device with plain C\n"
    "  --device WISH    choose as a program with this wish would: scalar, gpu, cpu,\n"
    "                   PLATFORM:DEVICE or part of a name; else OCKHAM_DEVICE counts\n"
    "  --help, --version\n\n"
    "Exit status: 0 a context can be had, 1 it cannot, 2 wrong usage.\n";

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},         {"no-self-test", no_argument, NULL, 'n'},
        {"device", required_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {0}};
    const char *wish = NULL;
    bool json = false, self_test = true;
    for (int code; (code = getopt_long(argc, argv, "h", known, NULL)) != -1;)
        switch (code) {
        case 'j':
            json = true;
            break;
        case 'n':
            self_test = false;
            break;
        case 'd':
            wish = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        case 'v':
            printf("ockham-query %s\n", ock_version());
            return EXIT_SUCCESS;
        default: /* getopt_long() has said what is wrong */
            fputs("ockham-query --help lists the options\n", stderr);
            return EXIT_USAGE;
        }
    if (optind < argc) {
        fprintf(stderr, "ockham-query: %s: no such argument\n", argv[optind]);
        return EXIT_USAGE;
    }
    return query(wish, json, self_test);
}
