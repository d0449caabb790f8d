#include "find_layer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

layer_functions layer;

static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    return found;
}

bool find_layer(void)
{
    const char *path = getenv("OPENCL_LAYERS");
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
    bool found =
        library && find(library, "layer_take", &layer.take) &&
        find(library, "layer_arm", &layer.arm) && find(library, "layer_calls", &layer.calls) &&
        find(library, "layer_injected", &layer.injected) &&
        find(library, "layer_live", &layer.live) && find(library, "layer_entry", &layer.entry);
    if (!found)
        puts("the loader did not take the layer that OPENCL_LAYERS names");
    return found;
}
