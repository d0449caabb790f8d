#include "progress.h"

#include "run.h"

static const double REDRAW_SECONDS = 0.1;

void progress_begin(struct progress *progress, size_t total)
{
    *progress = (struct progress){.total = total, .start = run_now()};
    progress->columns = total > 0 ? run_columns(stderr) : 0;
}

void progress_tick(struct progress *progress, const char *name)
{
    double now = run_now();
    progress->done++;
    if (!progress->columns || now < progress->redraw)
        return;
    progress->redraw = now + REDRAW_SECONDS;
    char line[128];
    double left = (now - progress->start) / (double)progress->done *
                  (double)(progress->total - progress->done);
    int seconds = left < 359999 ? (int)left : 359999;
    snprintf(line, sizeof line, "%zu/%zu  %d:%02d left  %s", progress->done, progress->total,
             seconds / 60, seconds % 60, name);
    /* a line that wraps could not be redrawn in its place */
    fprintf(stderr, "\r\033[K%.*s", progress->columns - 1, line);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->columns)
        fputs("\r\033[K", stderr);
}
