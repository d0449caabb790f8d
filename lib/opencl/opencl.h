/* What the files of the OpenCL backend share: its record, and how a kernel is launched. */
#ifndef OCKHAM_OPENCL_BACKEND_H
#define OCKHAM_OPENCL_BACKEND_H

#include <ockham/opencl.h>

#include "backend.h"

/* How many columns one vector of the kernels holds and how a product is cut into tiles; passed to
 * the kernels by -D. */
typedef struct opencl_tiles {
    size_t vector;        /* V */
    size_t rows, vectors; /* a work-item's tile: rows x (vectors V) */
    size_t group;         /* group x group work-items share local memory; 1: none do */
} opencl_tiles;

/* The kernels, built for one kind of tiles. */
typedef struct opencl_program {
    opencl_tiles tiles;
    cl_program program;
    cl_kernel *kernels; /* every one in the program */
    char **names;
    cl_uint count;
    bool broken; /* it did not build, and is not tried again */
} opencl_program;

/* The ways to compute a product that are measured against each other; those before OPENCL_SWAP are
 * tiles, of which each has a program. tiles.c tells what they are good for. */
typedef enum opencl_candidate {
    OPENCL_CPU,
    OPENCL_NARROW,
    OPENCL_FLAT,
    OPENCL_GPU,
    OPENCL_GPU_LARGE,
    OPENCL_GPU_SMALL,
    OPENCL_SWAP,
    OPENCL_DOTS,
    OPENCL_CLBLAST,
    OPENCL_CANDIDATES,
    OPENCL_PROGRAMS = OPENCL_SWAP
} opencl_candidate;

/* C = alpha op(A) op(B) + beta C, with op(A) m x k, op(B) k x n, C m x n or, where it says so,
 * n x m. For fused operations, which only ask for the tiles of such a product, without tensors. */
typedef struct opencl_product {
    bool a_transposed, b_transposed, c_transposed;
    size_t m, n, k;
    float alpha, beta;
    const ock_tensor *a, *b;
    ock_tensor *c;
} opencl_product;

typedef struct opencl_choices opencl_choices;
typedef struct opencl_events opencl_events;

typedef struct opencl_backend {
    ock_backend base;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    ock_device_type type;
    size_t units;              /* compute units */
    size_t vector;             /* V of a CPU's kernels */
    opencl_candidate standard; /* serves what is not measured */
    bool forced;               /* nothing else does */
    opencl_program programs[OPENCL_PROGRAMS];
    const opencl_program *program; /* the standard's */
    bool clblast;                  /* was called */
    opencl_choices *choices;
    size_t max_allocation;
    cl_mem scratch;
    size_t scratch_bytes;
    size_t written;        /* bytes, since the last write that flushed */
    opencl_events *events; /* of commands not yet known to have succeeded */
} opencl_backend;

/* ---- backend.c ---- */

bool opencl_is(const ock_backend *backend);

/* ---- errors.c ---- */

/* "CL_OUT_OF_RESOURCES"; static. */
const char *opencl_error_name(cl_int error);

/* OCK_OUT_OF_MEMORY for the allocation failures, else OCK_DEVICE_FAILED. */
ock_status opencl_status(cl_int error);

/* Reports "CALL of SUBJECT: NAME (code)", of no subject where that is NULL, and returns the status.
 */
ock_status opencl_failed(ock_log *log, const char *call, const char *subject, cl_int error);

/* ---- loader.c ---- */

/* A platform, and the file of its driver where that is reached past the loader; else "". */
typedef struct opencl_platform {
    const char *library;
    cl_platform_id id;
} opencl_platform;

/* Beside OpenCL's codes, none of which is above 0: what was refused is ours, not the driver's. */
enum {
    OPENCL_NO_MEMORY = 1
};

/* All of them, or the library's own. The lists are the caller's to free, and none is empty. */
cl_int opencl_platforms(const char *library, cl_platform_id **platforms, cl_uint *count);
cl_int opencl_devices(const opencl_platform *platform, cl_device_id **devices, cl_uint *count);
cl_int opencl_platform_info(const opencl_platform *platform, cl_uint property, size_t size,
                            void *value, size_t *used);
cl_context opencl_create_context(const char *library, cl_device_id device, cl_int *error);

/* The driver's handle of a device that opencl_list() gave; or the entry point that failed. */
cl_int opencl_find(const ock_device *device, cl_device_id *found, const char **failed);

/* ---- events.c ---- */

ock_status opencl_events_create(ock_log *log, opencl_events **events);
void opencl_events_destroy(opencl_events *events);

/* Keeps the event of a command, and owns it, so that its failure is seen at the next flush or
 * finish. */
void opencl_keep(opencl_backend *backend, const char *command, cl_event event);

/* All three report the first failure since the last report. */
ock_status opencl_flush(ock_backend *backend);
ock_status opencl_finish(ock_backend *backend);
ock_status opencl_settle(opencl_backend *backend); /* after a call that waited for all commands */

/* ---- launch.c ---- */

/* One kernel launch: begin, one call per argument in order, launch. An error sticks and
 * comes out of launch. */
typedef struct opencl_call {
    opencl_backend *backend;
    const opencl_program *program;
    const char *name;
    cl_kernel kernel;
    cl_uint next;
    const char *failed; /* the entry point that did, with `error` */
    cl_int error;
} opencl_call;

opencl_call opencl_begin(ock_backend *backend, const char *kernel); /* of the standard tiles */
opencl_call opencl_begin_in(ock_backend *backend, const opencl_program *program,
                            const char *kernel);
