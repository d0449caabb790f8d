#include "files.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

folder folder_open(void)
{
    folder made;
    const char *temporary = getenv("TMPDIR");
    snprintf(made.name, sizeof made.name, "%.40s/ockham-XXXXXX", temporary ? temporary : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(made.name));
    snprintf(made.path, sizeof made.path, "%s/net", made.name);
    return made;
}

void folder_close(const folder *f)
{
    remove(f->path);
    ck_assert_msg(!rmdir(f->name), "%s is not empty", f->name);
}

char *read_file(const char *path, size_t *size)
{
    struct stat about;
    FILE *in = fopen(path, "rb");
    ck_assert(in && !fstat(fileno(in), &about));
    *size = (size_t)about.st_size;
    char *bytes = calloc(*size + 1024, 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *size, in), *size);
    fclose(in);
    return bytes;
}

void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    ck_assert_int_eq(fclose(out), 0);
}
