/* MNIST's IDX files (yann.lecun.com/exdb/mnist): a big-endian header, then bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "reader.h"

typedef struct idx {
    const char *unit;
    char *path;
    uint64_t bytes; /* of the file */
    gzFile file;
    uint32_t done;
    uint32_t dimensions[3];
} idx;

static int is_folder(const char *source, const struct stat *about)
{
    (void)source;
    return S_ISDIR(about->st_mode);
}

/* As published, or with the dot of Kaggle's archive. */
static ock_status find(const input_request *request, const char *stem, int rank, idx *in)
{
    for (int form = 0; form < 4; form++) {
        char name[64];
        struct stat about;
        snprintf(name, sizeof name, "%s%cidx%d-ubyte%s", stem, "-."[form / 2], rank,
                 form % 2 ? ".gz" : "");
        free(in->path);
        in->path = path_join((const char *[]){request->source, "/", name, NULL});
        if (!in->path)
            return request_fail(request, OCK_OUT_OF_MEMORY, "%s: no memory", request->source);
        const int error = path_look(in->path, &about);
        if (error)
            return request_fail(request, OCK_FILE_FAILED, "%s: %s", in->path, strerror(error));
        in->bytes = (uint64_t)about.st_size;
        if (S_ISREG(about.st_mode))
            return OCK_OK;
    }
    return request_fail(request, OCK_FILE_FAILED,
                        "%s: no %s-idx%d-ubyte here, plain or .gz; expected MNIST's "
                        "train-images-idx3-ubyte and train-labels-idx1-ubyte (t10k-* to test), "
                        "or NumPy's x_train.npy and y_train.npy (x_test, y_test); of PNG files "
                        "name the CSV that lists them",
                        request->source, stem, rank);
}

/* zlib's message, less the path that it puts in front. */
static const char *trouble(const idx *in, int *code)
{
    const char *text = gzerror(in->file, code);
    const size_t size = strlen(in->path);
    return strncmp(text, in->path, size) ? text : text + size + strlen(": ");
}

/* Exactly `size` bytes, or the reason why not. */
static ock_status take(const input_request *request, idx *in, void *bytes, unsigned size)
{
    int got = gzread(in->file, bytes, size);
    if (got == (int)size)
        return OCK_OK;
    int code = Z_OK;
    const char *text = trouble(in, &code);
    if (code == Z_ERRNO)
        return request_fail(request, OCK_FILE_FAILED, "%s: %s", in->path, strerror(errno));
    if (got < 0 && code != Z_BUF_ERROR)
        return request_fail(request, OCK_BAD_FILE, "%s: damaged after %u %s: %s", in->path,
                            in->done, in->unit, text);
    if (in->dimensions[0] == 0)
        return request_fail(request, OCK_BAD_FILE,
                            "%s: cut short within its header; MNIST's files of %s have one",
                            in->path, in->unit);
    return request_fail(request, OCK_BAD_FILE, "%s: cut short, holds %u of %u %s", in->path,
                        in->done, in->dimensions[0], in->unit);
}

static uint32_t big_endian(const unsigned char b[4])
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static ock_status read_header(const input_request *request, idx *in, int rank)
{
    unsigned char bytes[16];
    ock_status status = take(request, in, bytes, 4);
    if (status != OCK_OK)
        return status;
    const uint32_t expected = 0x800u + (uint32_t)rank; /* unsigned bytes, of so many dimensions */
    if (big_endian(bytes) != expected)
        return request_fail(request, OCK_BAD_FILE,
                            "%s: starts with 0x%08x, expected 0x%08x, as MNIST's files of %s do",
                            in->path, (unsigned)big_endian(bytes), (unsigned)expected, in->unit);
    status = take(request, in, bytes, 4u * (unsigned)rank);
    for (int i = 0; status == OCK_OK && i < rank; i++)
        in->dimensions[i] = big_endian(bytes + 4 * i);
    return status;
}

static ock_status open_file(const input_request *request, const char *stem, int rank, idx *in)
{
    ock_status status = find(request, stem, rank, in);
    if (status != OCK_OK)
        return status;
    errno = 0;
    in->file = gzopen(in->path, "rb");
    if (!in->file)
        return request_fail(request, OCK_FILE_FAILED, "%s: %s", in->path,
                            strerror(errno ? errno : ENOMEM));
    gzbuffer(in->file, 1u << 17);
    return read_header(request, in, rank);
}

