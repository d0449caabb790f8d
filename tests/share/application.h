/* What an application has before it meets the library: a context, a queue and a kernel of its own.
 */
#ifndef APPLICATION_H
#define APPLICATION_H

#include <check.h>

#include <ockham/ockham.h>
#include <ockham/opencl.h>

#include "../train/support.h"

#define CL_OK(call) ck_assert_int_eq(call, CL_SUCCESS)

typedef struct application {
    ock_opencl_handles handles;
    cl_program program;
    cl_kernel twice; /* (from, first, stride, cols, to): to[row, col] = 2 from[row, col] */
} application;

/* The first device that the library takes. False: there is none. */
bool application_open(application *app);
void application_close(application *app);

/* A context on the application's objects, that measures nothing. */
ock_context *application_share(const application *app);

/* A buffer of NaNs, then `rows` dense rows of floats that lie in it as `where` says, whose memory
 * it becomes. Nothing waits. */
void application_write(const application *app, const float *values, size_t rows, size_t cols,
                       size_t bytes, ock_opencl_buffer *where);

/* Waits, and leaves dense rows. */
void application_read(const application *app, const ock_opencl_buffer *where, float *values,
                      size_t rows, size_t cols);

/* Where a tensor of so many columns may lie; and a buffer. */
ock_opencl_buffer floats(size_t cols, size_t offset);
cl_mem make_buffer(const application *app, size_t elements);

cl_uint references_of(const application *app, cl_mem buffer);

/* References to the context and to the queue, once all that was given back has arrived: a driver's
 * threads may let go of it later. */
typedef struct references {
    cl_uint context, queue;
} references;

references references_to(const application *app);

/* ---- share.c ---- */

enum {
    WIDTH = 24
};

extern application lender;
extern ock_context *shared; /* on its objects, for each test */

/* ---- refusals.c ---- */

void add_refusals(TCase *cases);

#endif
