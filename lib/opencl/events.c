/* The events of commands under way. On several platforms clFinish returns 0 after a failed command,
 * so each command's event is kept until its status is known. */
#include <stdlib.h>
#include <time.h>

#include "opencl.h"

enum {
    EVENTS = 1024, /* kept at most; then the older half is waited for */
    STEPS = 8,     /* flushes that may be under way */
    NAP = 50000,   /* in nanoseconds: the first one of a wait, each next one twice as long */
    NAPS = 14,     /* 0.8 s in all */
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

/* Of a command whose status cannot be told, the failure is that. */
static cl_int first_status(opencl_events *events)
{
    cl_int status = CL_COMPLETE;
    cl_int error = clGetEventInfo(events->ring[events->first % EVENTS].event,
                                  CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
    if (error != CL_SUCCESS)
        note_failure(events, "clGetEventInfo", error);
    return error == CL_SUCCESS ? status : error;
}

static void drop_first(opencl_events *events, cl_int status)
{
    kept_event *first = &events->ring[events->first++ % EVENTS];
    if (status < 0)
        note_failure(events, first->command, status);
    clReleaseEvent(first->event);
}

static void drop_done(opencl_events *events)
{
    cl_int status;
    while (events->first < events->next && (status = first_status(events)) <= CL_COMPLETE)
        drop_first(events, status);
}

static void drop_until(opencl_events *events, uint64_t end)
{
    while (events->first < end)
        drop_first(events, first_status(events));
}

/* Waits for all before `end`, which were handed to the device. A look now and then costs nothing
 * while more is under way behind them: each nap is as long as the wait so far, which is one step's
 * time where steps are flushed. A device that takes longer than all naps, or is lost, gets the
 * driver's own wait; the last of the events suffices for it, since the queue is in order. */
static void wait_until(opencl_events *events, uint64_t end)
{
    struct timespec nap = {.tv_nsec = NAP};
    drop_done(events);
    for (int i = 0; i < NAPS && events->first < end; i++, nap.tv_nsec *= 2) {
        nanosleep(&nap, NULL);
        drop_done(events);
    }
    cl_int error = CL_SUCCESS;
    if (events->first < end)
        error = clWaitForEvents(1, &events->ring[(end - 1) % EVENTS].event);
    drop_until(events, end);
    if (error != CL_SUCCESS) /* that of a command comes first */
        note_failure(events, "clWaitForEvents", error);
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

static void flush_queue(opencl_backend *backend)
{
    cl_int error = clFlush(backend->queue);
    if (error != CL_SUCCESS)
        note_failure(backend->events, "clFlush", error);
}

void opencl_keep(opencl_backend *backend, const char *command, cl_event event)
{
    opencl_events *events = backend->events;
    if (events->next - events->first == EVENTS) {
        flush_queue(backend);
        wait_until(events, events->first + EVENTS / 2);
    }
    events->ring[events->next++ % EVENTS] = (kept_event){command, event};
}

ock_status opencl_flush(ock_backend *backend)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    opencl_events *events = opencl->events;
    flush_queue(opencl);
    uint64_t *mark = &events->marks[events->flushes++ % STEPS];
    wait_until(events, *mark);
    *mark = events->next;
    return report(opencl);
}

ock_status opencl_settle(opencl_backend *backend)
{
    wait_until(backend->events, backend->events->next);
    return report(backend);
}

ock_status opencl_finish(ock_backend *backend)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    opencl_events *events = opencl->events;
    cl_int error = clFinish(opencl->queue);
    drop_until(events, events->next);
    if (error != CL_SUCCESS)
        note_failure(events, "clFinish", error);
    return report(opencl);
}

void opencl_events_destroy(opencl_events *events)
{
    if (events)
        drop_until(events, events->next);
    free(events);
}
