/* The file of what was measured. The first byte's bits: 0 puts the key in front, 1 the digest
 * behind; 2 to 4 say where they are 1 that a figure is put, too. */
#include "core/cache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char key[] = "ockham, device A";

static char *name_file(void)
{
    char name[17];
    char *folder = fuzz_path("");
    folder[strlen(folder) - 1] = '\0';
    setenv("OCKHAM_CACHE", folder, 1);
    free(folder);
    snprintf(name, sizeof name, "%016" PRIx64, ock_cache_digest(key, strlen(key)));
    return fuzz_path(name);
}

static void write_file(const char *path, unsigned form, const uint8_t *data, size_t size)
{
    size_t room = size + sizeof key + 32, length = 0;
    char *text = malloc(room);
    FUZZ_EXPECT(text);
    if (form & 1)
        length = (size_t)snprintf(text, room, "%s\n", key);
    if (size)
        memcpy(text + length, data, size);
    length += size;
    if (form & 2)
        length += (size_t)snprintf(text + length, room - length, "sum %016" PRIx64 "\n",
                                   ock_cache_digest(text, length));
    fuzz_write(path, text, length);
    free(text);
}

/* Any figure is a line's end of text, or none at all; and what is put comes back. */
static void use(ock_cache *cache, bool put)
{
    static const char *const names[] = {"step_ns", "tn.1.16.1024", "a", ""};
    char value[13];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ock_cache_get(cache, names[i], value, sizeof value))
            FUZZ_EXPECT(strlen(value) < sizeof value && !strchr(value, '\n'));
    if (!put)
        return;
    ock_cache_put(cache, "step_ns", "2100");
    FUZZ_EXPECT(ock_cache_get(cache, "step_ns", value, sizeof value) && !strcmp(value, "2100"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *path;
    char value[13];
    if (size == 0)
        return 0;
    if (!path)
        path = name_file();
    write_file(path, data[0], data + 1, size - 1);
    const bool put = (data[0] & 0x1c) == 4;
    ock_cache *cache = ock_cache_open(key);
    FUZZ_EXPECT(cache);
    use(cache, put);
    ock_cache_close(cache);
    if (!put)
        return 0;
    cache = ock_cache_open(key); /* what was written is sound, whatever was there */
    FUZZ_EXPECT(ock_cache_get(cache, "step_ns", value, sizeof value) && !strcmp(value, "2100"));
    ock_cache_close(cache);
    return 0;
}
