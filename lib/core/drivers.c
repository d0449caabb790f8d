/* The drivers that are installed, and what is known of them. All of it can be told without loading
 * one; what is known is kept as long as nothing of it changes. */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ockham/version.h>

#include "core/cache.h"
#include "core/drivers.h"

enum {
    PATH_SIZE = 4096,
    VALUE_SIZE = sizeof(ock_driver)
};

extern char **environ;

static const char usual_folder[] = "/etc/OpenCL/vendors";

/* ---- What is installed ---- */

static bool is_driver_file(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".icd") == 0;
}

static int select_driver_file(const struct dirent *entry)
{
    return is_driver_file(entry->d_name);
}

static bool is_one_line(const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return false;
    return true;
}

static void add_driver(ock_drivers *files, const char *path, const char *library)
{
    ock_driver *driver = &files->list[files->count];
    if (files->count == OCK_DRIVERS_MAX || !*library || strlen(path) >= sizeof driver->name ||
        strlen(library) >= sizeof driver->library || !is_one_line(path) || !is_one_line(library))
        return;
    snprintf(driver->name, sizeof driver->name, "%s", path);
    snprintf(driver->library, sizeof driver->library, "%s", library);
    files->count++;
}

/* The library's name is the file's first line. */
static void read_driver_file(ock_drivers *files, const char *path)
{
    char line[PATH_SIZE];
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        add_driver(files, path, line);
    }
    fclose(file);
}

static const char *vendors(void)
{
    const char *path = getenv("OCL_ICD_VENDORS");
    if (!path || !*path)
        path = getenv("OPENCL_VENDOR_PATH");
    return path && *path ? path : usual_folder;
}

