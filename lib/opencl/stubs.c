/* Stand-ins until every operation has landed; then this file goes. */
#include "opencl.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define STUB(name, parameters)                                                                     \
    __attribute__((weak)) ock_status opencl_##name parameters                                      \
    {                                                                                              \
        return ock_log_report(backend->log, OCK_UNSUPPORTED, "opencl_" #name " is missing");       \
    }
OCK_BACKEND_OPS(STUB)
