/* soak DEVICE STEPS: trains for so many steps, twice. The process may not grow by a MB from the
 * first tenth on, no object of OpenCL may stay alive (where the layer of tests/faults is loaded,
 * which the argument after these demands), and the weights must be the same to the bit. Exits 77
 * where there is no such device. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../absent.h"
#include "../faults/find_layer.h"
#include "training.h"

enum {
    LARGEST_GROWTH = 1 << 20 /* bytes */
};

typedef struct soak {
    uint32_t warm; /* the epoch after which nothing may grow */
    long begin, end;
    size_t begin_live, most_live;
} soak;

static long resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static bool note(const ock_epoch *epoch, void *user)
{
    soak *s = user;
    size_t alive = layer.live ? layer.live() : 0;
    s->end = resident_bytes();
    if (epoch->epoch <= s->warm) {
        s->begin = s->end;
        s->begin_live = alive;
    }
    if (s->most_live < alive)
        s->most_live = alive;
    return true;
}

static ock_status run(const char *device, uint32_t epochs, training *t)
{
    soak s = {.warm = (epochs + 9) / 10};
    *t = (training){.device = device, .seed = 128, .epochs = epochs, .on_epoch = note, .user = &s};
    ock_status status = training_run(t);
    if (status)
        return status;
    printf("%u steps, weights %016llx: %ld kB at first, %ld kB at last", epochs * TRAINING_STEPS,
           (unsigned long long)t->digest, s.begin / 1024, s.end / 1024);
    if (layer.live)
        printf("; %zu objects at first, %zu at most, %zu at last", s.begin_live, s.most_live,
               layer.live());
    putchar('\n');
    if (s.end - s.begin < LARGEST_GROWTH && !(layer.live && layer.live()))
        return OCK_OK;
    snprintf(t->message, sizeof t->message, "the process grew by a MB, or objects are left");
    return OCK_OUT_OF_MEMORY;
}

int main(int argc, char **argv)
{
    training runs[2];
    if (argc < 3)
        return EXIT_FAILURE;
    uint32_t epochs =
        (uint32_t)((strtoul(argv[2], NULL, 10) + TRAINING_STEPS - 1) / TRAINING_STEPS);
    for (int i = 0; i < 2; i++) {
        ock_status status = run(argv[1], epochs, &runs[i]);
        if (status == OCK_DEVICE_NOT_FOUND)
            return absent(runs[i].message);
        if (status) {
            printf("%s\n", runs[i].message);
            return EXIT_FAILURE;
        }
        if (argc > 3 && !find_layer()) /* loaded with the first context */
            return EXIT_FAILURE;
    }
    if (runs[0].digest != runs[1].digest)
        puts("the weights of the two differ");
    return runs[0].digest == runs[1].digest ? EXIT_SUCCESS : EXIT_FAILURE;
}
