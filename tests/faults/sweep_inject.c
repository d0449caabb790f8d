/* One scene with every fault, in a process of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CL/cl.h>

#include "find_layer.h"
#include "sweep.h"

static const struct {
    int code;
    const char *name;
} codes[] = {{CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
             {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
             {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"}};

enum {
    VARIANTS = 2 * sizeof codes / sizeof *codes, /* each code once, and lasting */
    LOST_SHOWN = 12
};

typedef struct sweep {
    const scenario *scene;
    const char *device; /* that the scene has to itself, or opens */
    bool all;
    unsigned limit; /* seconds that a run may take */
    progress *shared;
    ock_context *context; /* NULL: the scene opens its own */
    size_t live, in_use;  /* of the context alone */
    stage reference;      /* in plain C */
    size_t index;         /* of the next fault */
} sweep;

/* ---- Runs ---- */

/* With the fault, which is there until stage_calm(). */
static void perform(const sweep *w, const char *device, const layer_fault *fault, stage *s)
{
    layer_fault armed = fault ? *fault : (layer_fault){0};
    *s = (stage){.device = device, .context = w->context};
    armed.slow = w->scene->slow;
    if (layer.arm)
        layer.arm(&armed);
    w->scene->play(s);
    stage_finish(s);
    stage_clear(s);
    s->before_close = s->calm ? s->injected : layer.injected();
    if (w->scene->opens)
        ock_context_destroy(s->context);
}

static void play(const sweep *w, const layer_fault *fault, stage *s)
{
    perform(w, w->device, fault, s);
    stage_calm(s);
}

/* Takes from a context's queue what failed late. */
static bool settle(ock_context *context)
{
    return !context || ock_context_finish(context) == OCK_OK ||
           ock_context_finish(context) == OCK_OK;
}

static size_t memory_in_use(const ock_context *context)
{
    ock_memory memory = {0};
    if (context)
        ock_context_memory(context, &memory);
    return memory.in_use;
}

/* Sums here have some hundred terms of at most 1, and a wrong kernel is off by far more. */
static bool right_values(const stage *got, const stage *expected)
{
    for (size_t i = 0; i < expected->kept; i++)
        if (!(fabsf(got->values[i] - expected->values[i]) <=
              1e-3f * fmaxf(1, fabsf(expected->values[i]))))
            return false;
    return got->kept == expected->kept;
}

/* ---- Verdicts ---- */

static const char *code_name(int code)
{
    size_t i = 0;
    while (codes[i].code != code)
        i++;
    return codes[i].name;
}

static bool right_status(const layer_fault *fault, ock_status status)
{
    static const char *const waits[] = {"clFinish", "clFlush", "clWaitForEvents", "clGetEventInfo"};
    if (fault->late)
        return status == OCK_DEVICE_FAILED;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (strcmp(fault->entry, waits[i]) == 0)
            return status == OCK_DEVICE_FAILED;
    if (strcmp(fault->entry, "clBuildProgram") == 0)
        return status == OCK_BUILD_FAILED;
    if (strcmp(fault->entry, "clGetPlatformIDs") == 0 ||
        strcmp(fault->entry, "clGetDeviceIDs") == 0)
        return status == OCK_DEVICE_NOT_FOUND || status == OCK_DEVICE_FAILED;
    return status == (fault->code == CL_MEM_OBJECT_ALLOCATION_FAILURE ? OCK_OUT_OF_MEMORY
                                                                      : OCK_DEVICE_FAILED);
}

/* What only names a device may be missing. */
static bool may_be_ignored(const layer_fault *fault)
{
    return !fault->late && (strcmp(fault->entry, "clGetPlatformInfo") == 0 ||
                            strcmp(fault->entry, "clGetDeviceInfo") == 0);
}

