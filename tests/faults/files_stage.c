/* What a scene has made, and what becomes of it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

const char *path_in(const stage *s, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", s->files.name, name);
    return path;
}

static uint64_t add(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
    return sum;
}

static uint64_t add_model(uint64_t sum, const ock_model *model)
{
    size_t count = 0;
    float *weights = model ? weights_of(model, &count) : NULL;
    sum = add(sum, weights, count * sizeof *weights);
    free(weights);
    return sum;
}

uint64_t objects_digest(const stage *s)
{
    uint64_t sum = add_model(add_model(0xcbf29ce484222325, s->model), s->made);
    sum = add(sum, s->pictures.x,
              s->pictures.count * s->pictures.height * s->pictures.width * sizeof(float));
    sum = add(sum, &s->results.count, sizeof s->results.count);
    return add(sum, s->kept, strlen(s->kept));
}

static int is_file(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

uint64_t folder_digest(const stage *s, bool contents)
{
    struct dirent **entries;
    uint64_t sum = 0xcbf29ce484222325;
    int count = scandir(s->files.name, &entries, is_file, alphasort);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++) {
        size_t size = 0;
        char *bytes = contents ? read_file(path_in(s, entries[i]->d_name), &size) : NULL;
        sum = add(add(sum, entries[i]->d_name, strlen(entries[i]->d_name)), bytes, size);
        free(bytes);
        free(entries[i]);
    }
    free(entries);
    return sum;
}

static void empty_folder(const stage *s)
{
    struct dirent **entries;
    int count = scandir(s->files.name, &entries, is_file, alphasort);
    for (int i = 0; i < count; i++) {
        unlink(path_in(s, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

void clear(stage *s)
{
    pictures_free(&s->pictures);
    ock_search_results_clear(&s->results);
    ock_model_destroy(s->made);
    ock_model_destroy(s->model);
    ock_dataset_destroy(s->set);
    samples_free(&s->data);
    empty_folder(s);
    *s = (stage){.context = s->context, .files = s->files, .journal.file = -1};
}
