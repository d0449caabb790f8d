/* Damaged checkpoints are refused, and a kill at any moment damages none. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "files.h"
#include "suites.h"

typedef struct damaged {
    bench b;
    folder files;
    ock_model *net; /* that goes on with what is right alone */
    char *bytes;
    size_t size;
} damaged;

static void damaged_open(damaged *d)
{
    d->b = bench_open();
    d->files = folder_open();
    d->b.fit.epochs = 1;
    d->b.fit.early_stopping =
        (ock_early_stopping){.monitor = "loss", .patience = 9, .restore_best_weights = true};
    d->b.fit.checkpoint = d->files.path;
    d->net = fitted(&d->b, &d->b.fit, NULL);
    d->bytes = read_file(d->files.path, &d->size);
    d->b.fit.resume = true;
}

static void damaged_close(damaged *d)
{
    free(d->bytes);
    ock_model_destroy(d->net);
    folder_close(&d->files);
    bench_close(&d->b);
}

static void expect_bad(damaged *d, const char *words)
{
    REFUSED(d->b.context, OCK_BAD_FILE, words,
            ock_model_fit(d->net, d->b.set, NULL, &d->b.fit, NULL));
}

/* ---- Bytes ---- */

START_TEST(flipped_at_every_byte)
{
    damaged d;
    damaged_open(&d);
    ock_model *opened = NULL;
    int file = open(d.files.path, O_WRONLY);
    ck_assert_int_ge(file, 0);
    for (size_t i = 0; i < d.size; i++) {
        char flipped = (char)(d.bytes[i] ^ 1 << i % 8);
        ck_assert_int_eq(pwrite(file, &flipped, 1, (off_t)i), 1);
        REFUSED(d.b.context, OCK_BAD_FILE, d.files.path,
                ock_model_open(d.b.context, d.files.path, &opened));
        if (i % 61 == 0)
            expect_bad(&d, d.files.path);
        ck_assert_int_eq(pwrite(file, &d.bytes[i], 1, (off_t)i), 1);
    }
    close(file);
    damaged_close(&d);
}
END_TEST

START_TEST(cut_at_any_length)
{
    damaged d;
    damaged_open(&d);
    write_file(d.files.path, d.bytes, d.size + 4);
    expect_bad(&d, "cut short, or altered");
    for (size_t size = d.size; size-- > 0; size -= size < 13 ? 0 : size % 13) {
        ck_assert_int_eq(truncate(d.files.path, (off_t)size), 0);
        expect_bad(&d, d.files.path);
    }
    damaged_close(&d);
}
END_TEST

/* ---- Metadata of a right digest ---- */

static uint64_t word_at(const char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    return word;
}

static void put_word(char *bytes, uint64_t word)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (char)(word >> (8 * i));
}

/* The file with the first `from` of its header replaced, a length that says so and its digest. */
static void write_replaced(const damaged *d, const char *from, const char *to)
{
    size_t length = (size_t)word_at(d->bytes, 8), removed = strlen(from), added = strlen(to);
    char *header = calloc(length + added + 16, 1), *file = calloc(d->size + added + 16, 1);
    ck_assert(header && file);
    memcpy(header, d->bytes + 8, length);
    char *at = strstr(header, from);
    ck_assert_msg(at, "%s is not in %s", from, header);
    memmove(at + added, at + removed, strlen(at + removed) + 1);
    memcpy(at, to, added);
    size_t made = strlen(header);
    while (made % 8)
        header[made++] = ' ';
    put_word(file, made);
    memcpy(file + 8, header, made);
    memcpy(file + 8 + made, d->bytes + 8 + length, d->size - 8 - length);
    size_t size = d->size - length + made;
    uint64_t digest = 0xcbf29ce484222325;
    for (size_t i = 0; i + 8 < size; i += 4)
        digest = (digest ^ word_at(file + i, 4)) * 0x100000001b3;
    put_word(file + size - 8, digest);
    write_file(d->files.path, file, size);
    free(file);
    free(header);
}

#define QUOTED(text) "\\\"" text "\\\""

