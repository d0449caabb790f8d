#define _XOPEN_SOURCE 700 /* realpath() */

#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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

static bool replace_file(const char *path, const char *text, size_t size)
{
    size_t room = strlen(path) + 32;
    char *temporary = malloc(room);
    if (!temporary)
        return false;
    snprintf(temporary, room, "%s.%ld.tmp", path, (long)getpid());
    unlink(temporary); /* a killed process of the same number left it */
    int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    bool written = file >= 0 && write_all(file, text, size) && fsync(file) == 0;
    if (file >= 0)
        written = close(file) == 0 && written;
    written = written && rename(temporary, path) == 0;
    if (file >= 0 && !written) {
        int reason = errno;
        unlink(temporary);
        errno = reason;
    }
    free(temporary);
    return written;
}

bool cli_write_file(const char *path, const char *text)
{
    return cli_write_bytes(path, text, strlen(text));
}

bool cli_write_bytes(const char *path, const void *bytes, size_t size)
{
    struct stat about;
    if (strcmp(path, "-") == 0)
        return fflush(stdout) == 0 && write_all(STDOUT_FILENO, bytes, size);
    if (stat(path, &about) != 0)
        return replace_file(path, bytes, size);
    if (!S_ISREG(about.st_mode))
        return write_in_place(path, bytes, size);
    char *target = realpath(path, NULL); /* a link stays a link */
    bool written = target && replace_file(target, bytes, size);
    free(target);
    return written;
}

bool cli_can_write(const char *path)
{
    struct stat about;
    if (strcmp(path, "-") == 0)
        return true;
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        return false;
    }
    char *copy = strdup(path);
    const char *folder = copy ? dirname(copy) : NULL;
    bool can = folder && access(folder, W_OK) == 0 && stat(folder, &about) == 0;
    if (can && !S_ISDIR(about.st_mode)) {
        errno = ENOTDIR;
        can = false;
    }
    free(copy);
    return can;
}
