/* Runs a target on its seeds without libFuzzer: each as it is, cut short everywhere, and with each
 * byte changed in a few ways, while no number in it can get much memory. */
#include "fuzz.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BYTES = 1 << 16,
    MOST_PLACES = 256 /* in a seed that are altered */
};

static size_t runs;

/* In memory of the very size, so that sanitizers and valgrind see what reads beyond. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    FUZZ_EXPECT(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void run_altered(uint8_t *bytes, size_t size)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < size; i += 1 + size / MOST_PLACES) {
        run(bytes, i);
        for (size_t k = 0; k < sizeof flips; k++) {
            bytes[i] ^= flips[k];
            run(bytes, size);
            bytes[i] ^= flips[k];
        }
    }
}

static void replay(const char *path)
{
    static uint8_t bytes[MOST_BYTES];
    FILE *file = fopen(path, "rb");
    FUZZ_EXPECT(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    FUZZ_EXPECT(size < sizeof bytes); /* else it was not read whole */
    run(bytes, size);
    run_altered(bytes, size);
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Arguments: folders of seeds. */
int main(int argc, char **argv)
{
    FILE *talk = stdout;
    int seeds = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **list;
        int count = scandir(argv[i], &list, is_seed, alphasort);
        for (int k = 0; k < count; k++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], list[k]->d_name);
            replay(path);
            free(list[k]);
            seeds++;
        }
        if (count >= 0)
            free(list);
    }
    fprintf(talk, "%d seeds, %zu runs\n", seeds, runs);
    fflush(talk);
    return seeds > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
