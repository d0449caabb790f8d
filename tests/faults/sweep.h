/* The sweep: scenes of the library's use, each played with every call into OpenCL failing in turn.
 *
 * A scene is a function that runs on a stage and stops at the first call that does not return
 * OCK_OK. The stage owns the tensors that it makes there, and what it keeps is compared with plain
 * C. */
#ifndef SWEEP_H
#define SWEEP_H

#include <ockham/ockham.h>

enum {
    STAGE_TENSORS = 24,
    STAGE_VALUES = 8192,
    STAGE_SIZE = 2048 /* elements of a tensor at most */
};

typedef struct stage {
    const char *device;   /* that a scene opens, as ock_context_options has it; NULL: any */
    ock_context *context; /* open before the scene begins, unless that opens one itself */
    ock_status status;
    char message[2048];
    ock_tensor *tensors[STAGE_TENSORS];
    size_t count, kept;
    float values[STAGE_VALUES];
    const char *broken; /* a promise that was, in words */
    bool slept;         /* a wait returned OCK_OK after a fault */
    bool calm;          /* nothing more is injected */
    size_t injected;    /* until then */
    size_t before_close;
} stage;

/* Does the next thing, if all went well so far. */
#define TRY(s, call)                                                                               \
    do {                                                                                           \
        if ((s)->status == OCK_OK)                                                                 \
            stage_note(s, call);                                                                   \
    } while (0)

void stage_note(stage *s, ock_status status);

/* NULL after a failure. Values are in -1..1, different for each tensor of a scene; integers are
 * 0, 1, .. limit - 1 in steps of 5. */
ock_tensor *stage_tensor(stage *s, ock_dtype dtype, size_t rows, size_t cols);
ock_tensor *stage_floats(stage *s, size_t rows, size_t cols);
ock_tensor *stage_integers(stage *s, size_t rows, int32_t limit);

/* Reads a float tensor, or totals, to be compared. */
void stage_keep(stage *s, const ock_tensor *tensor);
void stage_keep_totals(stage *s, const ock_tensor *totals);
void stage_keep_value(stage *s, double value);

/* Waits for all that is enqueued. */
void stage_finish(stage *s);

/* Injects nothing more, so that a scene can look at what a failure left. */
void stage_calm(stage *s);

/* Destroys the stage's tensors. */
void stage_clear(stage *s);

/* One that shares its own objects with the library. Nothing of its own fails. */
typedef struct sweep_application {
    bool (*open)(const char *device);
    bool (*has_all_back)(void); /* as many references to each as after open() */
    void (*close)(void);
} sweep_application;

typedef struct scenario {
    const char *name;
    void (*play)(stage *s);
    bool opens;         /* a context of its own */
    bool falls_back;    /* may succeed after any fault: by other kernels, or another device */
    const char *device; /* that it opens; NULL: any; "": the one under test */
    const char *tiles;  /* OCKHAM_TILES; NULL: unset */
    bool tuned;         /* without OCKHAM_TUNE=0 */
    bool slow;          /* on a device that takes its time: what waits waits for long */
    const char *entry;  /* the one that fails; NULL: each in turn */
    const sweep_application *application; /* or NULL */
    bool control;                         /* is to be lost, and nothing is said of it */
    size_t stride;                        /* of positions, unless all are asked for; 0: none */
    size_t all_stride; /* then; 0: 1. For scenes of thousands of calls, tenths of a second each */
} scenario;

/* Ended by a name of NULL. */
extern const scenario operation_scenes[], training_scenes[], opening_scenes[], sharing_scenes[],
    control_scenes[];

/* ---- What happened ---- */

typedef struct tally {
    size_t positions; /* calls, and commands, that were made to fail */
    size_t faults;    /* runs into which one was injected */
    size_t missed;    /* runs that never came to the call: those of polls, and of what is timed */
    size_t reported;  /* ended with the right status and message */
    size_t survived;  /* succeeded with the right results */
    size_t lost;      /* anything else */
} tally;

/* Of a child and its parent, in memory that both see. */
typedef struct progress {
    tally tally;
    size_t next; /* fault to inject */
    bool done;
    char fault[160]; /* the one under way */
    char device[64], name[512];
} progress;

/* Injects the faults of a scene, all or a choice, from shared->next on, and gives each run so many
 * seconds. Where the device has no name afterwards there is none; unless it is done, the layer is
 * missing. */
void sweep_scene(const scenario *scene, bool all, unsigned limit, progress *shared);

#endif
