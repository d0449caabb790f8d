#include "standardization.h"

#include <float.h>
#include <string.h>

#include "cli.h"

static const float ZCA_EPSILON = 1e-6f; /* Keras's */

static const struct name {
    const char *name;
    size_t field;
} names[] = {
    {"samplewise-center", offsetof(ock_standardization, samplewise_center)},
    {"samplewise-std", offsetof(ock_standardization, samplewise_std_normalization)},
    {"featurewise-center", offsetof(ock_standardization, featurewise_center)},
    {"featurewise-std", offsetof(ock_standardization, featurewise_std_normalization)},
    {"zca", offsetof(ock_standardization, zca_whitening)},
};

static bool read_float(const char *text, double low, float *value)
{
    double real;
    if (!cli_read_real(text, low, (double)FLT_MAX, &real))
        return false;
    *value = (float)real;
    return true;
}

static bool read_item(char *text, void *standardization)
{
    ock_standardization *s = standardization;
    if (strncmp(text, "rescale=", 8) == 0)
        return read_float(text + 8, -(double)FLT_MAX, &s->rescale) && s->rescale != 0;
    if (strncmp(text, "zca:", 4) == 0) {
        s->zca_whitening = true;
        return read_float(text + 4, (double)FLT_TRUE_MIN, &s->zca_epsilon);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i].name) == 0) {
            *(bool *)((char *)s + names[i].field) = true;
            return true;
        }
    return false;
}

bool standardization_read(const char *text, ock_standardization *standardization)
{
    *standardization = (ock_standardization){.zca_epsilon = ZCA_EPSILON};
    return cli_read_list(text, read_item, standardization);
}
