/* PNG pictures. The first byte: 0 takes the rest as the file; an odd number mends the chunks'
 * checksums; another even one makes a picture of the header's 13 bytes and of what follows them,
 * not compressed, with all checksums right. */
#include "png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fuzz.h"

enum {
    HEADER = 13,
    FRAME = 12, /* of a chunk: length, type, checksum */
    MOST = 0xffff
};

static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static void put_big(uint8_t *bytes, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static size_t big(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

static void seal(uint8_t *chunk, size_t length)
{
    put_big(chunk + 8 + length, crc32(crc32(0, NULL, 0), chunk + 4, (uInt)length + 4));
}

static void mend(uint8_t *bytes, size_t size)
{
    for (size_t at = sizeof signature; at + FRAME <= size;) {
        size_t length = big(bytes + at);
        if (length > size - at - FRAME)
            return;
        seal(bytes + at, length);
        at += FRAME + length;
    }
}

/* Returns where the next chunk goes. */
static uint8_t *put_chunk(uint8_t *at, const char *type, const uint8_t *data, size_t size)
{
    put_big(at, size);
    memcpy(at + 4, type, 4);
    if (size)
        memcpy(at + 8, data, size);
    seal(at, size);
    return at + FRAME + size;
}

/* zlib's frame around one block. */
static size_t store(const uint8_t *data, size_t size, uint8_t *out)
{
    const uint8_t head[] = {
        0x78, 1, 1, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size, (uint8_t)(~size >> 8)};
    memcpy(out, head, sizeof head);
    if (size)
        memcpy(out + sizeof head, data, size);
    put_big(out + sizeof head + size, adler32(adler32(0, NULL, 0), data, (uInt)size));
    return sizeof head + size + 4;
}

static void write_picture(const char *path, const uint8_t *data, size_t size)
{
    size_t rest = size - HEADER < MOST ? size - HEADER : MOST;
    uint8_t *stored = malloc(rest + 16), *bytes = malloc(rest + 128), *at = bytes;
    FUZZ_EXPECT(stored && bytes);
    memcpy(at, signature, sizeof signature);
    at = put_chunk(at + sizeof signature, "IHDR", data, HEADER);
    if (data[9] == 3) /* a palette, of which there must be one */
        at = put_chunk(at, "PLTE", (const uint8_t *)"\0\0\0\xff\xff\xff\x80\x40\x20", 9);
    at = put_chunk(at, "IDAT", stored, store(data + HEADER, rest, stored));
    at = put_chunk(at, "IEND", NULL, 0);
    fuzz_write(path, bytes, (size_t)(at - bytes));
    free(bytes);
    free(stored);
}

static void write_input(const char *path, const uint8_t *data, size_t size)
{
    const uint8_t mode = data[0];
    uint8_t *copy = malloc(size);
    FUZZ_EXPECT(copy);
    memcpy(copy, data + 1, size - 1);
    if (mode % 2)
        mend(copy, size - 1);
    if (mode > 0 && mode % 2 == 0 && size - 1 >= HEADER)
        write_picture(path, copy, size - 1);
    else
        fuzz_write(path, copy, size - 1);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *path;
    png_picture picture;
    const char *why = NULL;
    if (size == 0)
        return 0;
    if (!path)
        path = fuzz_path("picture.png");
    write_input(path, data, size);
    ock_status status = png_read(path, &picture, &why);
    FUZZ_EXPECT(status == OCK_OK || status == OCK_BAD_FILE);
    if (status == OCK_OK) {
        FUZZ_EXPECT(picture.x && picture.height > 0 && picture.width > 0);
        for (size_t i = 0; i < picture.height * picture.width; i++)
            FUZZ_EXPECT(picture.x[i] >= 0 && picture.x[i] <= 1);
    } else {
        FUZZ_EXPECT(why && !picture.x);
    }
    free(picture.x);
    return 0;
}
