/* Which candidate serves which products: measured once for each class of shapes, and remembered. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* Sizes up to 4 are classes of their own; of larger ones each class goes up to a power of two. */
enum {
    CLASSES = 32,
    UNKNOWN = 0, /* not yet looked for in the cache */
    UNMEASURED,
    MEASURED /* plus the candidate */
};

struct opencl_choices {
    uint8_t best[2][2][CLASSES][CLASSES][CLASSES];
};

static size_t class_of(size_t size)
{
    size_t class = size;
    if (size > 4)
        for (class = 5; class < CLASSES - 1 && size > (size_t)1 << (class - 2); class ++)
            ;
    return class;
}

ock_status opencl_choices_create(ock_log *log, opencl_choices **choices)
{
    *choices = calloc(1, sizeof **choices);
    return *choices ? OCK_OK : ock_log_report(log, OCK_OUT_OF_MEMORY, "no memory for choices");
}

void opencl_choices_destroy(opencl_choices *choices)
{
    free(choices);
}

/* ---- Memory ---- */

static uint8_t *place_of(const opencl_backend *opencl, const opencl_product *shape)
{
    return &opencl->choices->best[shape->a_transposed][shape->b_transposed][class_of(shape->m)]
                                 [class_of(shape->n)][class_of(shape->k)];
}

enum {
    NAME_SIZE = 32
};

static void name_class(const opencl_product *shape, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "matmul-%c%c-%zu-%zu-%zu", shape->a_transposed ? 't' : 'n',
             shape->b_transposed ? 't' : 'n', class_of(shape->m), class_of(shape->n),
             class_of(shape->k));
}

static uint8_t look_up(const opencl_backend *opencl, const opencl_product *shape)
{
    char name[NAME_SIZE], value[NAME_SIZE];
    name_class(shape, name);
    if (ock_cache_get(opencl->base.cache, name, value, sizeof value))
        for (int i = 0; i < OPENCL_CANDIDATES; i++)
            if (strcmp(value, opencl_candidate_name((opencl_candidate)i)) == 0 &&
                opencl_suits(opencl, (opencl_candidate)i, shape))
                return (uint8_t)(MEASURED + i);
    return UNMEASURED;
}

/* `measured`, and not the only one there was. */
static void remember(const opencl_backend *opencl, const opencl_product *shape,
                     opencl_candidate candidate, bool measured)
{
    char name[NAME_SIZE];
    if (opencl->base.untuned || opencl->forced)
        return;
    *place_of(opencl, shape) = (uint8_t)(MEASURED + candidate);
    name_class(shape, name);
    if (measured)
        ock_cache_put(opencl->base.cache, name, opencl_candidate_name(candidate));
    ock_log_tell_cache(opencl->base.log, opencl->base.cache);
}

/* Kernels may have turned out not to build. */
static bool still_suits(const opencl_backend *opencl, uint8_t place, const opencl_product *shape)
{
    return place < MEASURED || opencl_suits(opencl, (opencl_candidate)(place - MEASURED), shape);
}

bool opencl_recall(opencl_backend *opencl, const opencl_product *shape, opencl_candidate *candidate)
{
    *candidate = opencl->standard;
    if (!opencl_can(*candidate, shape))
        *candidate = opencl_tiles_of(*candidate);
    if (opencl->forced || opencl->base.untuned)
        return true;
    uint8_t *place = place_of(opencl, shape);
    if (*place == UNKNOWN || !still_suits(opencl, *place, shape))
        *place = look_up(opencl, shape);
    if (*place < MEASURED)
        return false;
    *candidate = (opencl_candidate)(*place - MEASURED);
    return true;
}

/* A fused operation's product must be tiles': its bits do not hang on what was measured. */
const opencl_program *opencl_fused_tiles(ock_backend *backend, const opencl_product *shape)
{
    opencl_backend *opencl = (opencl_backend *)backend;
    const opencl_program *program;
    opencl_candidate candidate;
    opencl_recall(opencl, shape, &candidate);
    if (candidate >= OPENCL_PROGRAMS || opencl_program_of(opencl, candidate, &program) != OCK_OK)
        return opencl->program;
    return program;
}

/* ---- Measuring ---- */

typedef struct trial {
    opencl_candidate candidate;
    double seconds;    /* the best; INFINITY: it fails */
    ock_status status; /* of the last run */
} trial;

/* The standard first. */
static size_t list_trials(const opencl_backend *opencl, const opencl_product *shape,
                          trial trials[OPENCL_CANDIDATES])
{
    size_t count = 1;
    opencl_candidate standard = opencl->standard;
    trials[0].candidate = opencl_can(standard, shape) ? standard : opencl_tiles_of(standard);
    for (int i = 0; i < OPENCL_CANDIDATES && !opencl->forced; i++)
        if ((opencl_candidate)i != standard && opencl_suits(opencl, (opencl_candidate)i, shape))
            trials[count++].candidate = (opencl_candidate)i;
    return count;
}

static double time_trial(opencl_backend *opencl, trial *t, const opencl_product *product,
                         size_t times)
{
    double start = ock_seconds_now();
    t->status = OCK_OK;
    for (size_t i = 0; i < times && t->status == OCK_OK; i++)
        t->status = opencl_multiply(opencl, t->candidate, product);
    ock_status finished = opencl_finish(&opencl->base);
    if (finished != OCK_OK)
        t->status = finished;
    return t->status == OCK_OK ? (ock_seconds_now() - start) / (double)times : INFINITY;
}

static double least(const trial *trials, size_t count)
{
    double seconds = INFINITY;
    for (size_t i = 0; i < count; i++)
        seconds = fmin(seconds, trials[i].seconds);
    return seconds;
}

