/** @file
 * The version of the headers; ock_version() is the version of the library that was linked. */
#ifndef OCKHAM_VERSION_H
#define OCKHAM_VERSION_H

#include <ockham/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OCK_VERSION_MAJOR 0 /**< of the headers */
#define OCK_VERSION_MINOR 1 /**< of the headers */
#define OCK_VERSION_PATCH 0 /**< of the headers */

/** The version of the binary interface, apart from the one above: programs that were linked with a
 * library of the same MAJOR and no larger a MINOR need not be linked again. MAJOR is in the
 * library's name, libockham.so.MAJOR. A release that changes or removes anything public, a struct's
 * field among it, adds one to MAJOR and sets the others to 0; one that only adds adds one to MINOR
 * and sets PATCH to 0; any other adds one to PATCH. */
#define OCK_API_VERSION_MAJOR 1
#define OCK_API_VERSION_MINOR 0 /**< additions */
#define OCK_API_VERSION_PATCH 0 /**< all else */

/** "MAJOR.MINOR.PATCH", static. */
OCK_API const char *ock_version(void);

#ifdef __cplusplus
}
#endif
#endif
