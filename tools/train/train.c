#include "train.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "epoch_line.h"
#include "events.h"
#include "progress.h"
#include "run.h"

static const float NEAR_ZERO = 1e-4f;
static const float ZCA_EPSILON = 1e-6f; /* ImageDataGenerator's, on pixels of 0 .. 255 */

ock_status train_dataset(const struct session *session, float scale, ock_dataset **set)
{
    const pictures *samples = &session->pictures;
    size_t features = pictures_size(samples), size = samples->count * features;
    float *scaled = scale == 1 ? samples->x : malloc(size * sizeof *scaled);
    if (!scaled)
        return ock_context_report(session->context, OCK_OUT_OF_MEMORY, "no memory for %zu pictures",
                                  samples->count);
    for (size_t i = 0; scale != 1 && i < size; i++)
        scaled[i] = scale * samples->x[i];
    const ock_arrays arrays = {
        .rows = samples->count,
        .features = features,
        .x = scaled,
        .outputs = (size_t)samples->classes,
        .labels = samples->labels,
    };
    ock_status status = ock_dataset_create(session->context, &arrays, set);
    if (scaled != samples->x)
        free(scaled);
    return status;
}

/* As Keras counts: the product is rounded once, then cut. */
static size_t train_rows(const struct session *session)
{
    return (size_t)((1 - session->options->validation_split) * (double)session->pictures.count);
}

int train_open(struct session *session, const struct options *options, ock_dataset **set)
{
    *set = NULL;
    int exit_status = session_open(session, options);
    if (exit_status == EXIT_SUCCESS)
        exit_status = session_read(session, 0);
    if (exit_status != EXIT_SUCCESS)
        return exit_status;
    size_t count = session->pictures.count, rows = train_rows(session);
    if (rows == 0 || (rows == count && options->validation_split > 0)) {
        fprintf(stderr, "ockham-train: %zu samples are too few to validate on %g of them\n", count,
                options->validation_split);
        return EXIT_USAGE;
    }
    if (train_dataset(session, 1, set) != OCK_OK)
        return session_failed(session, "the data cannot be put on the device");
    return EXIT_SUCCESS;
}

/* ---- What is measured ---- */

static double median_ms(const ock_history *history)
{
    double median = NAN, *sorted = malloc(history->count * sizeof *sorted);
    if (sorted && history->count) {
        for (size_t i = 0; i < history->count; i++)
            sorted[i] = history->epochs[i].ms_per_step;
        qsort(sorted, history->count, sizeof *sorted, cli_compare_doubles);
        median = (sorted[(history->count - 1) / 2] + sorted[history->count / 2]) / 2;
    }
    free(sorted);
    return median;
}

static ock_status count_near_zero(const ock_tensor *tensor, size_t *near, size_t *all)
{
    size_t size = ock_tensor_rows(tensor) * ock_tensor_cols(tensor);
    float *weights = malloc(size * sizeof *weights);
    ock_status status = weights ? ock_tensor_read(tensor, weights) : OCK_OUT_OF_MEMORY;
    for (size_t i = 0; status == OCK_OK && i < size; i++)
        *near += fabsf(weights[i]) < NEAR_ZERO;
    *all += size;
    free(weights);
    return status;
}

/* Of all kernels; NaN where they could not be read. */
static double near_zero_share(const ock_model *model)
{
    size_t near = 0, all = 0;
    for (size_t i = 0; i < ock_model_tensor_count(model); i++) {
        ock_model_tensor named;
        ock_status status = ock_model_tensor_at(model, i, &named);
        if (status == OCK_OK && strstr(named.name, ".kernel"))
            status = count_near_zero(named.tensor, &near, &all);
        if (status != OCK_OK)
            return NAN;
    }
    return (double)near / (double)all;
}

/* ---- The run ---- */

/* Whom a fit tells how it goes. */
struct audience {
    FILE *talk;
    const char *row;
    uint32_t epochs;
    struct progress progress;
    struct events events;
};

static bool on_step(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    struct audience *audience = user;
    double done = (double)(epoch - 1) * (double)steps + (double)step;
    char name[64];
    snprintf(name, sizeof name, "%s, epoch %" PRIu32 "/%" PRIu32, audience->row, epoch,
             audience->epochs);
    progress_show(&audience->progress, name, done, (double)audience->epochs * (double)steps);
    return !run_interrupted();
}

static void add_epoch(struct events *events, const ock_epoch *epoch)
{
    struct event_scalar scalars[EPOCH_FIGURES];
    size_t count = 0;
    for (size_t i = 0; i < EPOCH_FIGURES; i++) {
        struct event_scalar scalar = {epoch_figure_names[i], epoch_figure(epoch, i)};
        bool absent = isnan(scalar.value) && strncmp(scalar.tag, "val_", 4) == 0;
        if (!absent) /* there were none to validate on */
            scalars[count++] = scalar;
    }
    events_add(events, epoch->epoch, scalars, count);
}

static bool on_epoch(const ock_epoch *epoch, void *user)
{
    struct audience *audience = user;
    progress_erase(&audience->progress);
    epoch_line(audience->talk, audience->row, audience->epochs, epoch);
    add_epoch(&audience->events, epoch);
    return !run_interrupted();
}

static void on_failover(const ock_failover *failover, void *user)
{
    struct audience *audience = user;
    progress_erase(&audience->progress);
    failover_line(audience->talk, audience->row, failover);
}

