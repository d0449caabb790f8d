/* The choice of a device. Those that meet the wish are candidates; several are ordered by what a
 * training step takes on each, and the first that opens and passes its self-test is the one. After
 * a failure those that have not failed are, in the default order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cache.h"
#include "core/core.h"
#include "core/log.h"

typedef struct candidate {
    const ock_device *device;
    double seconds;       /* that a training step takes; 0: not known */
    bool measured_before; /* by another process */
    bool passed_over;
    ock_context *context; /* open and tested, or NULL */
} candidate;

typedef struct selection {
    const ock_context_options *options;
    const char *wish;
    const ock_opencl_handles *handles; /* an application's own; NULL: any device will do */
    const ock_context *failed;         /* whose devices are no candidates; NULL: none failed */
    ock_device *devices;
    size_t device_count;
    candidate *candidates; /* in the order in which they are tried */
    size_t count;
    ock_log *log;        /* of the context that is to be, or is left */
    ock_log passed_over; /* "ID NAME: reason" of each, a line each */
    ock_status status;   /* of the last one passed over */
} selection;

/* ---- Candidates ---- */

/* A wish for plain C leaves the drivers alone. */
static ock_status list_devices(selection *s)
{
    if (!s->wish || strcasecmp(s->wish, "scalar") != 0)
        return ock_device_list(&s->devices, &s->device_count);
    s->devices = malloc(sizeof *s->devices);
    if (!s->devices)
        return OCK_OUT_OF_MEMORY;
    *s->devices = ock_scalar_device();
    s->device_count = 1;
    return OCK_OK;
}

static void pass_over(selection *s, const ock_device *device, ock_status status, const char *why)
{
    bool sound = status == OCK_DEVICE_NOT_FOUND || status == OCK_UNSUPPORTED;
    ock_log_level level = sound ? OCK_LOG_INFO : OCK_LOG_WARNING;
    const char *gap = *device->id ? " " : "";
    ock_log_tell(s->log, level, "passed over %s%s%s: %s", device->id, gap, device->name, why);
    ock_log_report(&s->passed_over, status, "%s\n  passed over %s%s%s: %s",
                   ock_log_text(&s->passed_over), device->id, gap, device->name, why);
    s->status = status;
}

static bool has_failed(const ock_context *context, const ock_device *device)
{
    bool failed = context && strcmp(context->device.id, device->id) == 0;
    for (size_t i = 0; context && i < context->failed_count && !failed; i++)
        failed = strcmp(context->failed[i].id, device->id) == 0;
    return failed;
}

static bool is_candidate(const selection *s, const ock_device *device)
{
    return ock_device_meets(device, s->wish) && !has_failed(s->failed, device);
}

/* The device of the application's own objects is the only one. */
static ock_status take_shared(selection *s)
{
#if OCK_OPENCL
    return opencl_find_shared(s->handles, s->devices, s->device_count, s->log,
                              &s->candidates[s->count++].device);
#else
    (void)s;
    return OCK_UNSUPPORTED;
#endif
}

static void list_by_type(selection *s)
{
    static const ock_device_type order[] = {OCK_DEVICE_GPU, OCK_DEVICE_ACCELERATOR, OCK_DEVICE_CPU,
                                            OCK_DEVICE_SCALAR};
    for (size_t i = 0; i < s->device_count; i++)
        if (s->devices[i].type == OCK_DEVICE_NONE && !s->wish)
            pass_over(s, &s->devices[i], s->devices[i].status, s->devices[i].reason);
    for (size_t type = 0; type < sizeof order / sizeof *order; type++)
        for (size_t i = 0; i < s->device_count; i++)
            if (s->devices[i].type == order[type] && is_candidate(s, &s->devices[i]))
                s->candidates[s->count++] = (candidate){.device = &s->devices[i]};
}

/* In the default order. On failure the log has the message. */
static ock_status list_candidates(selection *s)
{
    ock_status status = list_devices(s);
    if (status == OCK_OK && !(s->candidates = calloc(s->device_count, sizeof *s->candidates)))
        status = OCK_OUT_OF_MEMORY;
    if (status != OCK_OK)
        return ock_log_report(s->log, status, "the devices cannot be listed: no memory");
    if (s->handles)
        return take_shared(s);
    list_by_type(s);
    return OCK_OK;
}

static void give_up(selection *s, candidate *c, ock_status status, const char *why)
{
    pass_over(s, c->device, status, why);
    c->passed_over = true;
    ock_context_destroy(c->context);
    c->context = NULL;
}

