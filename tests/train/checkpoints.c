/* Checkpoints: what they hold, which are refused, and that an older one survives a failure. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../comma.h"
#include "bench.h"
#include "files.h"
#include "suites.h"

typedef struct saved {
    bench b;
    folder files;
    ock_fit fit; /* two epochs, into the file */
} saved;

static void saved_open(saved *s)
{
    s->b = bench_open();
    s->files = folder_open();
    s->fit = s->b.fit;
    s->fit.epochs = 2;
    s->fit.validation_split = 0.2f;
    s->fit.early_stopping =
        (ock_early_stopping){.monitor = "loss", .patience = 9, .restore_best_weights = true};
    s->fit.checkpoint = s->files.path;
    ock_model_destroy(fitted(&s->b, &s->fit, NULL));
    s->fit.resume = true;
}

static void saved_close(saved *s)
{
    folder_close(&s->files);
    bench_close(&s->b);
}

/* ---- What is there ---- */

static void expect_words(const char *header, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(strstr(header, words[i]), "%s is not in %s", words[i], header);
}

START_TEST(tensors_and_metadata_have_clear_names)
{
    saved s;
    size_t size;
    struct stat about;
    saved_open(&s);
    ck_assert(!stat(s.files.path, &about) && (about.st_mode & 0777) == 0600);
    char *bytes = read_file(s.files.path, &size);
    size_t length = (size_t)(unsigned char)bytes[0] + 256 * (size_t)(unsigned char)bytes[1];
    bytes[8 + length] = '\0';
    const char *const words[] = {
        "{\"__metadata__\":{\"format\":\"ockham\",\"ockham\":\"[{",
        "\"settings\":\"{\\\"rows\\\":40,",
        "\\\"optimizer.kind\\\":\\\"adam\\\",\\\"optimizer.learning_rate\\\":1.00000005e-03,",
        "\"state\":\"{\\\"version\\\":1,\\\"step\\\":\\\"6\\\",\\\"first_step\\\":\\\"0\\\",",
        "\\\"history\\\":[{\\\"epoch\\\":1,\\\"steps\\\":\\\"3\\\",\\\"loss\\\":\\\"0x",
        "\"0.kernel\":{\"dtype\":\"F32\",\"shape\":[8,20],\"data_offsets\":[0,640]}",
        "\"moment1.0.kernel\":{\"dtype\":\"F32\",\"shape\":[8,20],",
        "\"moment2.3.bias\":{\"dtype\":\"F32\",\"shape\":[3],",
        "\"best.0.kernel\":{\"dtype\":\"F32\",\"shape\":[8,20],",
        "\"digest\":{\"dtype\":\"I64\",\"shape\":[1],",
    };
    expect_words(bytes + 8, words, sizeof words / sizeof *words);
    free(bytes);
    saved_close(&s);
}
END_TEST

