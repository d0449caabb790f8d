/* How far a network without convolutions comes on handwritten digits, and by which ingredients. */
#include <math.h>
#include <stdlib.h>

#include "augmentation.h"
#include "cli.h"
#include "commands.h"
#include "curves.h"
#include "kept.h"
#include "progress.h"
#include "report.h"
#include "run.h"
#include "train.h"

/* ---- The ingredients ---- */

static void add_schedule(struct recipe *recipe)
{
    recipe->schedule.kind = OCK_COSINE_DECAY;
    recipe->warmup_epochs = 1;
}

static void add_averaging(struct recipe *recipe)
{
    recipe->fit.optimizer.ema_momentum = 0.999f;
}

static void add_dropout(struct recipe *recipe)
{
    recipe->dropout = 0.1f;
}

static void add_max_norm(struct recipe *recipe)
{
    recipe->max_norm = 3;
}

static void add_affine(struct recipe *recipe)
{
    recipe->augment = true;
    recipe->augmentation = augmentation_small();
    recipe->augmentation.rotation_range = 10;
    recipe->augmentation.shear_range = 10;
    recipe->augmentation.width_shift_range = recipe->augmentation.height_shift_range = 0.04f;
}

/* Simard et al. (2003) have these two figures for pictures of 29 x 29. */
static void add_elastic(struct recipe *recipe)
{
    recipe->augmentation.elastic_alpha = 34;
    recipe->augmentation.elastic_sigma = 4;
}

/* In 20 epochs on 50,000 of MNIST's pictures these left 82 errors in the other 10,000; 800 units in
 * both layers left 90, with or without dropout; half as strong again, the maps left 101. */
static const struct ingredient {
    const char *name;
    void (*add)(struct recipe *recipe);
} ingredients[] = {
    {"schedule", add_schedule}, {"averaging", add_averaging}, {"dropout", add_dropout},
    {"max-norm", add_max_norm}, {"affine", add_affine},       {"elastic", add_elastic},
};

enum {
    INGREDIENTS = sizeof ingredients / sizeof *ingredients
};

void best_recipe(struct recipe *recipe)
{
    recipe->layers = 2;
    recipe->hidden[0] = 1200;
    recipe->hidden[1] = 800;
    for (size_t i = 0; i < INGREDIENTS; i++)
        ingredients[i].add(recipe);
}

/* The network with the first `count` of them. */
static struct recipe with_ingredients(const struct recipe *best, size_t count, const char *name)
{
    struct recipe recipe = recipe_plain();
    recipe.name = name;
    recipe.layers = best->layers;
    for (size_t i = 0; i < best->layers; i++)
        recipe.hidden[i] = best->hidden[i];
    recipe.fit.epochs = best->fit.epochs;
    recipe.fit.batch_size = best->fit.batch_size;
    for (size_t i = 0; i < count; i++)
        ingredients[i].add(&recipe);
    return recipe;
}

/* ---- A run ---- */

struct score {
    char name[24];
    double train_accuracy, accuracy, minutes;
    size_t rows; /* that were judged */
};

/* What is told when all is done; `curves` has a row for each score, and for one that was not gone
 * through with. */
struct told {
    struct score *scores;
    size_t done;
    struct report curves;
    struct kept kept;
};

/* On the pictures of --test where they are given, else as validation had it last. They go to the
 * device now, since a fit may have left the one that it began on. */
static bool judge(const struct session *test, ock_model *model, struct result *result)
{
    const ock_epoch *last = &result->history.epochs[result->history.count - 1];
    ock_evaluation evaluation = {.accuracy = last->val_accuracy};
    ock_dataset *judges = NULL;
    ock_status status = test ? train_dataset(test, 1, &judges) : OCK_OK;
    struct waiting waiting;
    waiting_begin(&waiting, "evaluating");
    if (test && status == OCK_OK)
        status = ock_model_evaluate(model, judges, NULL, &evaluation);
    waiting_end(&waiting);
    ock_dataset_destroy(judges);
    result->judged = evaluation.accuracy;
    return !status || session_failed(test, "the network cannot be evaluated") == EXIT_SUCCESS;
}

static void add_score(struct told *told, const struct result *result)
{
    struct score *score = &told->scores[told->done++];
    score->train_accuracy = result->history.epochs[result->history.count - 1].accuracy;
    score->accuracy = result->judged;
    score->minutes = result->seconds / 60;
}

static bool run(struct told *told, uint64_t seed, struct recipe recipe, ock_dataset *set,
                const struct session *test)
{
    const struct session *session = told->curves.session;
    struct options options = *session->options;
    struct session seeded = *session;
    struct result *result = &told->curves.results[told->curves.count++];
    ock_model *model = NULL;
    bool done = kept_take(&told->kept, recipe.name, result);
    if (!done) {
        options.seed = seed;
        seeded.options = &options;
        kept_begin_row(&told->kept, told->curves.count, &recipe.fit);
        train_recipe(&seeded, &recipe, set, result, &model);
        done = result->outcome == RAN && result->history.count > 0;
        if (!done && result->outcome != INTERRUPTED)
            fprintf(stderr, "ockham-train: %s: %s\n", recipe.name, result->reason);
        done = done && judge(test, model, result) && kept_add(&told->kept, result);
    }
    ock_model_destroy(model);
    if (done)
        add_score(told, result);
    return done;
}

/* Returns false, with the reason on standard error, where it cannot begin or go on. */
static bool told_begin(struct told *told, const struct session *session, size_t count, size_t rows)
{
    *told = (struct told){
        .scores = calloc(count, sizeof *told->scores),
        .curves = {.session = session, .results = calloc(count, sizeof *told->curves.results)}};
    for (size_t i = 0; told->scores && i < count; i++)
        told->scores[i].rows = rows;
    if (told->scores && told->curves.results)
        return kept_open(&told->kept, session);
    fprintf(stderr, "ockham-train: no memory for %zu scores\n", count);
    return false;
}