/* Opens and tests a candidate, if it is not open yet. */
static bool try_candidate(selection *s, candidate *c)
{
    if (c->passed_over || c->context)
        return c->context;
    ock_log log = {0};
    ock_self_test test = {0};
    ock_status status = ock_context_open(c->device, s->handles, s->options, &log, &c->context);
    if (status == OCK_OK) {
        status = ock_self_test_run(c->context, false, &test);
        ock_log_report(&log, status, "%s", test.message);
    }
    if (status != OCK_OK)
        give_up(s, c, status, ock_log_text(&log));
    ock_log_clear(&log);
    return c->context;
}

/* ---- What a training step takes ---- */

static const char step_name[] = "step_ns";

/* Finds what was measured before, which is trusted only where it can be true. */
static bool recall(const selection *s, candidate *c)
{
    char text[13];
    ock_cache *cache = ock_device_cache(c->device, s->options->threads);
    bool found = ock_cache_get(cache, step_name, text, sizeof text);
    ock_cache_close(cache);
    if (found && strspn(text, "0123456789") == strlen(text))
        c->seconds = 1e-9 * (double)strtoull(text, NULL, 10);
    return c->measured_before = c->seconds > 0;
}

static void measure(selection *s, candidate *c)
{
    char text[32];
    ock_status status = ock_measure_step(c->context, &c->seconds);
    if (status == OCK_OK) {
        snprintf(text, sizeof text, "%.0f", 1e9 * c->seconds);
        ock_cache_put(c->context->cache, step_name, text);
        ock_log_tell_cache(&c->context->log, c->context->cache);
    } else {
        give_up(s, c, status, ock_context_message(c->context));
    }
}

static int compare(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->device > y->device) - (x->device < y->device);
}

/* Puts the fastest first; opens none that was measured before. */
static void order_by_speed(selection *s)
{
    for (candidate *c = s->candidates; c < s->candidates + s->count; c++)
        if (!recall(s, c) && try_candidate(s, c))
            measure(s, c);
    qsort(s->candidates, s->count, sizeof *s->candidates, compare);
}

/* ---- Choice ---- */

/* From here on it is the caller's, and so are its failures: the tensors of self-test and
 * measurement, which may exceed his bound, do not count. */
static void hand_over(const selection *s, ock_context *context)
{
    size_t bound = s->options->max_allocation;
    if (bound && bound < context->max_allocation)
        context->max_allocation = bound;
    context->backend->memory.peak = context->backend->memory.in_use;
    context->log.trying = false;
}

static candidate *choose(selection *s)
{
    candidate *chosen = NULL;
    if (s->count > 1 && !ock_context_untuned(s->options))
        order_by_speed(s);
    for (size_t i = 0; i < s->count && !chosen; i++)
        if (try_candidate(s, &s->candidates[i]))
            chosen = &s->candidates[i];
    if (chosen)
        hand_over(s, chosen->context);
    return chosen;
}

/* ---- Messages ---- */

static void explain_order(const selection *s, ock_log *log)
{
    size_t measured = 0;
    bool all_before = true;
    for (size_t i = 0; i < s->count; i++) {
        const candidate *c = &s->candidates[i];
        if (c->seconds == 0 || c->passed_over)
            continue;
        all_before = all_before && c->measured_before;
        ock_log_report(log, OCK_OK, "%s%s%.2f ms on %s", ock_log_text(log),
                       measured++ ? ", " : "the fastest: a training step takes ", 1e3 * c->seconds,
                       c->device->id);
    }
    if (measured > 0 && all_before)
        ock_log_report(log, OCK_OK, "%s (measured before)", ock_log_text(log));
    else if (measured == 0 && s->count > 1)
        ock_log_report(log, OCK_OK,
                       "the first to pass its self-test in the order "
                       "GPU, accelerator, CPU, plain C");
    else if (measured == 0 && !s->wish)
        ock_log_report(log, OCK_OK, "%s",
                       s->handles ? "the application's own" : "the only one there is");
}

static void explain_choice(selection *s, const candidate *chosen)
{
    const ock_device *device = chosen->device;
    ock_log *log = &chosen->context->log, order = {0};
    explain_order(s, &order);
    bool ordered = *ock_log_text(&order);
    ock_log_report(log, OCK_OK, "chose %s (%s, %s): %s%s%s%s", device->id,
                   ock_device_type_name(device->type), device->name,
                   s->wish ? "as asked for by " : "", s->wish ? s->wish : "",
                   s->wish && ordered ? ", " : "", ock_log_text(&order));
    ock_log_clear(&order);
    ock_log_tell(log, OCK_LOG_INFO, "%s", ock_log_text(log));
    ock_log_report(log, OCK_OK, "%s%s", ock_log_text(log), ock_log_text(&s->passed_over));
}

