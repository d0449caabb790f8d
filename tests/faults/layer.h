/* What the layer counts. A program that was started with OPENCL_LAYERS=layer.so finds layer_take()
 * in it by dlsym(); of any other program the counts come into the file that the environment's
 * LAYER_REPORT names, when it ends. */
#ifndef LAYER_H
#define LAYER_H

#include <stddef.h>

enum {
    LAYER_NAMES = 128
};

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

typedef void (*layer_take_function)(layer_counts *counts);

#endif
