/* MNIST's files. The first byte's bits: 0 and 1 wrap the pictures and the labels in gzip with the
 * right checksum, 2 chooses the test set. The second is how many bytes at the end are the labels
 * file. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fuzz.h"
#include "input.h"

/* In zlib's place: the reader's buffers are refilled often, and cost the sanitizers little. */
int gzbuffer(gzFile file, unsigned size)
{
    (void)file;
    (void)size;
    return 0;
}

static void put_word(uint8_t *bytes, size_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* In one block that is not compressed. */
static void write_gzip(const char *path, const uint8_t *data, size_t size)
{
    static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1};
    size_t kept = size < 0xffff ? size : 0xffff;
    uint8_t *bytes = malloc(kept + 23);
    FUZZ_EXPECT(bytes);
    memcpy(bytes, head, sizeof head);
    put_word(bytes + 11, kept | (~kept & 0xffff) << 16);
    memcpy(bytes + 15, data, kept);
    put_word(bytes + 15 + kept, crc32(crc32(0, NULL, 0), data, (uInt)kept));
    put_word(bytes + 19 + kept, kept);
    fuzz_write(path, bytes, kept + 23);
    free(bytes);
}

static void write_plain(const char *path, const uint8_t *data, size_t size)
{
    fuzz_write(path, data, size);
}

static void check_set(const pictures *set)
{
    FUZZ_EXPECT(set->count > 0 && set->height > 0 && set->width > 0);
    for (size_t i = 0; i < set->count; i++)
        FUZZ_EXPECT(set->labels[i] >= 0 && set->labels[i] < set->classes);
    for (size_t i = 0; i < set->count * set->height * set->width; i++)
        FUZZ_EXPECT(set->x[i] >= 0 && set->x[i] <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *folder, *images[2], *labels[2];
    static const pictures none;
    char message[512] = "";
    pictures set;
    if (size < 2)
        return 0;
    if (!folder) {
        folder = fuzz_path("");
        images[0] = fuzz_path("train-images-idx3-ubyte");
        images[1] = fuzz_path("t10k-images-idx3-ubyte");
        labels[0] = fuzz_path("train-labels-idx1-ubyte");
        labels[1] = fuzz_path("t10k-labels-idx1-ubyte");
    }
    const bool test = data[0] & 4;
    const size_t tail = data[1] < size - 2 ? data[1] : size - 2, head = size - 2 - tail;
    (data[0] & 1 ? write_gzip : write_plain)(images[test], data + 2, head);
    (data[0] & 2 ? write_gzip : write_plain)(labels[test], data + 2 + head, tail);
    pictures_options options = pictures_defaults();
    options.test = test;
    ock_status status = pictures_load(folder, &options, &set, message, sizeof message);
    FUZZ_EXPECT(status == OCK_OK || status == OCK_BAD_FILE);
    if (status == OCK_OK)
        check_set(&set);
    else
        FUZZ_EXPECT(*message && !memcmp(&set, &none, sizeof set));
    pictures_free(&set);
    return 0;
}