/* A checkpoint is also the file of a network, as it was after the epoch. */
START_TEST(opens_as_a_network)
{
    saved s;
    ock_model *opened = NULL, *loaded;
    saved_open(&s);
    ock_fit fit = s.fit;
    fit.checkpoint = NULL;
    fit.resume = fit.early_stopping.restore_best_weights = false;
    ock_model *net = fitted(&s.b, &fit, NULL);
    OK(s.b.context, ock_model_open(s.b.context, s.files.path, &opened));
    expect_same_weights(net, opened);
    loaded = build(s.b.context, FEATURES, bench_layers);
    OK(s.b.context, ock_model_load(loaded, s.files.path));
    expect_same_weights(net, loaded);
    ock_model_destroy(loaded);
    ock_model_destroy(opened);
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

typedef struct witness {
    const char *path;
    unsigned seen;
} witness;

static bool file_is_there(const ock_epoch *epoch, void *user)
{
    witness *w = user;
    struct stat about;
    ck_assert_uint_eq(epoch->epoch, ++w->seen);
    ck_assert_int_eq(stat(w->path, &about), 0);
    ck_assert_int_eq(remove(w->path), 0);
    return true;
}

/* Before the callback is called; with no file a run begins anew. */
START_TEST(is_written_before_the_callback)
{
    saved s;
    saved_open(&s);
    remove(s.files.path);
    witness w = {.path = s.files.path};
    s.fit.on_epoch = file_is_there;
    s.fit.user = &w;
    ock_model_destroy(fitted(&s.b, &s.fit, NULL));
    ck_assert_uint_eq(w.seen, 2);
    saved_close(&s);
}
END_TEST

/* More epochs than at first; and the history goes on behind what was there. */
START_TEST(goes_on_for_more_epochs)
{
    saved s;
    saved_open(&s);
    ock_history whole = {0}, resumed = {0};
    ock_fit fit = s.fit;
    fit.epochs = 5;
    fit.checkpoint = NULL;
    fit.resume = false;
    ock_model *a = fitted(&s.b, &fit, &whole);
    fit = s.fit;
    fit.epochs = 5;
    ock_model *b = fitted(&s.b, &fit, &resumed);
    expect_same_weights(a, b);
    expect_same_history(&whole, &resumed);
    ck_assert_uint_eq(whole.best, resumed.best);
    OK(s.b.context, ock_model_fit(a, s.b.set, NULL, &fit, &resumed));
    ck_assert_uint_eq(resumed.count, 10);
    ck_assert_uint_eq(resumed.best, 5 + whole.best);
    expect_same_weights(a, b);
    fit.epochs = 1; /* done already */
    OK(s.b.context, ock_model_fit(a, s.b.set, NULL, &fit, NULL));
    expect_same_weights(a, b);
    ock_history_clear(&resumed);
    ock_history_clear(&whole);
    ock_model_destroy(b);
    ock_model_destroy(a);
    saved_close(&s);
}
END_TEST

/* The same file whatever the user's language writes, and readable in it. */
START_TEST(a_decimal_comma_changes_nothing)
{
    saved s;
    size_t size;
    saved_open(&s);
    write_decimal_commas();
    ock_history history = {0};
    ock_model *net = fitted(&s.b, &s.fit, &history);
    ck_assert_uint_eq(history.count, 2);
    s.fit.resume = false;
    ock_model_destroy(fitted(&s.b, &s.fit, NULL));
    char *bytes = read_file(s.files.path, &size);
    ck_assert_ptr_nonnull(strstr(bytes + 8, "optimizer.learning_rate\\\":1.00000005e-03,"));
    free(bytes);
    ock_history_clear(&history);
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

/* ---- What is refused ---- */

static const ock_schedule halving = {.kind = OCK_STEP_DECAY, .decay_steps = 5, .decay_rate = 0.5f};
static const ock_plateau watching = {.monitor = "loss", .factor = 0.5f};
static const ock_augmentation moves = {.height = 4,
                                       .width = 2,
                                       .channels = 1,
                                       .zoom_range = {1, 1},
                                       .brightness_range = {1, 1},
                                       .elastic_alpha = 1,
                                       .elastic_sigma = 1,
                                       .erase_factor = 0.5f,
                                       .erase_scale = {0.5f, 0.5f},
                                       .erase_ratio = {1, 1}};
static const float class_weights[OUTPUTS] = {1, 2, 1};

/* Each setting, or all but the loss, which the data allow no other of. */
#define CHANGES(X)                                                                                 \
    X(batch_size = 8, "batch_size is 16 in the checkpoint and 8 here")                             \
    X(seed = 1ull << 60, "seed is 5 in the checkpoint and 1152921504606846976 here")               \
    X(shuffle = false, "shuffle is true in the checkpoint and false here")                         \
    X(optimizer = ock_sgd_defaults(), "optimizer.kind is adam in the checkpoint and sgd here")     \
    X(optimizer.learning_rate = 0.5f, "optimizer.learning_rate is 0.00100000005 in the ")          \
    X(optimizer.momentum = 0.5f, "optimizer.momentum is 0 in the checkpoint and 0.5 here")         \
    X(optimizer.beta1 = 0.5f, "optimizer.beta1 is 0.899999976")                                    \
    X(optimizer.beta2 = 0.5f, "optimizer.beta2 is 0.999000013")                                    \
    X(optimizer.rho = 0.5f, "optimizer.rho is 0 ")                                                 \
    X(optimizer.epsilon = 1e-6f, "optimizer.epsilon is 1.00000001e-07")                            \
    X(optimizer.weight_decay = 0.5f, "optimizer.weight_decay is 0 ")                               \
    X(optimizer.decay_kernels_only = true, "optimizer.decay_kernels_only is false")                \
    X(optimizer.clip_value = 1, "optimizer.clip_value is 0 in the checkpoint and 1 here")          \
    X(optimizer.clip_norm = 1, "optimizer.clip_norm is 0 in the checkpoint and 1 here")            \
    X(optimizer.global_clip_norm = 1, "optimizer.global_clip_norm is 0 in the checkpoint")         \
    X(optimizer.ema_momentum = 0.5f, "optimizer.ema_momentum is 0")                                \
    X(validation_split = 0.3f, "rows is 40 in the checkpoint and 35 here")                         \
    X(validation_split = 0, "rows is 40 in the checkpoint and 50 here")                            \
    X(early_stopping.monitor = NULL, "early_stopping.monitor is loss in the checkpoint and not")   \
    X(early_stopping.monitor = "val_loss", "checkpoint and val_loss here")                         \
    X(early_stopping.min_delta = 0.25, "early_stopping.min_delta is 0 in the checkpoint and 0.25") \
    X(early_stopping.patience = 3, "early_stopping.patience is 9")                                 \
    X(early_stopping.mode = OCK_MODE_MIN, "early_stopping.mode is auto in the checkpoint and min") \
    X(early_stopping.use_baseline = true, "early_stopping.use_baseline is false")                  \
    X(early_stopping.baseline = -1.5, "early_stopping.baseline is 0 in the checkpoint and -1.5")   \
    X(early_stopping.baseline = (double)-INFINITY,                                                 \
      "early_stopping.baseline is 0 in the checkpoint and -inf")                                   \
    X(early_stopping.restore_best_weights = false, "restore_best_weights is true")                 \
    X(early_stopping.start_from_epoch = 2, "early_stopping.start_from_epoch is 0")                 \
    X(schedule = halving, "schedule.kind is constant in the checkpoint and step_decay here")       \
    X(schedule.decay_steps = 5, "schedule.decay_steps is 0 in the checkpoint and 5 here")          \
    X(schedule.decay_rate = 0.5f, "schedule.decay_rate is 0 in the checkpoint and 0.5 here")       \
    X(schedule.alpha = 0.5f, "schedule.alpha is 0 in the checkpoint and 0.5 here")                 \
    X(schedule.warmup_steps = 5, "schedule.warmup_steps is 0 in the checkpoint and 5 here")        \
    X(schedule.warmup_from = 0.5f, "schedule.warmup_from is 0 in the checkpoint and 0.5 here")     \
    X(plateau = watching, "plateau.monitor is not set in the checkpoint and loss here")            \
    X(plateau.factor = 0.5f, "plateau.factor is 0 in the checkpoint and 0.5 here")                 \
    X(plateau.patience = 5, "plateau.patience is 0 in the checkpoint and 5 here")                  \
    X(plateau.cooldown = 5, "plateau.cooldown is 0 in the checkpoint and 5 here")                  \
    X(plateau.min_delta = 0.5, "plateau.min_delta is 0 in the checkpoint and 0.5 here")            \
    X(plateau.mode = OCK_MODE_MAX, "plateau.mode is auto in the checkpoint and max here")          \
    X(plateau.mode = (ock_mode)9, "plateau.mode is auto in the checkpoint and not set here")       \
    X(plateau.min_learning_rate = 0.5f, "plateau.min_learning_rate is 0 in the checkpoint")        \
    X(swa_from_epoch = 1, "swa_from_epoch is 0 in the checkpoint and 1 here")                      \
    X(label_smoothing = 0.5f, "label_smoothing is 0 in the checkpoint and 0.5 here")               \
    X(mixup_alpha = 0.5f, "mixup_alpha is 0 in the checkpoint and 0.5 here")                       \
    X(class_weights = class_weights, "class_weights[0] is not set in the checkpoint and 1 here")   \
    X(augmentation = &moves, "augmentation.height is not set in the checkpoint and 4 here")

#define MOVES(X)                                                                                   \
    X(rotation_range, 1)                                                                           \
    X(width_shift_range, 1)                                                                        \
    X(height_shift_range, 1)                                                                       \
    X(shear_range, 1)                                                                              \
    X(zoom_range[0], 0.5f)                                                                         \
    X(zoom_range[1], 1.5f)                                                                         \
    X(horizontal_flip, true)                                                                       \
    X(vertical_flip, true)                                                                         \
    X(channel_shift_range, 1)                                                                      \
    X(brightness_range[0], 0.5f)                                                                   \
    X(brightness_range[1], 1.5f)                                                                   \
    X(white, 1)                                                                                    \
    X(fill_mode, OCK_FILL_WRAP)                                                                    \
    X(elastic_alpha, 2)                                                                            \
    X(elastic_sigma, 2)                                                                            \
    X(erase_factor, 1)                                                                             \
    X(erase_scale[0], 0.25f)                                                                       \
    X(erase_scale[1], 0.75f)                                                                       \
    X(erase_ratio[0], 0.25f)                                                                       \
    X(erase_ratio[1], 2.5f)                                                                        \
    X(cutout_size, 2)                                                                              \
    X(erase_value, 1)                                                                              \
    X(seed, 7)

static void refuse(saved *s, ock_model *net, ock_status status, const char *words)
{
    size_t count, other;
    float *before = weights_of(net, &count);
    ock_history history = {0};
    REFUSED(s->b.context, status, words, ock_model_fit(net, s->b.set, NULL, &s->fit, &history));
    float *after = weights_of(net, &other);
    ck_assert_uint_eq(count, other);
    ck_assert(!count || !memcmp(before, after, count * sizeof *before));
    ck_assert_uint_eq(history.count, 0);
    free(after);
    free(before);
}

START_TEST(other_settings)
{
    saved s;
    saved_open(&s);
    const ock_fit right = s.fit;
    ock_fit fit = right;
    fit.checkpoint = NULL;
    fit.resume = false;
    ock_model *net = fitted(&s.b, &fit, NULL);
#define REFUSE_CHANGE(assignment, words)                                                           \
    s.fit = right;                                                                                 \
    s.fit.assignment;                                                                              \
    refuse(&s, net, OCK_INVALID_ARGUMENT, words);
    CHANGES(REFUSE_CHANGE)
#undef REFUSE_CHANGE
    s.fit = right;
    ock_dataset *labels = s.b.set;
    s.b.set = targeted(s.b.context, &s.b.data);
    refuse(&s, net, OCK_INVALID_ARGUMENT, "labels is true in the checkpoint and false here");
    ock_dataset_destroy(s.b.set);
    s.b.set = labels;
    OK(s.b.context, ock_model_fit(net, s.b.set, NULL, &s.fit, NULL));
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

START_TEST(other_augmentations)
{
    saved s;
    saved_open(&s);
    ock_augmentation moved = moves;
    s.fit.augmentation = &moved;
    s.fit.resume = false;
    ock_model *net = fitted(&s.b, &s.fit, NULL);
    s.fit.resume = true;
#define REFUSE_MOVE(member, value)                                                                 \
    moved = moves;                                                                                 \
    moved.member = value;                                                                          \
    refuse(&s, net, OCK_INVALID_ARGUMENT, "augmentation." #member " is ");
    MOVES(REFUSE_MOVE)
#undef REFUSE_MOVE
    moved = moves, moved.cval = -1;
    refuse(&s, net, OCK_INVALID_ARGUMENT, "augmentation.cval is 0 in the checkpoint and -1 here");
    s.fit.augmentation = NULL;
    refuse(&s, net, OCK_INVALID_ARGUMENT, "augmentation.height is 4 in the checkpoint and not set");
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

START_TEST(other_networks)
{
    saved s;
    saved_open(&s);
    spec wider[5], freer[5], drier[5], shorter[4];
    memcpy(wider, bench_layers, sizeof wider);
    memcpy(freer, bench_layers, sizeof freer);
    memcpy(drier, bench_layers, sizeof drier);
    memcpy(shorter, bench_layers + 1, sizeof shorter);
    wider[0].units = 21;
    freer[2].l2 = 0;
    drier[1].rate = 0.5f;
    const struct {
        const spec *layers;
        ock_status status;
        const char *words;
    } cases[] = {
        {wider, OCK_SHAPE_MISMATCH, "layer 0 is dense, 8 to 20, relu; the network's is"},
        {shorter, OCK_SHAPE_MISMATCH, "4 layers, the network has 3"},
        {freer, OCK_INVALID_ARGUMENT,
         "layer 2: kernel_l2 is 0.00100000005 in the checkpoint and 0 here"},
        {drier, OCK_INVALID_ARGUMENT, "layer 1: rate is 0.25 in the checkpoint and 0.5 here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ock_model *net = build(s.b.context, FEATURES, cases[i].layers);
        refuse(&s, net, cases[i].status, cases[i].words);
        ock_model_destroy(net);
    }
    saved_close(&s);
}
END_TEST

START_TEST(places_without_a_checkpoint)
{
    saved s;
    char nowhere[96];
    saved_open(&s);
    snprintf(nowhere, sizeof nowhere, "%s/no/net", s.files.name);
    ock_model *net = fitted(&s.b, NULL, NULL);
    s.fit.checkpoint = NULL;
    refuse(&s, net, OCK_INVALID_ARGUMENT, "checkpoint is NULL, but resume needs one");
    s.fit.checkpoint = "";
    refuse(&s, net, OCK_INVALID_ARGUMENT, "checkpoint is empty");
    s.fit.checkpoint = nowhere;
    refuse(&s, net, OCK_FILE_FAILED, "No such file");
    s.fit.checkpoint = s.files.name;
    refuse(&s, net, OCK_FILE_FAILED, "not a regular file");
    s.fit.checkpoint = s.files.path;
    OK(s.b.context, ock_model_save(net, s.files.path));
    refuse(&s, net, OCK_BAD_FILE, "not a checkpoint");
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

/* ---- A full disk ---- */

/* The run ends with the failure, the history has its epoch, and the file is the older one. */
START_TEST(a_full_disk_keeps_the_older_file)
{
    saved s;
    size_t size, after;
    saved_open(&s);
    char *bytes = read_file(s.files.path, &size);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit whole, limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &whole), 0);
    limit = whole;
    limit.rlim_cur = size - 1;
    ock_model *net = build(s.b.context, FEATURES, bench_layers);
    ock_history history = {0};
    s.fit.epochs = 5;
    /* No assertion within the limit: Check notes each one in a file of its own. */
    int limited = setrlimit(RLIMIT_FSIZE, &limit);
    ock_status status = ock_model_fit(net, s.b.set, NULL, &s.fit, &history);
    int lifted = setrlimit(RLIMIT_FSIZE, &whole);
    ck_assert(!limited && !lifted);
    REFUSED(s.b.context, OCK_FILE_FAILED, "File too large", status);
    ck_assert_uint_eq(history.count, 3);
    char *kept = read_file(s.files.path, &after);
    ck_assert_uint_eq(after, size);
    ck_assert_mem_eq(bytes, kept, size);
    free(kept);
    free(bytes);
    ock_history_clear(&history);
    ock_model_destroy(net);
    saved_close(&s);
}
END_TEST

/* ---- New weights within a run ---- */

typedef struct renewal {
    ock_model *net;
    uint32_t last; /* epoch */
} renewal;

/* New weights after the last step of epoch 2, which forget moments and averages. */
static bool renew(uint32_t epoch, uint64_t step, uint64_t steps, void *user)
{
    const renewal *r = user;
    return epoch != 2 || step != steps || !ock_model_initialize(r->net, 77);
}

static bool go_on(const ock_epoch *epoch, void *user)
{
    return epoch->epoch != ((const renewal *)user)->last;
}

static ock_model *renewed(const bench *b, ock_fit fit, uint32_t last)
{
    renewal r = {build(b->context, FEATURES, bench_layers), last};
    fit.on_step = renew;
    fit.on_epoch = go_on;
    fit.user = &r;
    OK(b->context, ock_model_fit(r.net, b->set, NULL, &fit, NULL));
    return r.net;
}

START_TEST(goes_on_from_new_weights)
{
    bench b = bench_open();
    folder files = folder_open();
    ock_fit fit = b.fit;
    fit.epochs = 4;
    fit.optimizer.ema_momentum = _i == 1 ? 0.9f : 0;
    fit.swa_from_epoch = _i == 2;
    fit.optimizer.momentum = NAN; /* of no use to Adam, and so whatever it likes */
    ock_model *whole = renewed(&b, fit, 0);
    fit.checkpoint = files.path;
    fit.resume = true;
    ock_model_destroy(renewed(&b, fit, 2));
    ock_model *resumed = renewed(&b, fit, 0);
    expect_same_weights(whole, resumed);
    ock_model_destroy(resumed);
    ock_model_destroy(whole);
    folder_close(&files);
    bench_close(&b);
}
END_TEST

Suite *checkpoints_suite(void)
{
    Suite *suite = suite_create("checkpoints");
    TCase *cases = tcase_create("checkpoints");
    tcase_add_test(cases, tensors_and_metadata_have_clear_names);
    tcase_add_test(cases, opens_as_a_network);
    tcase_add_test(cases, is_written_before_the_callback);
    tcase_add_test(cases, goes_on_for_more_epochs);
    tcase_add_test(cases, a_decimal_comma_changes_nothing);
    tcase_add_loop_test(cases, goes_on_from_new_weights, 0, 3);
    tcase_add_test(cases, other_settings);
    tcase_add_test(cases, other_augmentations);
    tcase_add_test(cases, other_networks);
    tcase_add_test(cases, places_without_a_checkpoint);
    tcase_add_test(cases, a_full_disk_keeps_the_older_file);
    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    return suite;
}
