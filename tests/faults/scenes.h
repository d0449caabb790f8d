/* What the sweep of allocations does with the library: each scene is a few calls on objects of its
 * own. */
#ifndef OCKHAM_TESTS_FAULTS_SCENES_H
#define OCKHAM_TESTS_FAULTS_SCENES_H

#include "../train/files.h"
#include "../train/support.h"

enum {
    SCENE_TENSORS = 8,
    SCENE_MESSAGE = 2048
};

/* All that a scene has made; what is NULL was not made. */
typedef struct stage {
    const char *device;   /* the wish */
    ock_context *context; /* of the stage itself, NULL where a scene opens its own */
    ock_context *opened;
    ock_device *devices;
    size_t device_count;
    ock_self_test test;
    samples data;
    ock_dataset *set, *part;
    ock_standardizer *standardizer;
    ock_model *model, *made;
    ock_history history;
    ock_search_results results;
    ock_tensor *tensors[SCENE_TENSORS];
    size_t tensor_count;
    double figures[16];
    folder files;
    bool torn;                   /* a call failed and gave an object, or the reverse */
    char message[SCENE_MESSAGE]; /* of a context that could not be opened */
} stage;

enum {
    ALONE = 1,     /* opens what it needs: there is no context before */
    SPARES = 2,    /* some of what it allocates it can do without */
    GOES_ON = 4,   /* on failure what was reached stays */
    ON_OPENCL = 8, /* makes sense on an OpenCL device only */
};

typedef struct scene {
    const char *name;
    void (*prepare)(stage *s); /* or NULL */
    ock_status (*act)(stage *s);
    unsigned traits;
} scene;

extern const scene operation_scenes[], network_scenes[];
extern const size_t operation_scene_count, network_scene_count;

/* ---- scenes_operations.c: what both files share ---- */

#define THEN(status, call)                                                                         \
    do {                                                                                           \
        if (!(status))                                                                             \
            (status) = (call);                                                                     \
    } while (0)

enum {
    BATCH = 8,
    CLASSES = 3,
    FEATURES = 12,
    WIDTH = 8
};

extern const ock_augmentation scene_moves;

/* A call that fails leaves NULL. Check's assertions allocate, and so have no place in an act. */
void scene_made(stage *s, ock_status status, const void *object);

ock_tensor *scene_tensor(stage *s, ock_dtype dtype, size_t rows, size_t cols);
void scene_tensors(stage *s);
void scene_set(stage *s);
ock_status scene_standardizer(stage *s);
ock_optimizer scene_adam(void);

/* ---- stage.c ---- */

void stage_open(stage *s, const char *device, bool alone);

/* Between two acts: all that a scene made, but for the context. */
void stage_clear(stage *s);
void stage_close(stage *s);

/* Of every number that the objects of a stage hold, but for times. */
uint64_t stage_digest(const stage *s);

/* Whether a trial of a search says that memory did not suffice for it. */
bool stage_tells(const stage *s);

#endif
