/* The file is the key on a line, a line `NAME VALUE` for each figure, and `sum` with a digest of
 * all that: damage of any kind reads as no figures at all, which only costs time. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cache.h"

enum {
    FOLDER_SIZE = 4096,
    TEXT_SIZE = 1 << 16,
    NAME_SIZE = 17,
    SUM_SIZE = 22
};

struct ock_cache {
    char folder[FOLDER_SIZE];
    char name[NAME_SIZE];
    size_t key, length;
    const char *event; /* what became of the file last; NULL: told */
    int error;         /* and why, as errno has it; or 0 */
    char news[FOLDER_SIZE + 128];
    char text[TEXT_SIZE]; /* key and figures, without the sum */
};

uint64_t ock_cache_digest(const char *text, size_t length)
{
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3;
    return sum;
}

static void write_sum(const char *text, size_t length, char sum[SUM_SIZE])
{
    snprintf(sum, SUM_SIZE, "sum %016" PRIx64 "\n", ock_cache_digest(text, length));
}

/* ---- News ---- */

static void note(ock_cache *cache, const char *event, int error)
{
    cache->event = event;
    cache->error = error;
}

const char *ock_cache_news(ock_cache *cache)
{
    if (!cache || !cache->event)
        return NULL;
    snprintf(cache->news, sizeof cache->news, "measurements in %s/%s: %s%s%s", cache->folder,
             cache->name, cache->event, cache->error ? ": " : "",
             cache->error ? strerror(cache->error) : "");
    cache->event = NULL;
    return cache->news;
}

/* ---- The folder ---- */

/* A relative XDG_CACHE_HOME is to be ignored, says the XDG base directory specification. */
static bool find_folder(char folder[FOLDER_SIZE])
{
    const char *own = getenv("OCKHAM_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (own && *own)
        length = strcmp(own, "off") == 0 ? -1 : snprintf(folder, FOLDER_SIZE, "%s", own);
    else if (xdg && *xdg == '/')
        length = snprintf(folder, FOLDER_SIZE, "%s/ockham", xdg);
    else if (home && *home == '/')
        length = snprintf(folder, FOLDER_SIZE, "%s/.cache/ockham", home);
    return length > 0 && length < FOLDER_SIZE;
}

static void make_folder(char *folder)
{
    char *last = strrchr(folder, '/');
    if (last && last > folder) {
        *last = '\0';
        mkdir(folder, 0700);
        *last = '/';
    }
    mkdir(folder, 0700);
}

/* Nobody else may have a say in what a program takes for measured. */
static bool is_own(int file, mode_t type)
{
    struct stat status;
    return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == type &&
           status.st_uid == geteuid();
}

/* Opens what is this user's own, or returns -1. */
static int open_own(int folder, const char *name, int flags, mode_t type)
{
    int file = openat(folder, name, flags | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || is_own(file, type))
        return file;
    close(file);
    errno = EPERM;
    return -1;
}

static int open_folder(const ock_cache *cache)
{
    return open_own(AT_FDCWD, cache->folder, O_DIRECTORY | O_NOFOLLOW, S_IFDIR);
}

/* ---- Reading ---- */

static size_t read_all(int file, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;
    while (length < size && (got = read(file, text + length, size - length)) > 0)
        length += (size_t)got;
    return length;
}

/* Takes the sum off, and says whether it fits what is left: the key, and whole lines of text. */
static bool is_sound(ock_cache *read, const ock_cache *cache)
{
    char sum[SUM_SIZE], *text = read->text;
    if (read->length < cache->key + SUM_SIZE - 1 || read->length == TEXT_SIZE)
        return false;
    read->length -= SUM_SIZE - 1;
    write_sum(text, read->length, sum);
    if (memcmp(text + read->length, sum, SUM_SIZE - 1) != 0)
        return false;
    text[read->length] = '\0';
    return strlen(text) == read->length && text[read->length - 1] == '\n' &&
           memcmp(text, cache->text, cache->key) == 0;
}

static void load(ock_cache *cache)
{
    ock_cache *read = calloc(1, sizeof *read);
    errno = 0;
    int folder = open_folder(cache);
    int file = folder < 0 ? -1 : open_own(folder, cache->name, O_NOFOLLOW, S_IFREG);
    note(cache, errno == ENOENT ? "nothing was measured before" : "cannot be read", errno);
    if (read && file >= 0) {
        read->length = read_all(file, read->text, TEXT_SIZE);
        note(cache, "is not in order, and ignored", 0);
        if (is_sound(read, cache)) {
            note(cache, "read", 0);
            cache->length = read->length;
            memcpy(cache->text, read->text, read->length);
        }
    }
    if (file >= 0)
        close(file);
    if (folder >= 0)
        close(folder);
    free(read);
}

ock_cache *ock_cache_open(const char *key)
{
    ock_cache *cache = calloc(1, sizeof *cache);
    size_t length = strlen(key);
    if (!cache || !find_folder(cache->folder) || length + SUM_SIZE >= TEXT_SIZE) {
        free(cache);
        return NULL;
    }
    snprintf(cache->name, NAME_SIZE, "%016" PRIx64, ock_cache_digest(key, length));
    memcpy(cache->text, key, length);
    cache->text[length] = '\n';
    cache->length = cache->key = length + 1;
    load(cache);
    return cache;
}

void ock_cache_close(ock_cache *cache)
{
    free(cache);
}

/* ---- Writing ---- */

/* A file beyond the process's limit would raise SIGXFSZ. */
static bool may_grow_to(size_t bytes)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= bytes;
}

