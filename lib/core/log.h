#ifndef OCKHAM_CORE_LOG_H
#define OCKHAM_CORE_LOG_H

#include <stdarg.h>

#include "backend.h"

void ock_log_vset(ock_log *log, const char *format, va_list arguments);
const char *ock_log_text(const ock_log *log);

#endif
