#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "run.h"

enum {
    BAR_MAX = 40,
    BAR_MIN = 6,
    LONGEST = 359999 /* seconds */
};

static const double QUIET_SECONDS = 2, REDRAW_SECONDS = 0.1;

void progress_begin(struct progress *progress, const char *unit)
{
    *progress = (struct progress){.unit = unit, .start = run_now(), .from = NAN};
    progress->redraw = progress->start + QUIET_SECONDS;
}

static void write_rate(double rate, const char *unit, char text[48])
{
    if (rate >= 10)
        snprintf(text, 48, "%.0f %.30s/s", rate, unit);
    else if (rate >= 1)
        snprintf(text, 48, "%.1f %.30s/s", rate, unit);
    else
        snprintf(text, 48, "%.1f %.30s/min", 60 * rate, unit);
}

static void write_time(double seconds, char text[16])
{
    int whole = seconds < LONGEST ? (int)seconds : LONGEST;
    if (whole >= 3600)
        snprintf(text, 16, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, 16, "%d:%02d", whole / 60, whole % 60);
}

/* A line that wraps could not be redrawn in its place. */
static void redraw(int columns, const char *line)
{
    fprintf(stderr, "\r\033[K%.*s", columns - 1, line);
    fflush(stderr);
}

/* As long a bar as there is room for, or none. */
static void write_bar(double share, int room, char text[BAR_MAX + 4])
{
    int length = room - 3 > BAR_MAX ? BAR_MAX : room - 3, done = (int)(share * length);
    *text = '\0';
    if (length < BAR_MIN)
        return;
    snprintf(text, BAR_MAX + 4, " [%*s]", length, "");
    memset(text + 2, '.', (size_t)length);
    memset(text + 2, '=', (size_t)done);
}

void progress_show(struct progress *progress, const char *name, double done, double total)
{
    double now = run_now(), share = fmin(fmax(done / total, 0), 1);
    if (isnan(progress->from))
        progress->from = done;
    if (now < progress->redraw || done <= progress->from)
        return;
    progress->redraw = now + REDRAW_SECONDS;
    int columns = run_columns(stderr); /* which may have changed */
    if (!columns)
        return;
    char rate[48], left[16], figures[96], bar[BAR_MAX + 4];
    double pace = (done - progress->from) / (now - progress->start);
    write_rate(pace, progress->unit, rate);
    write_time((total - done) / pace, left);
    snprintf(figures, sizeof figures, " %3d%%  %s  %s left", (int)(100 * share), rate, left);
    write_bar(share, columns - 1 - (int)strlen(name) - (int)strlen(figures), bar);
    char line[256];
    snprintf(line, sizeof line, "%s%s%s", name, bar, figures);
    redraw(columns, line);
    progress->shown = true;
}

void progress_erase(struct progress *progress)
{
    if (progress->shown)
        redraw(1, "");
    progress->shown = false;
}

/* ---- Without a known end ---- */

static void show_elapsed(struct waiting *waiting)
{
    int columns = run_columns(stderr);
    if (!columns)
        return;
    char elapsed[16], line[256];
    write_time(run_now() - waiting->start, elapsed);
    snprintf(line, sizeof line, "%.160s  %s%s", waiting->what, elapsed,
             run_interrupted() ? "  (Ctrl-C again ends at once)" : "");
    redraw(columns, line);
    waiting->shown = true;
}

static void *watch(void *user)
{
    struct waiting *waiting = user;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)QUIET_SECONDS;
    pthread_mutex_lock(&waiting->lock);
    while (!waiting->ended)
        if (pthread_cond_timedwait(&waiting->end, &waiting->lock, &until) == ETIMEDOUT) {
            show_elapsed(waiting);
            until.tv_sec++;
        }
    pthread_mutex_unlock(&waiting->lock);
    return NULL;
}

void waiting_begin(struct waiting *waiting, const char *what)
{
    *waiting = (struct waiting){.what = what, .start = run_now()};
    pthread_mutex_init(&waiting->lock, NULL);
    pthread_cond_init(&waiting->end, NULL);
    waiting->watched =
        run_columns(stderr) && pthread_create(&waiting->watch, NULL, watch, waiting) == 0;
}

void waiting_end(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting->lock);
    waiting->ended = true;
    pthread_cond_signal(&waiting->end);
    pthread_mutex_unlock(&waiting->lock);
    if (waiting->watched)
        pthread_join(waiting->watch, NULL);
    if (waiting->shown)
        redraw(1, "");
    pthread_cond_destroy(&waiting->end);
    pthread_mutex_destroy(&waiting->lock);
}
