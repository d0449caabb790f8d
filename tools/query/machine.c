/* What there is, whether it computes right, and which device a context would take. */
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "../progress.h"
#include "../run.h"
#include "query.h"

bool is_skipped(const struct device_row *row)
{
    return row->device.type == OCK_DEVICE_NONE;
}

/* What may take some seconds, where somebody waits for it: named at once, so that it stands there
 * if a driver ends the process. */
struct note {
    char text[64];
    struct waiting waiting;
};

static void begin(struct note *note, const char *what, const char *device)
{
    snprintf(note->text, sizeof note->text, "%s%s", what, device);
    if (run_columns(stderr))
        fprintf(stderr, "\r\033[K%s", note->text);
    waiting_begin(&note->waiting, note->text);
}

static void end(struct note *note)
{
    waiting_end(&note->waiting);
    if (run_columns(stderr))
        fputs("\r\033[K", stderr);
}

/* ---- Devices ---- */

static bool copy_rows(struct machine *machine, const ock_device *devices, size_t count)
{
    machine->rows = calloc(count, sizeof *machine->rows);
    if (!machine->rows)
        return false;
    machine->count = count;
    for (size_t i = 0; i < count; i++)
        machine->rows[i].device = devices[i];
    return true;
}

static ock_status list(struct machine *machine, bool whole)
{
    ock_device *devices;
    size_t count;
    ock_status status = ock_device_probe(whole, &devices, &count);
    machine->probed = status == OCK_OK;
    if (status == OCK_UNSUPPORTED)
        status = ock_device_list(&devices, &count);
    if (status != OCK_OK)
        return status;
    bool copied = copy_rows(machine, devices, count);
    ock_device_list_free(devices);
    return copied ? OCK_OK : OCK_OUT_OF_MEMORY;
}

static void examine_row(const struct settings *settings, struct device_row *row)
{
    struct note note;
    row->selected = is_skipped(row) || ock_device_meets(&row->device, settings->device);
    row->tested = row->selected && !settings->no_self_test && row->device.status == OCK_OK &&
                  !is_skipped(row);
    if (row->tested) {
        begin(&note, "testing ", row->device.id);
        row->test_status = ock_device_self_test(&row->device, &row->test);
        end(&note);
    }
    if (row->selected && !settings->no_measure && row->test_status == OCK_OK && !is_skipped(row)) {
        begin(&note, "measuring ", row->device.id);
        ock_device_measure(&row->device, settings->measure, &row->speed);
        end(&note);
    }
}

/* ---- The choice ---- */

static struct device_row *find_row(const struct machine *machine, const char *id)
{
    for (size_t i = 0; i < machine->count; i++)
        if (strcmp(machine->rows[i].device.id, id) == 0)
            return &machine->rows[i];
    return NULL;
}

static void choose(const char *wish, struct machine *machine)
{
    ock_context *context;
    ock_context_options options = ock_context_defaults();
    options.device = wish;
    options.message = machine->why;
    options.message_size = sizeof machine->why;
    machine->chosen_status = ock_context_create(&options, &context);
    if (machine->chosen_status == OCK_OK) {
        struct device_row *row = find_row(machine, ock_context_device(context)->id);
        if (row)
            row->chosen = true;
        machine->chosen = row;
        snprintf(machine->why, sizeof machine->why, "%s", ock_context_message(context));
    }
    ock_context_destroy(context);
}

/* ---- The exit status ---- */

static bool can_be_used(const struct device_row *row)
{
    ock_context *context = NULL;
    ock_context_options options = ock_context_defaults();
    if (row->device.type <= OCK_DEVICE_SCALAR || row->device.status != OCK_OK)
        return false;
    if (row->tested)
        return row->test_status == OCK_OK;
    options.device = row->device.id;
    options.untuned = true;
    ock_status status = ock_context_create(&options, &context);
    ock_context_destroy(context);
    return status == OCK_OK;
}

static bool has_opencl(const struct machine *machine)
{
    if (machine->chosen && machine->chosen->device.type != OCK_DEVICE_SCALAR)
        return true;
    for (size_t i = 0; i < machine->count; i++)
        if (can_be_used(&machine->rows[i]))
            return true;
    return false;
}

/* To be chosen takes the operations of a training step alone, which is not all there are. */
static bool has_failed(const struct settings *settings, const struct machine *machine)
{
    for (size_t i = 0; i < machine->count; i++) {
        const struct device_row *row = &machine->rows[i];
        if (row->tested && row->test_status != OCK_OK && (row->chosen || settings->operations))
            return true;
    }
    return false;
}

static bool is_wished(const struct settings *settings)
{
    const char *wish = settings->device ? settings->device : getenv("OCKHAM_DEVICE");
    return wish && *wish;
}

static int exit_status(const struct settings *settings, const struct machine *machine)
{
    ock_status chosen = machine->chosen_status;
    bool wished = is_wished(settings);
    if (machine->list_status != OCK_OK || (chosen != OCK_OK && !wished))
        return EXIT_INTERNAL;
    if (chosen == OCK_DEVICE_NOT_FOUND || chosen == OCK_UNSUPPORTED)
        return EXIT_ABSENT;
    if (chosen != OCK_OK || has_failed(settings, machine))
        return EXIT_SELF_TEST;
    if (settings->require_opencl && !has_opencl(machine))
        return EXIT_ABSENT;
    return wished || has_opencl(machine) ? EXIT_SUCCESS : EXIT_ONLY_SCALAR;
}

void machine_examine(const struct settings *settings, struct machine *machine)
{
    struct note note;
    *machine = (struct machine){0};
    begin(&note, "trying the drivers", "");
    machine->list_status = list(machine, !settings->no_self_test);
    end(&note);
    if (machine->list_status != OCK_OK)
        machine->error = ock_status_message(machine->list_status);
    for (size_t i = 0; i < machine->count; i++)
        examine_row(settings, &machine->rows[i]);
    begin(&note, "choosing", "");
    choose(settings->device, machine);
    end(&note);
    machine->exit_status = exit_status(settings, machine);
}

void machine_forget(struct machine *machine)
{
    free(machine->rows);
}
