/* Which drivers this process may call. */
#ifndef OCKHAM_CORE_DRIVERS_H
#define OCKHAM_CORE_DRIVERS_H

#include "backend.h"

typedef enum ock_probe_kind {
    OCK_PROBE_UNKNOWN, /* only if nothing is known */
    OCK_PROBE_ANEW,
    OCK_PROBE_WHOLE /* anew, with every operation */
} ock_probe_kind;

/* Finds what is known of the drivers, or tries them in a child. *drivers is the caller's to free.
 * OCK_UNSUPPORTED, with *drivers NULL: they could not be tried. NULL, too, without OpenCL. */
ock_status ock_drivers_try(ock_probe_kind kind, ock_drivers **drivers);

/* The files of drivers that the loader would load. */
void ock_drivers_installed(ock_drivers *files);

/* ---- probe.c ---- */

/* Tries the drivers in a child; `files` are those that the loader would load. False: no child could
 * be started. */
bool ock_probe_run(bool all, const ock_drivers *files, ock_drivers *found);

#endif
