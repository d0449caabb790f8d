/* Drivers are tried in a child, which says what it is about to do: so a crash or a hang is laid at
 * the right door. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/drivers.h"
#include "core/helper.h"

/* How far a child has come: the last line it wrote. */
typedef enum stage {
    STARTING,
    LOADING,
    LISTING,
    BUILDING,
    TESTING,
    DONE
} stage;

static const struct {
    const char *line; /* begins with it; "": none */
    double seconds;   /* until the next line */
    const char *when;
} stages[] = {
    [STARTING] = {"", 10, ""},
    [LOADING] = {"", 10, "when it was loaded"},
    [LISTING] = {"list ", 10, "when its devices were listed"},
    [BUILDING] = {"build", 60, "when it built the kernels"},
    [TESTING] = {"test", 60, "in its self-test"},
    [DONE] = {"done", 1, ""},
};

typedef struct child {
    const char *library;
    ock_drivers *lost; /* files whose library cannot be loaded */
    ock_helper helper;
    stage stage;
    bool late, listed; /* listed: it has named a platform */
} child;

static bool start(child *c, bool all, size_t first)
{
    static char every[] = "all", step[] = "step";
    char position[24], library[sizeof((ock_driver *)0)->library];
    snprintf(position, sizeof position, "%zu", first);
    snprintf(library, sizeof library, "%s", c->library);
    char *arguments[] = {NULL, all ? every : step, position, library, NULL};
    return ock_helper_start(arguments, &c->helper);
}

/* ---- Following ---- */

static double limit_of(stage at)
{
    return ock_helper_limit(stages[at].seconds);
}

static stage stage_of(const child *c, const char *line)
{
    if (c->stage == STARTING)
        return ock_helper_greets(line) ? LOADING : STARTING;
    for (stage s = LISTING; s <= DONE; s++)
        if (strncmp(line, stages[s].line, strlen(stages[s].line)) == 0)
            return s;
    return c->stage;
}

/* "lost FILE<tab>LIBRARY<tab>REASON"; a child that runs again says it again. */
static void note_lost(ock_drivers *lost, const char *line)
{
    ock_driver driver = {.library = "?"};
    char why[160] = "";
    if (sscanf(line, "lost %150[^\t]\t%150[^\t]\t%150[^\t]", driver.name, driver.library, why) < 2)
        return;
    snprintf(driver.reason, sizeof driver.reason,
             "its library cannot be loaded, %s: reinstall the driver, or remove its .icd file or "
             "OCL_ICD_VENDORS",
             why);
    for (size_t i = 0; i < lost->count; i++)
        if (strcmp(lost->list[i].library, driver.library) == 0)
            return;
    if (lost->count < OCK_DRIVERS_MAX)
        lost->list[lost->count++] = driver;
}

static void heed(child *c, const char *line, ock_drivers *found)
{
    if (c->stage == LOADING)
        note_lost(c->lost, line);
    c->stage = stage_of(c, line);
    if (!c->listed && (c->stage == BUILDING || c->stage == TESTING))
        c->stage = LOADING; /* of nothing that it has named */
    if (c->stage != LISTING)
        return;
    c->listed = true;
    if (found->count == OCK_DRIVERS_MAX) { /* the rest may do as they like */
        c->stage = DONE;
        return;
    }
    ock_driver *driver = &found->list[found->count++];
    *driver = (ock_driver){0};
    snprintf(driver->name, sizeof driver->name, "%.200s", line + strlen(stages[LISTING].line));
    snprintf(driver->library, sizeof driver->library, "%s", c->library);
}

static void follow(child *c, ock_drivers *found)
{
    char line[OCK_HELPER_LINE];
    ock_helper_news news = OCK_HELPER_TOLD;
    while (c->stage != DONE && news == OCK_HELPER_TOLD) {
        news = ock_helper_read(&c->helper, limit_of(c->stage), line);
        if (news == OCK_HELPER_TOLD)
            heed(c, line, found);
    }
    c->late = news == OCK_HELPER_LATE;
}

