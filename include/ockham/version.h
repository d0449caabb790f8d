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

/** "MAJOR.MINOR.PATCH", static. */
OCK_API const char *ock_version(void);

#ifdef __cplusplus
}
#endif
#endif
