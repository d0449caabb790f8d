/* A run that is stopped and goes on in another process ends as one that never was. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "suites.h"

enum {
    SIDE = 4, /* of a picture */
    FEATURES = SIDE * SIDE,
    OUTPUTS = 3,
    ROWS = 60,
    EPOCHS = 5
};

/* ---- Runs ---- */

static const spec layers[] = {
    {SPEC_DENSE, .units = 17, .activation = OCK_RELU, .l1 = 1e-4f, .l2 = 1e-3f},
    {SPEC_DROPOUT, .rate = 0.25f},
    {SPEC_GAUSSIAN_NOISE, .rate = 0.1f},
    {.kind = SPEC_BATCH_NORM},
    {SPEC_DENSE, .units = 9, .activation = OCK_TANH, .no_bias = true},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

static const ock_augmentation moves = {.height = SIDE,
                                       .width = SIDE,
                                       .channels = 1,
                                       .rotation_range = 20,
                                       .width_shift_range = 0.2f,
                                       .zoom_range = {0.9f, 1.1f},
                                       .horizontal_flip = true,
                                       .elastic_alpha = 3,
                                       .elastic_sigma = 1,
                                       .erase_factor = 0.5f,
                                       .erase_scale = {0.02f, 0.4f},
                                       .erase_ratio = {0.3f, 3.33f},
                                       .seed = 9};

static const float class_weights[OUTPUTS] = {0.5f, 1, 2};

/* What a run keeps from epoch to epoch. */
static void plain(ock_fit *fit)
{
    fit->shuffle = false;
    fit->optimizer = ock_sgd_defaults();
}

static void with_momentum(ock_fit *fit)
{
    fit->optimizer = ock_sgd_defaults();
    fit->optimizer.momentum = 0.9f;
    fit->optimizer.nesterov = true;
    fit->validation_split = 0.2f;
}

static void with_all(ock_fit *fit)
{
    fit->validation_split = 0.25f;
    fit->augmentation = &moves;
    fit->label_smoothing = 0.1f;
    fit->early_stopping = (ock_early_stopping){
        .monitor = "val_loss", .patience = EPOCHS, .restore_best_weights = true};
}

static void with_schedule(ock_fit *fit)
{
    with_all(fit);
    fit->schedule = (ock_schedule){.kind = OCK_COSINE_DECAY,
                                   .decay_steps = 30,
                                   .alpha = 0.1f,
                                   .warmup_steps = 9,
                                   .warmup_from = 1e-5f};
    fit->optimizer.weight_decay = 0.01f;
    fit->class_weights = class_weights;
}

/* No epoch is an improvement, so that the rate changes twice. */
static void with_plateau_and_moving_average(ock_fit *fit)
{
    with_all(fit);
    fit->plateau = ock_plateau_defaults();
    fit->plateau.monitor = "loss";
    fit->plateau.min_delta = 100;
    fit->plateau.patience = 1;
    fit->plateau.cooldown = 2;
    fit->optimizer.kind = OCK_RMSPROP;
    fit->optimizer.rho = 0.9f;
    fit->optimizer.momentum = 0.5f;
    fit->optimizer.ema_momentum = 0.75f;
}

static void with_mean(ock_fit *fit)
{
    with_all(fit);
    fit->swa_from_epoch = 2;
    fit->mixup_alpha = 0.4f;
}

static void with_mean_alone(ock_fit *fit)
{
    fit->swa_from_epoch = 3;
}

/* No epoch after the first is an improvement: the fourth is the last. */
static void stopped_early(ock_fit *fit)
{
    with_all(fit);
    fit->early_stopping.patience = 3;
    fit->early_stopping.min_delta = 100;
}

typedef struct kind {
    void (*configure)(ock_fit *fit);
    uint32_t epochs; /* that it comes to */
    bool standardizes;
} kind;

static const kind kinds[] = {{plain, EPOCHS, false},
                             {with_momentum, EPOCHS, true},
                             {with_all, EPOCHS, false},
                             {with_schedule, EPOCHS, false},
                             {with_plateau_and_moving_average, EPOCHS, false},
                             {with_mean, EPOCHS, true},
                             {with_mean_alone, EPOCHS, false},
                             {stopped_early, 4, false}};

/* ---- A run in a process of its own ---- */

typedef enum stop {
    STOP_NEVER,
    STOP_BY_CALLBACK,
    STOP_BY_EXIT,
    STOP_BY_SIGNAL,
    STOP_WITHIN_EPOCH, /* the one after */
    STOPS,
    STOP_BY_STEP /* within the one after, by a callback; only then is there a checkpoint */
} stop;

typedef struct trial {
    const kind *kind;
    const char *checkpoint; /* NULL: none */
    const char *result;     /* weights; beside it, with .history, the rest */
    stop stop;
    uint32_t after; /* epochs */
    bool trained;   /* receives whether a step was taken */
} trial;

static bool on_epoch(const ock_epoch *epoch, void *user)
{
    const trial *t = user;
    if (epoch->epoch != t->after)
        return true;
    if (t->stop == STOP_BY_EXIT)
        _exit(EXIT_SUCCESS);
    if (t->stop == STOP_BY_SIGNAL)
        raise(SIGKILL);
    return t->stop != STOP_BY_CALLBACK;
}

static bool on_step(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    trial *t = user;
    (void)steps;
    t->trained = true;
    if (t->stop == STOP_WITHIN_EPOCH && epoch == t->after + 1 && step == 2)
        raise(SIGKILL);
    return t->stop != STOP_BY_STEP || epoch != t->after + 1 || step != 2;
}

static void write_result(const trial *t, ock_model *net, const ock_history *history)
{
    char path[96];
    OK(ock_model_context(net), ock_model_save(net, t->result));
    snprintf(path, sizeof path, "%s.history", t->result);
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%zu %d %zu\n", history->count, history->stopped_early, history->best);
    for (size_t i = 0; i < history->count; i++) {
        const ock_epoch *epoch = &history->epochs[i];
        fprintf(out, "%u %u\n", (unsigned)epoch->epoch, (unsigned)epoch->steps);
        fwrite(&epoch->loss, 1,
               (size_t)((const char *)&epoch->seconds - (const char *)&epoch->loss), out);
    }
    ck_assert_int_eq(fclose(out), 0);
}

static const ock_standardization scales = {.samplewise_std_normalization = true,
                                           .featurewise_std_normalization = true};

static bool run_here(trial *t)
{
    ock_context *context = open_context();
    samples data = samples_create(ROWS, FEATURES, OUTPUTS);
    ock_dataset *set = labelled(context, &data);
    ock_model *net = build(context, FEATURES, layers);
    ock_history history = {0};
    ock_fit fit = ock_fit_defaults();
    fit.epochs = EPOCHS;
    fit.batch_size = 8;
    fit.seed = 1ull << 60 | 7;
    t->kind->configure(&fit);
    ock_standardizer *standardizer = NULL;
    OK(context, ock_standardizer_fit(set, &scales, &standardizer));
    fit.standardizer = t->kind->standardizes ? standardizer : NULL;
    fit.checkpoint = t->checkpoint;
    fit.checkpoint_when_stopped = t->stop == STOP_BY_STEP;
    fit.resume = t->checkpoint != NULL;
    fit.on_epoch = on_epoch;
    fit.on_step = on_step;
    fit.user = t;
    OK(context, ock_model_fit(net, set, NULL, &fit, &history));
    if (t->result)
        write_result(t, net, &history);
    ock_history_clear(&history);
    ock_standardizer_destroy(standardizer);
    ock_model_destroy(net);
    ock_dataset_destroy(set);
    samples_free(&data);
    ock_context_destroy(context);
    return t->trained;
}

enum {
    TRAINED = 40,
    NOTHING_TO_DO
};

/* Returns whether a step was taken. Nothing of OpenCL is in use before. */
static bool run(trial t)
{
    int status;
    pid_t child = fork();
    if (!child)
        _exit(run_here(&t) ? TRAINED : NOTHING_TO_DO);
    ck_assert(child > 0 && waitpid(child, &status, 0) == child);
    if (t.stop == STOP_BY_SIGNAL || t.stop == STOP_WITHIN_EPOCH)
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    else
        ck_assert(WIFEXITED(status) && (t.stop == STOP_BY_EXIT || WEXITSTATUS(status) == TRAINED ||
                                        WEXITSTATUS(status) == NOTHING_TO_DO));
    return WIFEXITED(status) && WEXITSTATUS(status) == TRAINED;
}

/* ---- Comparing ---- */

static void expect_same_file(const char *a, const char *b, const char *ending)
{
    char first[96], second[96];
    size_t size, other;
    snprintf(first, sizeof first, "%s%s", a, ending);
    snprintf(second, sizeof second, "%s%s", b, ending);
    char *left = read_file(first, &size), *right = read_file(second, &other);
    ck_assert_uint_eq(size, other);
    ck_assert_msg(!memcmp(left, right, size), "%s differs from %s", second, first);
    free(right);
    free(left);
    remove(second);
}

typedef struct places {
    folder files;
    char whole[96], resumed[96];
} places;

static places places_open(void)
{
    places made = {.files = folder_open()};
    snprintf(made.whole, sizeof made.whole, "%s/whole", made.files.name);
    snprintf(made.resumed, sizeof made.resumed, "%s/resumed", made.files.name);
    return made;
}

static void expect_same(const places *p)
{
    expect_same_file(p->whole, p->resumed, "");
    expect_same_file(p->whole, p->resumed, ".history");
}

static void places_close(const places *p)
{
    char history[112];
    snprintf(history, sizeof history, "%s.history", p->whole);
    remove(history);
    remove(p->whole);
    folder_close(&p->files);
}

/* ---- Tests ---- */

/* After each epoch a stop, of another kind each time. */
START_TEST(goes_on_after_any_epoch)
{
    places p = places_open();
    const kind *of = &kinds[_i];
    ck_assert(run((trial){of, .result = p.whole}));
    for (uint32_t after = 1; after <= of->epochs; after++) {
        stop how = (stop)(1 + (after + (uint32_t)_i) % (STOPS - 1));
        if (how == STOP_WITHIN_EPOCH && after == of->epochs)
            how = STOP_BY_SIGNAL;
        run((trial){of, .checkpoint = p.files.path, .stop = how, .after = after});
        bool more = run((trial){of, .checkpoint = p.files.path, .result = p.resumed});
        ck_assert(more == (after < of->epochs));
        expect_same(&p);
        remove(p.files.path);
    }
    places_close(&p);
}
END_TEST

/* A process for each epoch, and then two with nothing left to do. */
START_TEST(goes_on_again_and_again)
{
    places p = places_open();
    const kind *of = &kinds[_i];
    ck_assert(run((trial){of, .result = p.whole}));
    for (uint32_t after = 1; after <= of->epochs; after++)
        run((trial){of, .checkpoint = p.files.path, .stop = STOP_BY_CALLBACK, .after = after});
    for (int i = 0; i < 2; i++) {
        ck_assert(!run((trial){of, .checkpoint = p.files.path, .result = p.resumed}));
        expect_same(&p);
    }
    places_close(&p);
}
END_TEST

/* A file of the last whole epoch, and only of a run that is stopped after one. */
START_TEST(goes_on_after_a_stop_within_an_epoch)
{
    places p = places_open();
    const kind *of = &kinds[_i];
    ck_assert(run((trial){of, .result = p.whole}));
    for (uint32_t after = 0; after <= of->epochs; after++) {
        run((trial){of, .checkpoint = p.files.path, .stop = STOP_BY_STEP, .after = after});
        bool stopped = after > 0 && after < of->epochs;
        ck_assert_int_eq(access(p.files.path, F_OK), stopped ? 0 : -1);
        ck_assert(run((trial){of, .checkpoint = p.files.path, .result = p.resumed}));
        expect_same(&p);
        remove(p.files.path);
    }
    places_close(&p);
}
END_TEST

Suite *resumption_suite(void)
{
    Suite *suite = suite_create("resumption");
    TCase *cases = tcase_create("resumption");
    const int count = sizeof kinds / sizeof *kinds;
    tcase_add_loop_test(cases, goes_on_after_any_epoch, 0, count);
    tcase_add_loop_test(cases, goes_on_again_and_again, 0, count);
    tcase_add_loop_test(cases, goes_on_after_a_stop_within_an_epoch, 0, count);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    return suite;
}
