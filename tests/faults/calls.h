/* System calls that fail on demand, whoever makes them: the library, the C library's streams, zlib
 * or spng. Linux's seccomp sends each one on files to a handler in the process. */
#ifndef OCKHAM_TESTS_FAULTS_CALLS_H
#define OCKHAM_TESTS_FAULTS_CALLS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum call_fault {
    CALL_SHORT,       /* one byte less than half of what was asked for is read or written */
    CALL_BYTE,        /* one byte is */
    CALL_INTERRUPTED, /* EINTR */
    CALL_FAILED,      /* EIO */
    CALL_FULL,        /* ENOSPC, of what writes */
    CALL_FORBIDDEN,   /* EACCES, of what opens or changes a folder */
    CALL_FAULTS
} call_fault;

extern const char *const call_fault_names[CALL_FAULTS];
extern const int call_fault_errors[CALL_FAULTS]; /* 0: none */

/* Once, and for the whole process. False where this system cannot. */
bool calls_begin(void);

/* The call at `position`, from 1, of those that the fault can befall has it; a lasting one befalls
 * all that come after it, too. Position 0: none. */
void calls_arm(call_fault fault, size_t position, bool lasting);
void calls_disarm(void);

size_t calls_counted(void);   /* since calls_arm(): those that the fault can befall */
size_t calls_injected(void);  /* and those that it befell */
const char *calls_last(void); /* the name of the last one befallen */
bool calls_removing(void);    /* one of them was to remove a file */

#endif
