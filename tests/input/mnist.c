/* The real files: `mnist idx FOLDER`, with FOLDER/mnist, and `mnist png FOLDER`, with
 * FOLDER/mnist-png.tar.gz. OCKHAM_DATA stands above FOLDER; where they are absent, 77. */
#include <stdio.h>

#include "files.h"

static const char *data;

static char *in_data(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", data, name);
    return path;
}

static void expect_set(const char *source, bool test, size_t count, unsigned long pixels,
                       unsigned long labels)
{
    pictures_options options = pictures_defaults();
    options.test = test;
    pictures set = load(source, &options);
    ck_assert_uint_eq(set.count, count);
    ck_assert_uint_eq(set.height, 28);
    ck_assert_uint_eq(set.width, 28);
    ck_assert_uint_eq(pixel_crc(&set), pixels);
    ck_assert_uint_eq(label_crc(&set), labels);
    pictures_free(&set);
}

/* Of the files whose uncompressed training images have the md5 6bbc9ace898e44ae57da46a324031adb. */
START_TEST(the_training_set_is_read)
{
    expect_set(in_data("mnist"), false, 60000, 0xf3639b56, 0xba07e8ef);
}
END_TEST

START_TEST(the_test_set_is_read)
{
    expect_set(in_data("mnist"), true, 10000, 0xe4ca5f57, 0xee8604d9);
}
END_TEST

/* The first 3,000 of the same pictures. */
START_TEST(the_png_files_are_read)
{
    char command[8192];
    snprintf(command, sizeof command, "tar -xzf '%s' -C '%s'", in_data("mnist-png.tar.gz"),
             in_folder(""));
    ck_assert_int_eq(system(command), 0);
    expect_set(in_folder("mnist-png/train.csv"), false, 3000, 0xd369e46d, 0x249724a3);
}
END_TEST

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    const bool png = !strcmp(arguments[1], "png");
    const char *chosen = getenv("OCKHAM_DATA");
    data = chosen && *chosen ? chosen : arguments[2];
    const char *needed = in_data(png ? "mnist-png.tar.gz" : "mnist/train-images-idx3-ubyte.gz");
    FILE *file = fopen(needed, "rb");
    if (!file) {
        printf("skipped: no %s; OCKHAM_DATA names another folder\n", needed);
        return 77;
    }
    fclose(file);
    const TTest *const idx_tests[] = {the_training_set_is_read, the_test_set_is_read, NULL};
    const TTest *const png_tests[] = {the_png_files_are_read, NULL};
    return run_tests("input-mnist", make_folder, remove_folder, png ? png_tests : idx_tests);
}
