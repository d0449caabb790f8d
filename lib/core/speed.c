/* How fast a device is: measured once, in a child where it is OpenCL's, and kept. */
#include <ftw.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ockham/measure.h>

#include "core/cache.h"
#include "core/core.h"
#include "core/helper.h"

enum {
    PATH_SIZE = 4096
};

/* ---- What is kept ---- */

static const char speed_name[] = "speed_1e-9";

static const size_t fields[] = {
    offsetof(ock_device_speed, at_best.launch_seconds),
    offsetof(ock_device_speed, at_best.peak_gflops),
    offsetof(ock_device_speed, at_best.stream_gbs),
    offsetof(ock_device_speed, at_best.step_seconds),
    offsetof(ock_device_speed, cold_seconds),
    offsetof(ock_device_speed, warm_seconds),
};

enum {
    FIELDS = sizeof fields / sizeof *fields
};

static double *field_of(ock_device_speed *speed, size_t field)
{
    return (double *)((char *)speed + fields[field]);
}

static bool can_be(double figure)
{
    return figure >= 0 && isfinite(figure);
}

static bool recall(const ock_cache *cache, ock_device_speed *speed)
{
    char text[FIELDS * 24], *rest = text;
    ock_device_speed read = {.cold_seconds = 0};
    if (!ock_cache_get(cache, speed_name, text, sizeof text))
        return false;
    for (size_t i = 0; i < FIELDS; i++) {
        char *end;
        *field_of(&read, i) = strtod(rest, &end) / OCK_BILLIONTHS;
        if (end == rest || !can_be(*field_of(&read, i)))
            return false;
        rest = end;
    }
    if (*rest != '\0')
        return false;
    *speed = read;
    return true;
}

static void keep(ock_cache *cache, ock_device_speed *speed)
{
    char text[FIELDS * 24] = "";
    for (size_t i = 0; i < FIELDS; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%.0f", i ? " " : "",
                 OCK_BILLIONTHS * *field_of(speed, i));
    }
    ock_cache_put(cache, speed_name, text);
}

/* ---- In a child ---- */

static void heed(const char *line, double *build, ock_device_speed *speed)
{
    static const char *const names[] = {"launch", "peak", "stream", "step"};
    char name[16];
    double figure;
    if (sscanf(line, "%15s %lf", name, &figure) != 2 || !can_be(figure))
        return;
    figure /= OCK_BILLIONTHS;
    if (strcmp(name, "build") == 0)
        *build = figure;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            *field_of(speed, i) = figure;
}

/* What it has measured until it ends, hangs or crashes counts. False: it was not this version's. */
static bool run(const ock_device *device, char *what, char *folder, double *build,
                ock_device_speed *speed)
{
    const double build_limit = 60, limit = 10;
    char platform[24], library[sizeof device->library], index[24], line[OCK_HELPER_LINE];
    char *arguments[] = {NULL, what, platform, library, index, folder, NULL};
    ock_helper helper;
    ock_helper_news news = OCK_HELPER_TOLD;
    bool greeted = false;
    snprintf(platform, sizeof platform, "%d", *device->library ? 0 : device->platform);
    snprintf(library, sizeof library, "%s", device->library);
    snprintf(index, sizeof index, "%d", device->index);
    if (!ock_helper_start(arguments, &helper))
        return false;
    while (news == OCK_HELPER_TOLD) {
        news = ock_helper_read(&helper, ock_helper_limit(*build > 0 ? limit : build_limit), line);
        if (news == OCK_HELPER_TOLD && greeted)
            heed(line, build, speed);
        greeted = greeted || (news == OCK_HELPER_TOLD && ock_helper_greets(line));
    }
    ock_helper_end(&helper, news == OCK_HELPER_LATE);
    return greeted;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

/* First with an empty folder for the driver's own cache. Where it keeps nothing there, it has none,
 * or one elsewhere that may have served it, and nobody can tell. The folder is ours at any time:
 * whose kernels are in it is who has his code run. */
static ock_status measure_apart(const ock_device *device, ock_device_speed *speed)
{
    static char cold[] = "cold", warm[] = "warm";
    const char *place = getenv("TMPDIR");
    char folder[PATH_SIZE];
    int length =
        snprintf(folder, sizeof folder, "%s/ockham-XXXXXX", place && *place ? place : "/tmp");
    if (length >= PATH_SIZE || !mkdtemp(folder))
        return OCK_FILE_FAILED;
    bool started = run(device, cold, folder, &speed->cold_seconds, speed);
    bool empty = rmdir(folder) == 0;
    if (empty)
        speed->cold_seconds = 0;
    if (empty && mkdir(folder, 0700) != 0)
        return OCK_FILE_FAILED;
    started = started && run(device, warm, folder, &speed->warm_seconds, speed);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return started ? OCK_OK : OCK_UNSUPPORTED;
}

/* ---- Either way ---- */

static ock_status measure_here(const ock_device *device, ock_device_speed *speed)
{
    ock_log log = {0};
    ock_context *context = NULL;
    const ock_context_options options = {.untuned = true};
    ock_status status = ock_context_open(device, NULL, &options, &log, &context);
    if (status == OCK_OK)
        status = ock_context_measure(context, &speed->at_best);
    ock_context_destroy(context);
    ock_log_clear(&log);
    return status;
}

static bool is_off(const char *variable)
{
    const char *value = getenv(variable);
    return value && (strcmp(value, "0") == 0 || strcmp(value, "off") == 0);
}

ock_status ock_device_measure(const ock_device *device, bool anew, ock_device_speed *speed)
{
    if (speed)
        *speed = (ock_device_speed){.cold_seconds = 0};
    if (!device || !speed)
        return OCK_INVALID_ARGUMENT;
    if (device->status != OCK_OK)
        return device->status;
    bool scalar = device->type == OCK_DEVICE_SCALAR;
    if (is_off("OCKHAM_TUNE") || (!scalar && is_off("OCKHAM_PROBE")))
        return OCK_UNSUPPORTED;
    ock_cache *cache = ock_device_cache(device, 0);
    ock_status status = cache || anew ? OCK_OK : OCK_UNSUPPORTED;
    if (status == OCK_OK && (anew || !recall(cache, speed))) {
        status = scalar ? measure_here(device, speed) : measure_apart(device, speed);
        if (status == OCK_OK)
            keep(cache, speed);
        else
            *speed = (ock_device_speed){.cold_seconds = 0};
    }
    ock_cache_close(cache);
    return status;
}
