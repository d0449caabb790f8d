/* Draws samples, and below each what augmentation makes of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "commands.h"
#include "draw.h"
#include "session.h"

static ock_status augment(const struct session *session, const int32_t *indices, float *out)
{
    const pictures *samples = &session->pictures;
    size_t count = samples->count, features = pictures_size(samples);
    ock_augmentation augmentation =
        session_augmentation(session, &session->options->recipe, session->options->seed);
    ock_tensor *x = NULL, *y = NULL, *numbers = NULL;
    ock_status status = ock_tensor_create(session->context, OCK_F32, count, features, &x);
    if (status == OCK_OK)
        status = ock_tensor_create(session->context, OCK_F32, count, features, &y);
    if (status == OCK_OK)
        status = ock_tensor_create(session->context, OCK_I32, count, 1, &numbers);
    if (status == OCK_OK)
        status = ock_tensor_write(x, samples->x);
    if (status == OCK_OK)
        status = ock_tensor_write(numbers, indices);
    if (status == OCK_OK)
        status = ock_augment(&augmentation, 1, numbers, x, y);
    if (status == OCK_OK)
        status = ock_tensor_read(y, out);
    ock_tensor_destroy(numbers);
    ock_tensor_destroy(y);
    ock_tensor_destroy(x);
    return status;
}

/* What --png asks for, if it does. */
static bool write_png(const char *path, const draw_sheet *sheet)
{
    const char *why = "no memory for the picture";
    char *bytes = NULL;
    size_t size;
    FILE *stream = path ? open_memstream(&bytes, &size) : NULL;
    bool drawn = stream && draw_png(stream, sheet, &why);
    if (stream)
        drawn = fclose(stream) == 0 && drawn;
    bool written = !path || (drawn && cli_write_bytes(path, bytes, size));
    if (!written)
        fprintf(stderr, "ockham-train: %s: %s\n", path, drawn ? strerror(errno) : why);
    free(bytes);
    return written;
}

/* A grey picture, in the place of one of any channels. */
static void make_grey(const pictures *samples, float *x)
{
    size_t pixels = samples->count * samples->height * samples->width, channels = samples->channels;
    for (size_t i = 0; i < pixels && channels > 1; i++) {
        float sum = 0;
        for (size_t c = 0; c < channels; c++)
            sum += x[i * channels + c];
        x[i] = sum / (float)channels;
    }
}

static int show(const struct session *session)
{
    const pictures *samples = &session->pictures;
    size_t count = samples->count;
    int exit_status = EXIT_FAILURE;
    float *augmented = calloc(count, pictures_size(samples) * sizeof *augmented);
    int32_t *indices = calloc(count, sizeof *indices);
    if (!augmented || !indices) {
        fprintf(stderr, "ockham-train: no memory for %zu samples\n", count);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        indices[i] = (int32_t)(session->options->first + i);
    if (augment(session, indices, augmented) != OCK_OK) {
        session_failed(session, "the samples cannot be augmented");
        goto done;
    }
    make_grey(samples, samples->x);
    make_grey(samples, augmented);
    const draw_sheet sheet = {
        .x = samples->x,
        .below = augmented,
        .labels = samples->labels,
        .count = count,
        .height = samples->height,
        .width = samples->width,
        .unicode = draw_unicode(),
    };
    if (write_png(session->options->png, &sheet) && draw_pictures(stdout, &sheet))
        exit_status = EXIT_SUCCESS;
done:
    free(indices);
    free(augmented);
    return exit_status;
}

int run_show(const struct options *options)
{
    struct session session;
    int exit_status = session_open(&session, options);
    if (exit_status == EXIT_SUCCESS)
        exit_status = session_read(&session, 0);
    if (exit_status == EXIT_SUCCESS)
        exit_status = show(&session);
    session_close(&session);
    return exit_status;
}
