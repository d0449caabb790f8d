#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

void ock_log_clear(ock_log *log)
{
    free(log->text);
    log->text = NULL;
    log->brief[0] = '\0';
}

ock_log ock_log_of(const ock_context_options *options)
{
    return (ock_log){
        .callback = options->log, .data = options->log_data, .level = options->log_level};
}

/* Build logs end in newlines. */
static void end_line(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
}

/* The new text is made before the old one goes, which may be among the arguments. */
static void set(ock_log *log, const char *format, va_list arguments)
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
    end_line(text ? text : log->brief);
}

static bool is_heard(const ock_log *log, ock_log_level level)
{
    return log->callback && level <= log->level;
}

ock_status ock_log_vreport(ock_log *log, ock_status status, const char *format, va_list arguments)
{
    ock_log_level level = log->trying ? OCK_LOG_DEBUG : OCK_LOG_ERROR;
    set(log, format, arguments);
    if (status != OCK_OK && is_heard(log, level))
        log->callback(log->data, level, ock_log_text(log));
    return status;
}

ock_status ock_log_report(ock_log *log, ock_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ock_log_vreport(log, status, format, arguments);
    va_end(arguments);
    return status;
}

void ock_log_tell(ock_log *log, ock_log_level level, const char *format, ...)
{
    if (!is_heard(log, level))
        return;
    ock_log told = {0};
    va_list arguments;
    va_start(arguments, format);
    set(&told, format, arguments);
    va_end(arguments);
    log->callback(log->data, level, ock_log_text(&told));
    ock_log_clear(&told);
}

const char *ock_log_text(const ock_log *log)
{
    return log->text ? log->text : log->brief;
}
