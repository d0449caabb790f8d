#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "progress.h"
#include "run.h"

int session_failed(const struct session *session, const char *what)
{
    fprintf(stderr, "ockham-train: %s: %s\n", what, ock_context_message(session->context));
    return EXIT_FAILURE;
}

bool session_not_written(const char *path)
{
    fprintf(stderr, "ockham-train: %s: %s; an older file is as it was\n", path, strerror(errno));
    return false;
}

static bool is_output(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

int session_open(struct session *session, const struct options *options)
{
    *session = (struct session){.options = options};
    bool taken = options->command == PREDICT || is_output(options->json) || is_output(options->csv);
    session->talk = taken ? stderr : stdout;
    int exit_status = run_open("ockham-train", options->device, 0, &session->context);
    if (exit_status != EXIT_SUCCESS)
        return exit_status;
    fprintf(session->talk, "device: %s\n", ock_context_message(session->context));
    return EXIT_SUCCESS;
}

/* Moves samples [first, first + count) to the front; both are cut to what there is. */
static void take(pictures *samples, size_t first, size_t count)
{
    size_t size = pictures_size(samples);
    if (first > samples->count)
        first = samples->count;
    samples->count -= first;
    if (count && count < samples->count)
        samples->count = count;
    memmove(samples->x, samples->x + first * size, samples->count * size * sizeof *samples->x);
    memmove(samples->labels, samples->labels + first, samples->count * sizeof *samples->labels);
}

static bool on_picture(size_t count, size_t total, void *user)
{
    progress_show(user, "reading", (double)count, (double)total);
    return !run_interrupted();
}

int session_read(struct session *session, size_t classes)
{
    const struct options *options = session->options;
    char message[1024];
    pictures_options wanted = pictures_defaults();
    wanted.test = options->test;
    wanted.seed = options->seed;
    if (classes)
        wanted.classes = (int)classes;
    if (options->count)
        wanted.count = options->first + options->count;
    struct progress progress;
    wanted.on_picture = on_picture;
    wanted.user = &progress;
    progress_begin(&progress, "pictures");
    ock_status status =
        pictures_load(options->data, &wanted, &session->pictures, message, sizeof message);
    progress_erase(&progress);
    if (status != OCK_OK) {
        fprintf(stderr, "ockham-train: %s\n", message);
        return run_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILURE;
    }
    size_t found = session->pictures.count;
    take(&session->pictures, options->first, options->count);
    if (session->pictures.count == 0) {
        fprintf(stderr, "ockham-train: --first %zu: there are %zu samples\n",
                (size_t)options->first, found);
        return EXIT_USAGE;
    }
    fprintf(session->talk, "data: %s\n", session->pictures.description);
    fflush(session->talk);
    return EXIT_SUCCESS;
}

ock_augmentation session_augmentation(const struct session *session, const struct recipe *recipe,
                                      uint64_t seed)
{
    ock_augmentation augmentation = recipe->augmentation;
    augmentation.height = (uint32_t)session->pictures.height;
    augmentation.width = (uint32_t)session->pictures.width;
    augmentation.channels = (uint32_t)session->pictures.channels;
    augmentation.seed = seed;
    return augmentation;
}

void session_close(struct session *session)
{
    pictures_free(&session->pictures);
    ock_context_destroy(session->context);
}
