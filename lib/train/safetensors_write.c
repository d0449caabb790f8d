#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ockham/context.h>

#include "safetensors.h"
#include "sizes.h"

/* ---- Words ---- */

static uint32_t little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

void swap_little_endian(void *words, size_t count)
{
    unsigned char *bytes = words;
    for (size_t i = 0; i < count; i++, bytes += 4) {
        uint32_t word = little_endian(bytes);
        memcpy(bytes, &word, sizeof word);
    }
}

uint64_t digest_words(uint64_t digest, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        digest = (digest ^ little_endian(bytes + 4 * i)) * 0x100000001b3;
    return digest;
}

static void put_little_endian(unsigned char bytes[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

/* ---- The header ---- */

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_tensor(FILE *out, const file_tensor *tensor, uint64_t *offset)
{
    uint64_t end = *offset + (uint64_t)tensor->rows * tensor->cols * 4;
    fprintf(out, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensor->name);
    if (!tensor->vector)
        fprintf(out, "%zu,", tensor->rows);
    fprintf(out, "%zu],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", tensor->cols, *offset, end);
    *offset = end;
}

char *close_text(FILE *out, char **text)
{
    int failed = ferror(out);
    if (fclose(out) || failed) {
        free(*text);
        *text = NULL;
    }
    return *text;
}

/* Spaces after the object bring the tensors to a multiple of 8 bytes, as others write them. */
static char *header_text(const safetensors *content)
{
    char *text = NULL;
    size_t length;
    uint64_t offset = 0;
    for (size_t i = 0; i < content->text_count; i++)
        if (!content->texts[i].value)
            return NULL;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fputs("{\"__metadata__\":{\"format\":\"ockham\"", out);
    for (size_t i = 0; i < content->text_count; i++) {
        fprintf(out, ",\"%s\":\"", content->texts[i].key);
        put_escaped(out, content->texts[i].value);
        fputc('"', out);
    }
    fputc('}', out);
    for (size_t i = 0; i < content->count; i++)
        put_tensor(out, &content->tensors[i], &offset);
    if (content->digest)
        fprintf(out,
                ",\"digest\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[%" PRIu64
                ",%" PRIu64 "]}",
                offset, offset + DIGEST_BYTES);
    fputc('}', out);
    while (!fflush(out) && length % 8)
        fputc(' ', out);
    return close_text(out, &text);
}

/* ---- What is in the file ---- */

typedef struct file_writer {
    ock_context *context;
    const char *path; /* for messages */
    FILE *stream;
    uint64_t digest;
} file_writer;

static ock_status failed(ock_context *context, const char *path, const char *what)
{
    return ock_context_report(context, errno == ENOMEM ? OCK_OUT_OF_MEMORY : OCK_FILE_FAILED,
                              "%s: cannot %s: %s", path, what, strerror(errno));
}

static ock_status write_words(file_writer *writer, const void *words, size_t count)
{
    writer->digest = digest_words(writer->digest, words, count);
    if (fwrite(words, 4, count, writer->stream) != count)
        return failed(writer->context, writer->path, "write");
    return OCK_OK;
}

static ock_status write_tensor(file_writer *writer, const file_tensor *tensor)
{
    size_t count = tensor->rows * tensor->cols;
    ock_status status = OCK_OK;
    float *values = array_make(count, sizeof *values);
    if (!values)
        return ock_context_report(writer->context, OCK_OUT_OF_MEMORY,
                                  "%s: no memory to write %zu weights", writer->path, count);
    if (tensor->values)
        memcpy(values, tensor->values, count * sizeof *values);
    else
        status = ock_tensor_read(tensor->tensor, values);
    if (!status) {
        swap_little_endian(values, count);
        status = write_words(writer, values, count);
    }
    free(values);
    return status;
}

static ock_status write_all(file_writer *writer, const char *header, const safetensors *content)
{
    size_t length = strlen(header);
    unsigned char bytes[LENGTH_BYTES];
    put_little_endian(bytes, length);
    ock_status status = write_words(writer, bytes, LENGTH_BYTES / 4);
    if (!status)
        status = write_words(writer, header, length / 4);
    for (size_t i = 0; i < content->count && !status; i++)
        status = write_tensor(writer, &content->tensors[i]);
    put_little_endian(bytes, writer->digest);
    if (!status && content->digest)
        status = write_words(writer, bytes, DIGEST_BYTES / 4);
    if (!status && (fflush(writer->stream) || fsync(fileno(writer->stream))))
        status = failed(writer->context, writer->path, "write");
    return status;
}

/* ---- The file ---- */

/* A name in the folder of `path`, so that the rename stays within one file system, and not made of
 * the file's own, which may be as long as names get. The permissions are those of the file that is
 * there, else `fresh` as far as the umask lets it through, which rules out mkstemp(). */
static FILE *create_beside(const char *path, mode_t fresh, char *name, size_t size)
{
    struct stat old;
    bool exists = !stat(path, &old);
    mode_t mode = exists ? old.st_mode & 0777 : fresh;
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0, file = -1;
    errno = EEXIST;
    for (int attempt = 0; file < 0 && errno == EEXIST && attempt < 1000; attempt++) {
        snprintf(name, size, "%.*sockham-%ld-%d.tmp", folder, path, (long)getpid(), attempt);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
    FILE *out = file < 0 || (exists && fchmod(file, mode)) ? NULL : fdopen(file, "wb");
    if (file >= 0 && !out) {
        close(file);
        remove(name);
    }
    return out;
}

/* The rename has been done by now, so that a failure here is none of the caller's. */
static void sync_folder(char *name)
{
    char *slash = strrchr(name, '/');
    if (slash)
        slash[slash == name] = '\0';
    int folder = open(slash ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    fsync(folder);
    close(folder);
}

/* Content NULL: tries only, and replaces nothing. A run's state, which alone has a digest, is
 * nobody else's to read; a network is saved to be handed on. `name` has room for the temporary
 * file's name. */
static ock_status replace_file(ock_context *context, const char *path, const safetensors *content,
                               char *name, size_t size)
{
    char *header = content ? header_text(content) : NULL;
    if (content && !header)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "%s: no memory for the header", path);
    ock_status status = OCK_OK;
    mode_t fresh = content && !content->digest ? 0666 : 0600;
    file_writer writer = {context, path, create_beside(path, fresh, name, size), DIGEST_BEGIN};
    if (!writer.stream) {
        free(header);
        return failed(context, path, "write beside it");
    }
    if (content)
        status = write_all(&writer, header, content);
    free(header);
    if (fclose(writer.stream) && !status)
        status = failed(context, path, "write");
    if (content && !status && rename(name, path))
        status = failed(context, path, "replace");
    if (status || !content)
        remove(name);
    else
        sync_folder(name);
    return status;
}

static ock_status write_beside(ock_context *context, const char *path, const safetensors *content)
{
    size_t size = strlen(path) + 48;
    char *name = malloc(size);
    if (!name)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "%s: no memory for a name", path);
    ock_status status = replace_file(context, path, content, name, size);
    free(name);
    return status;
}

/* A link to a file stays a link: what it leads to is replaced. */
ock_status safetensors_write(ock_context *context, const char *path, const safetensors *content)
{
    struct stat old;
    if (stat(path, &old))
        return write_beside(context, path, content);
    if (!S_ISREG(old.st_mode))
        return ock_context_report(context, OCK_FILE_FAILED,
                                  "%s is not a regular file, and is not replaced by one", path);
    char *target = realpath(path, NULL);
    if (!target)
        return failed(context, path, "find what it links to");
    ock_status status = write_beside(context, target, content);
    free(target);
    return status;
}

ock_status safetensors_probe(ock_context *context, const char *path)
{
    return safetensors_write(context, path, NULL);
}
