/* sweep [--all] [SCENE ..]: plays scenes of the library's use with every call into OpenCL failing
 * in turn, at once or late, once or from then on, with three codes: nothing may crash, hang, leak
 * or go unnoticed. Without --all each position has one of the ways to fail, and of long scenes not
 * every position comes up. Wants to be started with OPENCL_LAYERS=layer.so; exits 77 where there is
 * no OpenCL device. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../absent.h"
#include "sweep.h"

enum {
    LIMIT = 60, /* seconds for a run */
    CONTROL_LIMIT = 1
};

/* In a child, since OpenCL does not survive a fork, or a crash. */
static int play_in_child(const scenario *scene, bool all, unsigned limit, progress *shared)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sweep_scene(scene, all, limit, shared);
        exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("sweep");
        exit(EXIT_FAILURE);
    }
    return status;
}

/* A child that dies is followed by one that goes on behind the fault that it died of. */
static void sweep_one(const scenario *scene, bool all, unsigned limit, progress *shared)
{
    size_t before;
    int status;
    *shared = (progress){.next = 0};
    do {
        before = shared->next;
        status = play_in_child(scene, all, limit, shared);
        if (status == 0)
            continue;
        shared->tally.lost++;
        if (!scene->control)
            printf("LOST  %s: %s: ended by %s\n", scene->name,
                   *shared->fault ? shared->fault : "without a fault",
                   !WIFSIGNALED(status)          ? "an exit"
                   : WTERMSIG(status) == SIGALRM ? "the alarm: it hung"
                                                 : strsignal(WTERMSIG(status)));
    } while (status != 0 && shared->next > before);
}

/* ---- Reports ---- */

static void add(tally *sum, const tally *t)
{
    sum->positions += t->positions;
    sum->faults += t->faults;
    sum->missed += t->missed;
    sum->reported += t->reported;
    sum->survived += t->survived;
    sum->lost += t->lost;
}

static void print_row(const char *name, const tally *t)
{
    printf("%-24s %9zu %9zu %9zu %9zu %9zu %9zu\n", name, t->positions, t->faults, t->reported,
           t->survived, t->missed, t->lost);
    fflush(stdout);
}

/* ---- The sweep ---- */

static bool asked_for(const scenario *scene, int count, char **names)
{
    for (int i = 0; i < count; i++)
        if (strcmp(scene->name, names[i]) == 0)
            return true;
    return count == 0;
}

/* Each must be lost, or the sweep sees nothing. */
static bool controls_are_lost(progress *shared)
{
    bool all_lost = true;
    puts("Controls, which must be lost:");
    for (const scenario *scene = control_scenes; scene->name; scene++) {
        sweep_one(scene, false, CONTROL_LIMIT, shared);
        print_row(scene->name, &shared->tally);
        all_lost = all_lost && shared->tally.lost > 0;
    }
    return all_lost;
}

static bool sweep_all(bool all, int count, char **names, progress *shared)
{
    static const scenario *const lists[] = {operation_scenes, training_scenes, opening_scenes,
                                            sharing_scenes};
    tally sum = {0};
    size_t scenes = 0;
    bool complete = true;
    printf("\n%-24s %9s %9s %9s %9s %9s %9s\n", shared->name, "positions", "faults", "reported",
           "survived", "missed", "lost");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const scenario *scene = lists[i]; scene->name; scene++) {
            if (!asked_for(scene, count, names) || (!all && scene->stride == 0))
                continue;
            sweep_one(scene, all, LIMIT, shared);
            print_row(scene->name, &shared->tally);
            complete = complete && shared->done && shared->tally.faults > 0;
            add(&sum, &shared->tally);
            scenes++;
        }
    print_row("all", &sum);
    printf("\n%zu scenes, %zu positions, %zu faults of 3 codes, once and lasting, on %s: %s\n",
           scenes, sum.positions, sum.faults, shared->name,
           sum.lost == 0 && complete ? "nothing lost" : "SOMETHING LOST");
    return sum.lost == 0 && complete && scenes > 0;
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "--all") == 0;
    const char *parent = getenv("TMPDIR");
    char folder[256];
    snprintf(folder, sizeof folder, "%s/ockham-sweep-XXXXXX", parent ? parent : "/tmp");
    progress *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !mkdtemp(folder) || chdir(folder) != 0) {
        perror("sweep");
        return EXIT_FAILURE;
    }
    bool sound = controls_are_lost(shared);
    if (sound)
        sound = sweep_all(all, argc - 1 - all, argv + 1 + all, shared);
    else if (*shared->device)
        puts("a control was not lost: the sweep is void");
    remove("net.safetensors");
    remove("run.safetensors");
    rmdir(folder);
    if (!*shared->device)
        return absent("no OpenCL device");
    return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