static void list_folder(ock_drivers *files, const char *folder)
{
    struct dirent **entries;
    char path[PATH_SIZE];
    int count = scandir(folder, &entries, select_driver_file, alphasort);
    for (int i = 0; i < count; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path)
            read_driver_file(files, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* As the loader takes it: a folder, one driver's file, there or in the usual folder, or a library.
 */
void ock_drivers_installed(ock_drivers *files)
{
    const char *path = vendors();
    char usual[PATH_SIZE];
    struct stat status;
    if (is_driver_file(path) && !strchr(path, '/') &&
        snprintf(usual, sizeof usual, "%s/%s", usual_folder, path) < (int)sizeof usual)
        path = usual;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        list_folder(files, path);
    else if (is_driver_file(path))
        read_driver_file(files, path);
    else
        add_driver(files, path, path);
}

/* ---- Of what knowledge depends ---- */

static void add_text(uint64_t *sum, const char *text)
{
    *sum = (*sum ^ ock_cache_digest(text, strlen(text))) * 0x100000001b3;
}

static void add_file(uint64_t *sum, const char *path)
{
    char text[PATH_SIZE + 80];
    struct stat s;
    if (stat(path, &s) != 0)
        s = (struct stat){0};
    snprintf(text, sizeof text, "%s %jd %jd %ld %ju", path, (intmax_t)s.st_size,
             (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (uintmax_t)s.st_ino);
    add_text(sum, text);
}

static void add_environment(uint64_t *sum)
{
    static const char *const prefixes[] = {"OCL_",          "OPENCL_",
                                           "OCLGRIND_",     "POCL_",
                                           "RUSTICL_",      "MESA_",
                                           "CUDA_",         "ROCR_",
                                           "HIP_",          "HSA_",
                                           "ZE_",           "LD_",
                                           "OCKHAM_TILES=", "OCKHAM_PROBE_SECONDS="};
    for (char **variable = environ; variable && *variable; variable++)
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            if (strncmp(*variable, prefixes[i], strlen(prefixes[i])) == 0)
                add_text(sum, *variable);
}

/* Names without a folder are found by way of ld.so.cache, which each installation renews. */
static ock_cache *open_cache(const ock_drivers *files)
{
    uint64_t sum = 0;
    char key[80];
    add_environment(&sum);
    add_file(&sum, "/etc/ld.so.cache");
    for (size_t i = 0; i < files->count; i++) {
        add_file(&sum, files->list[i].name);
        add_file(&sum, files->list[i].library);
    }
#if OCK_OPENCL
    add_text(&sum, opencl_kernels);
#endif
    snprintf(key, sizeof key, "ockham %s, drivers %016" PRIx64, ock_version(), sum);
    return ock_cache_open(key);
}

/* ---- What is known ---- */

static void keep(ock_cache *cache, const ock_drivers *drivers)
{
    char name[32], value[VALUE_SIZE];
    for (size_t i = 0; i < drivers->count; i++) {
        const ock_driver *driver = &drivers->list[i];
        snprintf(name, sizeof name, "driver%zu", i);
        snprintf(value, sizeof value, "%s\t%s\t%s", driver->name, driver->library, driver->reason);
        ock_cache_put(cache, name, value);
    }
    snprintf(value, sizeof value, "%zu %s", drivers->count,
             drivers->past_loader ? "past the loader" : "by the loader");
    ock_cache_put(cache, "drivers", value);
}

/* Cuts the first field off, which has this end. */
static bool take_field(const char **rest, char end, char *field, size_t size)
{
    size_t length = strcspn(*rest, "\t");
    if (length >= size || (*rest)[length] != end)
        return false;
    memcpy(field, *rest, length);
    field[length] = '\0';
    *rest += length + (end != '\0');
    return true;
}

static bool recall_driver(const ock_cache *cache, size_t position, ock_driver *driver)
{
    char name[32], value[VALUE_SIZE];
    const char *rest = value;
    snprintf(name, sizeof name, "driver%zu", position);
    return ock_cache_get(cache, name, value, sizeof value) &&
           take_field(&rest, '\t', driver->name, sizeof driver->name) &&
           take_field(&rest, '\t', driver->library, sizeof driver->library) &&
           take_field(&rest, '\0', driver->reason, sizeof driver->reason);
}

/* What a file tells is called only where it is the loader's, or one that is there to be loaded. */
static bool may_be_called(const ock_drivers *files, bool past_loader, const ock_driver *driver)
{
    if (*driver->reason) /* it is not called */
        return true;
    if (!past_loader)
        return !*driver->library;
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->list[i].library, driver->library) == 0)
            return true;
    return false;
}

static bool recall(const ock_cache *cache, const ock_drivers *files, ock_drivers *drivers)
{
    char value[32], *way;
    if (!ock_cache_get(cache, "drivers", value, sizeof value))
        return false;
    drivers->count = strtoul(value, &way, 10);
    drivers->past_loader = strcmp(way, " past the loader") == 0;
    if (drivers->count > OCK_DRIVERS_MAX ||
        (!drivers->past_loader && strcmp(way, " by the loader") != 0))
        return false;
    for (size_t i = 0; i < drivers->count; i++)
        if (!recall_driver(cache, i, &drivers->list[i]) ||
            !may_be_called(files, drivers->past_loader, &drivers->list[i]))
            return false;
    return true;
}

/* ---- Trying ---- */

static bool try_drivers(ock_probe_kind kind, ock_drivers *files, ock_drivers *drivers)
{
    ock_drivers_installed(files);
    ock_cache *cache = open_cache(files);
    bool known = kind == OCK_PROBE_UNKNOWN && recall(cache, files, drivers);
    if (!known && (known = ock_probe_run(kind == OCK_PROBE_WHOLE, files, drivers)))
        keep(cache, drivers);
    ock_cache_close(cache);
    return known;
}

static bool is_forbidden(void)
{
    const char *probe = getenv("OCKHAM_PROBE");
    return probe && (strcmp(probe, "off") == 0 || strcmp(probe, "0") == 0);
}

ock_status ock_drivers_try(ock_probe_kind kind, ock_drivers **drivers)
{
    *drivers = NULL;
    if (is_forbidden())
        return OCK_UNSUPPORTED;
    if (!OCK_OPENCL)
        return OCK_OK;
    ock_drivers *files = calloc(1, sizeof *files), *found = calloc(1, sizeof *found);
    ock_status status = OCK_OUT_OF_MEMORY;
    if (files && found)
        status = try_drivers(kind, files, found) ? OCK_OK : OCK_UNSUPPORTED;
    if (status == OCK_OK)
        *drivers = found;
    else
        free(found);
    free(files);
    return status;
}