static void close_file(idx *in)
{
    if (in->file)
        gzclose_r(in->file);
    free(in->path);
}

/* Reads on, which also makes zlib verify the checksum that ends a compressed file. */
static ock_status expect_end(const input_request *request, idx *in)
{
    char extra;
    int got = gzread(in->file, &extra, 1);
    int code = Z_OK;
    const char *text = trouble(in, &code);
    if (got > 0)
        return request_fail(request, OCK_BAD_FILE,
                            "%s: oversized, goes on after the %u %s of its header", in->path,
                            in->dimensions[0], in->unit);
    if (got < 0 || code != Z_OK)
        return request_fail(request, OCK_BAD_FILE, "%s: damaged at its end: %s", in->path, text);
    return OCK_OK;
}

static ock_status check_headers(const input_request *request, const idx *images, const idx *labels)
{
    const uint32_t *d = images->dimensions;
    for (int i = 0; i < 3; i++) {
        if (d[i] == 0)
            return request_fail(request, OCK_BAD_FILE, "%s: %u pictures of %u x %u: none",
                                images->path, d[0], d[1], d[2]);
    }
    if (d[1] > INPUT_MAX_SIDE || d[2] > INPUT_MAX_SIDE)
        return request_fail(request, OCK_BAD_FILE, "%s: pictures of %u x %u; at most %d x %d",
                            images->path, d[1], d[2], INPUT_MAX_SIDE, INPUT_MAX_SIDE);
    if (d[0] != labels->dimensions[0])
        return request_fail(request, OCK_BAD_FILE, "%s has %u pictures, but %s %u labels",
                            images->path, d[0], labels->path, labels->dimensions[0]);
    return OCK_OK;
}

static ock_status read_one(const input_request *request, idx *images, idx *labels, pictures *set)
{
    ock_status status = pictures_grow(request, set);
    if (status != OCK_OK)
        return status;
    /* The bytes go to the end of the floats' own place, which is widened from its start. */
    const size_t size = pictures_size(set);
    float *x = set->x + set->count * size;
    unsigned char *bytes = (unsigned char *)(x + size) - size;
    status = take(request, images, bytes, (unsigned)size);
    if (status != OCK_OK)
        return status;
    for (size_t i = 0; i < size; i++)
        x[i] = (float)bytes[i] / 255;
    images->done++;

    unsigned char label;
    status = take(request, labels, &label, 1);
    if (status != OCK_OK)
        return status;
    labels->done++;
    if (label >= set->classes)
        return request_fail(request, OCK_BAD_FILE, "%s: label %u is %d, expected 0 to %d",
                            labels->path, labels->done, label, set->classes - 1);
    set->labels[set->count++] = label;
    return request_tell(request, set->count, images->dimensions[0]);
}

/* That it has memory for one picture is all that the header decides; more follow what was read. */
static ock_status check_room(const input_request *request, const idx *images)
{
    const uint64_t picture = (uint64_t)images->dimensions[1] * images->dimensions[2];
    if (input_may_hold(images->bytes, picture))
        return OCK_OK;
    return request_fail(request, OCK_BAD_FILE, "%s: cut short, holds 0 of %u pictures",
                        images->path, images->dimensions[0]);
}

static ock_status read_all(const input_request *request, idx *images, idx *labels, pictures *set)
{
    ock_status status = check_headers(request, images, labels);
    if (status == OCK_OK)
        status = check_room(request, images);
    set->height = images->dimensions[1];
    set->width = images->dimensions[2];
    while (status == OCK_OK && set->count < images->dimensions[0])
        status = read_one(request, images, labels, set);
    if (status == OCK_OK)
        status = expect_end(request, images);
    if (status == OCK_OK)
        status = expect_end(request, labels);
    snprintf(set->description, sizeof set->description, "%zu pictures of %zu x %zu from %s",
             set->count, set->width, set->height, images->path);
    return status;
}

static ock_status load(const input_request *request, pictures *out)
{
    const bool test = request->options.test;
    idx images = {.unit = "pictures"}, labels = {.unit = "labels"};
    ock_status status = open_file(request, test ? "t10k-images" : "train-images", 3, &images);
    if (status == OCK_OK)
        status = open_file(request, test ? "t10k-labels" : "train-labels", 1, &labels);
    if (status == OCK_OK)
        status = read_all(request, &images, &labels, out);
    close_file(&labels);
    close_file(&images);
    return status;
}

const input_reader idx_reader = {is_folder, load, 10};
