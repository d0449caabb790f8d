/* TensorBoard's event files: a TFRecord for each event, in a protocol buffer
 * (github.com/tensorflow/tensorboard, compat/proto/event.proto and summary.proto). */
#ifndef OCKHAM_TRAIN_EVENTS_H
#define OCKHAM_TRAIN_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events {
    int file;   /* -1: none is written */
    char *path; /* NULL: none */
    bool failed;
};

struct event_scalar {
    const char *tag;
    double value;
};

/* Begins a new file in `folder`, or in `run` below it unless that is NULL; both are made where they
 * are missing. A folder of NULL asks for no file. Returns false with errno set where that failed;
 * close it in any case. */
bool events_open(struct events *events, const char *folder, const char *run);

/* Adds an event, which a TensorBoard that looks on sees at once. Where the file takes no more the
 * reason is told on standard error, once: it then ends with the last whole event, and has `failed`.
 */
void events_add(struct events *events, uint64_t step, const struct event_scalar *scalars,
                size_t count);

void events_close(struct events *events);

#endif