/* A fit's run is --tensorboard's folder itself; others have a run for each row. */
static ock_status open_events(const struct session *session, const char *row, struct events *events)
{
    const struct options *options = session->options;
    if (events_open(events, options->tensorboard, options->command == FIT ? NULL : row))
        return OCK_OK;
    return ock_context_report(session->context, OCK_FILE_FAILED, "--tensorboard %s: %s",
                              events->path ? events->path : options->tensorboard, strerror(errno));
}

static uint64_t steps_per_epoch(const struct recipe *recipe, const ock_dataset *train)
{
    size_t rows = ock_dataset_rows(train), batch = recipe->fit.batch_size;
    return rows / batch + (rows % batch > 0);
}

static ock_status fit(const struct session *session, const struct recipe *recipe,
                      const ock_dataset *const sets[2], const ock_standardizer *standardizer,
                      ock_model *model, struct result *result)
{
    const struct options *options = session->options;
    ock_augmentation augmentation = session_augmentation(session, recipe, options->seed);
    struct audience audience = {
        .talk = session->talk, .row = recipe->name, .epochs = recipe->fit.epochs};
    size_t classes = ock_dataset_outputs(sets[0]);
    if (recipe->class_weight_count && recipe->class_weight_count != classes)
        return ock_context_report(session->context, OCK_INVALID_ARGUMENT,
                                  "--class-weights has %zu numbers; the data have %zu classes",
                                  recipe->class_weight_count, classes);
    ock_fit fit = recipe_fit(recipe, steps_per_epoch(recipe, sets[0]));
    fit.seed = options->seed;
    fit.augmentation = recipe->augment ? &augmentation : NULL;
    fit.standardizer = standardizer;
    fit.class_weights = recipe->class_weight_count ? recipe->class_weights : NULL;
    fit.on_epoch = on_epoch;
    fit.on_step = on_step;
    fit.failover = options->failover;
    fit.on_failover = on_failover;
    fit.user = &audience;
    ock_status status = open_events(session, recipe->name, &audience.events);
    progress_begin(&audience.progress, "steps");
    if (status == OCK_OK)
        status = ock_model_fit(model, sets[0], sets[1], &fit, &result->history);
    progress_erase(&audience.progress);
    result->events_failed = audience.events.failed;
    events_close(&audience.events);
    return status;
}

static ock_status whiten(const ock_dataset *train, ock_dataset *set)
{
    ock_standardizer *zca = NULL;
    ock_status status = ock_standardizer_fit(train,
                                             &(ock_standardization){.featurewise_center = true,
                                                                    .zca_whitening = true,
                                                                    .zca_epsilon = ZCA_EPSILON},
                                             &zca);
    if (status == OCK_OK)
        status = ock_standardizer_apply(zca, set);
    ock_standardizer_destroy(zca);
    return status;
}

/* With the weights of --weights, if they are given. */
static ock_status build(const struct session *session, const struct recipe *recipe,
                        const ock_dataset *set, ock_model **model)
{
    const char *weights = session->options->weights;
    ock_status status = recipe_build(recipe, session->context, ock_dataset_features(set),
                                     ock_dataset_outputs(set), model);
    return status || !weights ? status : ock_model_load(*model, weights);
}

static ock_status run(const struct session *session, const struct recipe *recipe, ock_dataset *set,
                      struct result *result, ock_model **model)
{
    size_t all = ock_dataset_rows(set), rows = train_rows(session);
    ock_dataset *train = NULL, *valid = NULL;
    ock_standardizer *standardizer = NULL;
    ock_status status = ock_dataset_view(set, 0, rows, &train);
    if (status == OCK_OK && rows < all)
        status = ock_dataset_view(set, rows, all - rows, &valid);
    struct waiting waiting;
    waiting_begin(&waiting, "fitting the standardization");
    if (status == OCK_OK && recipe->whiten)
        status = whiten(train, set);
    if (status == OCK_OK && recipe->standardize)
        status = ock_standardizer_fit(train, &recipe->standardization, &standardizer);
    waiting_end(&waiting);
    if (status == OCK_OK && !*model)
        status = build(session, recipe, set, model);
    if (status == OCK_OK)
        status = fit(session, recipe, (const ock_dataset *const[2]){train, valid}, standardizer,
                     *model, result);
    ock_standardizer_destroy(standardizer);
    ock_dataset_destroy(valid);
    ock_dataset_destroy(train);
    return status;
}

static enum outcome outcome_of(ock_status status)
{
    if (status == OCK_OK)
        return run_interrupted() ? INTERRUPTED : RAN;
    return status == OCK_UNSUPPORTED || status == OCK_OUT_OF_MEMORY ? SKIPPED : FAILED;
}

void train_recipe(const struct session *session, const struct recipe *recipe, ock_dataset *set,
                  struct result *result, ock_model **model)
{
    double start = run_now();
    ock_model *trained = model ? *model : NULL;
    *result = (struct result){.row = recipe->name, .near_zero = NAN};
    ock_status status = run(session, recipe, set, result, &trained);
    result->outcome = outcome_of(status);
    if (status != OCK_OK)
        snprintf(result->reason, sizeof result->reason, "%s",
                 ock_context_message(session->context));
    else
        result->near_zero = near_zero_share(trained);
    result->ms_per_step = median_ms(&result->history);
    result->seconds = run_now() - start;
    if (model)
        *model = status == OCK_OK ? trained : NULL;
    if (!model || status != OCK_OK)
        ock_model_destroy(trained);
}
