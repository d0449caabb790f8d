#include <stdint.h>
#include <stdlib.h>

#include "row_weights.h"
#include "sizes.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- The store ---- */

static void tensors_free(ock_tensor **tensors, size_t count)
{
    for (size_t i = 0; tensors && i < count; i++)
        ock_tensor_destroy(tensors[i]);
    free(tensors);
}

static void store_release(dataset_store *store)
{
    if (--store->references)
        return;
    tensors_free(store->x, store->chunks);
    tensors_free(store->y, store->chunks);
    free(store->weights);
    free(store->classes);
    free(store);
}

static size_t chunks_of(const ock_dataset *set)
{
    return (set->rows - 1) / set->store->chunk_rows + 1;
}

/* Cuts rows x cols host elements of 4 bytes into one tensor per chunk. */
static ock_status upload(ock_dataset *set, ock_dtype dtype, size_t cols, const void *data,
                         ock_tensor ***tensors)
{
    const dataset_store *store = set->store;
    size_t chunks = chunks_of(set);
    *tensors = calloc(chunks, sizeof **tensors);
    if (!*tensors)
        return ock_context_report(set->context, OCK_OUT_OF_MEMORY,
                                  "no memory for a data set of %zu buffers", chunks);
    ock_status status = OCK_OK;
    for (size_t i = 0; i < chunks && !status; i++) {
        size_t first = i * store->chunk_rows;
        size_t rows = smaller(store->chunk_rows, set->rows - first);
        status = ock_tensor_create(set->context, dtype, rows, cols, &(*tensors)[i]);
        if (!status)
            status = ock_tensor_write((*tensors)[i], (const char *)data + first * cols * 4);
    }
    return status;
}

static ock_status store_fill(ock_dataset *set, const ock_arrays *arrays)
{
    dataset_store *store = set->store;
    ock_dtype dtype = set->labels ? OCK_I32 : OCK_F32;
    size_t cols = set->labels ? 1 : set->outputs;
    const void *y = set->labels ? (const void *)arrays->labels : (const void *)arrays->targets;

    store->chunk_rows = ock_tensor_max_rows(set->context, OCK_F32, set->features);
    if (y)
        store->chunk_rows =
            smaller(store->chunk_rows, ock_tensor_max_rows(set->context, dtype, cols));
    if (!store->chunk_rows)
        return ock_context_report(set->context, OCK_OUT_OF_MEMORY,
                                  "one row of %zu features and %zu outputs exceeds the device's "
                                  "largest buffer",
                                  set->features, set->outputs);
    store->chunks = chunks_of(set);
    ock_status status = upload(set, OCK_F32, set->features, arrays->x, &store->x);
    if (!status && y)
        status = upload(set, dtype, cols, y, &store->y);
    return status ? status : row_weights_keep(set, arrays);
}

/* ---- Creation ---- */

static ock_status check_labels(ock_context *context, const ock_arrays *arrays)
{
    for (size_t i = 0; i < arrays->rows; i++)
        if (arrays->labels[i] < 0 || (size_t)arrays->labels[i] >= arrays->outputs)
            return ock_context_report(context, OCK_INVALID_ARGUMENT,
                                      "labels: row %zu is %d, which is not within 0..%zu", i,
                                      (int)arrays->labels[i], arrays->outputs - 1);
    return OCK_OK;
}

static ock_status check_arrays(ock_context *context, const ock_arrays *arrays)
{
    const char *problem = NULL;
    if (!arrays)
        problem = "arrays is NULL";
    else if (!arrays->x)
        problem = "arrays.x is NULL";
    else if (arrays->rows < 1 || arrays->rows > INT32_MAX)
        problem = "arrays.rows must be 1..2147483647";
    else if (arrays->features < 1 || arrays->features > INT32_MAX)
        problem = "arrays.features must be 1..2147483647";
    else if (arrays->labels && arrays->targets)
        problem = "arrays has labels and targets; give one of them, or neither";
    else if ((arrays->labels || arrays->targets) &&
             (arrays->outputs < 1 || arrays->outputs > INT32_MAX))
        problem = "arrays.outputs must be 1..2147483647";
    else if (arrays->rows > SIZE_MAX / 4 / arrays->features ||
             (arrays->targets && arrays->rows > SIZE_MAX / 4 / arrays->outputs))
        problem = "arrays: rows x columns is more than memory can hold";
    if (problem)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s", problem);
    ock_status status = arrays->labels ? check_labels(context, arrays) : OCK_OK;
    return status ? status : check_row_weights(context, arrays);
}

