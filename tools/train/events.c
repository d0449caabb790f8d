#include "events.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A protocol buffer's keys: the field's number, and in the last three bits how its value is
 * written. */
enum {
    EVENT_WALL_TIME = 1 << 3 | 1,
    EVENT_STEP = 2 << 3,
    EVENT_FILE_VERSION = 3 << 3 | 2,
    EVENT_SUMMARY = 5 << 3 | 2,
    SUMMARY_VALUE = 1 << 3 | 2,
    VALUE_TAG = 1 << 3 | 2,
    VALUE_SIMPLE = 2 << 3 | 5,
};

/* ---- Numbers ---- */

static void put_fixed(FILE *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc((int)(value >> (8 * i) & 0xff), out);
}

static void put_varint(FILE *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        fputc((int)(value & 0x7f) | 0x80, out);
    fputc((int)value, out);
}

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value > 0x7f; value >>= 7)
        size++;
    return size;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t float_bits(double value)
{
    const float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return bits;
}

/* ---- Events ---- */

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void put_text(FILE *out, int key, const char *text)
{
    put_varint(out, (uint64_t)key);
    put_varint(out, strlen(text));
    fputs(text, out);
}

static size_t value_size(const struct event_scalar *scalar)
{
    const size_t length = strlen(scalar->tag);
    return 1 + varint_size(length) + length + 1 + sizeof(float);
}

static void put_summary(FILE *out, const struct event_scalar *scalars, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += 1 + varint_size(value_size(&scalars[i])) + value_size(&scalars[i]);
    put_varint(out, EVENT_SUMMARY);
    put_varint(out, size);
    for (size_t i = 0; i < count; i++) {
        put_varint(out, SUMMARY_VALUE);
        put_varint(out, value_size(&scalars[i]));
        put_text(out, VALUE_TAG, scalars[i].tag);
        put_varint(out, VALUE_SIMPLE);
        put_fixed(out, float_bits(scalars[i].value), sizeof(float));
    }
}

/* Without scalars it is the first one, which tells the file's version. */
static void put_event(FILE *out, uint64_t step, const struct event_scalar *scalars, size_t count)
{
    put_varint(out, EVENT_WALL_TIME);
    put_fixed(out, bits_of(wall_time()), sizeof(double));
    if (!scalars) {
        put_text(out, EVENT_FILE_VERSION, "brain.Event:2");
        return;
    }
    put_varint(out, EVENT_STEP);
    put_varint(out, step);
    put_summary(out, scalars, count);
}

/* ---- Records ---- */

/* CRC-32C (Castagnoli), masked as TFRecords do, so that a checksum of checksums stays a good one.
 */
static uint32_t masked_crc(const char *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* In one write; what of it does not fit is taken back. */
static bool append(const struct events *events, const char *record, size_t size)
{
    const off_t end = lseek(events->file, 0, SEEK_END);
    const ssize_t written = end < 0 ? -1 : write(events->file, record, size);
    if (written >= 0 && (size_t)written == size)
        return true;
    const int reason = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(events->file, end) != 0)
        return false;
    errno = reason;
    return false;
}

static bool write_record(const struct events *events, const char *data, size_t size)
{
    char *record = NULL;
    size_t length;
    FILE *out = open_memstream(&record, &length);
    if (!out)
        return false;
    put_fixed(out, size, 8);
    fflush(out);
    put_fixed(out, record ? masked_crc(record, 8) : 0, 4);
    fwrite(data, 1, size, out);
    put_fixed(out, masked_crc(data, size), 4);
    const bool made = !ferror(out);
    const bool written = fclose(out) == 0 && made && append(events, record, length);
    free(record);
    return written;
}

static bool write_event(const struct events *events, uint64_t step,
                        const struct event_scalar *scalars, size_t count)
{
    char *data = NULL;
    size_t size;
    FILE *out = open_memstream(&data, &size);
    if (!out)
        return false;
    put_event(out, step, scalars, count);
    const bool made = !ferror(out);
    const bool written = fclose(out) == 0 && made && write_record(events, data, size);
    free(data);
    return written;
}

/* ---- Files ---- */

static bool make_folder(const char *path)
{
    struct stat about;
    if (mkdir(path, 0777) == 0)
        return true;
    if (errno == EEXIST && stat(path, &about) == 0)
        errno = S_ISDIR(about.st_mode) ? 0 : ENOTDIR;
    return errno == 0;
}

/* What no shell minds: "+ max-norm" becomes "max-norm". */
static void append_name(char *path, const char *run)
{
    char *to = path + strlen(path);
    while (*run && !isalnum((unsigned char)*run))
        run++;
    for (*to++ = '/'; *run; run++)
        *to++ = strchr("/ +", *run) ? '-' : *run;
    *to = '\0';
}

/* TensorBoard knows the file by "tfevents" in its name. */
static bool create(struct events *events, size_t size)
{
    char host[65] = "", *path = events->path, *name = path + strlen(path);
    const size_t room = size - (size_t)(name - path);
    gethostname(host, sizeof host - 1);
    errno = EEXIST;
    for (int i = 0; events->file < 0 && errno == EEXIST && i < 1000; i++) {
        snprintf(name, room, "/events.out.tfevents.%010lld.%s.%ld.%d", (long long)time(NULL),
                 *host ? host : "localhost", (long)getpid(), i);
        events->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (events->file < 0 || write_event(events, 0, NULL, 0))
        return events->file >= 0;
    const int reason = errno;
    unlink(path);
    errno = reason;
    return false;
}

bool events_open(struct events *events, const char *folder, const char *run)
{
    *events = (struct events){.file = -1};
    if (!folder)
        return true;
    const size_t size = strlen(folder) + (run ? strlen(run) : 0) + 160;
    char *path = events->path = malloc(size);
    if (!path)
        return false;
    strcpy(path, folder);
    bool made = make_folder(path);
    if (made && run) {
        append_name(path, run);
        made = make_folder(path);
    }
    return made && create(events, size);
}

void events_add(struct events *events, uint64_t step, const struct event_scalar *scalars,
                size_t count)
{
    if (events->file < 0 || events->failed || write_event(events, step, scalars, count))
        return;
    events->failed = true;
    fprintf(stderr, "ockham-train: %s: %s; it ends before step %llu\n", events->path,
            strerror(errno), (unsigned long long)step);
}

void events_close(struct events *events)
{
    if (events->file >= 0)
        close(events->file);
    free(events->path);
}
