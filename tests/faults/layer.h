/* What the layer counts, and what it makes fail. A program that was started with
 * OPENCL_LAYERS=layer.so finds these functions in it by dlsym(); of any other program the counts
 * come into the file that the environment's LAYER_REPORT names, when it ends; its calls fail as
 * LAYER_FAULT says, ENTRY:POSITION:CODE, from that one on. */
#ifndef LAYER_H
#define LAYER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LAYER_NAMES = 128
};

/* ---- Counts ---- */

typedef struct layer_counts {
    size_t waits;          /* calls that return only when commands are done */
    size_t commands;       /* enqueued */
    size_t most_under_way; /* commands enqueued and not yet done, at a time */
    size_t found_idle;     /* commands before which none was under way */
    struct {
        char name[64]; /* of an entry point, or of the kernel that was enqueued; "": no more */
        size_t calls;
    } entries[LAYER_NAMES];
} layer_counts;

/* The counts since the last call. */
void layer_take(layer_counts *counts);

/* ---- Faults ---- */

/* All but releases can fail. */
typedef struct layer_fault {
    const char *entry; /* "clEnqueueNDRangeKernel"; NULL: any entry point that can fail */
    size_t position;   /* from 1, among those calls since layer_arm() */
    int code;          /* CL_OUT_OF_RESOURCES, ... */
    bool lasting;      /* that call and all such after it; else that one alone */
    /* The call succeeds, and the event that the caller gets ends with the code instead: after the
     * command, and no later than a call returns that waits for it. Counts commands alone whose
     * caller asks for an event. */
    bool late;
    bool slow; /* no event shows that it is done until a call has waited */
} layer_fault;

void layer_arm(const layer_fault *fault); /* NULL: injects nothing; counts anew either way */
size_t layer_calls(void);    /* of fault->entry (or any that can fail) since layer_arm() */
size_t layer_injected(void); /* faults since layer_arm() */
size_t layer_live(void);     /* references to contexts, queues, buffers, programs, ... */

/* The entry points that were called since layer_arm() and can fail: the name of the one at `index`,
 * in the order of their first calls, or NULL. */
const char *layer_entry(size_t index, size_t *calls);

/* ---- Types, for dlsym() ---- */

typedef void (*layer_take_function)(layer_counts *counts);
typedef void (*layer_arm_function)(const layer_fault *fault);
typedef size_t (*layer_count_function)(void);
typedef const char *(*layer_entry_function)(size_t index, size_t *calls);

#endif
