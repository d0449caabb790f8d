/* A folder of a test's own, and the bytes of files. */
#ifndef OCKHAM_TESTS_TRAIN_FILES_H
#define OCKHAM_TESTS_TRAIN_FILES_H

#include <stddef.h>

typedef struct folder {
    char name[64];
    char path[80]; /* of the file under test */
} folder;

folder folder_open(void);

/* It must be empty but for the file: no temporary one may be left. */
void folder_close(const folder *f);

/* The bytes are the caller's, with a 0 and room for some more after them. */
char *read_file(const char *path, size_t *size);
void write_file(const char *path, const void *bytes, size_t size);

#endif
