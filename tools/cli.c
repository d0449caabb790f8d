#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_read_whole(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)*text)) /* strtoull() takes signs and spaces */
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*end || errno || number < low || number > high)
        return false;
    *value = number;
    return true;
}

bool cli_read_real(const char *text, double low, double high, double *value)
{
    char *end;
    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    double number = strtod(text, &end);
    if (*end || !isfinite(number) || number < low || number > high)
        return false;
    *value = number;
    return true;
}

bool cli_read_list(const char *text, bool (*read)(char *item, void *data), void *data)
{
    for (;; text++) {
        char item[64];
        size_t length = strcspn(text, ",");
        if (length >= sizeof item)
            return false;
        memcpy(item, text, length);
        item[length] = '\0';
        if (!read(item, data))
            return false;
        text += length;
        if (!*text)
            return true;
    }
}

int cli_compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static bool write_all(int file, const char *text, size_t left)
{
    while (left > 0) {
        ssize_t written = write(file, text, left);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            left -= (size_t)written;
        }
    }
    return true;
}

static bool write_in_place(const char *path, const char *text, size_t size)
{
    int file = open(path, O_WRONLY);
    if (file < 0)
        return false;
    bool written = write_all(file, text, size);
    return close(file) == 0 && written;
}

/* What a link leads to, so that a link stays one. The caller's; NULL, with errno set. */
static char *target_of(const char *path)
{
    char *target = realpath(path, NULL);
    return target || errno != ENOENT ? target : strdup(path);
}

static bool keep_permissions(const char *target, int file)
{
    struct stat old;
    return stat(target, &old) != 0 || fchmod(file, old.st_mode & 0777) == 0;
}

/* Text NULL: tries only, and replaces nothing. */
static bool fill_and_rename(const char *temporary, const char *target, const char *text,
                            size_t size)
{
    unlink(temporary); /* a killed process of the same number left it */
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return false;
    bool written = keep_permissions(target, file) &&
                   (!text || (write_all(file, text, size) && fsync(file) == 0));
    written = close(file) == 0 && written;
    bool renamed = written && text && rename(temporary, target) == 0;
    int reason = errno;
    if (!renamed)
        unlink(temporary);
    errno = reason;
    return text ? renamed : written;
}

static bool replace_file(const char *path, const char *text, size_t size)
{
    char *target = target_of(path);
    size_t room = target ? strlen(target) + 32 : 0;
    char *temporary = room ? malloc(room) : NULL;
    if (temporary)
        snprintf(temporary, room, "%s.%ld.tmp", target, (long)getpid());
    bool replaced = temporary && fill_and_rename(temporary, target, text, size);
    free(temporary);
    free(target);
    return replaced;
}

/* The mode of what is there and is no regular file; 0: there is none. */
static mode_t special_mode(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) ? about.st_mode : 0;
}

bool cli_write_file(const char *path, const char *text)
{
    return cli_write_bytes(path, text, strlen(text));
}

bool cli_write_bytes(const char *path, const void *bytes, size_t size)
{
    if (strcmp(path, "-") == 0)
        return fflush(stdout) == 0 && write_all(STDOUT_FILENO, bytes, size);
    return special_mode(path) ? write_in_place(path, bytes, size) : replace_file(path, bytes, size);
}

bool cli_can_write(const char *path)
{
    mode_t special = special_mode(path);
    if (strcmp(path, "-") == 0)
        return true;
    if (S_ISDIR(special))
        errno = EISDIR;
    return special ? !S_ISDIR(special) && access(path, W_OK) == 0 : replace_file(path, NULL, 0);
}
