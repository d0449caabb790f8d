/* Stand-ins until every operation has landed; then this file goes. */
#include "scalar.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define STUB(name, parameters)                                                                     \
    __attribute__((weak)) ock_status scalar_##name parameters                                      \
    {                                                                                              \
        return ock_log_report(backend->log, OCK_UNSUPPORTED, "scalar_" #name " is missing");       \
    }
OCK_BACKEND_OPS(STUB)