void opencl_arg_int(opencl_call *call, int32_t value);
void opencl_arg_uint(opencl_call *call, uint32_t value);
void opencl_arg_float(opencl_call *call, float value);
void opencl_arg_ulong(opencl_call *call, uint64_t value);
void opencl_arg_buffer(opencl_call *call, cl_mem buffer);

/* Three arguments: __global T *x, ulong x_offset, uint x_stride. NULL gives NULL, 0, 0. */
void opencl_arg_tensor(opencl_call *call, const ock_tensor *tensor);

/* Two arguments: uint rows, uint cols. */
void opencl_arg_shape(opencl_call *call, const ock_tensor *tensor);

/* Six: uint threshold (kept where a word is at least that), float scale, uint seed_low, uint
 * seed_high, uint step, uint layer. NULL gives threshold 0, scale 1. */
void opencl_arg_dropout(opencl_call *call, const ock_dropout *dropout);

/* Nine: int kind, float rate, float momentum, int nesterov, float beta1, float beta2, float
 * epsilon, float clip, float ema. */
void opencl_arg_update(opencl_call *call, const ock_update *update);

/* Eighteen: the value, two moments, the average; float l1, float l2, float slope (l1 in the
 * gradient), float threshold, float decay, float floor. */
void opencl_arg_parameter(opencl_call *call, const ock_update *update,
                          const ock_parameter *parameter);

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

/* ---- step.c ---- */

/* Takes what memory the next two need, which is done before anything is enqueued, so that no step
 * is refused halfway. */
ock_status opencl_reserve_norms(ock_backend *backend, const ock_parameter *parameter);

/* Adds `rows` times the group lasso's penalty to totals; and does to columns, by their norms, what
 * ends a step. */
ock_status opencl_group_penalty(ock_backend *backend, const ock_parameter *parameter, size_t rows,
                                ock_tensor *totals);
ock_status opencl_apply_norms(ock_backend *backend, const ock_update *update,
                              const ock_parameter *parameter);

/* ---- tiles.c ---- */

/* Sets vector, standard and forced: by what the device can do, or as OCKHAM_TILES says; and builds
 * the standard's program. */
ock_status opencl_choose_standard(opencl_backend *backend);

const char *opencl_candidate_name(opencl_candidate candidate);

/* Whether a candidate can compute this product; and whether its kernels may be had and it has a
 * chance to be the quickest. */
bool opencl_can(opencl_candidate candidate, const opencl_product *shape);
bool opencl_suits(const opencl_backend *opencl, opencl_candidate candidate,
                  const opencl_product *shape);

/* The tiles among which a candidate's kernels are: itself, if it is tiles. */
opencl_candidate opencl_tiles_of(opencl_candidate candidate);

/* The program of tiles, built when it is first asked for; where that fails, not again. */
ock_status opencl_program_of(opencl_backend *opencl, opencl_candidate tiles,
                             const opencl_program **program);

/* The work-groups that cover a matrix of rows x cols, and what a work-item has of it: a tile; or
 * on a CPU `share` rows, or columns, of several tiles. */
typedef struct opencl_grid {
    size_t global[2], local[2], groups;
    uint32_t share;
} opencl_grid;

opencl_grid opencl_tile_grid(const opencl_tiles *tiles, const opencl_product *shape);
opencl_grid opencl_strip_grid(const opencl_backend *opencl, const opencl_tiles *tiles,
                              const opencl_product *shape);
opencl_grid opencl_span_grid(const opencl_backend *opencl, const opencl_tiles *tiles,
                             const opencl_product *shape);

/* ---- tune.c ---- */

ock_status opencl_choices_create(ock_log *log, opencl_choices **choices);
void opencl_choices_destroy(opencl_choices *choices);

/* Finds what serves products of this shape: what was measured, by this process or one before it,
 * or else the standard. False: it was not measured, and may be. */
bool opencl_recall(opencl_backend *opencl, const opencl_product *shape,
                   opencl_candidate *candidate);

/* The tiles for a fused operation whose product this is. Measures nothing. */
const opencl_program *opencl_fused_tiles(ock_backend *backend, const opencl_product *shape);

/* Times the candidates on the product's operands, leaves C as it is, and remembers the best; where
 * none works, fails as the last did. Waits. tuning, which receives their times, may be NULL. */
ock_status opencl_measure_candidates(opencl_backend *opencl, const opencl_product *product,
                                     ock_tuning *tuning);

ock_status opencl_tune(ock_backend *backend, const ock_matmul_options *options, const ock_tensor *a,
                       const ock_tensor *b, ock_tensor *c, ock_tuning *tuning);

/* ---- matmul.c ---- */

opencl_product opencl_product_of(const ock_matmul_options *options, const ock_tensor *a,
                                 const ock_tensor *b, ock_tensor *c);

/* Enqueues a product by a candidate that can compute it. */
ock_status opencl_multiply(opencl_backend *opencl, opencl_candidate candidate,
                           const opencl_product *product);

/* ---- program.c ---- */

/* Builds the program for its tiles and makes its kernels. */
ock_status opencl_build(const opencl_backend *backend, opencl_program *program);

/* Leaves the program all zeros, also after a build that failed. */
void opencl_unbuild(opencl_program *program);

/* ---- the operations ---- */

#define OPENCL_OP(name, parameters) ock_status opencl_##name parameters;
OCK_BACKEND_OPS(OPENCL_OP)
#undef OPENCL_OP

static inline size_t opencl_ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

#endif
