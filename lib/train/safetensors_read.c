#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ockham/context.h>

#include "fields.h"
#include "safetensors.h"

enum {
    MOST_HEADER = 100000000, /* safetensors' own bound */
    CHUNK_BYTES = 1 << 14
};

ock_status tensor_file_bad(const tensor_file *file, const char *problem)
{
    return ock_context_report(file->context, OCK_BAD_FILE, "%s: %s", file->path, problem);
}

static ock_status unreadable(const tensor_file *file, const char *what)
{
    return ock_context_report(file->context, errno == ENOMEM ? OCK_OUT_OF_MEMORY : OCK_FILE_FAILED,
                              "%s: cannot %s: %s", file->path, what, strerror(errno));
}

/* What cannot be read is an error of the file system; what is not there, of the file. */
static ock_status read_bytes(const tensor_file *file, void *bytes, size_t count)
{
    errno = 0;
    if (fread(bytes, 1, count, file->stream) == count)
        return OCK_OK;
    return ferror(file->stream)
               ? unreadable(file, "read")
               : tensor_file_bad(file, "the file is cut short, or not safetensors");
}

static uint64_t little_endian(const unsigned char bytes[8])
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* ---- The header ---- */

static ock_status parse_text(const tensor_file *file, const char *text, size_t length,
                             cJSON **parsed)
{
    ock_status status = json_parse(text, length, parsed);
    if (status)
        ock_context_report(file->context, status, "%s: no memory to parse its header", file->path);
    return status;
}

static ock_status parse_header(tensor_file *file, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY,
                                  "%s: no memory for a header of %zu bytes", file->path, length);
    ock_status status = read_bytes(file, text, length);
    text[length] = '\0';
    if (!status)
        status = parse_text(file, text, length, &file->header);
    free(text);
    if (!status && !cJSON_IsObject(file->header))
        status = tensor_file_bad(file, "the header is not a JSON object");
    return status;
}

static ock_status read_header(tensor_file *file)
{
    struct stat info;
    if (fstat(fileno(file->stream), &info))
        return unreadable(file, "read");
    if (!S_ISREG(info.st_mode))
        return ock_context_report(file->context, OCK_FILE_FAILED, "%s is not a regular file",
                                  file->path);
    unsigned char prefix[LENGTH_BYTES];
    ock_status status = read_bytes(file, prefix, LENGTH_BYTES);
    if (status)
        return status;
    uint64_t length = little_endian(prefix), bytes = (uint64_t)info.st_size;
    if (bytes < LENGTH_BYTES || length > bytes - LENGTH_BYTES || length >= SIZE_MAX)
        return tensor_file_bad(file,
                               "the header is longer than the file: cut short, or not safetensors");
    if (length > MOST_HEADER)
        return tensor_file_bad(file, "the header is longer than 100 MB, which safetensors allows");
    file->data = LENGTH_BYTES + length;
    file->data_bytes = bytes - file->data;
    return parse_header(file, (size_t)length);
}

static const cJSON *metadata(const tensor_file *file)
{
    return cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
}

bool tensor_file_knows(const tensor_file *file, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(metadata(file), key);
}

ock_status tensor_file_metadata(const tensor_file *file, const char *key, cJSON **value)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata(file), key));
    *value = NULL;
    return text ? parse_text(file, text, strlen(text), value) : OCK_OK;
}

/* ---- Where a tensor lies ---- */

typedef struct file_span {
    const char *name;
    uint64_t begin, bytes;
} file_span;

static bool is_extent(const cJSON *item, size_t extent)
{
    uint64_t value;
    return json_whole(item, extent, &value) && value == extent;
}

static bool has_shape(const cJSON *shape, const file_tensor *tensor, bool transposed)
{
    int dimensions = tensor->vector ? 1 : 2;
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) != dimensions)
        return false;
    return is_extent(cJSON_GetArrayItem(shape, !transposed && !tensor->vector), tensor->cols) &&
           (tensor->vector || is_extent(cJSON_GetArrayItem(shape, transposed), tensor->rows));
}

/* Python's files have tensors of any kind. */
static ock_status check_kind(const tensor_file *file, const cJSON *item, const file_tensor *tensor)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    const char *dtype = json_text(item, "dtype");
    char rows[24] = "";
    if (strcmp(dtype, "F32"))
        return ock_context_report(file->context, OCK_BAD_FILE,
                                  "%s: tensor %s is of dtype %.8s, but must be F32: convert it "
                                  "before it is saved, as PyTorch's .float() does",
                                  file->path, tensor->name, dtype);
    if (has_shape(shape, tensor, false))
        return OCK_OK;
    if (!tensor->vector)
        snprintf(rows, sizeof rows, "%zu,", tensor->rows);
    return ock_context_report(
        file->context, OCK_BAD_FILE,
        "%s: tensor %s has not the shape [%s%zu] that the list of layers gives it%s", file->path,
        tensor->name, rows, tensor->cols,
        !tensor->vector && has_shape(shape, tensor, true)
            ? ": it is transposed, as PyTorch's Linear has it, and .T.contiguous() turns it"
            : "");
}

