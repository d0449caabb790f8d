/* Which drivers this process may call. */
#ifndef OCKHAM_CORE_DRIVERS_H
#define OCKHAM_CORE_DRIVERS_H

#include "backend.h"

/* Finds what is known of the drivers, and tries them in a child where nothing is; or anyhow, with
 * every operation, if `anew`. *drivers is the caller's to free. OCK_UNSUPPORTED, with *drivers NULL:
 * they could not be tried. */
ock_status ock_drivers_try(bool anew, ock_drivers **drivers);

/* ---- probe.c ---- */

/* Tries the drivers in a child; `files` are those that the loader would load. False: no child could
 * be started. */
bool ock_probe_run(bool all, const ock_drivers *files, ock_drivers *found);

#endif
