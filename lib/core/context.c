#include <stdarg.h>
#include <stdlib.h>

#include "core/core.h"
#include "core/log.h"

ock_context_options ock_context_defaults(void)
{
    return (ock_context_options){0};
}

void ock_context_destroy(ock_context *context)
{
    if (!context)
        return;
    if (context->backend)
        context->backend->table->close(context->backend);
    ock_log_clear(&context->log);
    free(context);
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
    return context ? ock_log_text(&context->log) : "";
}

const ock_device *ock_context_device(const ock_context *context)
{
    return context ? &context->device : NULL;
}

ock_status ock_context_report(ock_context *context, ock_status status, const char *format, ...)
{
    if (!context)
        return status;
    va_list arguments;
    va_start(arguments, format);
    ock_log_vset(&context->log, format, arguments);
    va_end(arguments);
    return status;
}
