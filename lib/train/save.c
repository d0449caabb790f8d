#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "network.h"
#include "weights.h"

/* ---- The header ---- */

/* Nine digits give a float back exactly. The locale's decimal sign, one byte or several, stands
 * between the first digit and the other eight. No option is negative. */
static void put_number(FILE *out, const char *key, float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.8e", (double)value);
    fprintf(out, ",\"%s\":%c.%s", key, text[0], strchr(text, 'e') - 8);
}

static void put_layer(FILE *out, const net_layer *layer)
{
    const ock_dense *dense = &layer->dense;
    fprintf(out, ",{\"layer\":\"%s\"", layer_kind_name(layer->kind));
    if (layer->kind == LAYER_DENSE || layer->kind == LAYER_ACTIVATION)
        fprintf(out, ",\"activation\":\"%s\"", activation_name(layer->activation));
    if (layer->kind == LAYER_DROPOUT)
        put_number(out, "rate", layer->rate);
    if (layer->kind == LAYER_BATCH_NORM) {
        put_number(out, "momentum", layer->norm.momentum);
        put_number(out, "epsilon", layer->norm.epsilon);
    }
    if (layer->kind == LAYER_DENSE) {
        fprintf(out, ",\"units\":%zu,\"bias\":%s,\"initializer\":\"%s\"", layer->outputs,
                dense->no_bias ? "false" : "true", initializer_name(dense->initializer));
        put_number(out, "kernel_l1", dense->kernel.l1);
        put_number(out, "kernel_l2", dense->kernel.l2);
        put_number(out, "bias_l1", dense->bias.l1);
        put_number(out, "bias_l2", dense->bias.l2);
    }
    fputc('}', out);
}

/* What open_memstream() wrote; NULL where memory did not suffice. */
static char *close_text(FILE *out, char **text)
{
    int failed = ferror(out);
    if (fclose(out) || failed) {
        free(*text);
        *text = NULL;
    }
    return *text;
}

static char *layers_text(const ock_model *model)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    fprintf(out, "[{\"layer\":\"input\",\"units\":%zu}", model->inputs);
    for (size_t i = 0; i < model->count; i++)
        put_layer(out, &model->layers[i]);
    fputc(']', out);
    return close_text(out, &text);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_tensor(FILE *out, const ock_model_tensor *tensor, uint64_t *offset)
{
    size_t rows = ock_tensor_rows(tensor->tensor), cols = ock_tensor_cols(tensor->tensor);
    bool kernel = strstr(tensor->name, ".kernel");
    uint64_t end = *offset + (uint64_t)rows * cols * 4;
    fprintf(out, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", tensor->name);
    if (kernel)
        fprintf(out, "%zu,", rows);
    fprintf(out, "%zu],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", cols, *offset, end);
    *offset = end;
}

/* Spaces after the object bring the tensors to a multiple of 8 bytes, as others write them. */
static char *header_text(const ock_model *model)
{
    char *text = NULL, *layers = layers_text(model);
    size_t length;
    uint64_t offset = 0;
    ock_model_tensor tensor;
    FILE *out = layers ? open_memstream(&text, &length) : NULL;
    if (!out) {
        free(layers);
        return NULL;
    }
    fputs("{\"__metadata__\":{\"format\":\"ockham\",\"ockham\":\"", out);
    put_escaped(out, layers);
    fputs("\"}", out);
    for (size_t i = 0, count = ock_model_tensor_count(model); i < count; i++)
        if (!ock_model_tensor_at(model, i, &tensor))
            put_tensor(out, &tensor, &offset);
    fputc('}', out);
    free(layers);
    while (!fflush(out) && length % 8)
        fputc(' ', out);
    return close_text(out, &text);
}

/* ---- The file ---- */

static ock_status failed(ock_context *context, const char *path, const char *what)
{
    return ock_context_report(context, OCK_FILE_FAILED, "%s: cannot %s: %s", path, what,
                              strerror(errno));
}

/* A name in the folder of `path`, so that the rename stays within one file system, and not made of
 * the file's own, which may be as long as names get. The permissions are those of the file that is
 * there, else what the umask lets through, which rules out mkstemp(). */
static FILE *create_beside(const char *path, char *name, size_t size)
{
    struct stat old;
    bool exists = !stat(path, &old);
    mode_t mode = exists ? old.st_mode & 0777 : 0666;
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

static ock_status write_tensor(const ock_tensor *tensor, FILE *out, const char *path)
{
    ock_context *context = ock_tensor_context(tensor);
    size_t count = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    float *values = malloc(count * sizeof *values);
    if (!values)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "%s: no memory to write %zu weights",
                                  path, count);
    ock_status status = ock_tensor_read(tensor, values);
    if (!status) {
        swap_little_endian(values, count);
        if (fwrite(values, sizeof *values, count, out) != count)
            status = failed(context, path, "write");
    }
    free(values);
    return status;
}

static ock_status write_all(const ock_model *model, const char *header, FILE *out, const char *path)
{
    size_t length = strlen(header);
    unsigned char prefix[LENGTH_BYTES];
    for (size_t i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)length >> (8 * i));
    if (fwrite(prefix, 1, LENGTH_BYTES, out) != LENGTH_BYTES ||
        fwrite(header, 1, length, out) != length)
        return failed(model->context, path, "write");
    ock_model_tensor tensor;
    ock_status status = OCK_OK;
    for (size_t i = 0, count = ock_model_tensor_count(model); i < count && !status; i++) {
        status = ock_model_tensor_at(model, i, &tensor);
        if (!status)
            status = write_tensor(tensor.tensor, out, path);
    }
    if (!status && (fflush(out) || fsync(fileno(out))))
        status = failed(model->context, path, "write");
    return status;
}

/* `name` has room for the temporary file's name. */
static ock_status replace_file(const ock_model *model, const char *header, const char *path,
                               char *name, size_t size)
{
    FILE *out = create_beside(path, name, size);
    if (!out)
        return failed(model->context, path, "write beside it");
    ock_status status = write_all(model, header, out, path);
    if (fclose(out) && !status)
        status = failed(model->context, path, "write");
    if (!status && rename(name, path))
        status = failed(model->context, path, "replace");
    if (status)
        remove(name);
    else
        sync_folder(name);
    return status;
}

static ock_status write_model(const ock_model *model, const char *path)
{
    ock_status status;
    size_t size = strlen(path) + 48;
    char *header = header_text(model), *name = malloc(size);
    if (header && name)
        status = replace_file(model, header, path, name, size);
    else
        status = ock_context_report(model->context, OCK_OUT_OF_MEMORY,
                                    "%s: no memory for the header", path);
    free(name);
    free(header);
    return status;
}

/* A link to a file stays a link: what it leads to is replaced. */
ock_status ock_model_save(ock_model *model, const char *path)
{
    if (!model || !path || !*path)
        return ock_context_report(ock_model_context(model), OCK_INVALID_ARGUMENT, "%s",
                                  !model  ? "model is NULL"
                                  : !path ? "path is NULL"
                                          : "path is empty");
    struct stat old;
    bool exists = !stat(path, &old);
    if (exists && !S_ISREG(old.st_mode))
        return ock_context_report(model->context, OCK_FILE_FAILED,
                                  "%s is not a regular file, and is not replaced by one", path);
    ock_status status = model_ensure_ready(model, 0);
    if (status)
        return status;
    if (!exists)
        return write_model(model, path);
    char *target = realpath(path, NULL);
    if (!target)
        return failed(model->context, path, "find what it links to");
    status = write_model(model, target);
    free(target);
    return status;
}
