/* threads DEVICE...: trains in one thread for each device named, at the same time and twice over,
 * and compares with what the same training gives alone. Exits 77 where there is none of a device.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../absent.h"
#include "training.h"

enum {
    MOST = 8,
    ROUNDS = 2
};

typedef struct job {
    training training;
    ock_status status;
    char file[64];
} job;

static void *work(void *data)
{
    job *j = data;
    j->status = training_run(&j->training);
    return NULL;
}

static job job_of(const char *device, int number)
{
    job made = {.training = {.device = device, .threads = 1, .seed = 7, .epochs = 2}};
    snprintf(made.file, sizeof made.file, "threads-%d.safetensors", number);
    return made;
}

static int run_alone(int count, char **devices, job *jobs)
{
    for (int i = 0; i < count; i++) {
        jobs[i] = job_of(devices[i], i);
        work(&jobs[i]);
        if (jobs[i].status == OCK_DEVICE_NOT_FOUND) {
            puts(jobs[i].training.message);
            return absent("no such device");
        }
        if (jobs[i].status) {
            printf("alone: %s\n", jobs[i].training.message);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}

static int run_together(int count, char **devices, const job *alone)
{
    job jobs[MOST];
    pthread_t threads[MOST];
    int wrong = 0;
    for (int i = 0; i < count; i++) {
        jobs[i] = job_of(devices[i], i);
        jobs[i].training.file = jobs[i].file;
        if (pthread_create(&threads[i], NULL, work, &jobs[i]))
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        remove(jobs[i].file);
        bool same = !jobs[i].status && jobs[i].training.digest == alone[i].training.digest;
        if (!same)
            printf("thread %d: %s, weights %016llx, and alone %016llx\n", i,
                   jobs[i].training.message, (unsigned long long)jobs[i].training.digest,
                   (unsigned long long)alone[i].training.digest);
        wrong += !same;
    }
    return wrong;
}

int main(int argc, char **argv)
{
    job alone[MOST];
    int wrong = 0, count = argc - 1 < MOST ? argc - 1 : MOST;
    int ended = run_alone(count, argv + 1, alone);
    if (ended)
        return ended;
    for (int round = 0; round < ROUNDS; round++)
        wrong += run_together(count, argv + 1, alone);
    printf("%d trainings in %d threads, %d wrong\n", ROUNDS * count, count, wrong);
    return wrong || !count ? EXIT_FAILURE : EXIT_SUCCESS;
}
