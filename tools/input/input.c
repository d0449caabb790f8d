#include "reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const input_reader *const readers[] = {&digits_reader, &arrays_reader, &idx_reader,
                                              &table_reader};

pictures_options pictures_defaults(void)
{
    return (pictures_options){.count = 10000, .seed = 128};
}

ock_status request_fail(const input_request *request, ock_status status, const char *format, ...)
{
    if (request->message_size) {
        va_list values;
        va_start(values, format);
        vsnprintf(request->message, request->message_size, format, values);
        va_end(values);
    }
    return status;
}

ock_status request_tell(const input_request *request, size_t count, size_t total)
{
    const pictures_options *options = &request->options;
    if (!options->on_picture || options->on_picture(count, total, options->user))
        return OCK_OK;
    return request_fail(request, OCK_FILE_FAILED, "%s: stopped after %zu of about %zu",
                        request->source, count, total);
}

static ock_status choose(const input_request *request, const input_reader **chosen)
{
    struct stat about;
    const int error = path_look(request->source, &about);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        const int found = readers[i]->probe(request->source, &about);
        if (found < 0)
            return request_fail(request, OCK_FILE_FAILED, "%s: %s", request->source,
                                strerror(-found));
        if (found) {
            *chosen = readers[i];
            return OCK_OK;
        }
    }
    if (!about.st_mode)
        return request_fail(request, OCK_FILE_FAILED, "%s: %s", request->source,
                            error ? strerror(error) : "no such file or folder");
    return request_fail(request, OCK_INVALID_ARGUMENT,
                        "%s: expected a folder of MNIST files or of .npy files, a file that ends "
                        "in .csv, or the word digits; an archive must be unpacked first",
                        request->source);
}

ock_status pictures_load(const char *source, const pictures_options *options, pictures *out,
                         char *message, size_t message_size)
{
    input_request request = {
        .source = source ? source : "digits",
        .options = options ? *options : pictures_defaults(),
        .message = message,
        .message_size = message_size,
    };
    *out = (pictures){0};
    if (request.options.classes < 0)
        return request_fail(&request, OCK_INVALID_ARGUMENT, "%d classes: expected at least 1",
                            request.options.classes);
    const input_reader *reader = NULL;
    ock_status status = choose(&request, &reader);
    if (status != OCK_OK)
        return status;
    if (!request.options.classes)
        request.options.classes = reader->classes;
    out->classes = request.options.classes;
    out->channels = 1;
    status = reader->load(&request, out);
    if (status != OCK_OK)
        pictures_free(out);
    return status;
}

void pictures_free(pictures *set)
{
    free(set->x);
    free(set->labels);
    memset(set, 0, sizeof *set);
}

ock_status pictures_reserve(const input_request *request, size_t room, pictures *set)
{
    const size_t picture = pictures_size(set) * sizeof *set->x;
    float *x = room <= SIZE_MAX / picture ? realloc(set->x, room * picture) : NULL;
    if (x)
        set->x = x;
    int32_t *labels = x ? realloc(set->labels, room * sizeof *labels) : NULL;
    if (labels)
        set->labels = labels;
    if (!x || !labels)
        return request_fail(request, OCK_OUT_OF_MEMORY,
                            "%s: no memory for %zu pictures of %zu x %zu", request->source, room,
                            set->width, set->height);
    return OCK_OK;
}

/* The room is the power of two that holds `count`, so it need not be kept. */
ock_status pictures_grow(const input_request *request, pictures *set)
{
    const size_t count = set->count;
    if (count & (count - 1))
        return OCK_OK;
    return pictures_reserve(request, count ? 2 * count : 1, set);
}

char *path_join(const char *const parts[])
{
    size_t size = 1;
    for (size_t i = 0; parts[i]; i++)
        size += strlen(parts[i]);
    char *path = calloc(size, 1);
    for (size_t i = 0; path && parts[i]; i++)
        strcat(path, parts[i]);
    return path;
}

int path_look(const char *path, struct stat *about)
{
    if (stat(path, about) == 0)
        return 0;
    memset(about, 0, sizeof *about);
    return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
}