ock_status ock_dataset_create(ock_context *context, const ock_arrays *arrays, ock_dataset **dataset)
{
    if (!dataset)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "dataset is NULL");
    *dataset = NULL;
    if (!context)
        return OCK_INVALID_ARGUMENT;
    ock_status status = check_arrays(context, arrays);
    if (status)
        return status;

    ock_dataset *set = calloc(1, sizeof *set);
    dataset_store *store = calloc(1, sizeof *store);
    if (!set || !store) {
        free(set);
        free(store);
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a data set");
    }
    store->references = 1;
    *set = (ock_dataset){.context = context,
                         .store = store,
                         .rows = arrays->rows,
                         .features = arrays->features,
                         .outputs = arrays->labels || arrays->targets ? arrays->outputs : 0,
                         .labels = arrays->labels};
    status = store_fill(set, arrays);
    if (!status)
        status = ock_context_finish(context);
    if (status) {
        ock_dataset_destroy(set);
        return status;
    }
    *dataset = set;
    return OCK_OK;
}

ock_status ock_dataset_view(const ock_dataset *dataset, size_t first, size_t rows,
                            ock_dataset **view)
{
    ock_context *context = ock_dataset_context(dataset);
    if (view)
        *view = NULL;
    if (!dataset || !view || !rows)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s",
                                  !dataset ? "dataset is NULL"
                                  : !view  ? "view is NULL"
                                           : "rows must be at least 1");
    if (first > dataset->rows || rows > dataset->rows - first)
        return ock_context_report(context, OCK_SHAPE_MISMATCH,
                                  "%zu rows from row %zu of a data set of %zu rows", rows, first,
                                  dataset->rows);
    ock_dataset *set = malloc(sizeof *set);
    if (!set)
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a data set's view");
    *set = *dataset;
    set->first += first;
    set->rows = rows;
    set->store->references++;
    if (set->selection)
        set->selection->references++;
    *view = set;
    return OCK_OK;
}

/* ---- Selections ---- */

static void selection_release(dataset_selection *selection)
{
    if (!selection || --selection->references)
        return;
    batch_tensor_free(&selection->looked_up);
    tensors_free(selection->indices, selection->chunks);
    free(selection->rows);
    free(selection);
}

/* Of `from`, by the rows of the store that they are. */
static ock_status list_rows(const ock_dataset *from, const int32_t *rows, size_t count,
                            int32_t *listed)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i] < 0 || (size_t)rows[i] >= from->rows)
            return ock_context_report(from->context, OCK_INVALID_ARGUMENT,
                                      "rows: entry %zu is %d, which is not within 0..%zu", i,
                                      (int)rows[i], from->rows - 1);
        size_t row = from->first + (size_t)rows[i];
        listed[i] = from->selection ? from->selection->rows[row] : (int32_t)row;
    }
    return OCK_OK;
}

/* A chunk of indices is no larger than one of features. */
static ock_status fill_selection(const ock_dataset *from, const int32_t *rows, ock_dataset *set)
{
    dataset_selection *selection = set->selection;
    selection->rows = array_make(set->rows, sizeof *rows);
    if (!selection->rows)
        return ock_context_report(set->context, OCK_OUT_OF_MEMORY,
                                  "no memory for a list of %zu rows", set->rows);
    ock_status status = list_rows(from, rows, set->rows, selection->rows);
    selection->chunks = chunks_of(set);
    if (!status)
        status = upload(set, OCK_I32, 1, selection->rows, &selection->indices);
    return status;
}

ock_status ock_dataset_select(const ock_dataset *dataset, const int32_t *rows, size_t count,
                              ock_dataset **selection)
{
    ock_context *context = ock_dataset_context(dataset);
    if (selection)
        *selection = NULL;
    if (!dataset || !rows || !selection || count < 1 || count > INT32_MAX)
        return ock_context_report(context, OCK_INVALID_ARGUMENT, "%s",
                                  !dataset     ? "dataset is NULL"
                                  : !rows      ? "rows is NULL"
                                  : !selection ? "selection is NULL"
                                               : "count must be 1..2147483647");
    ock_dataset *set = malloc(sizeof *set);
    dataset_selection *made = calloc(1, sizeof *made);
    if (!set || !made) {
        free(made);
        free(set);
        return ock_context_report(context, OCK_OUT_OF_MEMORY, "no memory for a selection");
    }
    made->references = 1;
    *set = *dataset;
    set->selection = made;
    set->first = 0;
    set->rows = count;
    set->store->references++;
    ock_status status = fill_selection(dataset, rows, set);
    if (status) {
        ock_dataset_destroy(set);
        return status;
    }
    *selection = set;
    return OCK_OK;
}

void ock_dataset_destroy(ock_dataset *dataset)
{
    if (!dataset)
        return;
    selection_release(dataset->selection);
    store_release(dataset->store);
    free(dataset);
}

/* ---- Reading ---- */

ock_context *ock_dataset_context(const ock_dataset *dataset)
{
    return dataset ? dataset->context : NULL;
}

