/* What reads and writes files: scenes, played on a stage. */
#ifndef OCKHAM_TESTS_FAULTS_FILES_H
#define OCKHAM_TESTS_FAULTS_FILES_H

#include <input.h>

#include "../train/files.h"
#include "../train/support.h"
#include "search.h"

/* All that a scene has made. */
typedef struct stage {
    ock_context *context;
    samples data;
    ock_dataset *set;
    ock_model *model, *made;
    pictures pictures;
    ock_search_results results;
    struct search_journal journal;
    char kept[32]; /* of a cache */
    folder files;
    char message[1024];
} stage;

enum {
    GOES_ON = 1, /* what was reached before the fault stays in the file, as an epoch does */
    SILENT = 2,  /* never fails */
    TIMED = 8,   /* the file has times, and so is never the same */
    DRAWN = 4,   /* of a PNG, which a build may be without */
};

typedef struct scene {
    const char *name;
    void (*prepare)(stage *s);
    ock_status (*act)(stage *s);
    unsigned traits;
} scene;

/* ---- files_scenes.c ---- */

extern const scene scenes[]; /* the last has no name */

/* ---- files_stage.c ---- */

/* Of a file in the stage's folder; good until the next call. */
const char *path_in(const stage *s, const char *name);

/* Of what a scene has made in memory; and of the folder's files, names alone or contents too. */
uint64_t objects_digest(const stage *s);
uint64_t folder_digest(const stage *s, bool contents);

/* Frees what a scene has made, and empties the folder. */
void clear(stage *s);

#endif
