#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/core.h"
#include "core/log.h"

enum {
    DEFAULT_ORDER = 4
};

static const ock_device_type default_order[DEFAULT_ORDER] = {OCK_DEVICE_GPU, OCK_DEVICE_ACCELERATOR,
                                                             OCK_DEVICE_CPU, OCK_DEVICE_SCALAR};

/* ---- Wishes ---- */

static bool contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

static bool is_type_name(const char *wish)
{
    for (int i = 0; i < DEFAULT_ORDER; i++)
        if (strcasecmp(wish, ock_device_type_name(default_order[i])) == 0)
            return true;
    return false;
}

static bool is_blank(const char *wish)
{
    return wish[strspn(wish, " \t\r\n")] == '\0';
}

static bool is_id(const char *wish)
{
    return strspn(wish, "0123456789:") == strlen(wish) && strchr(wish, ':');
}

/* The scalar path's platform is "none", which nobody means by a wish. */
static bool meets(const ock_device *device, const char *wish)
{
    if (!wish)
        return true;
    if (is_type_name(wish))
        return strcasecmp(wish, ock_device_type_name(device->type)) == 0;
    if (is_id(wish))
        return strcmp(wish, device->id) == 0;
    if (is_blank(wish))
        return false;
    return contains(device->name, wish) ||
           (device->type != OCK_DEVICE_SCALAR && contains(device->platform_name, wish));
}

/* ---- Choice ---- */

typedef struct selection {
    const ock_context_options *options;
    const char *wish;
    ock_device *devices;
    size_t count;
    ock_log passed_over; /* "ID NAME: reason" of each, a line each */
    ock_status status;   /* of the last one passed over */
    size_t tried;
    ock_context *context;
} selection;

static void pass_over(selection *s, const ock_device *device, ock_status status, const char *why)
{
    ock_log_report(&s->passed_over, status, "%s\n  passed over %s%s%s: %s",
                   ock_log_text(&s->passed_over), device->id, *device->id ? " " : "", device->name,
                   why);
    s->status = status;
}

/* The caller's bound comes after the self-test, whose own tensors it may be too small for. */
static void limit_allocation(selection *s)
{
    size_t bound = s->options->max_allocation;
    if (bound && bound < s->context->max_allocation)
        s->context->max_allocation = bound;
}

static bool try_device(selection *s, const ock_device *device)
{
    ock_log log = {0};
    ock_self_test test = {0};
    ock_status status = ock_context_open(device, s->options, &log, &s->context);
    s->tried++;
    if (status == OCK_OK) {
        status = ock_self_test_run(s->context, false, &test);
        ock_log_report(&log, status, "%s", test.message);
    }
    if (status == OCK_OK) {
        limit_allocation(s);
    } else {
        pass_over(s, device, status, ock_log_text(&log));
        ock_context_destroy(s->context);
        s->context = NULL;
    }
    ock_log_clear(&log);
    return s->context;
}

static bool try_all(selection *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->devices[i].type == OCK_DEVICE_NONE && !s->wish)
            pass_over(s, &s->devices[i], s->devices[i].status, s->devices[i].reason);
    for (int order = 0; order < DEFAULT_ORDER; order++)
        for (size_t i = 0; i < s->count; i++) {
            const ock_device *device = &s->devices[i];
            if (device->type == default_order[order] && meets(device, s->wish) &&
                try_device(s, device))
                return true;
        }
    return false;
}

/* ---- Messages ---- */

static void explain_choice(selection *s)
{
    const ock_device *device = &s->context->device;
    const char *why = s->wish ? "as asked for by "
                              : "the first to pass its self-test in the order "
                                "GPU, accelerator, CPU, plain C";
    ock_log_report(&s->context->log, OCK_OK, "chose %s (%s, %s): %s%s%s", device->id,
                   ock_device_type_name(device->type), device->name, why, s->wish ? s->wish : "",
                   ock_log_text(&s->passed_over));
}

static void list_devices(selection *s, ock_log *log)
{
    for (size_t i = 0; i < s->count; i++) {
        const ock_device *device = &s->devices[i];
        bool none = device->type == OCK_DEVICE_NONE;
        ock_log_report(log, OCK_OK, "%s\n  %s%s%s (%s)%s%s", ock_log_text(log), device->id,
                       *device->id ? " " : "", device->name,
                       none ? "no device" : ock_device_type_name(device->type),
                       device->status == OCK_OK ? "" : ": ", device->reason);
    }
}

static void explain_failure(selection *s, ock_log *log)
{
    if (s->tried == 0) {
        s->status = OCK_DEVICE_NOT_FOUND;
        ock_log_report(log, s->status, "no device is called \"%s\"; there are:", s->wish);
        list_devices(s, log);
    } else {
        ock_log_report(log, s->status, "no device%s%s%s can be used:%s",
                       s->wish ? " called \"" : "", s->wish ? s->wish : "", s->wish ? "\"" : "",
                       ock_log_text(&s->passed_over));
    }
}

static void copy_message(const ock_context_options *options, const char *text)
{
    if (options->message && options->message_size > 0) {
        size_t length = strlen(text);
        if (length >= options->message_size)
            length = options->message_size - 1;
        memcpy(options->message, text, length);
        options->message[length] = '\0';
    }
}

static const char *find_wish(const ock_context_options *options)
{
    const char *wish = options->device ? options->device : getenv("OCKHAM_DEVICE");
    return wish && *wish ? wish : NULL;
}

/* A wish for plain C leaves the drivers alone. */
static ock_status list_candidates(selection *s)
{
    if (!s->wish || strcasecmp(s->wish, "scalar") != 0)
        return ock_device_list(&s->devices, &s->count);
    s->devices = malloc(sizeof *s->devices);
    if (!s->devices)
        return OCK_OUT_OF_MEMORY;
    *s->devices = ock_scalar_device();
    s->count = 1;
    return OCK_OK;
}

ock_status ock_context_create(const ock_context_options *options, ock_context **context)
{
    ock_context_options defaults = ock_context_defaults();
    if (!options)
        options = &defaults;
    copy_message(options, "");
    if (context)
        *context = NULL;
    if (!context || options->threads < 0) {
        copy_message(options, "ock_context_create: context is NULL, or threads is below 0");
        return OCK_INVALID_ARGUMENT;
    }
    selection s = {.options = options, .wish = find_wish(options)};
    ock_log log = {0};
    ock_status status = list_candidates(&s);
    if (status != OCK_OK) {
        ock_log_report(&log, status, "the devices cannot be listed: no memory");
    } else if (try_all(&s)) {
        explain_choice(&s);
        s.context->backend->memory.peak = s.context->backend->memory.in_use;
        *context = s.context;
    } else {
        explain_failure(&s, &log);
        status = s.status;
    }
    copy_message(options, ock_log_text(&log));
    ock_device_list_free(s.devices);
    ock_log_clear(&s.passed_over);
    ock_log_clear(&log);
    return status;
}
