/* Allocations that fail on demand. A program that is linked with the library's objects and with
 * --wrap for each function below has the library's own calls come here; those of drivers, of OpenMP
 * and of the C library itself do not. */
#ifndef OCKHAM_TESTS_FAULTS_MEMORY_H
#define OCKHAM_TESTS_FAULTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* The allocation at `position`, from 1 and counted from here on, fails; a lasting one with all that
 * come after it. Position 0: none fails. */
void memory_arm(size_t position, bool lasting);

/* From here on none fails. */
void memory_disarm(void);

size_t memory_calls(void);    /* while armed */
size_t memory_injected(void); /* since memory_arm() */
size_t memory_live(void);     /* blocks and streams that were not given back */

/* For cJSON_InitHooks(): what cJSON asks for counts as the library's own. */
void *memory_allocate(size_t size);
void memory_release(void *block);

#endif
