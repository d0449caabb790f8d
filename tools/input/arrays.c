/* NumPy's arrays in a folder, by the names that Keras has in mnist.npz: x_train.npy and
 * y_train.npy, and of the test set x_test.npy and y_test.npy. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "npy.h"
#include "reader.h"

enum {
    MOST_CLASSES = 65536
};

typedef struct array_file {
    char *path;
    npy_array array;
} array_file;

static char *path_of(const char *source, const char *letter, bool test)
{
    return path_join(
        (const char *[]){source, "/", letter, test ? "_test.npy" : "_train.npy", NULL});
}

static int has_arrays(const char *source, const struct stat *about)
{
    struct stat array = {0};
    int error = 0;
    for (int test = 0; S_ISDIR(about->st_mode) && test < 2 && !error && !array.st_mode; test++) {
        char *path = path_of(source, "x", test);
        error = path ? path_look(path, &array) : ENOMEM;
        free(path);
    }
    return error ? -error : array.st_mode != 0;
}

static ock_status open_file(const input_request *request, const char *letter, array_file *file)
{
    const char *why = NULL;
    file->path = path_of(request->source, letter, request->options.test);
    if (!file->path)
        return request_fail(request, OCK_OUT_OF_MEMORY, "%s: no memory", request->source);
    ock_status status = npy_read(file->path, &file->array, &why);
    if (status != OCK_OK)
        request_fail(request, status, "%s: %s", file->path, why);
    return status;
}

static void close_file(array_file *file)
{
    npy_free(&file->array);
    free(file->path);
}

static ock_status check_shapes(const input_request *request, const array_file *x,
                               const array_file *y)
{
    if (x->array.dimensions < 2)
        return request_fail(request, OCK_BAD_FILE,
                            "%s: of one dimension, expected samples x features, or more", x->path);
    if (y->array.columns != 1)
        return request_fail(request, OCK_BAD_FILE,
                            "%s: %zu numbers a sample, expected one label; of one-hot rows "
                            "numpy.argmax(y, axis=1) makes them",
                            y->path, y->array.columns);
    if (x->array.rows != y->array.rows)
        return request_fail(request, OCK_BAD_FILE, "%s has %zu samples, but %s %zu labels", x->path,
                            x->array.rows, y->path, y->array.rows);
    return OCK_OK;
}

/* Where the request does not say how many classes there are, the labels do. */
static ock_status read_labels(const input_request *request, const array_file *y, pictures *set)
{
    const int classes = request->options.classes ? request->options.classes : MOST_CLASSES;
    int32_t largest = 0;
    for (size_t i = 0; i < y->array.rows; i++) {
        const double label = npy_at(&y->array, i, 0);
        if (!(label >= 0 && label < classes) || floor(label) < label)
            return request_fail(request, OCK_BAD_FILE,
                                "%s: label %zu is %g, expected a whole number from 0 to %d",
                                y->path, i, label, classes - 1);
        set->labels[i] = (int32_t)label;
        if (set->labels[i] > largest)
            largest = set->labels[i];
    }
    set->classes = request->options.classes ? request->options.classes : largest + 1;
    return OCK_OK;
}

/* Bytes are grey values, as in pictures; other numbers stay as they are. */
static ock_status read_samples(const input_request *request, const array_file *x, pictures *set)
{
    const npy_array *array = &x->array;
    const bool grey = array->kind == 'u' && array->size == 1;
    ock_status status = OCK_OK;
    for (size_t i = 0; i < array->rows && status == OCK_OK; i++) {
        float *row = set->x + i * array->columns;
        for (size_t j = 0; j < array->columns; j++) {
            const double value = npy_at(array, i, j);
            row[j] = grey ? (float)value / 255 : (float)value;
            if (!isfinite(row[j]))
                return request_fail(request, OCK_BAD_FILE,
                                    "%s: sample %zu, feature %zu is %g, which is no finite float",
                                    x->path, i, j, value);
        }
        status = request_tell(request, i + 1, array->rows);
    }
    return status;
}

static ock_status read_set(const input_request *request, const array_file *x, const array_file *y,
                           pictures *set)
{
    const npy_array *array = &x->array;
    ock_status status = check_shapes(request, x, y);
    if (status != OCK_OK)
        return status;
    set->height = array->dimensions > 2 ? array->shape[1] : 1;
    set->channels = array->dimensions == 4 ? array->shape[3] : 1;
    set->width = array->columns / set->height / set->channels;
    status = pictures_reserve(request, array->rows, set);
    if (status == OCK_OK)
        status = read_labels(request, y, set);
    if (status == OCK_OK)
        status = read_samples(request, x, set);
    set->count = array->rows;
    char colours[24] = "";
    if (set->channels > 1)
        snprintf(colours, sizeof colours, " x %zu", set->channels);
    snprintf(set->description, sizeof set->description, "%zu samples of %zu x %zu%s from %s",
             set->count, set->height, set->width, colours, x->path);
    return status;
}

static ock_status load(const input_request *request, pictures *out)
{
    array_file x = {0}, y = {0};
    ock_status status = open_file(request, "x", &x);
    if (status == OCK_OK)
        status = open_file(request, "y", &y);
    if (status == OCK_OK)
        status = read_set(request, &x, &y, out);
    close_file(&y);
    close_file(&x);
    return status;
}

const input_reader arrays_reader = {has_arrays, load, 0};
