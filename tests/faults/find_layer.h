/* The layer in a process that was started with it and has called OpenCL. */
#ifndef OCKHAM_TESTS_FAULTS_FIND_LAYER_H
#define OCKHAM_TESTS_FAULTS_FIND_LAYER_H

#include "layer.h"

typedef struct layer_functions {
    layer_take_function take;
    layer_arm_function arm;
    layer_count_function calls, injected, live;
    layer_entry_function entry;
} layer_functions;

extern layer_functions layer; /* all NULL until it is found */

/* False, and says so, where the loader has not taken the layer: it is not loaded then, wherever the
 * path of OPENCL_LAYERS leads. */
bool find_layer(void);

#endif