size_t ock_dataset_rows(const ock_dataset *dataset)
{
    return dataset ? dataset->rows : 0;
}

size_t ock_dataset_features(const ock_dataset *dataset)
{
    return dataset ? dataset->features : 0;
}

size_t ock_dataset_outputs(const ock_dataset *dataset)
{
    return dataset ? dataset->outputs : 0;
}

bool ock_dataset_has_labels(const ock_dataset *dataset)
{
    return dataset && dataset->labels;
}

ock_status dataset_check_kept(const ock_dataset *set)
{
    const dataset_selection *selection = set->selection;
    if (!ock_tensor_is_lost(set->store->x[0]) &&
        !(selection && ock_tensor_is_lost(selection->indices[0])))
        return OCK_OK;
    return ock_context_report(set->context, OCK_DEVICE_FAILED,
                              "the data set was lost with a device; ock_dataset_create() makes it "
                              "anew");
}

/* x is ock_gather()'s to judge, before which y must be known to be right. */
static ock_status check_batch_y(const ock_dataset *set, const ock_tensor *indices,
                                const ock_tensor *x, const ock_tensor *y)
{
    size_t rows = ock_tensor_rows(x), cols = set->labels ? 1 : set->outputs;
    const char *problem = NULL;
    if (!set->store->y)
        problem = "the data set has neither labels nor targets, which ock_arrays gives it";
    else if (ock_tensor_context(y) != set->context)
        problem = "belongs to another context than the data set";
    else if (ock_tensor_dtype(y) != (set->labels ? OCK_I32 : OCK_F32))
        problem = set->labels ? "must be OCK_I32, for labels" : "must be OCK_F32, for targets";
    else if (ock_tensors_overlap(y, x) || ock_tensors_overlap(y, indices))
        problem = "may not overlap x or indices";
    if (problem)
        return ock_context_report(set->context, OCK_INVALID_ARGUMENT, "y: %s", problem);
    if (ock_tensor_rows(y) != rows || ock_tensor_cols(y) != cols)
        return ock_context_report(set->context, OCK_SHAPE_MISMATCH,
                                  "y is %zu x %zu and must be %zu x %zu", ock_tensor_rows(y),
                                  ock_tensor_cols(y), rows, cols);
    return OCK_OK;
}

/* Room for the rows in the store of a batch; batches of a set come one after the other. */
static ock_status reserve_lookup(const ock_dataset *set, size_t rows)
{
    dataset_selection *selection = set->selection;
    ock_status status = OCK_OK;
    if (rows > selection->capacity) {
        batch_tensor_free(&selection->looked_up);
        status = ock_tensor_create(set->context, OCK_I32, rows, 1, &selection->looked_up.whole);
        selection->capacity = status ? 0 : rows;
    }
    if (!status && ock_tensor_rows(selection->looked_up.part) != rows)
        status = batch_tensor_resize(&selection->looked_up, rows);
    return status;
}

/* Row i of a view is row first + i of what it is of, hence the shifted, perhaps negative, beginning
 * of each chunk. */
static ock_status look_up(const ock_dataset *set, const ock_tensor *indices)
{
    dataset_selection *selection = set->selection;
    size_t chunk_rows = set->store->chunk_rows;
    if (!indices) /* of which ock_gather() would know no rows to look up */
        return ock_context_report(set->context, OCK_INVALID_ARGUMENT, "indices is NULL");
    ock_status status = reserve_lookup(set, ock_tensor_rows(indices));
    for (size_t i = 0; i < selection->chunks && !status; i++)
        status =
            ock_gather(selection->indices[i], indices,
                       (int64_t)(i * chunk_rows) - (int64_t)set->first, selection->looked_up.part);
    return status;
}

ock_status ock_dataset_batch(const ock_dataset *dataset, const ock_tensor *indices, ock_tensor *x,
                             ock_tensor *y)
{
    if (!dataset)
        return OCK_INVALID_ARGUMENT;
    const dataset_store *store = dataset->store;
    ock_status status = dataset_check_kept(dataset);
    if (!status && y)
        status = check_batch_y(dataset, indices, x, y);
    size_t first = dataset->first, last = first + dataset->rows - 1;
    if (!status && dataset->selection) {
        status = look_up(dataset, indices);
        indices = dataset->selection->looked_up.part;
        first = 0;
        last = (store->chunks - 1) * store->chunk_rows;
    }
    for (size_t i = first / store->chunk_rows; i <= last / store->chunk_rows && !status; i++) {
        int64_t shifted = (int64_t)(i * store->chunk_rows) - (int64_t)first;
        status = ock_gather(store->x[i], indices, shifted, x);
        if (!status && y)
            status = ock_gather(store->y[i], indices, shifted, y);
    }
    return status;
}
