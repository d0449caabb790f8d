/* An OpenCL layer that counts the calls that wait, the commands, how many of these are under way
 * and what objects are alive; and that makes calls fail. The loader puts it before every driver:
 * OPENCL_LAYERS=path. It ignores a path to nothing in silence, so whoever counts must look for a
 * count that cannot be 0. */
#undef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl_layer.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
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
static layer_fault fault; /* code 0: none */
static bool held_back;    /* what is enqueued shows no end, though it may have come */

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

/* After a call: `made` is the command's event. */
static void note(const char *entry, cl_kernel kernel, bool waits, cl_event made)
{
    char name[64] = "";
    if (kernel)
        target->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    pthread_mutex_lock(&lock);
    counts.waits += waits;
    held_back = fault.slow && !waits && (held_back || made);
    counts.commands += !strncmp(entry, "clEnqueue", strlen("clEnqueue"));
    tally(*name ? name : entry);
    if (made)
        follow(made);
    else
        drop_done();
    pthread_mutex_unlock(&lock);
}

/* ---- Objects ---- */

static size_t objects; /* references */

static void count_objects(ptrdiff_t more)
{
    pthread_mutex_lock(&lock);
    objects += (size_t)more;
    pthread_mutex_unlock(&lock);
}

static ptrdiff_t kernels_of(cl_program program)
{
    size_t count = 0;
    target->clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof count, &count, NULL);
    return (ptrdiff_t)count;
}

/* ---- Faults ---- */

typedef struct layer_call {
    cl_int code; /* with which it fails at once; or 0 */
    cl_int late; /* with which its event ends; or 0 */
} layer_call;

/* A command and the user event that its caller has in its place. */
typedef struct late_event {
    cl_event command, handed;
    cl_int code;
} late_event;

static size_t positions, injected;
static struct {
    const char *name;
    size_t calls;
} called[LAYER_NAMES];
static late_event late_events[UNDER_WAY];
static size_t late_count;

static void count_entry(const char *entry)
{
    size_t i = 0;
    while (called[i].name && strcmp(called[i].name, entry))
        i++;
    called[i].name = entry;
    called[i].calls++;
}

static layer_call begin(const char *entry, const cl_event *asked)
{
    layer_call call = {0};
    pthread_mutex_lock(&lock);
    count_entry(entry);
    if ((!fault.entry || !strcmp(fault.entry, entry)) && (!fault.late || asked)) {
        positions++;
        if (positions == fault.position || (fault.lasting && positions > fault.position))
            *(fault.late ? &call.late : &call.code) = fault.code;
        injected += call.code != 0;
    }
    pthread_mutex_unlock(&lock);
    return call;
}

/* Ends the events of commands that are done; or of all, and waits for that. They must end before a
 * wait for them begins, and before one for a command that waits for them. */
static void end_late(bool wait)
{
    size_t left = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < late_count; i++) {
        late_event *late = &late_events[i];
        if (wait)
            target->clWaitForEvents(1, &late->command);
        if (!wait && !done(late->command)) {
            late_events[left++] = *late;
            continue;
        }
        target->clSetUserEventStatus(late->handed, late->code);
        target->clReleaseEvent(late->handed);
        target->clReleaseEvent(late->command);
    }
    late_count = left;
    pthread_mutex_unlock(&lock);
}

static void hold_back(cl_event_info name, void *value)
{
    const cl_int running = CL_RUNNING;
    pthread_mutex_lock(&lock);
    if (held_back && value && name == CL_EVENT_COMMAND_EXECUTION_STATUS)
        memcpy(value, &running, sizeof running);
    pthread_mutex_unlock(&lock);
}

/* An event that is to end with the code, once the command is done, which is now the layer's. */
static cl_event make_late(cl_event command, cl_int code)
{
    cl_context context = NULL;
    target->clGetEventInfo(command, CL_EVENT_CONTEXT, sizeof context, &context, NULL);
    pthread_mutex_lock(&lock);
    cl_event handed = late_count < UNDER_WAY ? target->clCreateUserEvent(context, NULL) : NULL;
    if (handed) {
        target->clRetainEvent(handed);
        late_events[late_count++] = (late_event){command, handed, code};
        injected++;
    }
    pthread_mutex_unlock(&lock);
    return handed ? handed : command;
}

/* The caller gets the command's event where he asked for one. */
static void hand_out(const layer_call *call, cl_event made, cl_event *asked)
{
    if (!made)
        return;
    if (asked) {
        *asked = call->late ? make_late(made, call->late) : made;
        count_objects(1);
    } else {
        target->clReleaseEvent(made);
    }
}

#include "wrappers.h"

/* ---- What the loader calls first ---- */

static void arm_from_environment(void)
{
    static char entry[64];
    const char *text = getenv("LAYER_FAULT");
    layer_fault asked = {.entry = entry, .lasting = true};
    if (text && sscanf(text, "%63[^:]:%zu:%d", entry, &asked.position, &asked.code) == 3)
        layer_arm(&asked);
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
    arm_from_environment();
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

__attribute__((visibility("default"))) void layer_arm(const layer_fault *armed)
{
    end_late(true);
    pthread_mutex_lock(&lock);
    fault = armed ? *armed : (layer_fault){0};
    positions = injected = 0;
    held_back = false;
    memset(called, 0, sizeof called);
    pthread_mutex_unlock(&lock);
}

static size_t read_count(const size_t *count)
{
    pthread_mutex_lock(&lock);
    size_t value = *count;
    pthread_mutex_unlock(&lock);
    return value;
}

__attribute__((visibility("default"))) size_t layer_calls(void)
{
    return read_count(&positions);
}

__attribute__((visibility("default"))) size_t layer_injected(void)
{
    return read_count(&injected);
}

__attribute__((visibility("default"))) size_t layer_live(void)
{
    return read_count(&objects);
}

__attribute__((visibility("default"))) const char *layer_entry(size_t index, size_t *calls)
{
    pthread_mutex_lock(&lock);
    const char *name = index < LAYER_NAMES ? called[index].name : NULL;
    *calls = name ? called[index].calls : 0;
    pthread_mutex_unlock(&lock);
    return name;
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
