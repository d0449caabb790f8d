/* What the files of the OpenCL backend share: its record, and how a kernel is launched. */
#ifndef OCKHAM_OPENCL_H
#define OCKHAM_OPENCL_H

#include <CL/cl.h>

#include "backend.h"

/* How many columns one vector of the kernels holds (16 on CPUs, 4 on GPUs) and
 * how a product is cut into tiles; passed to the kernels by -D. */
typedef struct opencl_tiles {
    size_t vector;        /* V */
    size_t rows, vectors; /* a work-item's tile: rows x (vectors V) */
    size_t group;         /* group x group work-items share local memory; 1: none do */
} opencl_tiles;

typedef struct opencl_events opencl_events;

typedef struct opencl_backend {
    ock_backend base;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel *kernels; /* every one in the program */
    char **names;
    cl_uint kernel_count;
    opencl_tiles tiles;
    size_t units; /* compute units */
    bool clblast; /* serves the plain product */
    size_t max_allocation;
    cl_mem scratch;
    size_t scratch_bytes;
    size_t written; /* bytes, since the last write that flushed */
    opencl_events *events; /* of commands not yet known to have succeeded */
} opencl_backend;

/* ---- errors.c ---- */

/* "CL_OUT_OF_RESOURCES"; static. */
const char *opencl_error_name(cl_int error);

/* Reports "CALL: NAME (code)" and returns the status that fits: OCK_OUT_OF_MEMORY for
 * the allocation failures, else OCK_DEVICE_FAILED. */
ock_status opencl_failed(ock_log *log, const char *call, cl_int error);

/* ---- platform.c ---- */

/* The driver's handle of a device that opencl_list() gave. */
cl_int opencl_find(const ock_device *device, cl_device_id *found);

/* ---- events.c ---- */

ock_status opencl_events_create(ock_log *log, opencl_events **events);
void opencl_events_destroy(opencl_events *events);

/* Keeps the event of a command, and owns it, so that its failure is seen at the next flush or
 * finish. */
ock_status opencl_keep(opencl_backend *backend, const char *command, cl_event event);

/* All three report the first failure since the last report. */
ock_status opencl_flush(ock_backend *backend);
ock_status opencl_finish(ock_backend *backend);
ock_status opencl_settle(opencl_backend *backend); /* after a call that waited for all commands */

/* ---- launch.c ---- */

/* One kernel launch: begin, one call per argument in order, launch. An error sticks and
 * comes out of launch. */
typedef struct opencl_call {
    opencl_backend *backend;
    const char *name;
    cl_kernel kernel;
    cl_uint next;
    cl_int error;
} opencl_call;

opencl_call opencl_begin(ock_backend *backend, const char *kernel);
void opencl_arg_int(opencl_call *call, int32_t value);
void opencl_arg_uint(opencl_call *call, uint32_t value);
void opencl_arg_float(opencl_call *call, float value);
void opencl_arg_ulong(opencl_call *call, uint64_t value);
void opencl_arg_buffer(opencl_call *call, cl_mem buffer);
void opencl_arg_local(opencl_call *call, size_t bytes);

/* Three arguments: __global T *x, ulong x_offset, uint x_stride. NULL gives NULL, 0, 0. */
void opencl_arg_tensor(opencl_call *call, const ock_tensor *tensor);

/* Two arguments: uint rows, uint cols. */
void opencl_arg_shape(opencl_call *call, const ock_tensor *tensor);

/* Six: uint threshold (kept where a word is at least that), float scale, uint seed_low, uint
 * seed_high, uint step, uint layer. NULL gives threshold 0, scale 1. */
void opencl_arg_dropout(opencl_call *call, const ock_dropout *dropout);

/* Seven: int kind, float rate, float momentum, int nesterov, float beta1, float beta2, float
 * epsilon. */
void opencl_arg_update(opencl_call *call, const ock_update *update);

/* Eleven: the value, two moments, float l1, float l2. */
void opencl_arg_parameter(opencl_call *call, const ock_parameter *parameter);

/* One or two dimensions. global is rounded up to local, so kernels check their bounds. NULL takes
 * a fixed size: a driver's own choice goes with global, and PoCL compiles a kernel for each. */
ock_status opencl_launch(opencl_call *call, cl_uint dimensions, const size_t *global,
                         const size_t *local);

/* Launches over (vectors of a row, rows) of a tensor, and over its rows. */
ock_status opencl_launch_vectors(opencl_call *call, const ock_tensor *tensor);
ock_status opencl_launch_rows(opencl_call *call, const ock_tensor *tensor);

/* A buffer of at least `bytes` for use within one operation. Its contents are undefined. */
ock_status opencl_scratch(ock_backend *backend, size_t bytes, cl_mem *scratch);

/* Enqueues penalty_total: adds rows times the sum of `count` partial penalties to totals. */
ock_status opencl_penalty_total(ock_backend *backend, cl_mem partials, size_t count, size_t rows,
                                ock_tensor *totals);

/* ---- tiles.c ---- */

/* The tiles for a device, or those that the environment's OCKHAM_TILES names. */
ock_status opencl_choose_tiles(opencl_backend *backend, const ock_device *device);

/* The work-groups that cover a matrix of rows x cols, and what a work-item has of it: a tile; or
 * on a CPU `share` rows, or columns, of several tiles. */
typedef struct opencl_grid {
    size_t global[2], local[2], groups;
    uint32_t share;
} opencl_grid;

opencl_grid opencl_tile_grid(const opencl_backend *opencl, size_t rows, size_t cols);
opencl_grid opencl_strip_grid(const opencl_backend *opencl, size_t rows, size_t cols);
opencl_grid opencl_span_grid(const opencl_backend *opencl, size_t rows, size_t cols);

/* ---- program.c ---- */

/* Builds the program for the backend's tiles and makes its kernels. */
ock_status opencl_build(opencl_backend *backend);
void opencl_unbuild(opencl_backend *backend);

/* ---- the operations ---- */

#define OPENCL_OP(name, parameters) ock_status opencl_##name parameters;
OCK_BACKEND_OPS(OPENCL_OP)
#undef OPENCL_OP

static inline size_t opencl_ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

#endif
