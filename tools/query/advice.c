/* What a person can do about OpenCL devices that are not there. */
#include <dirent.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query.h"

static void add(struct advice *advice, const char *format, ...) OCK_PRINTF(2, 3);

static void add(struct advice *advice, const char *format, ...)
{
    va_list values;
    if (advice->count == sizeof advice->lines / sizeof *advice->lines)
        return;
    va_start(values, format);
    vsnprintf(advice->lines[advice->count++], sizeof *advice->lines, format, values);
    va_end(values);
}

/* ---- The distribution ---- */

enum gpu {
    INTEL,
    AMD,
    NVIDIA,
    GPUS
};

static const struct distribution {
    const char *id; /* of /etc/os-release */
    const char *install, *cpu;
    const char *gpu[GPUS]; /* NULL: from its maker */
} distributions[] = {
    {"ubuntu", "apt install", "pocl-opencl-icd", {"intel-opencl-icd", "mesa-opencl-icd", NULL}},
    {"debian",
     "apt install",
     "pocl-opencl-icd",
     {"intel-opencl-icd", "mesa-opencl-icd", "nvidia-opencl-icd"}},
    {"fedora", "dnf install", "pocl", {NULL, "rocm-opencl", NULL}},
    {"arch",
     "pacman -S",
     "pocl",
     {"intel-compute-runtime", "rocm-opencl-runtime", "opencl-nvidia"}},
    {"suse", "zypper install", "pocl", {NULL, NULL, NULL}},
    {"gentoo",
     "emerge",
     "dev-libs/pocl",
     {"dev-libs/intel-compute-runtime", "dev-libs/rocm-opencl-runtime",
      "x11-drivers/nvidia-drivers"}},
};

/* The distribution, or one that it is like; which come in this order. */
static const struct distribution *find_distribution(void)
{
    char line[256];
    const struct distribution *found = NULL;
    FILE *file = fopen("/etc/os-release", "re");
    while (file && fgets(line, sizeof line, file)) {
        bool own = strncmp(line, "ID=", 3) == 0;
        if (!own && strncmp(line, "ID_LIKE=", 8) != 0)
            continue;
        for (size_t i = 0; i < sizeof distributions / sizeof *distributions; i++)
            if (strstr(line, distributions[i].id) && (own || !found))
                found = &distributions[i];
    }
    if (file)
        fclose(file);
    return found;
}

/* ---- The hardware ---- */

static const struct {
    const char *id, *name; /* of PCI's vendors */
} makers[GPUS] = {
    [INTEL] = {"0x8086", "Intel"}, [AMD] = {"0x1002", "AMD"}, [NVIDIA] = {"0x10de", "NVIDIA"}};

static void note_maker(const char *card, bool present[GPUS])
{
    char path[300], id[16] = "";
    snprintf(path, sizeof path, "/sys/class/drm/%.200s/device/vendor", card);
    FILE *file = fopen(path, "re");
    if (file && fgets(id, sizeof id, file))
        for (int i = 0; i < GPUS; i++)
            present[i] = present[i] || strncmp(id, makers[i].id, strlen(makers[i].id)) == 0;
    if (file)
        fclose(file);
}

static void find_gpus(bool present[GPUS])
{
    DIR *folder = opendir("/sys/class/drm");
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strncmp(entry->d_name, "card", 4) == 0 && !strchr(entry->d_name, '-'))
            note_maker(entry->d_name, present);
    if (folder)
        closedir(folder);
}

static void advise_packages(struct advice *advice)
{
    const struct distribution *distribution = find_distribution();
    bool present[GPUS] = {false};
    find_gpus(present);
    if (distribution)
        add(advice, "for the CPU: %s %s", distribution->install, distribution->cpu);
    else
        add(advice, "for the CPU: install PoCL, http://portablecl.org");
    for (int i = 0; i < GPUS; i++)
        if (present[i] && distribution && distribution->gpu[i])
            add(advice, "for the %s GPU: %s %s", makers[i].name, distribution->install,
                distribution->gpu[i]);
        else if (present[i])
            add(advice, "for the %s GPU: install %s's driver, with its OpenCL", makers[i].name,
                makers[i].name);
}

/* ---- Permissions ---- */

static void advise_node(struct advice *advice, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || access(path, R_OK | W_OK) == 0)
        return;
    const struct group *group = getgrgid(status.st_gid);
    add(advice, "%s may not be used by you: usermod -aG %s \"$USER\", then log in again", path,
        group ? group->gr_name : "render");
}

static int is_render_node(const struct dirent *entry)
{
    return strncmp(entry->d_name, "renderD", 7) == 0;
}

/* Where GPU drivers find no device that they may use. */
static void advise_nodes(struct advice *advice)
{
    struct dirent **entries;
    char path[300];
    int count = scandir("/dev/dri", &entries, is_render_node, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/dev/dri/%s", entries[i]->d_name);
        advise_node(advice, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    advise_node(advice, "/dev/kfd"); /* AMD's */
}

struct advice advice_for(const ock_device *skipped)
{
    struct advice advice = {.count = 0};
    if (skipped->status != OCK_DEVICE_NOT_FOUND)
        return advice;
    if (skipped->platform < 0)
        advise_packages(&advice);
    advise_nodes(&advice);
    return advice;
}
