/* An OpenCL layer that counts the calls that wait, the commands, and how many of these are under
 * way. The loader puts it before every driver: OPENCL_LAYERS=path. It ignores a path to nothing in
 * silence, so whoever counts must look for a count that cannot be 0. */
#undef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl_layer.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

enum {
    UNDER_WAY = 1 << 16 /* at most that many are followed */
};

static const cl_icd_dispatch *target;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static layer_counts counts;
static cl_event under_way[UNDER_WAY]; /* a ring, [first, next) */
static size_t first, next;

static void tally(const char *name)
{
    for (size_t i = 0; i < LAYER_NAMES; i++) {
        if (!*counts.entries[i].name)
            snprintf(counts.entries[i].name, sizeof counts.entries[i].name, "%s", name);
        if (!strcmp(counts.entries[i].name, name)) {
            counts.entries[i].calls++;
            return;
        }
    }
}

static bool done(cl_event event)
{
    cl_int status = CL_COMPLETE;
    cl_int error = target->clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status,
                                          &status, NULL);
    return error != CL_SUCCESS || status <= CL_COMPLETE;
}

/* Of one queue in order: behind a command that is not done, none is. */
static void drop_done(void)
{
    while (first < next && done(under_way[first % UNDER_WAY]))
        target->clReleaseEvent(under_way[first++ % UNDER_WAY]);
}

static void follow(cl_event event)
{
    drop_done();
    counts.found_idle += first == next;
    if (next - first == UNDER_WAY)
        return;
    target->clRetainEvent(event);
    under_way[next++ % UNDER_WAY] = event;
    if (counts.most_under_way < next - first)
        counts.most_under_way = next - first;
}

/* After a call: `made` is the command's event, which the caller gets where it asked for one. */
static void layer_note(const char *entry, cl_kernel kernel, bool waits, cl_event made,
                       cl_event *asked)
{
    char name[64] = "";
    if (kernel)
        target->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    pthread_mutex_lock(&lock);
    counts.waits += waits;
    counts.commands += !strncmp(entry, "clEnqueue", strlen("clEnqueue"));
    tally(*name ? name : entry);
    if (made)
        follow(made);
    else
        drop_done();
    pthread_mutex_unlock(&lock);
    if (made && asked)
        *asked = made;
    else if (made)
        target->clReleaseEvent(made);
}

#include "wrappers.h"

/* ---- What the loader asks for ---- */

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value,
                                               size_t *needed)
{
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (name != CL_LAYER_API_VERSION || (value && size < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, &version, sizeof version);
    if (needed)
        *needed = sizeof version;
    return CL_SUCCESS;
}

/* Entries that are NULL fall through to the target. */
CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint count, const cl_icd_dispatch *dispatch,
                                            cl_uint *wrapped_count, const cl_icd_dispatch **wrapped)
{
    if (!dispatch || !wrapped_count || !wrapped || count < sizeof layer / sizeof(void *))
        return CL_INVALID_VALUE;
    target = dispatch;
    *wrapped = &layer;
    *wrapped_count = sizeof layer / sizeof(void *);
    return CL_SUCCESS;
}

/* ---- Reports ---- */

__attribute__((visibility("default"))) void layer_take(layer_counts *taken)
{
    pthread_mutex_lock(&lock);
    *taken = counts;
    counts = (layer_counts){0};
    pthread_mutex_unlock(&lock);
}

__attribute__((destructor)) static void write_report(void)
{
    const char *path = getenv("LAYER_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%8zu waits\n%8zu commands\n%8zu under way at most\n%8zu found none under way\n",
            counts.waits, counts.commands, counts.most_under_way, counts.found_idle);
    for (size_t i = 0; i < LAYER_NAMES && *counts.entries[i].name; i++)
        fprintf(file, "%8zu %s\n", counts.entries[i].calls, counts.entries[i].name);
    fclose(file);
}
