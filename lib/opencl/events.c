/* The events of commands under way. On several platforms clFinish returns 0 after a failed command,
 * so each command's event is kept until its status is known. */
#include <stdlib.h>

#include "opencl.h"

enum {
    EVENTS = 1024, /* kept at most; then the oldest is waited for */
    STEPS = 8,     /* flushes that may be under way */
};

typedef struct kept_event {
    const char *command;
    cl_event event;
} kept_event;

struct opencl_events {
    kept_event ring[EVENTS];
    uint64_t first, next;           /* those kept are [first, next) */
    uint64_t marks[STEPS], flushes; /* next, at the last flushes */
    const char *failed;             /* the first command that failed and is not reported yet */
    cl_int error;
};

ock_status opencl_events_create(ock_log *log, opencl_events **events)
{
    *events = calloc(1, sizeof **events);
    return *events ? OCK_OK : ock_log_report(log, OCK_OUT_OF_MEMORY, "no memory for events");
}

static void note_failure(opencl_events *events, const char *command, cl_int error)
{
    if (!events->failed) {
        events->failed = command;
        events->error = error;
    }
}

static cl_int event_status(cl_event event)
{
    cl_int status = CL_COMPLETE;
    cl_int error =
        clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
    return error == CL_SUCCESS ? status : error;
}

static void drop_first(opencl_events *events)
{
    kept_event *first = &events->ring[events->first++ % EVENTS];
    cl_int status = event_status(first->event);
    if (status < 0)
        note_failure(events, first->command, status);
    clReleaseEvent(first->event);
}

static void drop_done(opencl_events *events)
{
    while (events->first < events->next &&
           event_status(events->ring[events->first % EVENTS].event) <= CL_COMPLETE)
        drop_first(events);
}

/* Waits for all before `end`: the last of them suffices, since the queue is in order. Its failure
 * is read from its status. */
static void wait_until(opencl_events *events, uint64_t end)
{
    if (end > events->first)
        (void)clWaitForEvents(1, &events->ring[(end - 1) % EVENTS].event);
    while (events->first < end)
        drop_first(events);
}

static ock_status report(opencl_backend *backend)
{
    opencl_events *events = backend->events;
    if (!events->failed)
        return OCK_OK;
    const char *command = events->failed;
    events->failed = NULL;
    return ock_log_report(backend->base.log, OCK_DEVICE_FAILED, "%s failed on the device: %s (%d)",
                          command, opencl_error_name(events->error), events->error);
}

ock_status opencl_keep(opencl_backend *backend, const char *command, cl_event event)
{
    opencl_events *events = backend->events;
    if (events->next - events->first == EVENTS)
        wait_until(events, events->first + EVENTS / 2);
    events->ring[events->next++ % EVENTS] = (kept_event){command, event};
    return OCK_OK;
}

ock_status opencl_flush(ock_backend *backend)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    opencl_events *events = opencl->events;
    cl_int error = clFlush(opencl->queue);
    if (error != CL_SUCCESS)
        note_failure(events, "clFlush", error);
    uint64_t *mark = &events->marks[events->flushes++ % STEPS];
    wait_until(events, *mark);
    *mark = events->next;
    drop_done(events);
    return report(opencl);
}

ock_status opencl_finish(ock_backend *backend)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    opencl_events *events = opencl->events;
    cl_int error = clFinish(opencl->queue);
    while (events->first < events->next)
        drop_first(events);
    if (error != CL_SUCCESS)
        note_failure(events, "clFinish", error);
    return report(opencl);
}

void opencl_events_destroy(opencl_events *events)
{
    while (events && events->first < events->next)
        drop_first(events);
    free(events);
}
