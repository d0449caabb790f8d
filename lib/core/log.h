#ifndef OCKHAM_CORE_LOG_H
#define OCKHAM_CORE_LOG_H

#include <stdarg.h>

#include "backend.h"

/* An empty one, with the options' listener. */
ock_log ock_log_of(const ock_context_options *options);

ock_status ock_log_vreport(ock_log *log, ock_status status, const char *format, va_list arguments);

#endif
