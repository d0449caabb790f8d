#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

const char *plot_terminal(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending && strcmp(ending, ".svg") == 0   ? "svg"
           : ending && strcmp(ending, ".png") == 0 ? "pngcairo"
                                                   : NULL;
}

bool plot_available(void)
{
    const char *const arguments[] = {"gnuplot", "--version", NULL};
    int null = open("/dev/null", O_RDWR);
    bool found = null >= 0 && process_run(arguments, null, null) == 0;
    if (null >= 0)
        close(null);
    return found;
}

static bool draw(FILE *script, int picture)
{
    const char *const arguments[] = {"gnuplot", NULL};
    bool written = fflush(script) == 0 && fseek(script, 0, SEEK_SET) == 0;
    int exit_status = written ? process_run(arguments, fileno(script), picture) : -1;
    if (exit_status > 0)
        errno = EIO; /* gnuplot has said more */
    return exit_status == 0;
}

/* To a file beside it that then takes its name. */
static bool replace(FILE *script, const char *path, const char *temporary)
{
    int picture = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (picture < 0)
        return false;
    bool written = draw(script, picture);
    written = close(picture) == 0 && written && rename(temporary, path) == 0;
    int reason = errno;
    if (!written)
        unlink(temporary);
    errno = reason;
    return written;
}

bool plot_draw(const char *program, const char *path, plot_printer print, const void *user)
{
    size_t size = strlen(path) + 32;
    char *temporary = malloc(size);
    FILE *script = temporary ? tmpfile() : NULL;
    if (script) {
        snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
        print(script, plot_terminal(path), user);
    }
    bool written = script && replace(script, path, temporary);
    if (!written)
        fprintf(stderr, "%s: %s: %s; an older file is as it was\n", program, path, strerror(errno));
    if (script)
        fclose(script);
    free(temporary);
    return written;
}