/* Returns false, with the reason on standard error, where what is done could not be kept. */
static bool told_end(struct told *told)
{
    const struct result *last = told->curves.results + told->curves.count - 1;
    bool stopped = told->curves.count && last->outcome == INTERRUPTED;
    bool kept = !stopped || kept_stop(&told->kept, last);
    for (size_t i = 0; i < told->curves.count; i++)
        ock_history_clear(&told->curves.results[i].history);
    kept_close(&told->kept);
    free(told->curves.results);
    free(told->scores);
    return kept;
}

/* ---- Tables ---- */

static void print_head(const struct session *session, const char *what, bool test)
{
    fprintf(session->talk, "\n%-12s %9s %10s %7s %8s\n", what, "training",
            test ? "test" : "validation", "errors", "minutes");
}

static void print_score(const struct session *session, const struct score *score)
{
    fprintf(session->talk, "%-12s %8.2f%% %9.2f%% %7.0f %8.1f\n", score->name,
            100 * score->train_accuracy, 100 * score->accuracy,
            (1 - score->accuracy) * (double)score->rows, score->minutes);
}

static void print_mean(const struct session *session, const struct score *scores, size_t count)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < count; i++)
        mean += scores[i].accuracy / (double)count;
    for (size_t i = 0; i < count; i++)
        square += pow(scores[i].accuracy - mean, 2);
    if (count > 1)
        fprintf(session->talk, "%-12s %9s %9.2f%%  (deviation %.2f)\n", "mean", "", 100 * mean,
                100 * sqrt(square / (double)(count - 1)));
}

static bool write_files(const struct report *report)
{
    bool csv = report_csv(report), plot = curves_write(report);
    return csv && plot && report_events(report);
}

/* ---- The commands ---- */

static int run_seeds(const struct session *session, ock_dataset *set, const struct session *test,
                     size_t rows)
{
    const struct options *options = session->options;
    size_t count = (size_t)options->seeds;
    struct recipe recipe = options->recipe;
    struct told told;
    bool going = told_begin(&told, session, count, rows), written = true;
    for (size_t i = 0; going && i < count; i++) {
        struct score *score = &told.scores[i];
        snprintf(score->name, sizeof score->name, "%llu", (unsigned long long)(options->seed + i));
        recipe.name = score->name;
        going = run(&told, options->seed + i, recipe, set, test);
    }
    if (told.curves.count) {
        print_head(session, "seed", test);
        for (size_t i = 0; i < told.done; i++)
            print_score(session, &told.scores[i]);
        print_mean(session, told.scores, told.done);
        written = write_files(&told.curves);
    }
    written = told_end(&told) && written;
    return going && written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_ablation(const struct session *session, ock_dataset *set, size_t rows)
{
    struct told told;
    bool going = told_begin(&told, session, 1 + INGREDIENTS, rows), written = true;
    for (size_t i = 0; going && i <= INGREDIENTS; i++) {
        struct score *score = &told.scores[i];
        snprintf(score->name, sizeof score->name, "%s%s", i ? "+ " : "",
                 i ? ingredients[i - 1].name : "plain");
        const struct recipe recipe = with_ingredients(&session->options->recipe, i, score->name);
        going = run(&told, session->options->seed, recipe, set, NULL);
    }
    if (told.curves.count) {
        print_head(session, "ingredients", false);
        for (size_t i = 0; i < told.done; i++)
            print_score(session, &told.scores[i]);
        fprintf(session->talk, "\nEach row has those above it, too; %u epochs, seed %llu.\n",
                session->options->recipe.fit.epochs, (unsigned long long)session->options->seed);
        written = write_files(&told.curves);
    }
    written = told_end(&told) && written;
    return going && written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The pictures of --test. */
static int read_test(const struct session *session, struct session *test)
{
    *test = *session;
    test->pictures = (pictures){0};
    const pictures *trained = &session->pictures, *judged = &test->pictures;
    int exit_status = session_read(test, (size_t)trained->classes);
    if (exit_status == EXIT_SUCCESS &&
        (judged->height != trained->height || judged->width != trained->width ||
         judged->channels != trained->channels)) {
        fprintf(stderr,
                "ockham-train: the samples are %zu x %zu x %zu, but those to test on %zu x %zu x "
                "%zu\n",
                trained->height, trained->width, trained->channels, judged->height, judged->width,
                judged->channels);
        return EXIT_FAILURE;
    }
    return exit_status;
}

/* With --test all training pictures are trained on, and the test's read beside them. */
int run_best(const struct options *options)
{
    struct options training = *options, testing = *options;
    struct session session, test = {0};
    ock_dataset *set;
    training.test = false;
    if (options->test)
        training.validation_split = 0;
    int exit_status = train_open(&session, &training, &set);
    size_t all = session.pictures.count;
    size_t rows = all - (size_t)((1 - training.validation_split) * (double)all);
    if (exit_status == EXIT_SUCCESS && options->test) {
        session.options = &testing;
        exit_status = read_test(&session, &test);
        session.options = &training;
        rows = test.pictures.count;
    }
    if (exit_status == EXIT_SUCCESS)
        exit_status = options->ablate
                          ? run_ablation(&session, set, rows)
                          : run_seeds(&session, set, options->test ? &test : NULL, rows);
    if (run_interrupted())
        exit_status = EXIT_INTERRUPTED;
    pictures_free(&test.pictures);
    ock_dataset_destroy(set);
    session_close(&session);
    return exit_status;
}