static const struct {
    const char *from, *to, *words;
} replacements[] = {
    {"\"state\"", "\"status\"", "no state"},
    {"\"settings\"", "\"setting\"", "no settings"},
    {"\"settings\":\"{", "\"settings\":\"[{", "no settings"},
    {"\"state\":\"{", "\"state\":\"[{", "no state"},
    {"\"settings\":\"{", "\"settings\":\"[]\",\"x\":\"{", "no settings"},
    {QUOTED("version") ":1", QUOTED("version") ":2", "another version than 1"},
    {QUOTED("version") ":1", QUOTED("version") ":\\\"1\\\"", "no state"},
    {QUOTED("version") ":1", QUOTED("version") ":-1", "no state"},
    {QUOTED("version") ":1", QUOTED("version") ":1e300", "no state"},
    {QUOTED("step") ":" QUOTED("4"), QUOTED("step") ":4", "the state"},
    {QUOTED("step") ":" QUOTED("4"), QUOTED("step") ":" QUOTED("-4"), "the state"},
    {QUOTED("step") ":" QUOTED("4"), QUOTED("step") ":" QUOTED(""), "the state"},
    {QUOTED("step") ":" QUOTED("4"), QUOTED("step") ":" QUOTED("4x"), "the state"},
    {QUOTED("step") ":" QUOTED("4"), QUOTED("step") ":" QUOTED("18446744073709551616"),
     "the state"},
    {QUOTED("first_step") ":" QUOTED("0"), QUOTED("first_step") ":" QUOTED("5"), "the state"},
    {QUOTED("epochs_begun") ":1", QUOTED("epochs_begun") ":4294967296", "the state"},
    {QUOTED("epochs_begun") ":1", QUOTED("epochs_begun") ":1.5", "the state"},
    {QUOTED("epochs_begun") ":1", QUOTED("epochs_begun") ":[]", "the state"},
    {QUOTED("best_epoch") ":0", QUOTED("best_epoch") ":1", "the state"},
    {QUOTED("best_epoch") ":0", QUOTED("best_epoch") ":-2", "the state"},
    {QUOTED("best_epoch") ":0", QUOTED("best_epoch") ":1e99", "the state"},
    {QUOTED("best_epoch") ":0", QUOTED("best_epoch") ":" QUOTED("0"), "the state"},
    {QUOTED("wait") ":0", QUOTED("wait") ":-1", "the state"},
    {QUOTED("wait") ":0," QUOTED("cooldown"), QUOTED("wait") ":-1," QUOTED("cooldown"),
     "the state"},
    {QUOTED("plateau") ":{", QUOTED("plateau") ":7,\\\"x\\\":{", "the state"},
    {QUOTED("learning_rate") ":", QUOTED("learning_rate") ":-", "the state"},
    {QUOTED("learning_rate") ":", QUOTED("learning_rate") ":null,\\\"x\\\":", "the state"},
    {QUOTED("wait") ":0", QUOTED("wait") ":2147483647", "the state"},
    {QUOTED("stopped") ":false", QUOTED("stopped") ":0", "the state"},
    {QUOTED("epochs") ":1", QUOTED("epochs") ":2", "the state"},
    {QUOTED("averaged") ":0", QUOTED("averaged") ":1", "mean.0.kernel is missing"},
    {QUOTED("averaged") ":0", QUOTED("averaged") ":2", "the state"},
    {QUOTED("averages_in_use") ":false", QUOTED("averages_in_use") ":true",
     "own.0.kernel is missing"},
    {QUOTED("cooldown") ":0", QUOTED("cooldown") ":-7", "the state"},
    {QUOTED("best_kept") ":true", QUOTED("best_kept") ":false", "more than"},
    {QUOTED("early_stopping") ":{", QUOTED("early_stopping") ":7,\\\"x\\\":{", "the state"},
    {QUOTED("history") ":[", QUOTED("history") ":[],\\\"x\\\":[", "the state"},
    {QUOTED("history") ":[", QUOTED("history") ":[[],", "the state"},
    {QUOTED("history") ":[", QUOTED("history") ":{},\\\"x\\\":[", "the state"},
    {QUOTED("epoch") ":1", QUOTED("epoch") ":2", "the state"},
    {QUOTED("data_loss") ":\\\"", QUOTED("data_loss") ":\\\"x", "the state"},
    {QUOTED("data_loss") ":\\\"", QUOTED("data_loss") ":" QUOTED("") ",\\\"x\\\":\\\"",
     "the state"},
    {QUOTED("data_loss") ":\\\"", QUOTED("data_loss") ":1,\\\"x\\\":\\\"", "the state"},
    {"moment1.0.kernel", "moment3.0.kernel", "moment1.0.kernel is missing"},
    {"moment1.0.kernel\":{\"dtype\":\"F32\",\"shape\":[8,20]",
     "moment1.0.kernel\":{\"dtype\":\"F32\",\"shape\":[8,4000000000]", "shape"},
    {"best.0.bias\":{\"dtype\":\"F32\"", "best.0.bias\":{\"dtype\":\"F64\"", "F32"},
    {"\"digest\"", "\"digits\"", "no digest"},
};

