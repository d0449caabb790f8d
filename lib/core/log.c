#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

void ock_log_clear(ock_log *log)
{
    free(log->text);
    log->text = NULL;
    log->brief[0] = '\0';
}

/* The new text is made before the old one goes, which may be among the arguments. */
void ock_log_vset(ock_log *log, const char *format, va_list arguments)
{
    char brief[sizeof log->brief], *text = NULL;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(brief, sizeof brief, format, arguments);
    if (length >= (int)sizeof brief && (text = malloc((size_t)length + 1)))
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    ock_log_clear(log);
    snprintf(log->brief, sizeof log->brief, "%s", length < 0 ? format : brief);
    log->text = text;
}

ock_status ock_log_report(ock_log *log, ock_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ock_log_vset(log, format, arguments);
    va_end(arguments);
    return status;
}

const char *ock_log_text(const ock_log *log)
{
    return log->text ? log->text : log->brief;
}