/* Once for the compiler's sake, once to see how many products a run takes, and then in turns,
 * those that can still win. The best of a few runs counts, since what else the machine does can
 * only slow them down. */
static void run_trials(opencl_backend *opencl, const opencl_product *product, trial *trials,
                       size_t count)
{
    const double run = 1e-3, hopeless = 1.5, enough = 0.2;
    const int rounds = 5;
    for (size_t i = 0; i < count; i++) {
        time_trial(opencl, &trials[i], product, 1);
        trials[i].seconds = time_trial(opencl, &trials[i], product, 1);
    }
    double first = fmax(least(trials, count), 1e-6), slow = hopeless * fmax(first, 1e-4);
    size_t times = first > run ? 1 : (size_t)(run / first);
    double start = ock_seconds_now();
    for (int round = 0; round < rounds && ock_seconds_now() - start + first < enough; round++)
        for (size_t i = 0; i < count; i++)
            if (trials[i].seconds < slow)
                trials[i].seconds =
                    fmin(trials[i].seconds, time_trial(opencl, &trials[i], product, times));
}

/* One that fails is no failure of the call: another wins. */
static void try_all(opencl_backend *opencl, const opencl_product *product, trial *trials,
                    size_t count)
{
    ock_log *log = opencl->base.log;
    bool trying = log->trying;
    log->trying = true;
    run_trials(opencl, product, trials, count);
    log->trying = trying;
}

static int compare_trials(const void *a, const void *b)
{
    const trial *x = a, *y = b;
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* The fastest, but another than the standard only where it is so by more than the clock's noise. */
static opencl_candidate winner(const trial *trials, size_t count)
{
    const double clearly = 0.97;
    const trial *best = trials;
    for (size_t i = 1; i < count; i++)
        if (trials[i].seconds < clearly * trials[0].seconds && trials[i].seconds < best->seconds)
            best = &trials[i];
    return best->candidate;
}

static void report(ock_tuning *tuning, trial *trials, size_t count, opencl_candidate best)
{
    qsort(trials, count, sizeof *trials, compare_trials);
    *tuning = (ock_tuning){0};
    for (size_t i = 0; i < count && i < OCK_TUNING_MOST; i++) {
        ock_tuned *row = &tuning->candidates[tuning->count];
        if (isinf(trials[i].seconds))
            break;
        if (trials[i].candidate == best)
            tuning->best = tuning->count;
        snprintf(row->name, sizeof row->name, "%s", opencl_candidate_name(trials[i].candidate));
        row->seconds = trials[i].seconds;
        tuning->count++;
    }
}

static void tell(const opencl_backend *opencl, const opencl_product *shape, const trial *trials,
                 size_t count, opencl_candidate best)
{
    char text[48 * OPENCL_CANDIDATES];
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s %s %.1f us", i ? "," : "",
                             opencl_candidate_name(trials[i].candidate), 1e6 * trials[i].seconds);
    ock_log_tell(opencl->base.log, OCK_LOG_INFO,
                 "tuned a product of %zu x %zu by %zu x %zu:%s; took %s", shape->m, shape->k,
                 shape->k, shape->n, text, opencl_candidate_name(best));
}

/* A tensor like C, of which nothing is known. */
static ock_status make_scratch(opencl_backend *opencl, ock_tensor *c, ock_storage *storage)
{
    cl_int error;
    storage->bytes = c->rows * c->stride * sizeof(cl_float);
    storage->handle =
        clCreateBuffer(opencl->context, CL_MEM_READ_WRITE, storage->bytes, NULL, &error);
    if (!storage->handle)
        return opencl_failed(opencl->base.log, "clCreateBuffer", "a product to measure", error);
    ock_memory_add(&opencl->base.memory, storage->bytes);
    c->storage = storage;
    c->offset = 0;
    return OCK_OK;
}

static void free_scratch(opencl_backend *opencl, const ock_storage *storage)
{
    clReleaseMemObject(storage->handle);
    ock_memory_subtract(&opencl->base.memory, storage->bytes);
}

ock_status opencl_measure_candidates(opencl_backend *opencl, const opencl_product *product,
                                     ock_tuning *tuning)
{
    trial trials[OPENCL_CANDIDATES];
    size_t count = list_trials(opencl, product, trials);
    opencl_candidate best = trials[0].candidate;
    if (count > 1 || tuning) {
        ock_storage storage = {0};
        ock_tensor scratch = *product->c;
        opencl_product timed = *product;
        ock_status status = opencl_finish(&opencl->base); /* what was enqueued is not to be timed */
        if (status == OCK_OK)
            status = make_scratch(opencl, &scratch, &storage);
        if (status != OCK_OK)
            return status;
        timed.c = &scratch;
        timed.beta = 0;
        try_all(opencl, &timed, trials, count);
        free_scratch(opencl, &storage);
        if (isinf(least(trials, count)))
            return ock_log_report(opencl->base.log, trials[count - 1].status, "%s",
                                  ock_log_text(opencl->base.log));
        best = winner(trials, count);
        tell(opencl, product, trials, count, best);
    }
    remember(opencl, product, best, count > 1);
    if (tuning)
        report(tuning, trials, count, best);
    return OCK_OK;
}

ock_status opencl_tune(ock_backend *backend, const ock_matmul_options *options, const ock_tensor *a,
                       const ock_tensor *b, ock_tensor *c, ock_tuning *tuning)
{
    opencl_product product = opencl_product_of(options, a, b, c);
    return opencl_measure_candidates((opencl_backend *)backend, &product, tuning);
}
