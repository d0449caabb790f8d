/* What the readers share: the plug-in, and a set of pictures that grows as data arrives. */
#ifndef OCKHAM_TOOLS_READER_H
#define OCKHAM_TOOLS_READER_H

#include <sys/stat.h>

#include "input.h"

/* Larger pictures are refused before memory is asked for. */
#define INPUT_MAX_SIDE 4096

typedef struct input_request {
    const char *source;
    pictures_options options;
    char *message;
    size_t message_size;
} input_request;

/* Deflate makes at most 1032 bytes of one (zlib's technical notes): a header that promises more
 * than its file can hold is refused before memory is asked for. */
static inline bool input_may_hold(uint64_t file_bytes, uint64_t bytes)
{
    return bytes / 1032 <= file_bytes;
}

/* A format: `probe` says whether the source is its to read, by name and by what is there: 1 or 0,
 * or minus the errno for which it cannot be told. */
typedef struct input_reader {
    int (*probe)(const char *source, const struct stat *about);
    ock_status (*load)(const input_request *request, pictures *out);
    int classes; /* that there are unless the request says otherwise; 0: its labels tell */
} input_reader;

extern const input_reader arrays_reader, digits_reader, idx_reader, table_reader;

/* Leaves the message and returns status. */
ock_status request_fail(const input_request *request, ock_status status, const char *format, ...)
    OCK_PRINTF(3, 4);

/* Tells whoever wants to know; OCK_OK unless that one ends the reading. */
ock_status request_tell(const input_request *request, size_t count, size_t total);

/* Room for so many pictures, or for one more; their size must be set. Both move x and labels. */
ock_status pictures_reserve(const input_request *request, size_t room, pictures *set);
ock_status pictures_grow(const input_request *request, pictures *set);

/* The parts, up to a NULL, as one text of the caller's; NULL where memory is refused. */
char *path_join(const char *const parts[]);

/* Tells what is there; a mode of 0: nothing. Returns 0, or the errno for which it cannot be told.
 */
int path_look(const char *path, struct stat *about);

#endif
