/* What people read. */
#include <string.h>

#include "query.h"
#include "text.h"

enum {
    NAME_INDENT = 9, /* beneath the type */
    LABEL_WIDTH = 22
};

/* ---- Devices ---- */

static void print_operations(FILE *out, const ock_self_test *test)
{
    char text[OCK_OPERATION_TESTS * 48] = "error in ULP:";
    size_t length = strlen(text);
    for (int i = 0; i < test->run; i++) {
        const ock_operation_test *o = &test->operations[i];
        if (o->status == OCK_OK || o->status == OCK_SELF_TEST_FAILED)
            snprintf(text + length, sizeof text - length, " %s %.3g%s%s", o->name, o->ulps,
                     o->status == OCK_OK ? "" : " WRONG", i + 1 < test->run ? "," : "");
        else
            snprintf(text + length, sizeof text - length, " %s %s", o->name,
                     ock_status_name(o->status));
        length = strlen(text);
    }
    fprintf(out, "%*s", NAME_INDENT, "");
    text_wrap(out, text, NAME_INDENT, NAME_INDENT);
}

/* Why it is never chosen, or would not be. */
static void print_complaint(FILE *out, const struct device_row *row)
{
    const char *what = row->device.status != OCK_OK                ? row->device.reason
                       : row->tested && row->test_status != OCK_OK ? row->test.message
                                                                   : "";
    if (*what) {
        fprintf(out, "%*s", NAME_INDENT, "");
        text_wrap(out, what, NAME_INDENT, NAME_INDENT);
    }
}

static void print_short(FILE *out, const struct settings *settings, const struct device_row *row)
{
    bool scalar = row->device.type == OCK_DEVICE_SCALAR;
    columns_print(out, row);
    fprintf(out, "%*s", NAME_INDENT, "");
    text_print(out, scalar ? "plain C, " : row->device.stable_name);
    text_print(out, scalar ? row->device.driver : "");
    fputc('\n', out);
    print_complaint(out, row);
    if (settings->operations && row->tested)
        print_operations(out, &row->test);
}

static void print_details(FILE *out, const struct settings *settings, const struct device_row *row)
{
    for (const struct property *p = properties; p < properties + property_count; p++)
        if (p->label && p->applies(row)) {
            fprintf(out, "%-*s", LABEL_WIDTH, p->label);
            property_print(out, p, row);
            fputc('\n', out);
        }
    if (settings->operations && row->tested)
        print_operations(out, &row->test);
    fputc('\n', out);
}

static void print_devices(FILE *out, const struct settings *settings, const struct machine *machine)
{
    bool details = settings->details || settings->device;
    if (!details)
        columns_print_headings(out);
    for (size_t i = 0; i < machine->count; i++) {
        const struct device_row *row = &machine->rows[i];
        if (is_skipped(row) || !row->selected)
            continue;
        if (details)
            print_details(out, settings, row);
        else
            print_short(out, settings, row);
    }
    if (!details)
        fputc('\n', out);
}

/* ---- What is not there ---- */

static void print_skipped(FILE *out, const ock_device *device)
{
    struct advice advice = advice_for(device);
    fputs("skipped ", out);
    text_print(out, device->name);
    fputs(":\n  ", out);
    text_wrap(out, device->reason, 2, 2);
    for (size_t i = 0; i < advice.count; i++) {
        fputs("  - ", out);
        text_wrap(out, advice.lines[i], 4, 4);
    }
    fputc('\n', out);
}

/* ---- All of it ---- */

static void print_choice(FILE *out, const struct machine *machine)
{
    if (!machine->probed && machine->count > 1)
        text_wrap(out,
                  "not probed: OCKHAM_PROBE is off, or the helper that it may name cannot be "
                  "started; a driver that crashes or hangs takes its program with it",
                  0, 2);
    if (!machine->chosen) { /* why is an error, told with others */
        fputs("chose none\n", out);
        return;
    }
    char why[sizeof machine->why]; /* whose further lines have been said above */
    snprintf(why, sizeof why, "%s", machine->why);
    why[strcspn(why, "\n")] = '\0';
    text_wrap(out, why, 0, 2);
    text_wrap(out,
              "another: --device or OCKHAM_DEVICE with an id, the name beneath it or a part of a "
              "name; gpu, cpu, accelerator or scalar",
              0, 2);
}

void list_print(FILE *out, const struct settings *settings, const struct machine *machine)
{
    print_devices(out, settings, machine);
    for (size_t i = 0; i < machine->count && !settings->device; i++)
        if (is_skipped(&machine->rows[i]))
            print_skipped(out, &machine->rows[i].device);
    print_choice(out, machine);
}
