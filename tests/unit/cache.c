/* What was measured survives the process, and no state of its file does harm. */
#define _DEFAULT_SOURCE /* syscall() */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/cache.h"
#include "folder.h"
#include "unit.h"

static const char key[] = "ockham 0, device A";

static bool clock_stands;

/* In the place of the system's, for one test. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!clock_stands)
        return (int)syscall(SYS_clock_gettime, clock, now);
    *now = (struct timespec){.tv_nsec = 77};
    return 0;
}

static void set_up(void)
{
    make_folder();
    setenv("OCKHAM_CACHE", in_folder("cache"), 1);
}

static ock_cache *reopen(ock_cache *cache)
{
    ock_cache_close(cache);
    cache = ock_cache_open(key);
    ck_assert_ptr_nonnull(cache);
    return cache;
}

static void expect(const ock_cache *cache, const char *name, const char *value)
{
    char got[64] = "nothing";
    ck_assert_msg(ock_cache_get(cache, name, got, sizeof got) == (value != NULL), "%s: %s", name,
                  got);
    if (value)
        ck_assert_str_eq(got, value);
}

/* The file's name within the test's folder, after two figures were put in it. */
static const char *make_file(void)
{
    static char path[300];
    char names[1][256];
    ock_cache *cache = reopen(NULL);
    ock_cache_put(cache, "step", "2100");
    ock_cache_put(cache, "tile", "8 x 2");
    ock_cache_close(cache);
    ck_assert_int_eq(list_folder("cache", names, 1), 1);
    snprintf(path, sizeof path, "cache/%s", names[0]);
    return path;
}

/* Whatever the file was: it has no figures, takes new ones, and is whole again. */
static void expect_rebuilt(void)
{
    ock_cache *cache = reopen(NULL);
    expect(cache, "step", NULL);
    expect(cache, "tile", NULL);
    ock_cache_put(cache, "step", "1");
    expect(cache, "step", "1");
    cache = reopen(cache);
    expect(cache, "step", "1");
    ock_cache_close(cache);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 1);
}

/* And where it cannot be written, this process at least remembers. */
static void expect_kept_in_memory(void)
{
    ock_cache *cache = reopen(NULL);
    ock_cache_put(cache, "step", "1");
    expect(cache, "step", "1");
    cache = reopen(cache);
    expect(cache, "step", NULL);
    ock_cache_close(cache);
}

/* ---- What it is for ---- */

START_TEST(figures_come_back)
{
    ock_cache *cache = reopen(NULL);
    expect(cache, "step", NULL);
    ock_cache_put(cache, "step", "2100");
    ock_cache_put(cache, "step.wide", "7 8 9");
    expect(cache, "step", "2100");
    cache = reopen(cache);
    expect(cache, "step", "2100");
    expect(cache, "step.wide", "7 8 9");
    expect(cache, "ste", NULL);
    ock_cache_put(cache, "step", "1");
    ock_cache_put(cache, "empty", "");
    cache = reopen(cache);
    expect(cache, "step", "1");
    expect(cache, "step.wide", "7 8 9");
    expect(cache, "empty", "");
    ock_cache_close(cache);
}
END_TEST

START_TEST(another_key_has_other_figures)
{
    make_file();
    ock_cache *other = ock_cache_open("ockham 0, device B");
    expect(other, "step", NULL);
    ock_cache_put(other, "step", "9");
    ock_cache_close(other);
    ock_cache *cache = reopen(NULL);
    expect(cache, "step", "2100");
    ock_cache_close(cache);
}
END_TEST

