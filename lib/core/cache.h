/* What was measured of a device, kept from one process to the next. backend.h has get and put. */
#ifndef OCKHAM_CORE_CACHE_H
#define OCKHAM_CORE_CACHE_H

#include "backend.h"

/* Reads the file of this key, one line of text, from the folder that the environment names:
 * OCKHAM_CACHE, else ockham in XDG_CACHE_HOME, else in .cache of HOME. A file that is not there,
 * is damaged, belongs to somebody else or to another key counts as empty; one that cannot be
 * written keeps what is put in memory. NULL where the environment says "off" or names no folder,
 * or there is no memory. */
ock_cache *ock_cache_open(const char *key);

/* What became of the file at the opening or the last put, and its path; NULL: that has been asked
 * for before, or there is no cache. */
const char *ock_cache_news(ock_cache *cache);

/* FNV-1a, of 64 bits. */
uint64_t ock_cache_digest(const char *text, size_t length);

/* NULL is allowed. */
void ock_cache_close(ock_cache *cache);

#endif
