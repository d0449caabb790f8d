#include "png.h"
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if OCKHAM_PNG
#include <spng.h>

/* Of one chunk, and of all that spng keeps: what a picture of the largest size can need. */
#define CHUNK_LIMIT ((size_t)INPUT_MAX_SIDE * INPUT_MAX_SIDE * 8)

static void make_grey(const uint16_t *rgba, size_t count, float *x)
{
    for (size_t i = 0; i < count; i++, rgba += 4) {
        uint32_t sum = 299u * rgba[0] + 587u * rgba[1] + 114u * rgba[2];
        x[i] = (float)((double)sum / (1000.0 * 65535.0));
    }
}

/* Whether the file is long enough for so many pixels; or spng's error. */
static int check_room(FILE *file, const struct spng_ihdr *header)
{
    static const uint8_t channels[] = {1, 0, 3, 1, 2, 0, 4}; /* by the colour's type */
    struct stat status;
    uint64_t bits = (uint64_t)header->bit_depth * channels[header->color_type];
    uint64_t bytes = bits * header->height * header->width / 8;
    if (fstat(fileno(file), &status) != 0)
        return SPNG_IO_ERROR;
    return input_may_hold((uint64_t)status.st_size, bytes) ? 0 : SPNG_IO_EOF;
}

/* Returns spng's error, or 0. */
static int decode(spng_ctx *ctx, FILE *file, png_picture *out)
{
    struct spng_ihdr header;
    int error = spng_set_image_limits(ctx, INPUT_MAX_SIDE, INPUT_MAX_SIDE);
    if (!error)
        error = spng_set_chunk_limits(ctx, CHUNK_LIMIT, CHUNK_LIMIT);
    if (!error)
        error = spng_set_png_file(ctx, file);
    if (!error)
        error = spng_get_ihdr(ctx, &header);
    if (!error)
        error = check_room(file, &header);
    if (error)
        return error;
    const size_t count = (size_t)header.height * header.width, size = count * 8;
    uint16_t *rgba = malloc(size);
    out->x = malloc(count * sizeof *out->x);
    if (!rgba || !out->x)
        error = SPNG_EMEM;
    if (!error)
        error = spng_decode_image(ctx, rgba, size, SPNG_FMT_RGBA16, 0);
    if (!error) /* on to the end, past the last checksums */
        error = spng_decode_chunks(ctx);
    if (!error)
        make_grey(rgba, count, out->x);
    free(rgba);
    out->height = header.height;
    out->width = header.width;
    return error;
}

ock_status png_read(const char *path, png_picture *out, const char **why)
{
    ock_status status = OCK_OK;
    memset(out, 0, sizeof *out);
    FILE *file = fopen(path, "rb");
    if (!file) {
        *why = strerror(errno);
        return OCK_FILE_FAILED;
    }
    spng_ctx *ctx = spng_ctx_new(0);
    errno = 0;
    int error = ctx ? decode(ctx, file, out) : SPNG_EMEM;
    if (error) {
        bool unread = (ferror(file) || error == SPNG_IO_ERROR) && errno;
        status = error == SPNG_EMEM ? OCK_OUT_OF_MEMORY : unread ? OCK_FILE_FAILED : OCK_BAD_FILE;
        *why = unread ? strerror(errno) : spng_strerror(error);
        free(out->x);
        out->x = NULL;
    }
    spng_ctx_free(ctx);
    fclose(file);
    return status;
}

bool png_write(FILE *stream, size_t height, size_t width, const uint8_t *grey, const char **why)
{
    struct spng_ihdr header = {.height = (uint32_t)height,
                               .width = (uint32_t)width,
                               .bit_depth = 8,
                               .color_type = SPNG_COLOR_TYPE_GRAYSCALE};
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
    int error = ctx ? spng_set_png_file(ctx, stream) : SPNG_EMEM;
    if (!error)
        error = spng_set_ihdr(ctx, &header);
    if (!error)
        error = spng_encode_image(ctx, grey, height * width, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    spng_ctx_free(ctx);
    *why = spng_strerror(error);
    return !error;
}

#else

ock_status png_read(const char *path, png_picture *out, const char **why)
{
    (void)path;
    memset(out, 0, sizeof *out);
    *why = "this build reads no PNG files; rebuild with -Dpng=enabled (Debian: libspng-dev)";
    return OCK_UNSUPPORTED;
}

bool png_write(FILE *stream, size_t height, size_t width, const uint8_t *grey, const char **why)
{
    (void)stream, (void)height, (void)width, (void)grey;
    *why = "this build writes no PNG files; rebuild with -Dpng=enabled (Debian: libspng-dev)";
    return false;
}

#endif
