#include "folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

bool folder_make(const char *name, char path[FOLDER_SIZE])
{
    const char *parent = getenv("TMPDIR");
    int length =
        snprintf(path, FOLDER_SIZE, "%s/%s-XXXXXX", parent && *parent ? parent : "/tmp", name);
    errno = ENAMETOOLONG;
    return length < FOLDER_SIZE && mkdtemp(path);
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    return remove(path);
}

bool folder_remove(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}