START_TEST(metadata_of_other_types_and_ranges)
{
    damaged d;
    damaged_open(&d);
    for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++) {
        write_replaced(&d, replacements[i].from, replacements[i].to);
        expect_bad(&d, replacements[i].words);
    }
    write_replaced(&d, "{", "{");
    OK(d.b.context, ock_model_fit(d.net, d.b.set, NULL, &d.b.fit, NULL));
    damaged_close(&d);
}
END_TEST

/* ---- Kills ---- */

/* Wide enough, and trained on a single row, that most of an epoch is its checkpoint's. */
static const spec wide[] = {
    {SPEC_DENSE, .units = 300, .activation = OCK_RELU},
    {SPEC_DENSE, .units = 300, .activation = OCK_RELU},
    {SPEC_DENSE, .units = OUTPUTS, .activation = OCK_SOFTMAX},
    {0},
};

static bool tell(const ock_epoch *epoch, void *user)
{
    (void)epoch;
    return write(*(int *)user, "", 1) == 1;
}

static void train_on_and_on(bench *b, const ock_dataset *row, const char *path, int pipe)
{
    ock_model *net = build(b->context, FEATURES, wide);
    b->fit.epochs = INT32_MAX;
    b->fit.checkpoint = path;
    b->fit.resume = true;
    b->fit.on_epoch = tell;
    b->fit.user = &pipe;
    ock_model_fit(net, row, NULL, &b->fit, NULL);
}

static void kill_at_some_moment(bench *b, const ock_dataset *row, const char *path, uint32_t *seed)
{
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (!child) {
        train_on_and_on(b, row, path, ends[1]);
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    ck_assert(child > 0 && read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    nanosleep(&(struct timespec){.tv_nsec = (long)(random_unit(seed) * 2e7f)}, NULL);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* What is whole can be gone on with: for no epoch, which is done already. */
static size_t epochs_kept(const bench *b, const ock_dataset *row, const char *path)
{
    ock_history history = {0};
    ock_model *net = build(b->context, FEATURES, wide);
    ock_fit fit = b->fit;
    fit.epochs = 1;
    fit.checkpoint = path;
    fit.resume = true;
    OK(b->context, ock_model_fit(net, row, NULL, &fit, &history));
    size_t count = history.count;
    ock_history_clear(&history);
    ock_model_destroy(net);
    return count;
}

/* Those that a kill left. Returns how many there were. */
static unsigned remove_temporary(const char *place)
{
    unsigned removed = 0;
    char path[400];
    DIR *entries = opendir(place);
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry; (entry = readdir(entries));) {
        if (!strstr(entry->d_name, ".tmp"))
            continue;
        snprintf(path, sizeof path, "%s/%s", place, entry->d_name);
        removed += !remove(path);
    }
    closedir(entries);
    return removed;
}

/* In plain C alone, whose context a child may use that was not there when it was made. */
START_TEST(killed_at_any_moment)
{
    const char *wish = getenv("OCKHAM_KILLS");
    int kills = wish ? atoi(wish) : 100;
    uint32_t seed = (uint32_t)time(NULL);
    unsigned within = 0;
    size_t epochs = 0;
    printf("kills of seed %" PRIu32 "\n", seed);
    test_device = "scalar";
    bench b = bench_open();
    folder files = folder_open();
    ock_dataset *row = NULL;
    OK(b.context, ock_dataset_view(b.set, 0, 1, &row));
    for (int i = 0; i < kills; i++) {
        kill_at_some_moment(&b, row, files.path, &seed);
        size_t kept = epochs_kept(&b, row, files.path);
        ck_assert_msg(kept > epochs, "%zu epochs after %zu", kept, epochs);
        epochs = kept;
        within += remove_temporary(files.name);
    }
    printf("%u of %d kills within a save\n", within, kills);
    if (!getenv("OCKHAM_EMULATED")) /* where saves are rarely met */
        ck_assert_uint_gt(within, 0);
    ock_dataset_destroy(row);
    folder_close(&files);
    bench_close(&b);
}
END_TEST

Suite *damage_suite(void)
{
    Suite *suite = suite_create("damage");
    TCase *cases = tcase_create("damage");
    tcase_add_test(cases, flipped_at_every_byte);
    tcase_add_test(cases, cut_at_any_length);
    tcase_add_test(cases, metadata_of_other_types_and_ranges);
    tcase_add_test(cases, killed_at_any_moment);
    tcase_set_timeout(cases, 900);
    suite_add_tcase(suite, cases);
    return suite;
}
