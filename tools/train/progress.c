#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "run.h"

enum {
    BAR = 24
};

static const double REDRAW_SECONDS = 0.1;

void progress_begin(struct progress *progress, FILE *stream, const char *row, uint32_t epochs)
{
    *progress = (struct progress){.stream = stream, .row = row, .epochs = epochs};
    progress->columns = run_columns(stream);
    progress->start = run_now();
}

static void erase(const struct progress *progress)
{
    if (progress->columns)
        fputs("\r\033[K", progress->stream);
}

void progress_end(struct progress *progress)
{
    erase(progress);
    fflush(progress->stream);
}

void progress_step(struct progress *progress, uint32_t epoch, uint64_t step, uint64_t steps)
{
    double now = run_now();
    if (!progress->columns || now < progress->redraw)
        return;
    progress->redraw = now + REDRAW_SECONDS;
    char line[160], bar[BAR + 1];
    double rate = (double)step / fmax(now - progress->start, 1e-9);
    int left = (int)fmin((double)(steps - step) / rate, 359999);
    size_t done = (size_t)(step * BAR / steps);
    memset(bar, '.', BAR);
    memset(bar, '=', done);
    bar[BAR] = '\0';
    snprintf(line, sizeof line,
             "%-10s %3" PRIu32 "/%" PRIu32 " [%s] %3d%% %5.0f steps/s %d:%02d left", progress->row,
             epoch, progress->epochs, bar, (int)(step * 100 / steps), rate, left / 60, left % 60);
    erase(progress);
    /* a line that wraps could not be redrawn in its place */
    fprintf(progress->stream, "%.*s", progress->columns - 1, line);
    fflush(progress->stream);
}

void progress_epoch(struct progress *progress, const ock_epoch *epoch)
{
    erase(progress);
    fprintf(progress->stream, "%-10s %3" PRIu32 "/%" PRIu32 "  loss %.4f acc %.4f", progress->row,
            epoch->epoch, progress->epochs, epoch->loss, epoch->accuracy);
    if (isfinite(epoch->val_loss))
        fprintf(progress->stream, "  val loss %.4f acc %.4f", epoch->val_loss, epoch->val_accuracy);
    fprintf(progress->stream, "  %.1f s\n", epoch->seconds);
    fflush(progress->stream);
    progress->start = run_now();
}

void progress_failover(struct progress *progress, const ock_failover *failover)
{
    erase(progress);
    fprintf(progress->stream,
            "%-10s %s (%s) failed: %s; going on after epoch %" PRIu32 " on %s (%s)\n",
            progress->row, failover->from.id, failover->from.name, failover->why, failover->epochs,
            failover->to.id, failover->to.name);
    fflush(progress->stream);
    progress->start = run_now();
}