static void list_all(const selection *s, ock_log *log)
{
    for (size_t i = 0; i < s->device_count; i++) {
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
    if (s->count == 0) {
        s->status = OCK_DEVICE_NOT_FOUND;
        ock_log_report(log, s->status, "no device is called \"%s\"; there are:", s->wish);
        list_all(s, log);
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

static void close_selection(selection *s, const candidate *chosen)
{
    for (size_t i = 0; i < s->count; i++)
        if (&s->candidates[i] != chosen)
            ock_context_destroy(s->candidates[i].context);
    free(s->candidates);
    ock_device_list_free(s->devices);
    ock_log_clear(&s->passed_over);
}

static const char *refusal(const selection *s, ock_context *const *context)
{
    if (!context || s->options->threads < 0)
        return "context is NULL, or threads is below 0";
    if (s->handles && s->options->device)
        return "options.device must be NULL: the device is that of the handles";
    return NULL;
}

static ock_status create(selection *s, const char *call, ock_context **context)
{
    ock_log log = ock_log_of(s->options);
    candidate *chosen = NULL;
    const char *refused = refusal(s, context);
    s->log = &log;
    if (context)
        *context = NULL;
    ock_status status = refused
                            ? ock_log_report(&log, OCK_INVALID_ARGUMENT, "%s: %s", call, refused)
                            : list_candidates(s);
    if (status == OCK_OK && (chosen = choose(s))) {
        explain_choice(s, chosen);
        *context = chosen->context;
    } else if (status == OCK_OK) {
        explain_failure(s, &log);
        status = s->status;
    }
    copy_message(s->options, ock_log_text(&log));
    close_selection(s, chosen);
    ock_log_clear(&log);
    return status;
}

ock_status ock_context_create(const ock_context_options *options, ock_context **context)
{
    const ock_context_options defaults = ock_context_defaults();
    selection s = {.options = options ? options : &defaults};
    s.wish = ock_wish_of(s.options);
    return create(&s, "ock_context_create", context);
}

#if OCK_OPENCL
ock_status ock_context_create_on(const ock_opencl_handles *handles,
                                 const ock_context_options *options, ock_context **context)
{
    const ock_context_options defaults = ock_context_defaults();
    selection s = {.options = options ? options : &defaults, .handles = handles};
    return create(&s, "ock_opencl_context_create", context);
}
#endif

/* ---- The next device ---- */

static ock_status remember_failed(ock_context *context)
{
    ock_device *grown =
        realloc(context->failed, (context->failed_count + 1) * sizeof *context->failed);
    if (!grown)
        return ock_log_report(&context->log, OCK_OUT_OF_MEMORY, "no memory for a list of devices");
    context->failed = grown;
    ock_device *failed = &grown[context->failed_count];
    *failed = context->device;
    failed->status = OCK_DEVICE_FAILED;
    snprintf(failed->reason, sizeof failed->reason, "%s", ock_log_text(&context->log));
    return OCK_OK;
}

/* Puts the context on the first candidate that passes its self-test and has room for its tensors.
 */
static bool move_on(selection *s, ock_context *context)
{
    for (candidate *c = s->candidates; c < s->candidates + s->count; c++) {
        if (!try_candidate(s, c))
            continue;
        hand_over(s, c->context);
        ock_status status = ock_context_take_over(context, c->context);
        if (status == OCK_OK)
            return true;
        give_up(s, c, status, ock_context_message(c->context));
    }
    return false;
}

ock_status ock_context_failover(ock_context *context)
{
    if (!context)
        return OCK_INVALID_ARGUMENT;
    selection s = {.options = &context->options, .failed = context, .log = &context->log};
    ock_status status = remember_failed(context);
    if (status != OCK_OK)
        return status;
    const ock_device *failed = &context->failed[context->failed_count];
    status = list_candidates(&s);
    if (status == OCK_OK && move_on(&s, context)) {
        context->failed_count++;
        ock_log_report(&context->log, OCK_OK,
                       "left %s (%s), which failed: %s; went on to %s (%s)%s", failed->id,
                       failed->name, ock_log_text(&context->log), context->device.id,
                       context->device.name, ock_log_text(&s.passed_over));
        ock_log_tell(&context->log, OCK_LOG_WARNING, "%s", ock_context_message(context));
    } else if (status == OCK_OK) {
        status = s.count ? s.status : OCK_DEVICE_NOT_FOUND;
        ock_log_report(&context->log, status, "%s (%s) failed: %s; no other device can be used%s",
                       failed->id, failed->name, ock_log_text(&context->log),
                       ock_log_text(&s.passed_over));
    }
    close_selection(&s, NULL);
    return status;
}
