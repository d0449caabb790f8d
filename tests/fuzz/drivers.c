/* What is known of drivers. An odd first byte: from the cache, of which each line is a figure; else
 * from children that tried them, each of which says what comes before a zero byte. */
#define _GNU_SOURCE /* memfd_create() */

#include "core/drivers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cache.h"
#include "core/helper.h"
#include "fuzz.h"

static const char library[] = "/usr/lib/libDriver.so.1";
static const uint8_t *rest, *end;
static bool tried;

/* ---- In the place of lib/core/cache.c ---- */

const char opencl_kernels[] = "kernels";

uint64_t ock_cache_digest(const char *text, size_t length)
{
    return length ? (unsigned char)*text : 0;
}

ock_cache *ock_cache_open(const char *key)
{
    return (ock_cache *)(uintptr_t)key;
}

void ock_cache_close(ock_cache *cache)
{
    (void)cache;
}

void ock_cache_put(ock_cache *cache, const char *name, const char *value)
{
    FUZZ_EXPECT(cache && *name && value);
}

const char *ock_cache_news(ock_cache *cache)
{
    (void)cache;
    return NULL;
}

bool ock_cache_get(const ock_cache *cache, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    FUZZ_EXPECT(cache);
    tried = true;
    for (const uint8_t *line = rest, *stop; line < end; line = stop + 1) {
        stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        size_t all = (size_t)(stop - line);
        if (all <= length || memcmp(line, name, length) != 0 || line[length] != ' ' ||
            all - length > size || memchr(line, '\0', all))
            continue;
        memcpy(value, line + length + 1, all - length - 1);
        value[all - length - 1] = '\0';
        return true;
    }
    return false;
}

/* ---- In the place of lib/core/helper.c ---- */

bool ock_helper_start(char *arguments[], ock_helper *helper)
{
    FUZZ_EXPECT(arguments[1] && arguments[2] && arguments[3]);
    tried = true;
    const uint8_t *stop = rest < end ? memchr(rest, '\0', (size_t)(end - rest)) : NULL;
    if (!stop)
        return false;
    size_t size = (size_t)(stop - rest);
    *helper = (ock_helper){.process = 1, .output = memfd_create("child", MFD_CLOEXEC)};
    FUZZ_EXPECT(helper->output >= 0 && write(helper->output, rest, size) == (ssize_t)size);
    lseek(helper->output, 0, SEEK_SET);
    rest = stop + 1;
    return true;
}

int ock_helper_end(const ock_helper *helper, bool at_once)
{
    (void)at_once;
    close(helper->output);
    return 11; /* SIGSEGV */
}

/* ---- */

/* What may be called past the loader is one of the files that there are. */
static void check_drivers(const ock_drivers *drivers, bool from_cache)
{
    FUZZ_EXPECT(drivers->count <= OCK_DRIVERS_MAX);
    for (size_t i = 0; i < drivers->count; i++) {
        const ock_driver *driver = &drivers->list[i];
        if (drivers->past_loader && !*driver->reason)
            FUZZ_EXPECT(strcmp(driver->library, library) == 0);
        else if (from_cache && !drivers->past_loader)
            FUZZ_EXPECT(!*driver->library);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    setenv("OCL_ICD_VENDORS", library, 1);
    unsetenv("OCKHAM_PROBE");
    rest = data + 1;
    end = data + size;
    const bool from_cache = data[0] % 2;
    ock_drivers *drivers;
    tried = false;
    if (ock_drivers_try(from_cache ? OCK_PROBE_UNKNOWN : OCK_PROBE_WHOLE, &drivers) == OCK_OK)
        check_drivers(drivers, from_cache);
    FUZZ_EXPECT(tried);
    free(drivers);
    return 0;
}