START_TEST(folder_and_file_are_the_users_alone)
{
    struct stat status;
    const char *file = make_file();
    ck_assert_int_eq(stat(in_folder("cache"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    ck_assert_int_eq(stat(in_folder(file), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(what_is_no_line_is_not_kept)
{
    char small[4];
    ock_cache *cache = reopen(NULL);
    ock_cache_put(cache, "two words", "1");
    ock_cache_put(cache, "name\n", "1");
    ock_cache_put(cache, "lines", "1\nstep 2");
    cache = reopen(cache);
    expect(cache, "two", NULL);
    expect(cache, "name", NULL);
    expect(cache, "lines", NULL);
    expect(cache, "step", NULL);
    ock_cache_put(cache, "step", "2100");
    ck_assert(!ock_cache_get(cache, "step", small, sizeof small));
    ock_cache_close(cache);
}
END_TEST

START_TEST(it_does_not_grow_without_bound)
{
    char name[32], value[1025] = {0};
    struct stat status;
    const char *file = make_file();
    ock_cache *cache = reopen(NULL);
    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < 80; i++) {
        snprintf(name, sizeof name, "figure%d", i);
        ock_cache_put(cache, name, value);
    }
    cache = reopen(cache);
    expect(cache, "step", "2100");
    ock_cache_close(cache);
    ck_assert_int_eq(stat(in_folder(file), &status), 0);
    ck_assert_int_le(status.st_size, 1 << 16);
}
END_TEST

START_TEST(no_cache_takes_every_call)
{
    expect(NULL, "step", NULL);
    ock_cache_put(NULL, "step", "1");
    ock_cache_close(NULL);
}
END_TEST

/* ---- Where it is ---- */

START_TEST(off_is_none)
{
    setenv("OCKHAM_CACHE", "off", 1);
    ck_assert_ptr_null(ock_cache_open(key));
}
END_TEST

static void put_one(void)
{
    ock_cache *cache = reopen(NULL);
    ock_cache_put(cache, "step", "1");
    ock_cache_close(cache);
}

START_TEST(the_environment_names_the_folder)
{
    unsetenv("OCKHAM_CACHE");
    setenv("HOME", in_folder(""), 1);
    setenv("XDG_CACHE_HOME", in_folder("xdg"), 1);
    put_one();
    ck_assert_int_eq(list_folder("xdg/ockham", NULL, 0), 1);
    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("OCKHAM_CACHE", "", 1);
    put_one();
    ck_assert_int_eq(list_folder(".cache/ockham", NULL, 0), 1);
    ck_assert_int_ne(access("relative", F_OK), 0);
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "relative", 1);
    ck_assert_ptr_null(ock_cache_open(key));
    unsetenv("HOME");
    ck_assert_ptr_null(ock_cache_open(key));
    ck_assert_int_eq(chdir(in_folder("")), 0);
    setenv("OCKHAM_CACHE", "relative", 1); /* is taken as it was asked for */
    put_one();
    ck_assert_int_eq(list_folder("relative", NULL, 0), 1);
}
END_TEST

START_TEST(a_folder_with_an_endless_name_is_none)
{
    char *name = calloc(1, 8192);
    memset(name, '/', 8191);
    setenv("OCKHAM_CACHE", name, 1);
    ck_assert_ptr_null(ock_cache_open(key));
    free(name);
}
END_TEST

/* ---- Damage ---- */

START_TEST(a_file_cut_short_is_rebuilt)
{
    char bytes[512];
    const char *file = make_file();
    size_t length = read_bytes(file, bytes, sizeof bytes);
    ck_assert_uint_lt(length, sizeof bytes);
    for (size_t cut = 0; cut < length; cut++) {
        write_bytes(file, bytes, cut);
        expect_rebuilt();
    }
}
END_TEST

/* As no version has written them. */
START_TEST(of_two_figures_of_a_name_none_survives_a_new_one)
{
    char bytes[512], sum[24];
    const char *file = make_file();
    size_t length = read_bytes(file, bytes, sizeof bytes) - 21;
    length += (size_t)snprintf(bytes + length, 64, "step 3\n");
    snprintf(sum, sizeof sum, "sum %016llx\n", (unsigned long long)ock_cache_digest(bytes, length));
    memcpy(bytes + length, sum, 21);
    write_bytes(file, bytes, length + 21);
    ock_cache *cache = reopen(NULL);
    expect(cache, "step", "2100");
    ock_cache_put(cache, "step", "4");
    expect(cache, "step", "4");
    cache = reopen(cache);
    expect(cache, "step", "4");
    expect(cache, "tile", "8 x 2");
    ock_cache_close(cache);
}
END_TEST

START_TEST(a_file_with_any_byte_changed_is_rebuilt)
{
    static const unsigned char flips[] = {0x01, 0x20, 0xff};
    unsigned char bytes[512];
    const char *file = make_file();
    size_t length = read_bytes(file, bytes, sizeof bytes);
    for (size_t i = 0; i < length * sizeof flips; i++) {
        bytes[i / sizeof flips] ^= flips[i % sizeof flips];
        write_bytes(file, bytes, length);
        expect_rebuilt();
        bytes[i / sizeof flips] ^= flips[i % sizeof flips];
    }
}
END_TEST

START_TEST(a_file_of_anything_is_rebuilt)
{
    static unsigned char bytes[100000];
    const char *file = make_file();
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
    for (size_t length = sizeof bytes; length > 0; length /= 2) {
        write_bytes(file, bytes, length);
        expect_rebuilt();
    }
    memset(bytes, '\n', sizeof bytes);
    write_bytes(file, bytes, 3000);
    expect_rebuilt();
}
END_TEST

/* Sound in itself, but of another device. */
START_TEST(a_file_of_another_key_is_rebuilt)
{
    char bytes[512], sum[24];
    const char *file = make_file();
    size_t length = read_bytes(file, bytes, sizeof bytes) - 21;
    bytes[sizeof key - 2] = 'B';
    snprintf(sum, sizeof sum, "sum %016llx\n", (unsigned long long)ock_cache_digest(bytes, length));
    memcpy(bytes + length, sum, 21);
    write_bytes(file, bytes, length + 21);
    expect_rebuilt();
    bytes[sizeof key - 2] = 'A'; /* the control: with its own key it is taken */
    snprintf(sum, sizeof sum, "sum %016llx\n", (unsigned long long)ock_cache_digest(bytes, length));
    memcpy(bytes + length, sum, 21);
    write_bytes(file, bytes, length + 21);
    ock_cache *cache = reopen(NULL);
    expect(cache, "step", "2100");
    ock_cache_close(cache);
}
END_TEST

START_TEST(a_link_is_replaced_and_not_followed)
{
    char bytes[512], after[512];
    const char *file = make_file();
    size_t length = read_bytes(file, bytes, sizeof bytes);
    ck_assert_int_eq(rename(in_folder(file), in_folder("elsewhere")), 0);
    ck_assert_int_eq(symlink(in_folder("elsewhere"), in_folder(file)), 0);
    expect_rebuilt();
    ck_assert_uint_eq(read_bytes("elsewhere", after, sizeof after), length);
    ck_assert_mem_eq(bytes, after, length);
}
END_TEST

START_TEST(a_link_in_the_folders_place_is_not_followed)
{
    ck_assert_int_eq(mkdir(in_folder("elsewhere"), 0700), 0);
    ck_assert_int_eq(symlink(in_folder("elsewhere"), in_folder("cache")), 0);
    expect_kept_in_memory();
    ck_assert_int_eq(list_folder("elsewhere", NULL, 0), 0);
}
END_TEST

/* The temporary file's name has the time in it, which stands still here. */
START_TEST(a_link_in_the_temporary_files_place_is_not_followed)
{
    char name[300];
    const char *file = make_file();
    clock_stands = true;
    snprintf(name, sizeof name, "%s.%ld.%ld", file, (long)getpid(), 77L);
    ck_assert_int_eq(symlink(in_folder("elsewhere"), in_folder(name)), 0);
    ock_cache *cache = reopen(NULL);
    ock_cache_put(cache, "step", "1");
    clock_stands = false;
    ck_assert_int_ne(access(in_folder("elsewhere"), F_OK), 0);
    cache = reopen(cache);
    expect(cache, "step", "2100");
    ock_cache_close(cache);
}
END_TEST

START_TEST(a_folder_in_its_place_is_left_alone)
{
    const char *file = make_file();
    ck_assert_int_eq(remove(in_folder(file)), 0);
    ck_assert_int_eq(mkdir(in_folder(file), 0700), 0);
    expect_kept_in_memory();
    ck_assert_int_eq(list_folder("cache", NULL, 0), 1);
}
END_TEST

START_TEST(a_pipe_in_its_place_is_not_waited_for)
{
    const char *file = make_file();
    ck_assert_int_eq(remove(in_folder(file)), 0);
    ck_assert_int_eq(mkfifo(in_folder(file), 0600), 0);
    expect_rebuilt();
}
END_TEST

START_TEST(a_file_in_the_folders_place_is_left_alone)
{
    char bytes[8];
    write_bytes("cache", "mine", 4);
    expect_kept_in_memory();
    ck_assert_uint_eq(read_bytes("cache", bytes, sizeof bytes), 4);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_done_without)
{
    setenv("OCKHAM_CACHE", "/proc/self/nowhere/cache", 1);
    expect_kept_in_memory();
}
END_TEST

/* Root may do all that, so root becomes somebody else. */
START_TEST(a_folder_of_somebody_else_is_left_alone)
{
    if (geteuid() != 0)
        return;
    const char *file = make_file();
    ck_assert_int_eq(chmod(in_folder(""), 0777), 0);
    ck_assert_int_eq(chmod(in_folder("cache"), 0777), 0);
    ck_assert_int_eq(chmod(in_folder(file), 0644), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    expect_kept_in_memory();
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(list_folder("cache", NULL, 0), 1);
}
END_TEST

/* The signal of a file that grows beyond the limit would end the program. */
START_TEST(a_limit_on_files_is_kept)
{
    struct rlimit limit;
    ock_cache *cache = reopen(NULL);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 10;
    setrlimit(RLIMIT_FSIZE, &limit);
    ock_cache_put(cache, "step", "1");
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    expect(cache, "step", "1");
    cache = reopen(cache);
    expect(cache, "step", NULL);
    ock_cache_close(cache);
}
END_TEST

/* ---- Processes ---- */

START_TEST(processes_always_find_a_whole_file)
{
    enum {
        WRITERS = 3,
        TIMES = 200
    };
    make_file();
    for (int i = 0; i < WRITERS; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            ock_cache *cache = ock_cache_open(key);
            for (int j = 0; j < TIMES; j++)
                ock_cache_put(cache, "step", j % 2 ? "2100" : "2200 and longer");
            _exit(0);
        }
    }
    for (int i = 0, done = 0; done < WRITERS; i++) {
        ock_cache *cache = reopen(NULL);
        char value[64];
        ck_assert_msg(ock_cache_get(cache, "step", value, sizeof value), "at %d", i);
        expect(cache, "tile", "8 x 2");
        ock_cache_close(cache);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            done++;
    }
    ck_assert_int_eq(list_folder("cache", NULL, 0), 1);
}
END_TEST

TEST_MAIN("cache", set_up, remove_folder, figures_come_back, another_key_has_other_figures,
          folder_and_file_are_the_users_alone, what_is_no_line_is_not_kept,
          it_does_not_grow_without_bound, no_cache_takes_every_call, off_is_none,
          the_environment_names_the_folder, a_folder_with_an_endless_name_is_none,
          a_file_cut_short_is_rebuilt, a_file_with_any_byte_changed_is_rebuilt,
          a_file_of_anything_is_rebuilt, a_file_of_another_key_is_rebuilt,
          of_two_figures_of_a_name_none_survives_a_new_one, a_link_is_replaced_and_not_followed,
          a_link_in_the_folders_place_is_not_followed,
          a_link_in_the_temporary_files_place_is_not_followed, a_folder_in_its_place_is_left_alone,
          a_pipe_in_its_place_is_not_waited_for, a_file_in_the_folders_place_is_left_alone,
          a_folder_that_cannot_be_made_is_done_without, a_folder_of_somebody_else_is_left_alone,
          a_limit_on_files_is_kept, processes_always_find_a_whole_file)