/* NULL: the library kept its promises. */
static const char *verdict(const sweep *w, const layer_fault *fault, const stage *s)
{
    const scenario *scene = w->scene;
    if (s->broken)
        return s->broken;
    if (layer.live() != w->live)
        return "objects of OpenCL were left alive";
    if (memory_in_use(w->context) != w->in_use)
        return "memory is counted that was freed";
    if (s->status != OCK_OK) {
        if (!right_status(fault, s->status))
            return "another status";
        if (!strstr(s->message, code_name(fault->code)))
            return "the message does not name the code";
        if (!fault->late && !strstr(s->message, fault->entry))
            return "the message does not name the call";
        return NULL;
    }
    if (!right_values(s, &w->reference))
        return "wrong results";
    if (scene->falls_back || may_be_ignored(fault) || s->before_close == 0)
        return NULL;
    return fault->late && s->slept ? "a wait returned OCK_OK after it" : "OCK_OK";
}

/* After a fault that was but once, the context is as good as before. */
static const char *play_again(const sweep *w)
{
    static stage s;
    play(w, NULL, &s);
    if (s.status != OCK_OK || !settle(w->context))
        return "the context cannot be used afterwards";
    return right_values(&s, &w->reference) ? NULL : "wrong results afterwards";
}

static void describe(const layer_fault *fault, char *text, size_t size)
{
    snprintf(text, size, "%s %zu, %s, %s", fault->late ? "the end of command" : fault->entry,
             fault->position, code_name(fault->code), fault->lasting ? "lasting" : "once");
}

static void inject(sweep *w, const layer_fault *fault)
{
    static stage s;
    tally *t = &w->shared->tally;
    const sweep_application *application = w->scene->application;
    describe(fault, w->shared->fault, sizeof w->shared->fault);
    alarm(w->limit);
    play(w, fault, &s);
    bool settled = settle(w->context);
    const char *wrong = s.injected ? verdict(w, fault, &s) : NULL;
    if (!wrong && !settled)
        wrong = "a failure is reported for ever";
    if (!wrong && application && !application->has_all_back())
        wrong = "the application's objects were kept";
    if (!wrong && (w->context || application) && !fault->lasting)
        wrong = play_again(w);
    alarm(0);
    t->faults += s.injected > 0;
    t->missed += s.injected == 0;
    t->lost += wrong != NULL;
    t->reported += !wrong && s.injected && s.status != OCK_OK;
    t->survived += !wrong && s.injected && s.status == OCK_OK;
    if (wrong && t->lost <= LOST_SHOWN && !w->scene->control)
        printf("LOST  %s: %s: %s (%s: %s)\n", w->scene->name, w->shared->fault, wrong,
               ock_status_name(s.status), s.message);
    fflush(stdout);
}

/* ---- All faults ---- */

/* Each way in which one position can fail; or, unless all are asked for, the next of them. */
static void inject_at(sweep *w, const char *entry, size_t number, size_t position)
{
    bool first = true;
    for (size_t v = 0; v < VARIANTS; v++) {
        if (!w->all && v != (number + position) % VARIANTS)
            continue;
        if (w->index++ < w->shared->next)
            continue;
        w->shared->next = w->index;
        w->shared->tally.positions += first;
        first = false;
        inject(w, &(layer_fault){.entry = entry,
                                 .position = position,
                                 .code = codes[v / 2].code,
                                 .lasting = v % 2,
                                 .late = !entry});
    }
}

/* At least one of an entry's calls. */
static void inject_all(sweep *w, const char *entry, size_t number, size_t calls)
{
    size_t most = w->scene->all_stride ? w->scene->all_stride : 1;
    size_t stride = w->all ? most : w->scene->stride;
    size_t first = calls ? number % (stride < calls ? stride : calls) : 0;
    for (size_t position = 1 + first; position <= calls; position += stride)
        inject_at(w, entry, number, position);
}