static ock_status find_span(const tensor_file *file, const file_tensor *tensor, file_span *span)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(file->header, tensor->name);
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    uint64_t end;
    *span = (file_span){tensor->name, 0, (uint64_t)tensor->rows * tensor->cols * 4};
    if (!item)
        return ock_context_report(file->context, OCK_BAD_FILE, "%s: tensor %s is missing",
                                  file->path, tensor->name);
    ock_status status = check_kind(file, item, tensor);
    if (status)
        return status;
    if (cJSON_GetArraySize(offsets) != 2 || tensor->rows > file->data_bytes / 4 / tensor->cols ||
        !json_whole(cJSON_GetArrayItem(offsets, 0), file->data_bytes, &span->begin) ||
        !json_whole(cJSON_GetArrayItem(offsets, 1), file->data_bytes, &end) || end < span->begin ||
        end - span->begin != span->bytes)
        return ock_context_report(
            file->context, OCK_BAD_FILE,
            "%s: tensor %s does not lie within the file: cut short, or wrong data_offsets",
            file->path, tensor->name);
    return OCK_OK;
}

/* ---- The digest ---- */

static ock_status check_digest(const tensor_file *file)
{
    unsigned char bytes[CHUNK_BYTES];
    uint64_t digest = DIGEST_BEGIN, left = file->data + file->data_bytes;
    if (fseeko(file->stream, 0, SEEK_SET))
        return unreadable(file, "read");
    ock_status status = OCK_OK;
    while (left > 0 && !status) {
        size_t count = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        status = read_bytes(file, bytes, count);
        if (!status)
            digest = digest_words(digest, bytes, count / 4);
        left -= count;
    }
    if (!status)
        status = read_bytes(file, bytes, DIGEST_BYTES);
    if (!status && little_endian(bytes) != digest)
        status = tensor_file_bad(file, "the file was altered or damaged: it has another digest "
                                       "than it says");
    return status;
}

/* Takes it off the data where there is one, at their end. */
static ock_status find_digest(tensor_file *file)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(file->header, "digest");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    uint64_t begin, bytes = file->data_bytes;
    if (!item)
        return OCK_OK;
    if (bytes < DIGEST_BYTES || (file->data + bytes) % 4 ||
        !json_whole(cJSON_GetArrayItem(offsets, 0), bytes, &begin) || begin != bytes - DIGEST_BYTES)
        return tensor_file_bad(file, "the digest is not at the end: cut short, or altered");
    file->data_bytes -= DIGEST_BYTES;
    file->digest = true;
    return check_digest(file);
}

/* ---- Opening ---- */

/* A pipe that nobody writes to is not waited for, but refused by its kind. */
static FILE *open_stream(const char *path)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *stream = file < 0 ? NULL : fdopen(file, "rb");
    if (file >= 0 && !stream)
        close(file);
    return stream;
}

ock_status tensor_file_open(ock_context *context, const char *path, tensor_file *file)
{
    *file = (tensor_file){.context = context, .path = path, .stream = open_stream(path)};
    if (!file->stream)
        return unreadable(file, "open");
    ock_status status = read_header(file);
    if (!status)
        status = find_digest(file);
    if (status)
        tensor_file_close(file);
    return status;
}

void tensor_file_close(tensor_file *file)
{
    cJSON_Delete(file->header);
    if (file->stream)
        fclose(file->stream);
    *file = (tensor_file){0};
}

/* ---- The tensors ---- */

static int by_beginning(const void *left, const void *right)
{
    const file_span *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

/* Whether they follow each other from the first byte on; *end receives where they end. */
static ock_status check_order(const tensor_file *file, file_span *spans, size_t count,
                              uint64_t *end)
{
    qsort(spans, count, sizeof *spans, by_beginning);
    for (size_t i = 0; i < count; *end += spans[i++].bytes)
        if (spans[i].begin != *end)
            return ock_context_report(file->context, OCK_BAD_FILE,
                                      "%s: tensor %s does not begin where the one before ends",
                                      file->path, spans[i].name);
    return OCK_OK;
}

ock_status tensor_file_check(const tensor_file *file, const file_tensor *tensors, size_t count,
                             bool all)
{
    uint64_t end = 0;
    size_t others = (metadata(file) ? 1 : 0) + (size_t)file->digest;
    file_span *spans = calloc(count + 1, sizeof *spans);
    if (!spans)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY,
                                  "%s: no memory for a list of tensors", file->path);
    ock_status status = OCK_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = find_span(file, &tensors[i], &spans[i]);
    if (!status)
        status = check_order(file, spans, count, &end);
    free(spans);
    if (!status && all &&
        (end != file->data_bytes || count + others != (size_t)cJSON_GetArraySize(file->header)))
        status = tensor_file_bad(file, "the file holds more than the tensors of its layers");
    return status;
}

ock_status tensor_file_read(const tensor_file *file, const file_tensor *tensor)
{
    file_span span;
    ock_status status = find_span(file, tensor, &span);
    if (status)
        return status;
    if (fseeko(file->stream, (off_t)(file->data + span.begin), SEEK_SET))
        return unreadable(file, "read");
    float *values = malloc((size_t)span.bytes);
    if (!values)
        return ock_context_report(file->context, OCK_OUT_OF_MEMORY, "%s: no memory for tensor %s",
                                  file->path, tensor->name);
    status = read_bytes(file, values, (size_t)span.bytes);
    if (!status) {
        swap_little_endian(values, (size_t)span.bytes / 4);
        status = ock_tensor_write(tensor->tensor, values);
    }
    free(values);
    return status;
}
