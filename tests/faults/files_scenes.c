/* All that the library and its tools do with files. */
#include <cli.h>
#include <errno.h>
#include <npy.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/cache.h"
#include "files.h"

/* ---- Networks and checkpoints ---- */

static const spec layers[] = {{SPEC_DENSE, .units = 5, .activation = OCK_RELU},
                              {SPEC_DENSE, .units = 3, .activation = OCK_SOFTMAX},
                              {0}};

static void prepare_model(stage *s)
{
    s->model = build(s->context, 4, layers);
    OK(s->context, ock_model_initialize(s->model, 1));
}

static ock_status save(stage *s)
{
    ock_status status = ock_model_save(s->model, s->files.path);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_file(stage *s)
{
    prepare_model(s);
    OK(s->context, save(s));
    OK(s->context, ock_model_initialize(s->model, 2));
}

static ock_status load(stage *s)
{
    ock_status status = ock_model_load(s->model, s->files.path);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static ock_status open_model(stage *s)
{
    ock_status status = ock_model_open(s->context, s->files.path, &s->made);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_fit(stage *s)
{
    prepare_model(s);
    s->data = samples_create(12, 4, 3);
    s->set = labelled(s->context, &s->data);
}

/* Of two epochs, the file after each. */
static ock_status fit(stage *s)
{
    ock_fit wish = ock_fit_defaults();
    wish.epochs = 2;
    wish.checkpoint = s->files.path;
    wish.resume = true;
    ock_status status = ock_model_fit(s->model, s->set, NULL, &wish, NULL);
    snprintf(s->message, sizeof s->message, "%s", ock_context_message(s->context));
    return status;
}

static void prepare_resumption(stage *s)
{
    prepare_fit(s);
    OK(s->context, fit(s));
    OK(s->context, ock_model_initialize(s->model, 1));
}

/* ---- Measurements ---- */

static ock_status put_figure(stage *s)
{
    ock_cache *cache = ock_cache_open("a key of this test");
    ock_cache_put(cache, "figure", "42");
    if (!ock_cache_get(cache, "figure", s->kept, sizeof s->kept))
        *s->kept = '\0';
    ock_cache_close(cache);
    return OCK_OK;
}

static void prepare_figure(stage *s)
{
    put_figure(s);
    *s->kept = '\0';
}

/* One that cannot be read is one that is not there. */
static ock_status get_figure(stage *s)
{
    ock_cache *cache = ock_cache_open("a key of this test");
    if (!ock_cache_get(cache, "figure", s->kept, sizeof s->kept))
        snprintf(s->kept, sizeof s->kept, "42");
    ock_cache_close(cache);
    return OCK_OK;
}

/* ---- Pictures ---- */

static const unsigned char idx_pictures[] = {0, 0, 8, 3, 0, 0, 0, 2,  0,  0,  0,  2,
                                             0, 0, 0, 2, 9, 8, 7, 60, 50, 40, 30, 20};
static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 4, 7};

static void prepare_idx(stage *s)
{
    write_file(path_in(s, "train-images-idx3-ubyte"), idx_pictures, sizeof idx_pictures);
    write_file(path_in(s, "train-labels-idx1-ubyte"), idx_labels, sizeof idx_labels);
}

static void put_gzip(const char *path, const void *bytes, unsigned size)
{
    gzFile file = gzopen(path, "wb");
    ck_assert(file && gzwrite(file, bytes, size) == (int)size && gzclose(file) == Z_OK);
}

static void prepare_gzip(stage *s)
{
    put_gzip(path_in(s, "train-images-idx3-ubyte.gz"), idx_pictures, sizeof idx_pictures);
    put_gzip(path_in(s, "train-labels-idx1-ubyte.gz"), idx_labels, sizeof idx_labels);
}

/* Two samples of two features. */
static void prepare_arrays(stage *s)
{
    unsigned char x[NPY_HEADER + 16] = {0}, y[NPY_HEADER + 8] = {0};
    npy_header(2, 2, x);
    memcpy(x + NPY_HEADER, (const float[]){1, 2, 3, 4}, 16);
    npy_header(2, 1, y);
    memcpy(y + NPY_HEADER, (const float[]){1, 0}, 8);
    write_file(path_in(s, "x_train.npy"), x, sizeof x);
    write_file(path_in(s, "y_train.npy"), y, sizeof y);
}

static ock_status read_pictures(stage *s)
{
    return pictures_load(s->files.name, NULL, &s->pictures, s->message, sizeof s->message);
}

static void prepare_text(stage *s)
{
    write_file(s->files.path, "what was there", 14);
}

static const uint8_t greys[6] = {0, 50, 100, 150, 200, 250};

static void prepare_table(stage *s)
{
    const char text[] = "filename,label\na.png,3\n";
    const char *why = NULL;
    FILE *picture = fopen(path_in(s, "a.png"), "wb");
    ck_assert(picture && png_write(picture, 2, 3, greys, &why) && !fclose(picture));
    write_file(path_in(s, "net.csv"), text, sizeof text - 1);
}

static ock_status read_table(stage *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s.csv", s->files.path);
    return pictures_load(path, NULL, &s->pictures, s->message, sizeof s->message);
}

/* ---- Reports, and a search's journal ---- */

/* As CSV and JSON are written. */
static ock_status write_text(stage *s)
{
    if (cli_write_file(s->files.path, "some,figures\n1,2\n"))
        return OCK_OK;
    snprintf(s->message, sizeof s->message, "%s: %s", s->files.path, strerror(errno));
    return OCK_FILE_FAILED;
}

static const double rates[] = {0.1, 0.2};
static const ock_search_axis axis = {.name = "rate", .values = rates, .count = 2};

/* What it says goes to stderr, which is a file then. */
static ock_status keep_journal(stage *s)
{
    static char word[] = "search", *words[] = {word, NULL};
    struct options options = {0};
    ock_search_options wish = ock_search_defaults();
    options.arguments = words;
    options.argument_count = 1;
    wish.axes = &axis;
    wish.axis_count = 1;
    const struct session session = {.options = &options, .talk = stdout};
    const ock_trial trial = {
        .axes = 1, .values = (double[]){0.1}, .runs = 1, .scores = (double[]){1}};
    ock_search_results_clear(&s->results);
    bool kept = search_journal_open(&s->journal, s->files.path, &session, &wish, &s->results);
    if (kept && !s->results.count)
        kept = !ock_search_results_add(&s->results, &trial) &&
               search_journal_add(&s->journal, &s->results);
    search_journal_close(&s->journal);
    return kept ? OCK_OK : OCK_FILE_FAILED;
}

static void prepare_journal(stage *s)
{
    ck_assert(!keep_journal(s));
    ock_search_results_clear(&s->results);
}

/* ---- All of them ---- */

const scene scenes[] = {
    {"save", prepare_model, save, 0},
    {"save over a file", prepare_file, save, 0},
    {"load", prepare_file, load, 0},
    {"open", prepare_file, open_model, 0},
    {"checkpoints", prepare_fit, fit, GOES_ON | TIMED},
    {"resume", prepare_resumption, fit, TIMED},
    {"keep a measurement", NULL, put_figure, SILENT},
    {"recall a measurement", prepare_figure, get_figure, SILENT},
    {"read IDX", prepare_idx, read_pictures, 0},
    {"read IDX, compressed", prepare_gzip, read_pictures, 0},
    {"read arrays", prepare_arrays, read_pictures, 0},
    {"read CSV and PNG", prepare_table, read_table, DRAWN},
    {"write a report", NULL, write_text, 0},
    {"write over a report", prepare_text, write_text, 0},
    {"begin a journal", NULL, keep_journal, GOES_ON},
    {"go on with a journal", prepare_journal, keep_journal, 0},
    {0},
};
