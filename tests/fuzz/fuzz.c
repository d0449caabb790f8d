#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dirent.h>

void fuzz_expect(bool holds, const char *what, const char *file, int line)
{
    char text[256];
    if (holds)
        return;
    int length = snprintf(text, sizeof text, "%s:%d: not so: %s\n", file, line, what);
    if (write(STDERR_FILENO, text, (size_t)length) == length)
        abort();
    abort();
}

/* ---- Files ---- */

static char folder[256];

static void remove_folder(void)
{
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));)
        unlinkat(dirfd(list), entry->d_name, 0);
    if (list)
        closedir(list);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/ockham-fuzz-XXXXXX", parent);
    FUZZ_EXPECT(mkdtemp(folder));
    atexit(remove_folder);
}

char *fuzz_path(const char *name)
{
    if (!*folder)
        make_folder();
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    FUZZ_EXPECT(path);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

void fuzz_write(const char *path, const void *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_EXPECT(file >= 0);
    FUZZ_EXPECT(write(file, bytes, size) == (ssize_t)size);
    close(file);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_EXPECT(text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

void fuzz_be_quiet(void)
{
    static char buffers[2][1 << 12];
    FILE *nowhere[2] = {fopen("/dev/null", "w"), fopen("/dev/null", "w")};
    for (int i = 0; i < 2; i++) {
        FUZZ_EXPECT(nowhere[i]);
        setvbuf(nowhere[i], buffers[i], _IOFBF, sizeof buffers[i]);
    }
    stdout = nowhere[0];
    stderr = nowhere[1];
}

ock_context *fuzz_context(void)
{
    static ock_context *context;
    if (!context) {
        ock_context_options options = ock_context_defaults();
        options.device = "scalar";
        options.threads = 1;
        FUZZ_EXPECT(ock_context_create(&options, &context) == OCK_OK);
    }
    return context;
}

/* ---- safetensors ---- */

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
}

static uint64_t word(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static void put_word(FILE *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        fputc((int)(value >> (8 * i) & 0xff), out);
}

static size_t put_header(FILE *out, const fuzz_tensors *file)
{
    long start = ftell(out);
    fputs("{\"__metadata__\":{\"format\":\"ockham\"", out);
    for (size_t i = 0; i < file->text_count; i++) {
        fprintf(out, ",\"%s\":\"", file->keys[i]);
        put_escaped(out, file->texts[i]);
        fputc('"', out);
    }
    fprintf(out, "}%s%s}", *file->rest ? "," : "", file->rest);
    while ((ftell(out) - start) % 4)
        fputc(' ', out);
    return (size_t)(ftell(out) - start);
}

/* FNV-1a of words of 4 bytes, as a checkpoint ends in. */
static uint64_t digest(const uint8_t *bytes, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i + 4 <= size; i += 4)
        sum = (sum ^ word(bytes + i, 4)) * 0x100000001b3;
    return sum;
}

void fuzz_write_tensors(const char *path, const fuzz_tensors *file)
{
    char *bytes = NULL;
    size_t size;
    FILE *out = open_memstream(&bytes, &size);
    FUZZ_EXPECT(out);
    put_word(out, 0);
    size_t header = put_header(out, file);
    fwrite(file->data, 1, file->data_size, out);
    fflush(out);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(header >> (8 * i) & 0xff);
    if (file->sealed)
        put_word(out, digest((const uint8_t *)bytes, size));
    FUZZ_EXPECT(fclose(out) == 0);
    fuzz_write(path, bytes, size);
    free(bytes);
}