static bool write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* By another name first, so that the file is whole at any time; of two writers the last wins. */
static bool replace(const ock_cache *cache, int folder)
{
    char name[64], sum[SUM_SIZE];
    struct timespec now;
    bool replaced = false;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, sizeof name, "%s.%ld.%ld", cache->name, (long)getpid(), now.tv_nsec);
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file >= 0) {
        write_sum(cache->text, cache->length, sum);
        bool written =
            write_all(file, cache->text, cache->length) && write_all(file, sum, SUM_SIZE - 1);
        replaced = close(file) == 0 && written && renameat(folder, name, folder, cache->name) == 0;
        if (!replaced)
            unlinkat(folder, name, 0);
    }
    return replaced;
}

static void save(ock_cache *cache)
{
    int folder = -1;
    bool saved = false;
    errno = EFBIG;
    if (may_grow_to(cache->length + SUM_SIZE)) {
        errno = 0;
        make_folder(cache->folder);
        folder = open_folder(cache);
        saved = folder >= 0 && replace(cache, folder);
    }
    note(cache, saved ? "written" : "cannot be written", saved ? 0 : errno);
    if (folder >= 0)
        close(folder);
}

/* ---- Figures ---- */

/* Where the line of a name begins, or 0. */
static size_t find(const ock_cache *cache, const char *name)
{
    size_t length = strlen(name);
    const char *text = cache->text;
    for (size_t at = cache->key; at < cache->length; at += strcspn(text + at, "\n") + 1)
        if (strncmp(text + at, name, length) == 0 && text[at + length] == ' ')
            return at;
    return 0;
}

bool ock_cache_get(const ock_cache *cache, const char *name, char *value, size_t size)
{
    size_t at = cache ? find(cache, name) : 0;
    if (at == 0)
        return false;
    const char *found = cache->text + at + strlen(name) + 1;
    size_t length = strcspn(found, "\n");
    if (length >= size)
        return false;
    memcpy(value, found, length);
    value[length] = '\0';
    return true;
}

/* Also where a file has the name twice. */
static void forget(ock_cache *cache, const char *name)
{
    for (size_t at; (at = find(cache, name)) > 0;) {
        size_t next = at + strcspn(cache->text + at, "\n") + 1;
        memmove(cache->text + at, cache->text + next, cache->length - next + 1);
        cache->length -= next - at;
    }
}

void ock_cache_put(ock_cache *cache, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + sizeof " \n";
    if (!cache || strpbrk(name, " \n") || strchr(value, '\n'))
        return;
    forget(cache, name);
    if (size + SUM_SIZE < TEXT_SIZE - cache->length) {
        snprintf(cache->text + cache->length, size, "%s %s\n", name, value);
        cache->length += size - 1;
    }
    save(cache);
}
