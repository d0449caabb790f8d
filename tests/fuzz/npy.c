/* NumPy's arrays: the samples, beside as many good labels as the first byte says. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "input.h"
#include "npy.h"

static void write_labels(const char *path, unsigned count)
{
    static const char header[] = "\x93NUMPY\1\0\x76\0{'descr': '|u1', 'fortran_order': False, ";
    unsigned char file[128 + 255] = {0};
    memset(file, ' ', 128);
    memcpy(file, header, sizeof header - 1);
    snprintf((char *)file + sizeof header - 1, 64, "'shape': (%u,)}%*s", count, 16, "");
    file[127] = '\n';
    fuzz_write(path, file, 128 + count);
}

static void check_set(const pictures *set, unsigned count)
{
    FUZZ_EXPECT(set->count == count && pictures_size(set) > 0 && set->classes == 1);
    for (size_t i = 0; i < set->count * pictures_size(set); i++)
        FUZZ_EXPECT(isfinite(set->x[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *folder, *samples, *labels;
    static const pictures none;
    char message[512] = "";
    pictures set;
    if (size < 1)
        return 0;
    if (!folder) {
        folder = fuzz_path("");
        samples = fuzz_path("x_train.npy");
        labels = fuzz_path("y_train.npy");
    }
    fuzz_write(samples, data + 1, size - 1);
    write_labels(labels, data[0]);
    ock_status status = pictures_load(folder, NULL, &set, message, sizeof message);
    FUZZ_EXPECT(status == OCK_OK || status == OCK_BAD_FILE);
    if (status == OCK_OK)
        check_set(&set, data[0]);
    else
        FUZZ_EXPECT(*message && !memcmp(&set, &none, sizeof set));
    pictures_free(&set);
    return 0;
}
