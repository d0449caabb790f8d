#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

#include "files.h"

void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

void write_gzip(const char *name, const void *bytes, size_t size)
{
    gzFile file = gzopen(in_folder(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

void make_subfolder(const char *name)
{
    ck_assert_int_eq(mkdir(in_folder(name), 0700), 0);
}

pictures load(const char *source, const pictures_options *options)
{
    pictures set;
    char message[512] = "";
    ock_status status = pictures_load(source, options, &set, message, sizeof message);
    ck_assert_msg(status == OCK_OK, "%s: %s", ock_status_name(status), message);
    return set;
}

void expect_refused(const char *source, const pictures_options *options, ock_status expected,
                    const char *part, const char *other)
{
    static const pictures none;
    pictures set;
    char message[1024] = "";
    assert_status(expected, pictures_load(source, options, &set, message, sizeof message));
    assert_contains(message, part);
    assert_contains(message, other);
    ck_assert_mem_eq(&set, &none, sizeof none);
}

unsigned long pixel_crc(const pictures *set)
{
    uLong crc = crc32(0, NULL, 0);
    bool whole = true;
    for (size_t i = 0; i < set->count * pictures_size(set); i++) {
        Bytef byte = (Bytef)(set->x[i] * 255 + 0.5f);
        whole = whole && set->x[i] == (float)byte / 255;
        crc = crc32(crc, &byte, 1);
    }
    ck_assert_msg(whole, "a pixel is not one of 256 greys");
    return crc;
}

unsigned long label_crc(const pictures *set)
{
    uLong crc = crc32(0, NULL, 0);
    for (size_t i = 0; i < set->count; i++) {
        Bytef byte = (Bytef)set->labels[i];
        crc = crc32(crc, &byte, 1);
    }
    return crc;
}
