/* What programs read: schema.json says what is in it. */
#include <stdlib.h>

#include <ockham/version.h>

#include "../json.h"
#include "query.h"

enum {
    SCHEMA = 1 /* counts up when a key goes or changes its meaning; new ones may come */
};

static bool add_device(cJSON *devices, const struct device_row *row)
{
    cJSON *object = cJSON_CreateObject();
    bool added = cJSON_AddItemToArray(devices, object);
    for (const struct property *p = properties; added && p < properties + property_count; p++)
        if (p->applies(row))
            added = property_add(object, p, row);
    return added;
}

static bool add_advice(cJSON *object, const ock_device *skipped)
{
    struct advice advice = advice_for(skipped);
    cJSON *lines = cJSON_AddArrayToObject(object, "advice");
    bool added = lines;
    for (size_t i = 0; added && i < advice.count; i++)
        added = cJSON_AddItemToArray(lines, cJSON_CreateString(advice.lines[i]));
    return added;
}

static bool add_skipped(cJSON *skipped, const ock_device *device)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(skipped, object) && json_add_text(object, "name", device->name) &&
           json_add_text(object, "status", ock_status_name(device->status)) &&
           json_add_text(object, "reason", device->reason) && add_advice(object, device);
}

static cJSON *add_text_or_null(cJSON *object, const char *key, const char *text)
{
    return text ? json_add_text(object, key, text) : cJSON_AddNullToObject(object, key);
}

static bool add_machine(cJSON *document, const struct machine *machine)
{
    const char *chosen = machine->chosen ? machine->chosen->device.id : NULL;
    bool added = cJSON_AddNumberToObject(document, "schema", SCHEMA) &&
                 json_add_text(document, "version", ock_version()) &&
                 cJSON_AddNumberToObject(document, "exit_status", machine->exit_status) &&
                 add_text_or_null(document, "error", machine->error) &&
                 cJSON_AddBoolToObject(document, "probed", machine->probed) &&
                 json_add_text(document, "status", ock_status_name(machine->chosen_status)) &&
                 add_text_or_null(document, "chosen", chosen) &&
                 json_add_text(document, "why", machine->why);
    cJSON *devices = cJSON_AddArrayToObject(document, "devices");
    cJSON *skipped = cJSON_AddArrayToObject(document, "skipped");
    added = added && devices && skipped;
    for (size_t i = 0; added && i < machine->count; i++) {
        const struct device_row *row = &machine->rows[i];
        if (is_skipped(row))
            added = add_skipped(skipped, &row->device);
        else if (row->selected)
            added = add_device(devices, row);
    }
    return added;
}

char *document_of(const struct machine *machine)
{
    cJSON *document = cJSON_CreateObject();
    char *text = add_machine(document, machine) ? cJSON_Print(document) : NULL;
    cJSON_Delete(document);
    return text;
}

void document_write_bare(int exit_status, char *text, size_t size)
{
    snprintf(text, size,
             "{\"schema\": %d, \"version\": \"%s\", \"exit_status\": %d, "
             "\"error\": \"no memory\", \"probed\": false, \"status\": \"%s\", "
             "\"chosen\": null, \"why\": \"\", \"devices\": [], \"skipped\": []}",
             SCHEMA, ock_version(), exit_status, ock_status_name(OCK_OUT_OF_MEMORY));
}
