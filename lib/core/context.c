#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/cache.h"
#include "core/core.h"
#include "core/log.h"

ock_context_options ock_context_defaults(void)
{
    return (ock_context_options){.log_level = OCK_LOG_INFO};
}

bool ock_context_untuned(const ock_context_options *options)
{
    const char *tune = getenv("OCKHAM_TUNE");
    return options->untuned || (tune && strcmp(tune, "0") == 0);
}

static ock_status open_backend(ock_context *context, const ock_opencl_handles *handles,
                               const ock_context_options *options)
{
    const ock_backend head = {
        .log = &context->log, .cache = context->cache, .untuned = ock_context_untuned(options)};
    if (context->device.type == OCK_DEVICE_SCALAR)
        return scalar_open(options->threads, &head, &context->backend);
#if OCK_OPENCL
    return opencl_open(&context->device, handles, &head, &context->backend);
#else
    (void)handles;
    return ock_log_report(head.log, OCK_DEVICE_NOT_FOUND,
                          "%s is a device of OpenCL; rebuild with -Dopencl=enabled",
                          context->device.id);
#endif
}

ock_status ock_context_open(const ock_device *device, const ock_opencl_handles *handles,
                            const ock_context_options *options, ock_log *log, ock_context **context)
{
    *context = NULL;
    if (device->status != OCK_OK)
        return ock_log_report(log, device->status, "%s", device->reason);
    ock_context *made = calloc(1, sizeof *made);
    if (!made)
        return ock_log_report(log, OCK_OUT_OF_MEMORY, "no memory for a context");
    made->device = *device;
    made->options = (ock_context_options){.max_allocation = options->max_allocation,
                                          .threads = options->threads,
                                          .untuned = options->untuned,
                                          .log = options->log,
                                          .log_data = options->log_data,
                                          .log_level = options->log_level};
    made->log = ock_log_of(options);
    made->log.trying = true;
    made->max_allocation =
        device->max_allocation < SIZE_MAX ? (size_t)device->max_allocation : SIZE_MAX;
    if (!ock_context_untuned(options))
        made->cache = ock_device_cache(device, options->threads);
    ock_log_tell_cache(&made->log, made->cache);
    ock_status status = open_backend(made, handles, options);
    if (status != OCK_OK) {
        ock_log_report(log, status, "%s", ock_log_text(&made->log));
        ock_context_destroy(made);
        return status;
    }
    *context = made;
    return OCK_OK;
}

void ock_context_destroy(ock_context *context)
{
    if (!context)
        return;
    if (context->backend)
        context->backend->table->close(context->backend);
    ock_cache_close(context->cache);
    ock_log_clear(&context->log);
    free(context->failed);
    free(context);
}

ock_status ock_context_take_over(ock_context *context, ock_context *next)
{
    ock_status status = ock_storages_make(context, next->backend);
    if (status != OCK_OK)
        return status;
    ock_storages_replace(context, next->backend);
    const ock_context old = *context;
    context->device = next->device;
    context->cache = next->cache;
    context->backend = next->backend;
    context->max_allocation = next->max_allocation;
    context->backend->log = &context->log;
    next->device = old.device;
    next->cache = old.cache;
    next->backend = old.backend;
    next->backend->log = &next->log;
    return OCK_OK;
}

ock_status ock_context_finish(ock_context *context)
{
    return context ? context->backend->table->finish(context->backend) : OCK_INVALID_ARGUMENT;
}

ock_status ock_context_flush(ock_context *context)
{
    return context ? context->backend->table->flush(context->backend) : OCK_INVALID_ARGUMENT;
}

const char *ock_context_message(const ock_context *context)
{
    return context ? ock_log_text(&context->log)
                   : "there is no context: give ock_context_create() an options.message to fill";
}

ock_backend *ock_context_backend(const ock_context *context)
{
    return context->backend;
}

const ock_device *ock_context_device(const ock_context *context)
{
    return context ? &context->device : NULL;
}

ock_status ock_context_memory(const ock_context *context, ock_memory *memory)
{
    if (!context || !memory)
        return OCK_INVALID_ARGUMENT;
    *memory = context->backend->memory;
    return OCK_OK;
}

ock_status ock_context_report(ock_context *context, ock_status status, const char *format, ...)
{
    if (!context)
        return status;
    va_list arguments;
    va_start(arguments, format);
    ock_log_vreport(&context->log, status, format, arguments);
    va_end(arguments);
    return status;
}