static void inject_everywhere(sweep *w)
{
    static struct {
        const char *name;
        size_t calls;
    } entries[LAYER_NAMES];
    static stage s;
    const layer_fault none = {.late = true};
    size_t count = 0;
    perform(w, w->device, NULL, &s);
    while (count < LAYER_NAMES && (entries[count].name = layer.entry(count, &entries[count].calls)))
        count++;
    stage_calm(&s);
    perform(w, w->device, &none, &s);
    size_t commands = layer.calls();
    stage_calm(&s);
    settle(w->context);
    const char *only = w->scene->entry;
    for (size_t i = 0; i < count; i++)
        if (!only || !strcmp(only, entries[i].name))
            inject_all(w, entries[i].name, only ? 0 : i, entries[i].calls);
    if (!only)
        inject_all(w, NULL, count, commands);
}

/* ---- Before them ---- */

static bool give_up(sweep *w, const char *why, const char *message)
{
    if (!w->scene->control)
        printf("LOST  %s: without a fault: %s%s%s\n", w->scene->name, why, *message ? ": " : "",
               message);
    w->shared->tally.lost++;
    return false;
}

static ock_context *open_device(const char *device)
{
    ock_context_options options = ock_context_defaults();
    ock_context *context = NULL;
    options.device = device;
    ock_context_create(&options, &context);
    return context;
}

/* Names the first OpenCL device. */
static bool find_device(progress *shared)
{
    static const char *const wishes[] = {"gpu", "accelerator", "cpu"};
    ock_context *context = NULL;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes && !context; i++)
        context = open_device(wishes[i]);
    if (!context)
        return false;
    const ock_device *device = ock_context_device(context);
    snprintf(shared->device, sizeof shared->device, "%s", device->id);
    snprintf(shared->name, sizeof shared->name, "%s (%s)", device->platform_name, device->name);
    ock_context_destroy(context);
    return true;
}

/* The results of plain C. */
static void play_reference(sweep *w)
{
    w->context = w->scene->opens ? NULL : open_device("scalar");
    perform(w, "scalar", NULL, &w->reference);
    stage_calm(&w->reference);
    ock_context_destroy(w->context);
    w->context = NULL;
}

/* Plays the scene with no fault: it succeeds, and leaves nothing behind. */
static bool rehearse(sweep *w)
{
    static stage s;
    w->device = w->scene->device ? w->shared->device : NULL;
    play_reference(w);
    if (w->reference.status != OCK_OK)
        return give_up(w, "plain C failed", w->reference.message);
    if (!w->scene->opens && !(w->context = open_device(w->shared->device)))
        return give_up(w, "the device does not open", "");
    for (int i = 0; i < 2; i++) {
        play(w, NULL, &s);
        if (s.status != OCK_OK || !settle(w->context))
            return give_up(w, "it fails", s.message);
        if (!right_values(&s, &w->reference))
            return give_up(w, "wrong results", "");
        if (i > 0 && w->live != layer.live())
            return give_up(w, "objects of OpenCL were left alive", "");
        w->live = layer.live();
        w->in_use = memory_in_use(w->context);
    }
    return true;
}

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

void sweep_scene(const scenario *scene, bool all, unsigned limit, progress *shared)
{
    static sweep w;
    w = (sweep){.scene = scene, .all = all, .limit = limit, .shared = shared};
    set("OCKHAM_TUNE", "0");
    set("OCKHAM_CACHE", "off");
    if (!find_device(shared))
        return;
    if (!find_layer())
        return;
    set("OCKHAM_TUNE", scene->tuned ? NULL : "0");
    set("OCKHAM_TILES", scene->tiles);
    const sweep_application *application = scene->application;
    if (application && !application->open(shared->device))
        give_up(&w, "the application cannot be opened", "");
    else if (rehearse(&w))
        inject_everywhere(&w);
    ock_context_destroy(w.context);
    if (application)
        application->close();
    if (layer.live() != 0)
        give_up(&w, "objects of OpenCL were left alive after all", "");
    shared->done = true;
}