/* ---- Ending ---- */

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
                 {SIGILL, "SIGILL"},   {SIGFPE, "SIGFPE"},   {SIGTRAP, "SIGTRAP"},
                 {SIGSYS, "SIGSYS"},   {SIGKILL, "SIGKILL"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return "a signal";
}

static void describe(const child *c, int status, char text[64])
{
    if (c->late)
        snprintf(text, 64, "hung for %g s", limit_of(c->stage));
    else if (status == -1)
        snprintf(text, 64, "crashed");
    else if (WIFSIGNALED(status))
        snprintf(text, 64, "crashed (%s)", signal_name(WTERMSIG(status)));
    else
        snprintf(text, 64, "ended the process (exit status %d)", WEXITSTATUS(status));
}

/* ---- The probe ---- */

static void blame(ock_driver *driver, const char *file, const char *what, const child *c)
{
    snprintf(driver->reason, sizeof driver->reason,
             "the driver %.40s %s: update it or remove %.60s; kept until ockham-query tries it "
             "anew; %s",
             what, stages[c->stage].when, file,
             c->late ? "OCKHAM_PROBE_SECONDS=N waits longer" : "OCKHAM_PROBE=off uses it as it is");
}

/* Runs a child over all platforms from found->count on, or over one library. */
static bool run(child *c, bool all, ock_drivers *found, char what[64])
{
    if (!start(c, all, *c->library ? 0 : found->count))
        return false;
    follow(c, found);
    describe(c, ock_helper_end(&c->helper, c->late), what);
    return c->stage != STARTING;
}

static bool probe_file(bool all, const ock_driver *file, ock_drivers *found, ock_drivers *lost,
                       bool *blamed)
{
    char what[64];
    size_t before = found->count, lost_before = lost->count;
    child c = {.library = file->library, .lost = lost};
    if (!run(&c, all, found, what))
        return false;
    if (lost->count > lost_before)
        memcpy(lost->list[lost_before].name, file->name, sizeof file->name);
    if (c.stage == DONE)
        return true;
    if (found->count == before)
        found->list[found->count++] = *file;
    blame(&found->list[before], file->name, what, &c);
    return *blamed = true;
}

/* Which of the loader's drivers it is that brings it down. */
static bool probe_files(bool all, const ock_drivers *files, ock_drivers *found, ock_drivers *lost)
{
    bool blamed = false;
    *found = (ock_drivers){.past_loader = true};
    for (size_t i = 0; i < files->count && found->count < OCK_DRIVERS_MAX; i++)
        if (!probe_file(all, &files->list[i], found, lost, &blamed))
            return false;
    if (!blamed) {
        found->count = 1;
        found->list[0] = (ock_driver){
            .name = "OpenCL",
            .reason =
                "the loader crashes or hangs with all drivers, though with none alone: choose "
                "one by OCL_ICD_VENDORS=FILE.icd"};
    }
    return true;
}

static bool probe_platforms(bool all, const ock_drivers *files, ock_drivers *found,
                            ock_drivers *lost)
{
    for (;;) {
        char what[64];
        child c = {.library = "", .lost = lost};
        if (!run(&c, all, found, what))
            return false;
        if (c.stage == DONE)
            return true;
        if (c.stage == LOADING)
            return probe_files(all, files, found, lost);
        blame(&found->list[found->count - 1], "its file from /etc/OpenCL/vendors", what, &c);
    }
}

bool ock_probe_run(bool all, const ock_drivers *files, ock_drivers *found)
{
    *found = (ock_drivers){0};
    ock_drivers *lost = calloc(1, sizeof *lost);
    bool run = lost && probe_platforms(all, files, found, lost);
    for (size_t i = 0; run && i < lost->count && found->count < OCK_DRIVERS_MAX; i++)
        found->list[found->count++] = lost->list[i];
    free(lost);
    return run;
}
